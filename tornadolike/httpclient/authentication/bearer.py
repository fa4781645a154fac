""":class:`BearerAuth`: a token (RFC 6750)."""

import re
from typing import Final

from ..engine import Hop
from .base import Auth

_TOKEN: Final = re.compile(r"[\x21-\x7e]+")
"""More than the RFC has, but nothing that ends the header or the token."""


class BearerAuth(Auth):
    """A token: who has it is let in (:rfc:`6750`). Whoever reads the request has it then: use it with TLS.

    :attr:`token` may be replaced when there is another one; the next request has that.

    Raises :exc:`ValueError`, which does not show it, for what cannot be a token.
    """

    def __init__(self, token: str) -> None:
        self.token = token

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"

    @property
    def token(self) -> str:
        """What is sent."""
        return self._token

    @token.setter
    def token(self, token: str) -> None:
        if not _TOKEN.fullmatch(token):
            raise ValueError(
                "a bearer token is visible ASCII without spaces; give it without the word Bearer"
            )
        self._token = token

    def sign(self, hop: Hop) -> None:
        hop.headers["Authorization"] = f"Bearer {self._token}"
