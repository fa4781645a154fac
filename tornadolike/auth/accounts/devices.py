""":class:`Devices`: browsers from which somebody has signed in before.

Who guesses from elsewhere has none of their cookies, and so cannot use up the tries of the user whose browser it is.
"""

import secrets
from typing import Any, Final

from ...web import RequestHandler

_ID_BYTES: Final = 16
_SHOWN: Final = 8
"""Characters of who it is that stand in the name of the cookie: several people may have one browser."""


class Devices:
    """Remembers in an encrypted cookie that somebody has signed in from this browser.

    :arg name: the name of the cookie begins with it.
    :arg days: how long it is remembered, from the last time.
    """

    def __init__(self, name: str, days: float) -> None:
        self._name = name
        self._days = days

    def known(self, handler: RequestHandler, account: str) -> str | None:
        """The identifier of the browser, if this account was signed in to from it.

        :arg account: its hash, in hexadecimal digits.
        """
        content = handler.get_encrypted_cookie(self._cookie(account), max_age_days=self._days)
        known, _, identifier = (content or b"").decode("ascii", "replace").partition(":")
        return identifier if known == account and identifier else None

    def remember(self, handler: RequestHandler, account: str) -> None:
        """Set the cookie, with another identifier each time."""
        attributes: dict[str, Any] = {
            "httponly": True,
            "samesite": "Lax",
            "secure": handler.request.protocol == "https",
        }
        content = f"{account}:{secrets.token_hex(_ID_BYTES)}"
        handler.set_encrypted_cookie(self._cookie(account), content, self._days, **attributes)

    def _cookie(self, account: str) -> str:
        return f"{self._name}_{account[:_SHOWN]}"
