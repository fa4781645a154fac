"""Living objects are counted in a build for debugging; ``maint/native/leaks`` makes one, and runs this there."""

import asyncio
import gc
import socket
from typing import Any

import pytest

from tests.running import turns
from tornadolike import _native
from tornadolike.httpclient import AsyncHTTPClient, HTTPClientError
from tornadolike.httpserver import HTTPServer
from tornadolike.ioloop import IOLoop
from tornadolike.web import Application, RequestHandler
from tornadolike.websocket import WebSocketHandler, websocket_connect

counters = pytest.importorskip("tornadolike._native.counters", exc_type=ImportError)


def test_they_count_if_they_were_built_to() -> None:
    assert _native.counts_objects() == (_native.RUNNING and counters.counting)
    living = counters.living()
    assert all(number >= 0 for number in living.values())
    if not counters.counting:
        assert set(living.values()) <= {0}


class Plain(RequestHandler):
    def get(self, name: str) -> None:
        self.write({"name": name, "long": ["x" * 100] * 100, "a": self.get_argument("a", "")})


class Waiting(RequestHandler):
    async def prepare(self) -> None:
        self.set_header("X-One", "1")

    async def get(self) -> None:
        await asyncio.sleep(0)
        self.write("waited")
        await self.flush()
        self.write("twice")


class Leaving(RequestHandler):
    async def get(self) -> None:
        self.request.connection.abort()
        await asyncio.sleep(0)


class Echo(WebSocketHandler):
    def on_message(self, message: str | bytes) -> Any:
        return self.write_message(message, binary=isinstance(message, bytes))


async def _everything() -> None:
    """Make one of each kind, and let go of it."""
    rules: list[Any] = [
        (r"/plain/(\w+)", Plain),
        (r"/waiting", Waiting),
        (r"/leaving", Leaving),
        (r"/echo", Echo),
    ]
    server = HTTPServer(Application(rules, log_function=lambda handler: None))
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setblocking(False)
    server.add_socket(listening)
    host, port = listening.getsockname()
    client = AsyncHTTPClient(force_instance=True)
    for _ in range(2):
        for target in ("/plain/x?a=1", "/waiting", "/plain/y", "/leaving", "/nowhere"):
            try:
                await client.fetch(f"http://{host}:{port}{target}")
            except (HTTPClientError, OSError):
                assert target in {"/leaving", "/nowhere"}
    peer = await websocket_connect(f"ws://{host}:{port}/echo")
    for message in ("text", b"bytes", "x" * 100_000):
        await peer.write_message(message, binary=isinstance(message, bytes))
        assert await peer.read_message() == message
    peer.close()
    assert await peer.read_message() is None
    for last in (b"", b"GET /plain/z HT", b"GET / HTTP/1.1\r\n\r\n"):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET /plain/z HTTP/1.1\r\nHost: x\r\n\r\n" * 20 + last)
        assert await reader.readuntil(b'"a": ""}')
        writer.close()
    client.close()
    server.stop()
    await server.close_all_connections()
    await turns(5)


@pytest.mark.skipif(not _native.counts_objects(), reason="nothing is counted here")
def test_none_is_left_behind() -> None:
    def living() -> dict[str, int]:
        loop = IOLoop(make_current=False)
        try:
            loop.run_until_complete(_everything())
        finally:
            loop.close()
        del loop
        gc.collect()
        return counters.living()

    living()  # fills what is kept for the next time
    before = living()
    assert before["Lane"] < 20
    for _ in range(3):
        assert living() == before
