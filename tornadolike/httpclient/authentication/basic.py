""":class:`BasicAuth`: a user and a password (RFC 7617)."""

import base64

from ...httputil import encode_username_password
from ..engine import Hop
from .base import Auth


def basic(username: str, password: str) -> str:
    """An ``Authorization`` of the Basic scheme. Raises :exc:`ValueError` for a name with a colon."""
    return f"Basic {base64.b64encode(encode_username_password(username, password)).decode('ascii')}"


class BasicAuth(Auth):
    """A user and a password, in UTF-8 (:rfc:`7617`). Whoever reads the request reads them: use it with TLS.

    They go with the first request, before anybody asks.

    Raises :exc:`ValueError` for a name with a colon.
    """

    def __init__(self, username: str, password: str = "") -> None:
        self.username = username
        self._authorization = basic(username, password)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.username!r}, ...)"

    def sign(self, hop: Hop) -> None:
        hop.headers["Authorization"] = self._authorization
