"""An echo, and a word for everybody: the same program as the other ws_*.py."""

import asyncio
import sys

from tornado.web import Application
from tornado.websocket import WebSocketHandler

EVERYBODY = set()
WORD = "x" * 100


class Echo(WebSocketHandler):
    def open(self):
        EVERYBODY.add(self)

    def on_message(self, message):
        if message != "all":
            return self.write_message(message, isinstance(message, bytes))
        for one in EVERYBODY:
            one.write_message(WORD)
        return None

    def on_close(self):
        EVERYBODY.discard(self)

    def get_compression_options(self):
        return {} if "compressed" in sys.argv else None


async def main():
    Application([("/", Echo)]).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())
