"""The opening handshake (RFC 6455, section 4), as functions on headers."""

import base64
import hashlib
from collections.abc import Mapping

from .errors import WebSocketError

VERSION = "13"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class HandshakeError(WebSocketError):
    """The handshake does not open a WebSocket.

    A server answers such a request with ``status``, ``headers`` and ``message``. For a client ``status`` is what the
    server has answered, 599 if that was no HTTP, and ``message`` says what is wrong with it.
    """

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.headers = headers or {}

    def __str__(self) -> str:
        return self.message


def accept_value(key: str) -> str:
    """The ``Sec-WebSocket-Accept`` that answers a ``Sec-WebSocket-Key``."""
    digest = hashlib.sha1(key.encode("ascii") + _GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode("ascii")


def header_items(value: str) -> list[str]:
    """The items of a header that is a comma-separated list."""
    return [item for part in value.split(",") if (item := part.strip())]


def check_request(headers: Mapping[str, str]) -> str:
    """The key of a request that opens a WebSocket. Raises :exc:`HandshakeError` if it does not."""
    if "websocket" not in header_items(headers.get("Upgrade", "").lower()):
        raise HandshakeError(400, 'Can "Upgrade" only to "WebSocket".')
    if "upgrade" not in header_items(headers.get("Connection", "").lower()):
        raise HandshakeError(400, '"Connection" must be "Upgrade".')
    if headers.get("Sec-WebSocket-Version") != VERSION:
        # RFC 9110 (15.5.22) wants the Upgrade header with a 426, RFC 6455 (4.4) the version.
        offer = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": VERSION,
        }
        raise HandshakeError(426, f"Only version {VERSION} of WebSocket is spoken here.", offer)
    key = headers.get("Sec-WebSocket-Key", "")
    if not _is_key(key):
        raise HandshakeError(400, '"Sec-WebSocket-Key" must be 16 bytes in base64.')
    return key


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except ValueError:
        return False


def response_headers(key: str, subprotocol: str | None = None) -> dict[str, str]:
    """The headers of the 101 response that accepts a request with this ``key``."""
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": accept_value(key),
    }
    if subprotocol is not None:
        headers["Sec-WebSocket-Protocol"] = subprotocol
    return headers
