"""Bodies that come with their head, and bodies that come behind it."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from tests.web.helpers import Connection, Site
from tornadolike.web import (
    RequestHandler,
    reads_request_body,
    stream_request_body,
)

WHOLE_AND_IN_PIECES = pytest.mark.parametrize("way", ["whole", "pieces", "chunks"])
"""A body that comes with its head, and one that comes behind it."""


class Sender(Connection):
    """A client that sends a body in one of the ways."""

    def post(self, way: str, body: bytes, *fields: str, path: str = "/") -> None:
        if way == "whole":
            self.send(f"POST {path}", *fields, body=body)
        elif way == "pieces":
            self.send(f"POST {path}", *fields, f"Content-Length: {len(body)}")
            self.sock.sendall(body[:1])
            self.sock.sendall(body[1:])
        else:
            self.send(f"POST {path}", *fields, "Transfer-Encoding: chunked")
            for at in range(0, len(body), 50_000):
                piece = body[at : at + 50_000]
                self.sock.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.sock.sendall(b"0\r\n\r\n")


def post(served: Site, way: str, body: bytes, *fields: str) -> Any:
    with Sender(served.server) as sender:
        sender.post(way, body, *fields)
        answer = sender.receive()
    served.settle()
    return answer


class Noting(RequestHandler):
    """Notes what happens to it, and answers with its notes."""

    def initialize(self, notes: list[Any] | None = None) -> None:
        self.notes: list[Any] = [] if notes is None else notes

    def prepare(self) -> Awaitable[None] | None:
        self.notes.append("prepare")
        return None

    def on_finish(self) -> None:
        self.notes.append("on_finish")

    def on_connection_close(self) -> None:
        self.notes.append("on_connection_close")

    def tell(self) -> None:
        self.write({"notes": self.notes})


def tasks(served: Site) -> list[Any]:
    """The tasks of the handlers that are not done."""
    return [one.task for one in served.server.server._connections().answering]


@stream_request_body
class Pushed(Noting):
    size = 0

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        assert chunk
        assert self.request.body == b""
        self.size += len(chunk)
        if self.notes[-1] != "data":
            self.notes.append("data")
        return None

    def post(self) -> None:
        self.notes.append(self.size)
        self.tell()

    put = post


@stream_request_body
class PushedSlowly(Pushed):
    async def prepare(self) -> None:
        await asyncio.sleep(0)
        super().prepare()

    async def data_received(self, chunk: bytes) -> None:
        self.notes.append("begin")
        await asyncio.sleep(0)
        self.notes.append("end")
        self.size += len(chunk)

    async def post(self) -> None:
        await asyncio.sleep(0)
        assert self.notes == ["prepare", *["begin", "end"] * ((len(self.notes) - 1) // 2)]
        del self.notes[3:]
        super().post()


@reads_request_body
class Pulled(Noting):
    async def post(self) -> None:
        assert self.request.body == b""
        size = 0
        async for chunk in self.request_body:
            assert chunk
            size += len(chunk)
        self.notes.append(size)
        self.tell()
