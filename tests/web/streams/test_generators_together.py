"""Pieces of a stream that are there at once leave together, and none of them waits for what is not there."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.web.going_away import PATIENCE
from tests.web.helpers import Connection, Site
from tornadolike.web import RequestHandler
from tornadolike.web.streams.generators import Steps


def chunks(connection: Connection) -> list[bytes]:
    """Those of a response, without the last, which is empty."""
    with connection.sock.makefile("rb") as file:
        while file.readline() != b"\r\n":
            pass
        found = []
        while size := int(file.readline(), 16):
            found.append(file.read(size))
            file.readline()
    return found


def test_what_is_there_at_once_leaves_together(site: Callable[..., Site]) -> None:
    async def many() -> AsyncIterator[str]:
        await asyncio.sleep(0)
        for _ in range(60):
            yield "piece "

    class Handler(RequestHandler):
        async def get(self) -> None:
            await self.stream(many(), "text/plain")

    served = site(("/", Handler))
    with served.connect() as connection:
        connection.send("GET /")
        found = chunks(connection)
    assert b"".join(found) == b"piece " * 60
    assert len(found) <= 10  # as many as the machine may be slow


def test_what_is_there_leaves_before_the_generator_waits(site: Callable[..., Site]) -> None:
    asked = threading.Event()

    async def two_and_one() -> AsyncIterator[str]:
        yield "one"
        yield "two"
        await asyncio.to_thread(asked.wait, PATIENCE)
        yield "three"

    class Handler(RequestHandler):
        async def get(self) -> None:
            await self.stream(two_and_one(), "text/plain")

    served = site(("/", Handler))
    with served.connect() as connection:
        connection.send("GET /")
        received = b""
        while b"two" not in received:
            received += connection.sock.recv(1000)
        assert b"three" not in received
        asked.set()
        while not received.endswith(b"0\r\n\r\n"):
            received += connection.sock.recv(1000)


def test_what_was_made_before_a_failure_is_sent(site: Callable[..., Site], expect_log: Any) -> None:
    async def failing() -> AsyncIterator[str]:
        yield "one"
        yield "two"
        raise LookupError

    class Handler(RequestHandler):
        async def get(self) -> None:
            await self.stream(failing(), "text/plain")

    served = site(("/", Handler))
    received = b""
    with (
        expect_log("tornadolike.application", "Uncaught exception", count=1),
        expect_log("tornadolike.general", "Cannot send error response", count=1),
        served.connect() as connection,
    ):
        connection.send("GET /")
        while data := connection.sock.recv(1000):
            received += data
        served.settle()
    assert b"two" in received
    assert not received.endswith(b"0\r\n\r\n")


def test_steps(io_loop: Any) -> None:
    """As the iterator itself, whatever is thrown into it where it waits."""
    happened: list[str] = []

    async def items(waits_for: "asyncio.Future[str]") -> AsyncIterator[str]:
        yield "at once"
        try:
            yield await waits_for
        except asyncio.CancelledError:
            yield "cancelled"

    async def walk(failing: bool, cancelled: bool) -> list[str]:
        waits_for: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def before_waiting() -> None:
            happened.append("waits")
            if failing:
                raise LookupError
            if cancelled:
                waits_for.cancel()
            else:
                waits_for.set_result("later")

        return [item async for item in Steps(items(waits_for), before_waiting)]

    assert io_loop.run_sync(lambda: walk(False, False)) == ["at once", "later"]
    assert io_loop.run_sync(lambda: walk(False, True)) == ["at once", "cancelled"]
    assert happened == ["waits", "waits"]
    with pytest.raises(LookupError):
        io_loop.run_sync(lambda: walk(True, False))
