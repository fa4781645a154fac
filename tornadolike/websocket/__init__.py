"""WebSockets (RFC 6455): live connections on which both sides send messages when they like.

.. code-block:: python

    import asyncio
    import tornadolike
    from tornadolike.web import Application
    from tornadolike.websocket import WebSocketHandler

    class Echo(WebSocketHandler):
        def on_message(self, message):
            self.write_message(message)

    async def main():
        Application([("/echo", Echo)]).listen(8888)
        await asyncio.Event().wait()

    tornadolike.run(main())

Its rooms, each of which knows only those above it:

.. code-block:: text

   errors, frames       what can go wrong; the bytes of one frame: pure functions
   closing, events      states, codes and Close frames; what arrives
   outgoing, protocol   the two halves of the WebSocketCore: bytes in, events out, no sockets
   prepared             a message for many
   handshake            headers; the server's side, and what both sides need
   compression          permessage-deflate, a package
   connection           a core on a transport, and who is called when: a package
   pieces               messages that are sent while they are made
   handler              the server's side, which a site's author subclasses
   client               the client's side, a package
   broadcasting         one message to many connections
"""

from .broadcasting import Broadcast, SlowReaders, broadcast
from .client import (
    Backoff,
    WebSocketClientConnection,
    WebSocketTimeoutError,
    reconnecting,
    websocket_connect,
)
from .errors import WebSocketClosedError, WebSocketError
from .handler import WebSocketHandler
from .handshake import HandshakeError
from .prepared import PreparedMessage

__all__ = [
    "Backoff",
    "Broadcast",
    "HandshakeError",
    "PreparedMessage",
    "SlowReaders",
    "WebSocketClientConnection",
    "WebSocketClosedError",
    "WebSocketError",
    "WebSocketHandler",
    "WebSocketTimeoutError",
    "broadcast",
    "reconnecting",
    "websocket_connect",
]
