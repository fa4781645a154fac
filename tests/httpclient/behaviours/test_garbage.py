"""A fetch that is over leaves nothing to the garbage collector, and the memory of a client does not grow."""

import asyncio
import contextlib
import gc
import socket
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from tests.httpclient.behaviours.engines import Engine
from tests.httpclient.behaviours.scripted import Scripted, answering, ok, saying
from tornadolike.httpclient import AsyncHTTPClient, HTTPError

Play = Callable[..., Scripted]

MOVED = b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"


@contextlib.contextmanager
def collecting() -> Iterator[list[Any]]:
    """What only the collector has found; it does not run by itself meanwhile."""
    found: list[Any] = []
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
    finally:
        gc.set_debug(0)
        gc.enable()
        found += map(type, gc.garbage)
        gc.garbage.clear()


async def in_pieces(client: AsyncHTTPClient, url: str) -> None:
    async with client.stream("GET", url) as response:
        async for _ in response:
            pass


async def cancelled(client: AsyncHTTPClient, url: str) -> None:
    fetch = client.fetch(url)
    await asyncio.sleep(0.01)
    fetch.cancel()
    try:
        await fetch
    except asyncio.CancelledError:
        pass
    finally:
        del fetch  # which has the exception, which has this frame


async def refused(client: AsyncHTTPClient, url: str) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        await client.fetch(f"http://127.0.0.1:{port}/")


async def called_back(client: AsyncHTTPClient, url: str) -> None:
    def wrong(piece: bytes) -> None:
        raise ValueError

    await client.fetch(url, streaming_callback=wrong)


def fetched(**options: Any) -> Callable[[AsyncHTTPClient, str], Awaitable[Any]]:
    return lambda client, url: client.fetch(url, **options)


ENDS: dict[str, tuple[Any, Callable[[AsyncHTTPClient, str], Awaitable[Any]]]] = {
    "well": (answering(ok()), fetched()),
    "in pieces": (answering(ok()), in_pieces),
    "redirects": (answering([MOVED, ok()] * 4), fetched()),
    "status": (answering(ok(line=b"HTTP/1.1 404 No")), fetched()),
    "status, taken": (answering(ok(line=b"HTTP/1.1 404 No")), fetched(raise_error=False)),
    "no HTTP": (saying(b"HTTP/x\r\n\r\n"), fetched()),
    "cut off": (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", ends=True), fetched()),
    "time-out": (saying(b""), fetched(request_timeout=0.01)),
    "cancelled": (saying(b""), cancelled),
    "refused": (answering(ok()), refused),
    "wrong callback": (answering(ok()), called_back),
    "wrong option": (answering(ok()), fetched(max_redirects="x")),
    "digest": (
        answering(ok()),
        fetched(auth_username="a", auth_password="b", auth_mode="digest"),
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_no_circles(engine: Engine, play: Play, name: str) -> None:
    script, fetch = ENDS[name]
    server = play(script)

    async def main(client: AsyncHTTPClient) -> None:
        async def once() -> None:
            with contextlib.suppress(HTTPError, ValueError, TypeError):
                await fetch(client, server.url)
            await asyncio.sleep(0)

        await once()
        with collecting() as found:
            for _ in range(3):
                await once()
        assert found == []

    engine.run(main)


def test_memory_stays(engine: Engine, play: Play) -> None:
    server = play(answering(ok()))

    async def main(client: AsyncHTTPClient) -> None:
        async def many(count: int) -> int:
            for _ in range(count):
                await client.fetch(server.url)
            gc.collect()
            return tracemalloc.get_traced_memory()[0]

        tracemalloc.start()
        try:
            await many(50)
            begun = await many(50)
            grown = await many(200) - begun
        finally:
            tracemalloc.stop()
        # (The server keeps what it has heard: a request of some hundred bytes each time.)
        assert grown < 200 * 1000

    engine.run(main)


def test_a_thousand_over_two(engine: Engine, play: Play) -> None:
    server = play(answering(ok()))

    async def main(client: AsyncHTTPClient) -> None:
        fetches = [client.fetch(server.url) for _ in range(1000)]
        responses = await asyncio.gather(*fetches)
        assert {response.body for response in responses} == {b"hello"}
        assert len(server.peers) <= 2

    engine.run(main, max_clients=2)
