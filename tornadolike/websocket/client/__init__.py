"""WebSockets from the client's side.

Its rooms, each of which knows only those above it:

.. code-block:: text

   addresses      what a URL says
   cookies        what is sent with the handshake, and kept of the answer
   handshake      the client's side of it, as functions on headers
   plan           what to connect to, and how, as far as it is known at once
   opening        the way to an open WebSocket: proxies, TLS, the handshake and redirects
   connection     WebSocketClientConnection: what a program holds
   connecting     websocket_connect(): all that together
   reconnection   reconnecting(): another one when it has ended
"""

from .connecting import websocket_connect
from .connection import WebSocketClientConnection
from .opening import WebSocketTimeoutError
from .reconnection import Backoff, is_permanent, reconnecting

__all__ = [
    "Backoff",
    "WebSocketClientConnection",
    "WebSocketTimeoutError",
    "is_permanent",
    "reconnecting",
    "websocket_connect",
]
