"""Work in the background: its bounds, its ends, and what the log says of it."""

import asyncio
import contextvars
import functools
import logging
import math
import threading

import pytest

from tests.running import on_every_loop, on_jumping_clock, turns
from tornadolike.background import Background, BackgroundFull

APP_LOG = "tornadolike.application"
who = contextvars.ContextVar("who", default="nobody")


@on_every_loop
async def test_functions_and_coroutines_are_run():
    background, done = Background(), []

    async def work(number, x=None):
        await asyncio.sleep(0)
        done.append((who.get(), number, x))

    who.set("me")
    jobs = [
        background.start(work, 1, x=2),
        background.start(work(3), name="third"),
        background.start(done.append, 4),
        background.start(functools.partial(work, 5)),
    ]
    who.set("another")
    assert done == []  # whoever starts them is not held up
    assert background.jobs == jobs
    names = [job.name.rpartition(".")[2] for job in jobs]
    assert names == ["work", "third", "append", "work"]
    for job in jobs:
        await job.wait()
        job.cancel()  # too late to mean anything
    # The context of a coroutine is where it is started, as that of a function.
    assert done == [4, ("me", 1, 2), ("me", 3, None), ("me", 5, None)]
    assert {job.state for job in jobs} == {"finished"}
    assert background.jobs == []


@on_every_loop
async def test_so_many_run_and_so_many_wait():
    background = Background(max_running=2, max_waiting=2)
    gate, begun = asyncio.Event(), []

    async def work(number):
        begun.append(number)
        await gate.wait()

    jobs = [background.start(work, number) for number in range(4)]
    with pytest.raises(BackgroundFull, match=r"answer 503, or raise max_running \(2\)"):
        background.start(work(5))  # which does not complain that nobody awaited it
    await turns()
    assert begun == [0, 1]
    assert [job.state for job in jobs] == ["running", "running", "waiting", "waiting"]
    jobs[2].cancel()
    held = background.hold(work, 6)
    assert held.state == "held"
    gate.set()
    await jobs[3].wait()
    assert begun == [0, 1, 3]
    assert [job.state for job in jobs] == ["finished", "finished", "cancelled", "finished"]
    held.begin()
    held.begin()
    await held.wait()
    assert begun == [0, 1, 3, 6]
    for wrong in ({"max_running": 0}, {"max_waiting": -1}, {"stop_seconds": -1.0}):
        with pytest.raises(ValueError, match="at least"):
            Background(**wrong)
    for wrong in ({"max_running": math.nan}, {"max_waiting": "9"}, {"stop_seconds": None}):
        with pytest.raises(TypeError, match=f"{next(iter(wrong))} is a"):
            Background(**wrong)
    with pytest.raises(ValueError, match="from 0 to 1"):
        background.every(1, print, jitter=5)


@on_every_loop
async def test_a_job_that_fails_is_logged_once(expect_log):
    background = Background()

    async def broken():
        raise ValueError("no")

    async def cut():
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    async def generator():
        yield

    with expect_log(APP_LOG, "job .* failed", logging.ERROR, count=3):
        jobs = [background.start(work) for work in (broken, cut, generator)]
        for job in jobs:
            await job.wait()
    assert [job.state for job in jobs] == ["failed"] * 3
    assert [type(job.error) for job in jobs] == [ValueError, asyncio.CancelledError, TypeError]


@on_every_loop
async def test_what_is_no_work_is_refused():
    background = Background()

    async def work():
        pass

    for wrong, args in ((None, ()), ("work", ()), (work(), (1,))):
        with pytest.raises(TypeError, match=r"function or a coroutine|called already"):
            background.start(wrong, *args)
    for seconds in (0, -1, float("inf"), float("nan"), "1", None):
        with pytest.raises(ValueError, match="every so many seconds"):
            background.every(seconds, work)
    with pytest.raises(TypeError, match="what is repeated is a function"):
        background.every(1, work())
    refusals = []

    def elsewhere():
        try:
            background.start(work)
        except RuntimeError as error:
            refusals.append(str(error))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert "call_soon_threadsafe" in refusals[0]


@on_jumping_clock
async def test_at_the_end_jobs_are_waited_for_or_cancelled(expect_log):
    background = Background(max_running=3, stop_seconds=60)
    ended = []

    async def work(seconds, more=False):
        try:
            await asyncio.sleep(seconds)
        finally:
            if more:
                background.start(work, 1, name="another")
        ended.append(seconds)

    background.start(work, 10, True, name="short")
    background.start(work, 100, name="long")
    background.start(work, 61, name="late")
    background.hold(work, 1, name="held")
    with (
        expect_log(APP_LOG, "job (short|another) finished before the end", count=2),
        expect_log(APP_LOG, "(long|late) is cancelled: it did not end within 60 s", count=2),
        expect_log(APP_LOG, "held is cancelled: it did not begin within 60 s", count=1),
    ):
        await background.stop()
    assert ended == [10, 1]
    assert background.jobs == []
    await background.start(work, 2).wait()  # and all begins again
    assert ended == [10, 1, 2]


@on_jumping_clock
async def test_at_the_end_nothing_can_hold_it_for_ever(expect_log):
    background = Background()
    stubborn_ended = asyncio.Event()
    refused = []

    async def stubborn():
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            try:
                background.start(asyncio.sleep, 1)
            except RuntimeError as error:
                refused.append(str(error))
            await asyncio.sleep(30)
        stubborn_ended.set()

    async def stops():
        await background.stop(0)  # and does not wait for itself
        await stubborn_ended.wait()

    background.start(stubborn)
    job = background.start(stops)
    with (
        expect_log(APP_LOG, "stubborn is cancelled", count=1),
        expect_log(APP_LOG, "stubborn does not heed", logging.ERROR, count=1),
    ):
        await job.wait()
    assert job.state == "finished"
    assert refused == ["no more work is begun: the time for stopping is over"]


@on_jumping_clock
async def test_stopping_that_is_cancelled_cancels_all(expect_log):
    background = Background()
    job = background.start(asyncio.sleep, 3600)
    stopping = asyncio.ensure_future(background.stop(1800))
    await asyncio.sleep(1)
    with expect_log(APP_LOG, "is cancelled", count=1):
        stopping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stopping
    assert job.state == "cancelled"


@on_jumping_clock
async def test_work_is_repeated(expect_log):
    loop = asyncio.get_running_loop()
    background, calls = Background(max_running=1, max_waiting=0), []
    begun = loop.time()

    async def work(what):
        calls.append((what, round(loop.time() - begun)))
        await asyncio.sleep(15)

    repeated = background.every(10, work, "a", name="tidy")
    assert repr(repeated) == "<Repeated tidy, every 10 seconds>"
    await asyncio.sleep(61)
    assert calls == [("a", 10), ("a", 30), ("a", 50)]  # never two at a time
    assert background.repeated == [repeated]
    await asyncio.sleep(5)
    background.start(asyncio.sleep, 10)
    with expect_log(APP_LOG, "tidy is left out this time: there are 1", count=1):
        await asyncio.sleep(5)
    await background.stop()
    assert not repeated.running
    before = len(calls)
    await asyncio.sleep(100)
    assert len(calls) == before
    background.resume()
    await asyncio.sleep(11)
    assert len(calls) == before + 1
    repeated.stop()
    repeated.stop()
    assert background.repeated == []
    await background.stop()


def test_one_loop_after_the_other():
    background, calls = Background(), []
    background.every(0.001, calls.append, 1)

    async def main():
        background.resume()
        background.start(asyncio.sleep, 3600)  # nobody stops it
        while not calls:
            await asyncio.sleep(0.001)
        background._rest()  # or it may begin a job while the loop is being closed
        calls.clear()

    for _ in range(2):
        asyncio.run(main())
        assert len(background.jobs) <= 2

    async def two():
        background.start(asyncio.sleep, 3600)
        with pytest.raises(RuntimeError, match="belong to another loop"):
            await asyncio.to_thread(asyncio.run, main())
        await background.stop(0)

    asyncio.run(two())
