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

Rooms, from the bottom up: :mod:`.frames` (the bytes of one frame: pure functions), :mod:`.closing`
(states and codes), :mod:`.events`, :mod:`.protocol` (bytes in, events out, no sockets),
:mod:`.handshake` (headers), :mod:`.connection` (the protocol on a transport: who is called when),
:mod:`.handler`.
"""

from .errors import WebSocketClosedError, WebSocketError
from .handler import WebSocketHandler

__all__ = ["WebSocketClosedError", "WebSocketError", "WebSocketHandler"]
