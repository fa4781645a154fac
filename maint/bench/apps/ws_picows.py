"""An echo, and a word for everybody: the same program as the other ws_*.py. It knows no compression."""

import asyncio
import sys

import uvloop
from picows import WSListener, WSMsgType, ws_create_server

EVERYBODY = set()
WORD = b"x" * 100


class Echo(WSListener):
    def on_ws_connected(self, transport):
        EVERYBODY.add(transport)

    def on_ws_frame(self, transport, frame):
        if frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code(), frame.get_close_message())
            transport.disconnect()
        elif frame.get_payload_as_memoryview() != b"all":
            transport.send(frame.msg_type, frame.get_payload_as_memoryview())
        else:
            for one in EVERYBODY:
                one.send(WSMsgType.TEXT, WORD)

    def on_ws_disconnected(self, transport):
        EVERYBODY.discard(transport)


async def main():
    server = await ws_create_server(lambda request: Echo(), "127.0.0.1", int(sys.argv[1]))
    async with server:
        await asyncio.Event().wait()


uvloop.run(main())
