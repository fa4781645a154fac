"""A worker, from outside."""

import asyncio
import logging
import signal

import pytest

from tests.running import on_jumping_clock
from tests.workers.fakes import FakeWorker
from tornadolike.programs.reports import Report
from tornadolike.workers.state import WorkerState
from tornadolike.workers.worker import SECONDS_TO_END


@on_jumping_clock
async def test_from_the_start_to_the_end():
    gone = []
    worker = FakeWorker(3, 2, gone.append)
    assert worker.snapshot.state is WorkerState.STARTING
    assert worker.served_for == 0.0
    worker.says(tells="ready")
    assert worker.settled.is_set()
    await asyncio.sleep(5)
    assert worker.served_for == 5.0
    worker.beats(requests=7, connections=3, websockets=1, lag=0.5, memory=4096)
    seen = worker.snapshot
    assert (seen.number, seen.generation, seen.state) == (3, 2, WorkerState.READY)
    assert (seen.requests, seen.connections, seen.websockets) == (7, 3, 1)
    assert (seen.lag, seen.memory) == (0.5, 4096)
    worker.says(tells="draining")
    assert worker.leaving.is_set()
    worker.process.end(0)
    await asyncio.sleep(0)
    assert gone == [worker]
    assert worker.channel.is_closed
    assert worker.snapshot.state is WorkerState.ENDED
    worker.drain(5.0)  # it is too late
    assert worker.channel.sent == []


@on_jumping_clock
async def test_who_does_not_end_is_killed(expect_log):
    with expect_log("tornadolike.general", "did not come to its end", logging.ERROR):
        worker = FakeWorker()
        worker.says(tells="ready")
        worker.drain(20.0)
        assert worker.channel.sent == [{"tells": "stop", "seconds": 20.0}]
        await asyncio.sleep(19.0 + SECONDS_TO_END)
        assert worker.process.signals == []
        await asyncio.sleep(10.0)
        assert worker.process.signals == [signal.SIGABRT, signal.SIGKILL]
        assert worker.how_it_ended.endswith("did not come to its end, and was killed")


@on_jumping_clock
async def test_less_time_than_was_said_before(expect_log):
    with expect_log("tornadolike.general", "did not come to its end", logging.ERROR):
        worker = FakeWorker()
        worker.says(tells="ready")
        worker.drain(3600.0)
        worker.drain(0.0)
        await asyncio.sleep(SECONDS_TO_END + 5.0)
        assert signal.SIGKILL in worker.process.signals


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (0, "has ended by itself, with status 0"),
        (-9, "was killed by SIGKILL"),
        (-99, "was killed by signal 99"),
        (None, "has ended"),
    ],
)
@on_jumping_clock
async def test_how_it_ended(status, text):
    worker = FakeWorker(2)
    worker.process.end(status)
    await asyncio.sleep(0)
    assert worker.how_it_ended == f"worker 2 (pid {worker.pid}) {text}"


@on_jumping_clock
async def test_it_may_say_itself_why():
    worker = FakeWorker(2)
    worker.says(tells="failed", report=Report("KeyError: 'x'", "a.py", 3).as_dict())
    worker.process.end(1)
    await asyncio.sleep(0)
    assert worker.how_it_ended.endswith("failed: a.py, line 3: KeyError: 'x'")
