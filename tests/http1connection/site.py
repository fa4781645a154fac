"""A delegate that does at each step of the conversation what a test wants."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tests.wire.client import get
from tornadolike.httputil import (
    HTTPHeaders,
    HTTPInputError,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
)

STEPS = ("start_request", "headers_received", "data_received", "finish")
AWAITED = STEPS[1:3]
POST = get("/", "Content-Length: 5", method="POST")


class Site(HTTPServerConnectionDelegate):
    """Does at each step what the test wants, and writes down each call.

    ``do[step]`` is called with the connection; what it returns is what the step returns.
    """

    def __init__(self, **do: Callable[[Any], Any]) -> None:
        self.do = do
        self.heard: list[Any] = []
        self.connections: list[Any] = []

    def hear(self, step: str, connection: Any, *what: Any) -> Any:
        self.heard.append((step, *what) if what else step)
        action = self.do.get(step)
        return None if action is None else action(connection)

    def start_request(self, server_conn: object, request_conn: Any) -> HTTPMessageDelegate:
        assert server_conn is request_conn
        self.connections.append(request_conn)
        self.hear("start_request", request_conn)
        return Listener(self, request_conn)

    def on_close(self, server_conn: object) -> None:
        self.hear("on_close", server_conn)


class Listener(HTTPMessageDelegate):
    def __init__(self, site: Site, connection: Any) -> None:
        self.site = site
        self.connection = connection

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> Awaitable[None] | None:
        waiting: Any = self.site.hear("headers_received", self.connection, start_line.method)
        return waiting

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        waiting: Any = self.site.hear("data_received", self.connection, chunk)
        return waiting

    def trailers_received(self, trailers: HTTPHeaders) -> None:
        self.site.hear("trailers_received", self.connection, dict(trailers.get_all()))

    def finish(self) -> None:
        self.site.hear("finish", self.connection)
        if "finish" not in self.site.do:
            say_ok(self.connection)

    def on_connection_close(self) -> None:
        self.site.hear("on_connection_close", self.connection)


def say_ok(connection: Any) -> None:
    if connection._request is not None:
        connection.respond(200, "OK", "text/plain", None, b"", b"ok")


def fail(connection: Any) -> None:
    raise ZeroDivisionError


async def fail_later(connection: Any) -> None:
    await asyncio.sleep(0)
    raise ZeroDivisionError


def refuse(connection: Any) -> None:
    raise HTTPInputError("too salty", 413)


async def refuse_later(connection: Any) -> None:
    await asyncio.sleep(0)
    raise HTTPInputError("too salty", 413)


async def patiently(connection: Any) -> None:
    await asyncio.sleep(0)
