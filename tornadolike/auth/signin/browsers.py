"""What is kept of a sign-in in the browser that has begun it: an encrypted cookie for each, until it comes back.

Its name has a piece of the state, so that several tabs may sign in at a time. It is sent to this host alone where
browsers can promise that (``__Host-``, with https), cannot be read by scripts, and is deleted when it has served.
"""

import hmac
import re
from itertools import accumulate
from typing import Any, Final

from ...web import RequestHandler
from ..oauth2.pending import Pending

LIFETIME: Final = 600
"""Seconds that a user has with the provider."""
MOST_PENDING: Final = 5
"""Sign-ins that may go on in a browser at a time. With another one the oldest is forgotten."""
MOST_BYTES: Final = 4096
"""Of all of them, with their names. A link to the sign-in may have a long ``next``, and who makes somebody follow a few
could have their browser send more than proxies take in a head: then they would be locked out of the site."""

_PREFIX: Final = "signin-"
_PURPOSE: Final = "a sign-in: pending"
"""No cookie can be called that: nothing that a site encrypts for itself is one of these."""
_PIECE: Final = 8
_STATE: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")
_DAY: Final = 86400
_MOST_DELETED: Final = 20
"""Cookies, at a time: there may be more of them in the request than the response should speak of."""


def remember(handler: RequestHandler, pending: Pending, *, cross_site: bool) -> None:
    """Give a sign-in that begins to the browser.

    :arg cross_site: whether the browser comes back with the POST of a page of the provider's. Cookies are sent with
        those only if they say so, and with https, or to this very machine.
    """
    secure = _is_secure(pending.redirect_uri)
    attributes = _attributes(secure, cross_site)
    name = _name_for(pending.state, secure)
    value = handler.create_encrypted_value(_PURPOSE, pending.encode())
    for too_many in _too_many(handler, secure, MOST_BYTES - len(name) - len(value)):
        handler.clear_cookie(too_many, **attributes)
    handler.set_cookie(name, value, max_age=LIFETIME, **attributes)


def recall(handler: RequestHandler, state: str, redirect_uri: str) -> Pending | None:
    """The sign-in of this state; None if none goes on in this browser that comes back there."""
    if not _STATE.fullmatch(state):
        return None
    pending = _kept(handler, _name_for(state, _is_secure(redirect_uri)))
    if pending is None or pending.redirect_uri != redirect_uri:
        return None
    return pending if hmac.compare_digest(pending.state, state) else None


def forget(handler: RequestHandler, pending: Pending, *, cross_site: bool) -> None:
    """Have the browser forget it: it has served."""
    secure = _is_secure(pending.redirect_uri)
    handler.clear_cookie(_name_for(pending.state, secure), **_attributes(secure, cross_site))


def _attributes(secure: bool, cross_site: bool) -> dict[str, Any]:
    if cross_site:
        return {"httponly": True, "samesite": "None", "secure": True}
    return {"httponly": True, "samesite": "Lax", "secure": secure}


def _name_for(state: str, secure: bool) -> str:
    return f"{_prefix(secure)}{state[:_PIECE]}"


def _prefix(secure: bool) -> str:
    return f"__Host-{_PREFIX}" if secure else _PREFIX


def _is_secure(redirect_uri: str) -> bool:
    """Whether browsers come back with https. The request does not tell that behind each proxy."""
    return redirect_uri.startswith("https:")


def _kept(handler: RequestHandler, name: str) -> Pending | None:
    value = handler.get_cookie(name)
    if value is None:
        return None
    content = handler.get_encrypted_cookie(_PURPOSE, value, max_age_days=LIFETIME / _DAY)
    if content is None:
        return None
    try:
        return Pending.decode(content)
    except ValueError:  # from before an update
        return None


def _too_many(handler: RequestHandler, secure: bool, room: int) -> list[str]:
    """The names of the oldest, and of what is none of ours, so that there is room for another one.

    :arg room: bytes that the others may have.
    """
    prefix = _prefix(secure)
    sizes = {
        name: len(name) + len(cookie.value)
        for name, cookie in handler.cookies.items()
        if name.startswith(prefix)
    }
    if len(sizes) < MOST_PENDING and sum(sizes.values()) <= room:
        return []
    made = {name: pending.made if (pending := _kept(handler, name)) else 0 for name in sizes}
    newest = sorted(sizes, key=made.__getitem__, reverse=True)
    fit = sum(size <= room for size in accumulate(sizes[name] for name in newest))
    return newest[min(fit, MOST_PENDING - 1) :][::-1][:_MOST_DELETED]
