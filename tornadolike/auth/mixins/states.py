"""What a browser must bring back: each sign-in that it begins has a random text, which it keeps in a cookie.

Else a stranger could begin a sign-in with an account of his own, and have somebody else's browser end it: who writes
down there what is secret, writes it down for him (RFC 6749 section 10.12).
"""

import hmac
import secrets
from typing import Any, Final

from ...web import RequestHandler
from .refusals import RefusedError

MOST_STATES: Final = 5
"""Sign-ins that one browser may have begun and not ended, in several tabs: the oldest are forgotten."""
STATE_SECONDS: Final = 600
"""How long a sign-in may take."""
_RANDOM_BYTES: Final = 24
_BETWEEN: Final = "."


class States:
    """The sign-ins of one kind that a browser has begun.

    :arg name: of the cookie.
    :arg posted: whether the browser may come back by a form that the provider's page sends: its cookie must go along
        with what other sites send then, which browsers let it over TLS only.
    """

    def __init__(self, name: str, *, posted: bool = False) -> None:
        self._name = name
        self._posted = posted

    def begin(self, handler: RequestHandler) -> str:
        """Have the browser keep another state, and return that."""
        state = secrets.token_urlsafe(_RANDOM_BYTES)
        self._keep(handler, [*self._kept(handler), state][-MOST_STATES:])
        return state

    def end(self, handler: RequestHandler, state: str | None) -> None:
        """Take one back; it is good for one time. Raises :exc:`.RefusedError` for one that is not in the browser."""
        kept = self._kept(handler)
        left = [each for each in kept if not _same(each, state or "")]
        if not state or len(left) == len(kept):
            raise RefusedError("This sign-in was not begun in this browser, or too long ago")
        self._keep(handler, left)

    def _kept(self, handler: RequestHandler) -> list[str]:
        cookie = handler.get_cookie(self._cookie_name(handler), "")
        return [state for state in cookie.split(_BETWEEN)[-MOST_STATES:] if state]

    def _keep(self, handler: RequestHandler, states: list[str]) -> None:
        name, attributes = self._cookie_name(handler), self._attributes(handler)
        if states:
            handler.set_cookie(
                name, _BETWEEN.join(states), max_age=STATE_SECONDS, httponly=True, **attributes
            )
        else:
            handler.clear_cookie(name, **attributes)

    def _cookie_name(self, handler: RequestHandler) -> str:
        """Where browsers see to it, nobody but this very host can have set it."""
        return f"__Host-{self._name}" if _is_secure(handler) else self._name

    def _attributes(self, handler: RequestHandler) -> dict[str, Any]:
        secure = _is_secure(handler)
        return {"secure": secure, "samesite": "None" if self._posted and secure else "Lax"}


def _is_secure(handler: RequestHandler) -> bool:
    return handler.request.protocol == "https"


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
