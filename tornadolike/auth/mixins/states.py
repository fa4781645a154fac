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
_NAMED_BY: Final = 8
"""Letters of a state that are in its cookie's name: tabs that begin at the same moment do not know of each other, and
each must get a cookie of its own."""


class States:
    """The sign-ins of one kind that a browser has begun.

    :arg name: what the names of their cookies begin with.
    :arg posted: whether the browser may come back by a form that the provider's page sends: its cookie must go along
        with what other sites send then, which browsers let it over TLS only.
    """

    def __init__(self, name: str, *, posted: bool = False) -> None:
        self._name = name
        self._posted = posted

    def begin(self, handler: RequestHandler) -> str:
        """Have the browser keep another state, and return that."""
        prefix = self._prefix(handler)
        kept = [name for name in handler.cookies if name.startswith(prefix)]
        # Browsers send the oldest first. Whoever sends thousands does not get as many fields back.
        for name in kept[: 1 - MOST_STATES][:MOST_STATES]:
            handler.clear_cookie(name, **self._attributes(handler))
        state = secrets.token_urlsafe(_RANDOM_BYTES)
        handler.set_cookie(
            prefix + state[:_NAMED_BY],
            state,
            max_age=STATE_SECONDS,
            httponly=True,
            **self._attributes(handler),
        )
        return state

    def end(self, handler: RequestHandler, state: str | None) -> None:
        """Take one back; it is good for one time. Raises :exc:`.RefusedError` for one that is not in the browser."""
        given = state or ""
        name = self._prefix(handler) + given[:_NAMED_BY]
        kept = handler.get_cookie(name)
        if not kept or not hmac.compare_digest(kept.encode(), given.encode()):
            raise RefusedError("This sign-in was not begun in this browser, or too long ago")
        handler.clear_cookie(name, **self._attributes(handler))

    def _prefix(self, handler: RequestHandler) -> str:
        """Where browsers see to it, nobody but this very host can have set it."""
        return f"__Host-{self._name}_" if _is_secure(handler) else f"{self._name}_"

    def _attributes(self, handler: RequestHandler) -> dict[str, Any]:
        secure = _is_secure(handler)
        return {"secure": secure, "samesite": "None" if self._posted and secure else "Lax"}


def _is_secure(handler: RequestHandler) -> bool:
    return handler.request.protocol == "https"
