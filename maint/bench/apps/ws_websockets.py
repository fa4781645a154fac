"""An echo, and a word for everybody: the same program as the other ws_*.py."""

import asyncio
import sys

from websockets.asyncio.server import broadcast, serve

WORD = "x" * 100


async def echo(connection):
    async for message in connection:
        if message == "all":
            broadcast(connection.server.connections, WORD)
        else:
            await connection.send(message)


async def main():
    compression = "deflate" if "compressed" in sys.argv else None
    async with serve(
        echo, "127.0.0.1", int(sys.argv[1]), compression=compression, ping_interval=None
    ):
        await asyncio.Event().wait()


if "uvloop" in sys.argv:
    import uvloop

    uvloop.run(main())
else:
    asyncio.run(main())
