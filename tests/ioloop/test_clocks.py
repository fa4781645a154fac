"""A loop that lives by another clock."""

import asyncio
import socket
import time
from concurrent.futures import Future
from typing import Any

import pytest

from tests.running import on_every_loop
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.clocks import Events, Poll


class Double:
    """A clock that is twice as fast, and writes down what it is asked."""

    def __init__(self, loop: IOLoop) -> None:
        self._began, self._real = loop.time(), time.monotonic()
        self.polls: list[float] = []
        self.jobs: list[Future[Any]] = []

    def time(self) -> float:
        return self._began + (time.monotonic() - self._real) * 2

    def poll(self, poll: Poll, timeout: float, max_events: int, /) -> Events:
        self.polls.append(timeout)
        return poll(timeout / 2, max_events)

    def job_begun(self, job: Future[Any]) -> None:
        self.jobs.append(job)


@pytest.mark.parametrize("when", ["before", "while"])
def test_the_loop_asks_it(io_loop, when):
    async def main():
        if when == "while":
            io_loop.set_clock(clock)
            await asyncio.sleep(0)
        began, real = io_loop.time(), time.monotonic()
        await asyncio.sleep(0.05)
        assert time.monotonic() - real >= 0.025
        assert io_loop.time() - began >= 0.05
        assert max(clock.polls) > 0.025

    clock = Double(io_loop)
    if when == "before":
        io_loop.set_clock(clock)
    io_loop.run_sync(main)
    assert io_loop.clock is clock


def test_it_hears_of_jobs(io_loop):
    io_loop.set_clock(clock := Double(io_loop))
    assert io_loop.run_sync(lambda: io_loop.run_in_executor(None, int)) == 0
    assert [job.result() for job in clock.jobs] == [0]


def test_statistics_are_measured_by_it(io_loop):
    io_loop.watch_lag()
    io_loop.set_clock(clock := Double(io_loop))
    io_loop.run_sync(lambda: asyncio.sleep(0.01))
    assert clock.polls
    assert io_loop.stats().blocked >= 0.009
    io_loop.watch_lag(False)
    clock.polls.clear()
    io_loop.run_sync(lambda: asyncio.sleep(0))
    assert clock.polls


@on_every_loop
async def test_whether_anybody_watches():
    loop = IOLoop.current()
    assert not loop.watches_descriptors
    ours, theirs = socket.socketpair()
    with ours, theirs:
        loop.add_handler(ours, lambda fd, events: None, IOLoop.READ)
        assert loop.watches_descriptors
        loop.remove_handler(ours)
        assert not loop.watches_descriptors


def test_loops_that_take_none(io_loop):
    async def main():
        with pytest.raises(RuntimeError, match="keeps to the real time"):
            IOLoop.current().set_clock(Double(io_loop))

    asyncio.run(main())
    clock = Double(io_loop)
    io_loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        io_loop.set_clock(clock)
