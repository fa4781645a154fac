"""An echo, and a word for everybody: the same program as the other ws_*.py."""

import sys

import uvloop
from aiohttp import WSMsgType, web

EVERYBODY = set()
WORD = "x" * 100


async def echo(request):
    socket = web.WebSocketResponse(compress="compressed" in sys.argv)
    await socket.prepare(request)
    EVERYBODY.add(socket)
    try:
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                await socket.send_bytes(message.data)
            elif message.data != "all":
                await socket.send_str(message.data)
            else:
                for one in EVERYBODY:
                    await one.send_str(WORD)
    finally:
        EVERYBODY.discard(socket)
    return socket


uvloop.install()
app = web.Application()
app.add_routes([web.get("/", echo)])
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
