"""Clients that end while something goes on, and callbacks that go wrong: each fetch ends at once, as is told."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.httpclient.behaviours.engines import LIMIT, Engine
from tests.httpclient.behaviours.scripted import Scripted, answering, ok, saying
from tests.httpclient.behaviours.test_lifetimes import WAYS, Way, at_rest, served
from tests.running import LOOPS, run_on
from tornadolike.httpclient import AsyncHTTPClient, HTTPError
from tornadolike.httpclient.retries import Retries
from tornadolike.httpclient.tracing import Trace

Play = Callable[..., Scripted]


@pytest.mark.parametrize("way", WAYS)
def test_closed_at_every_turn(guest_engine: Engine, tmp_path: Path, way: Way) -> None:
    async def main() -> None:
        turns = 0
        async with asyncio.timeout(LIMIT):
            async with served() as url:
                while not await done(url, turns):
                    turns += 1
            while len(asyncio.all_tasks()) > 1:
                await asyncio.sleep(0.001)
        assert turns > 10

    async def done(url: str, turns: int) -> bool:
        client = guest_engine.client(max_clients=1)
        fetch = asyncio.ensure_future(way(client, url, tmp_path))
        for _ in range(turns):
            await asyncio.sleep(0)
            if fetch.done():
                break
        was_done = fetch.done()
        client.close()
        client.close()
        await asyncio.wait([fetch])
        error = fetch.exception()
        for failure in error.exceptions if isinstance(error, ExceptionGroup) else [error]:
            assert failure is None or isinstance(failure, HTTPError | RuntimeError)
            assert failure is None or "closed" in str(failure)
        with pytest.raises(RuntimeError, match="closed"):
            client.fetch(url)
        with pytest.raises(RuntimeError, match="closed"):
            client.stream("GET", url)
        assert at_rest(client)
        return was_done

    run_on(LOOPS[guest_engine.loop], main())


def test_a_loop_that_ends(guest_engine: Engine, play: Play) -> None:
    """Fetches that go on then are cancelled with all tasks, and the client is closed; also one that nobody closes."""
    server = play(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"))
    fetches: list[Any] = []

    async def main() -> None:
        client = guest_engine.client(max_clients=2)
        fetches.extend(client.fetch(server.url) for _ in range(3))
        await asyncio.sleep(0.02)

    run_on(LOOPS[guest_engine.loop], main())
    assert all(fetch.cancelled() for fetch in fetches)


class Wrong(Exception):
    """What a callback raises."""


def wrong(*args: Any) -> Any:
    raise Wrong


async def wrong_later(*args: Any) -> None:
    await asyncio.sleep(0)
    raise Wrong


def wrong_pieces() -> Any:
    yield b"x"
    raise Wrong


async def wrong_pieces_later() -> Any:
    yield b"x"
    raise Wrong


class WrongTrace(Trace):
    def __init__(self, hook: str) -> None:
        setattr(self, hook, wrong)


PUT = {"method": "PUT", "headers": {"Content-Length": "5"}}

CALLBACKS: dict[str, Callable[[], dict[str, Any]]] = {
    "streaming_callback": lambda: {"streaming_callback": wrong},
    "streaming_callback, later": lambda: {"streaming_callback": wrong_later},
    "header_callback": lambda: {"header_callback": wrong},
    "body_producer": lambda: PUT | {"body_producer": wrong},
    "body_producer, later": lambda: PUT | {"body_producer": wrong_later},
    "body_producer, in pieces": lambda: PUT | {"body_producer": wrong_pieces()},
    "body_producer, in pieces, later": lambda: PUT | {"body_producer": wrong_pieces_later()},
    "trace, on_request": lambda: {"trace": WrongTrace("on_request")},
    "trace, on_response": lambda: {"trace": WrongTrace("on_response")},
    "trace, on_end": lambda: {"trace": WrongTrace("on_end")},
    "retries, sleep": lambda: {"retries": Retries(sleep=wrong, statuses=[200])},
    "retries, draw": lambda: {"retries": Retries(draw=wrong, statuses=[200])},
}


@pytest.mark.parametrize("name", CALLBACKS)
def test_what_a_callback_raises_is_raised(engine: Engine, play: Play, name: str) -> None:
    server = play(answering(ok()))

    async def main(client: AsyncHTTPClient) -> None:
        for _ in range(3):  # of which each would keep the one turn that there is
            with pytest.raises(Wrong):
                await client.fetch(server.url, **CALLBACKS[name]())
        assert (await client.fetch(server.url)).body == b"hello"
        assert at_rest(client)

    engine.run(main, max_clients=1)


def test_other_threads(engine: Engine, play: Play) -> None:
    """A client says in which it may be used; one of its own each thread may have."""
    server = play(answering(ok()))
    said: list[str] = []

    async def main(client: AsyncHTTPClient) -> None:
        def elsewhere() -> None:
            async def fetch() -> None:
                with pytest.raises(RuntimeError, match="another loop"):
                    client.fetch(server.url)

            run_on(LOOPS["IOLoop"], fetch())
            said.append(engine.outcome(server.url))

        thread = threading.Thread(target=elsewhere)
        thread.start()
        await asyncio.to_thread(thread.join)
        said.append((await client.fetch(server.url)).body.decode())

    engine.run(main)
    assert said == ["200 hello", "hello"]
