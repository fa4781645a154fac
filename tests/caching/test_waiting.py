"""One handler is at work for all who ask the same."""

import asyncio
import threading
from typing import Any

import pytest

from tests.caching.helpers import SlowStore, cached, counting, is_kept, ways
from tests.running import turns
from tornadolike.stores import MemoryStore


def together(site: Any, count: int, gate: Any) -> list[Any]:
    """Ask so often, all at a time, and open the gate when all wait for their answers."""
    connections = [site.connect() for _ in range(count)]
    for connection in connections:
        connection.send("GET /")

    async def open_it() -> None:
        while len(site.server.server._serving.answering) < count:
            await asyncio.sleep(0)
        await turns(20)  # in which stores answer
        await gate()

    site.server.call(open_it)
    answers = []
    for connection in connections:
        with connection:
            answers.append(connection.receive())
    site.settle()
    return answers


class Gate:
    """Holds handlers until so many requests have come."""

    def __init__(self) -> None:
        self.inside = 0
        self.open: asyncio.Event | None = None

    async def wait(self) -> None:
        if self.open is None:
            self.open = asyncio.Event()
        self.inside += 1
        await self.open.wait()

    async def let_go(self) -> None:
        while self.open is None:
            await asyncio.sleep(0)
        self.open.set()


@pytest.mark.parametrize("store", [MemoryStore, SlowStore])
def test_a_hundred_wait_for_one(site, store):
    gate = Gate()

    async def get(self: Any) -> None:
        await gate.wait()
        self.write(str(self.number))

    pages = cached(store=store())
    site = site(("/", counting(get=get)), middleware=[pages])
    answers = together(site, 100, gate.let_go)
    assert {answer.text for answer in answers} == {"1"}
    assert (gate.inside, pages.counts.hits, pages.counts.misses) == (1, 99, 1)
    site.server.call(is_kept, pages)


def test_who_waits_for_what_is_not_kept_has_its_own_handler(site):
    gate = Gate()

    async def get(self: Any) -> None:
        await gate.wait()
        self.write(f"{self.get_cookie('who')} {self.number}")

    pages = cached()
    site = site(("/", counting(get=get)), middleware=[pages])
    answers = together(site, 10, gate.let_go)
    assert len({answer.text for answer in answers}) == 10
    # From now on nobody waits.
    assert site.ask("GET /").header("X-Cache") == "PASS"
    assert len(pages._flights) == 0


def test_who_waits_for_a_slow_handler_waits_no_longer_than_that(site):
    gate = Gate()
    asked = threading.Event()

    async def get(self: Any) -> None:
        if self.number == 1:
            asked.set()
            await gate.wait()
        self.write(str(self.number))

    site = site(("/", counting(get=get)), middleware=[cached(wait_seconds=0.02)])
    with site.connect() as slow:
        slow.send("GET /")
        assert asked.wait(10)
        assert site.ask("GET /").text == "2"
        site.server.call(gate.let_go)
        assert slow.receive().text == "1"


def test_who_waits_for_a_handler_that_was_cancelled_has_another_one(site):
    gate, begun = Gate(), threading.Semaphore(0)

    async def get(self: Any) -> None:
        begun.release()
        await gate.wait()
        self.write(str(self.number))

    pages = cached()
    site = site(("/", counting(get=get)), middleware=[pages], cancel_on_disconnect=True)
    first = site.connect()
    first.send("GET /")
    assert begun.acquire(timeout=10)
    waiting = [site.connect() for _ in range(5)]
    for connection in waiting:
        connection.send("GET /")
    site.settle()
    first.sock.close()
    assert begun.acquire(timeout=10)
    site.server.call(gate.let_go)
    for connection in waiting:
        with connection:
            assert connection.receive().text == "2"
    site.server.call(is_kept, pages)


def test_who_comes_behind_an_invalidation_does_not_wait_for_who_began_before(site):
    gate, begun = Gate(), threading.Semaphore(0)

    async def get(self: Any) -> None:
        if self.number == 1:
            begun.release()
            await gate.wait()
        self.write(str(self.number))

    pages = cached(names=["x"])
    site = site(("/", counting(get=get)), middleware=[pages])
    with site.connect() as first:
        first.send("GET /")
        assert begun.acquire(timeout=10)
        site.server.call(pages.invalidate, "x")
        assert ways(site, "GET /") == [("MISS", "2")]
        site.server.call(gate.let_go)
        assert first.receive().text == "1"
    site.settle()
    assert ways(site, "GET /") == [("HIT", "2")]


def test_a_failing_handler_is_no_reason_to_wait(site, expect_log):
    gate = Gate()

    async def get(self: Any) -> None:
        await gate.wait()
        raise ValueError("no")

    site = site(("/", counting(get=get)), middleware=[cached()])
    with expect_log("tornadolike.application", "Uncaught", count=5):
        assert {answer.status for answer in together(site, 5, gate.let_go)} == {500}
