""":class:`TCPServer`: listening sockets and what happens to the connections that come.

.. code-block:: python

    class Echo(TCPServer):
        async def handle_stream(self, stream, address):
            while True:
                await stream.write(await stream.read_until(b"\\n", max_bytes=1000))

    async def main():
        server = Echo()
        server.listen(8888)
        await asyncio.Event().wait()

Rooms, from the bottom up: :mod:`.connections` (the waiting for the ends of what goes on, of whatever kind),
:mod:`.conversations` (the streams that are being handled) and :mod:`.server`.
"""

from .server import TCPServer

__all__ = ["TCPServer"]
