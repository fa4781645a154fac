"""Servers for clients: one of ours, and one that is nothing but frames."""

import contextlib

from tests.websocket.client.answering import Answering, switching
from tornadolike.httpserver import HTTPServer
from tornadolike.netutil import bind_sockets
from tornadolike.web import Application
from tornadolike.websocket import (
    WebSocketHandler,
)


class Echo(WebSocketHandler):
    """Does as it is told, and says what it hears otherwise."""

    def get_compression_options(self):
        return {}

    def open(self):
        self.settings["told"].append("open")

    async def on_message(self, message):
        if message == "close":
            self.close(4000, "as you wish")
        elif message == "ping":
            self.ping(b"there?")
        else:
            await self.write_message(message, isinstance(message, bytes))

    def on_ping(self, data):
        self.settings["told"].append(("ping", data))

    def on_pong(self, data):
        self.settings["told"].append(("pong", data))

    def on_close(self):
        self.settings["told"].append((self.close_code, self.close_reason))


@contextlib.asynccontextmanager
async def site(handler=Echo, **settings):
    """A site of one handler, and what it was told."""
    told = []
    server = HTTPServer(Application([("/", handler)], told=told, **settings))
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    try:
        yield f"ws://127.0.0.1:{sockets[0].getsockname()[1]}/", told
    finally:
        server.stop()
        await server.close_all_connections()
        assert told[0:1] in ([], ["open"])


@contextlib.asynccontextmanager
async def saying(*frames):
    """A server that says this, and listens until the end: it, and its URL."""
    server = Answering(switching(behind=b"".join(frames)))
    async with server.running() as (_, port):
        yield server, f"ws://127.0.0.1:{port}"
