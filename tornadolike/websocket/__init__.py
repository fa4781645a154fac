"""WebSockets (RFC 6455): live connections on which both sides send messages when they like.

Rooms, from the bottom up: :mod:`.frames` (the bytes of one frame: pure functions), :mod:`.closing`
(states and codes), :mod:`.events`, :mod:`.protocol` (bytes in, events out, no sockets),
:mod:`.handshake` (headers), :mod:`.connection` (the protocol on a transport: who is called when).
"""

from .errors import WebSocketClosedError, WebSocketError

__all__ = ["WebSocketClosedError", "WebSocketError"]
