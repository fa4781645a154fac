"""What a client sends two bytes at a time costs hardly more memory than its bytes."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.web.helpers import FakeConnection
from tornadolike.httpserver import CollectingDelegate
from tornadolike.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornadolike.web import Application, RequestHandler
from tornadolike.web.bodies.disk import NewFile
from tornadolike.web.bodies.incoming import RequestBody, gather
from tornadolike.web.bodies.spool import Spool
from tornadolike.web.receiving import HandlerDelegate

COUNT = 40_000
SIZE = 2 * COUNT
POST = RequestStartLine("POST", "/", "HTTP/1.1")


def tiny() -> bytes:
    """A new object for each piece, as it is when they come from a socket."""
    return bytes(bytearray(b"ab"))


async def growth(bring: Callable[[], Awaitable[object]]) -> int:
    """The bytes that ``bring()`` has kept."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        kept = await bring()
        after = tracemalloc.get_traced_memory()[0]
        del kept
        return after - before
    finally:
        tracemalloc.stop()


def receiving() -> HandlerDelegate:
    connection: Any = FakeConnection()
    request = HTTPServerRequest("POST", "/", connection=connection)
    return Application().get_handler_delegate(request, RequestHandler)


def collecting() -> CollectingDelegate:
    connection: Any = FakeConnection()
    return CollectingDelegate(lambda request: None, connection)


@pytest.mark.parametrize("make", [receiving, collecting])
def test_a_body_that_is_collected(make: Callable[[], Any]) -> None:
    delegate = make()
    delegate.headers_received(POST, HTTPHeaders())

    async def bring() -> None:
        for _ in range(COUNT):
            delegate.data_received(tiny())

    assert asyncio.run(growth(bring)) < 2 * SIZE


def test_a_body_that_nobody_takes_yet() -> None:
    async def bring() -> RequestBody:
        body = RequestBody()
        for _ in range(COUNT):
            body.bring(tiny())
        body.end()
        return body

    async def check() -> None:
        assert await growth(bring) < 2 * SIZE
        body = await bring()
        # What is put together is still given in order, wherever it is cut.
        begin = await body.read(3)
        body.bring(b"cd")
        assert begin + await body.read() == b"ab" * COUNT + b"cd"

    asyncio.run(check())


def test_a_body_that_is_gathered() -> None:
    async def bring() -> int:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(COUNT):
                yield tiny()
            most.append(tracemalloc.get_traced_memory()[0])

        return len(await gather(pieces(), SIZE, "It"))

    most: list[int] = []
    assert asyncio.run(growth(bring)) < SIZE
    assert most[0] < 2 * SIZE


def test_a_file_that_is_not_written_yet(tmp_path: Path) -> None:
    async def bring() -> None:
        for _ in range(COUNT):
            await file.write(tiny())

    async def check() -> None:
        nonlocal file
        async with NewFile(tmp_path / "file") as file:
            assert await growth(bring) < 2 * SIZE
        assert (tmp_path / "file").read_bytes() == b"ab" * COUNT

    file: Any = None
    asyncio.run(check())


def test_a_form_that_is_not_written_yet() -> None:
    spool = Spool(SIZE, None)

    async def bring() -> None:
        for _ in range(COUNT):
            await spool.write(tiny())

    async def check() -> None:
        assert await growth(bring) < 2 * SIZE
        await spool.finish()
        assert spool.read_at(0, SIZE) == b"ab" * COUNT

    asyncio.run(check())
