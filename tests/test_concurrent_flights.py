"""What many want at the same time is done once."""

import asyncio

import pytest

from tests.running import LOOPS, on_every_loop, run_on, turns
from tornadolike.concurrent import Flights


class Work:
    def __init__(self, error=None):
        self.begun = 0
        self.ended = 0
        self.go_on = asyncio.Event()
        self.error = error

    async def __call__(self):
        self.begun += 1
        await self.go_on.wait()
        self.ended += 1
        if self.error is not None:
            raise self.error
        return self.begun


@on_every_loop
async def test_once_for_all():
    flights, work, other = Flights(), Work(), Work()
    tasks = [asyncio.create_task(flights.join("a", work)) for _ in range(10)]
    tasks.append(asyncio.create_task(flights.join("b", other)))
    await turns()
    work.go_on.set()
    other.go_on.set()
    assert await asyncio.gather(*tasks) == [1] * 11
    assert (work.begun, other.begun) == (1, 1)
    assert await flights.join("a", work) == 2  # and again when that is over
    await turns()


@on_every_loop
async def test_who_is_cancelled_leaves_the_others():
    flights, work = Flights(), Work()
    first = asyncio.create_task(flights.join("a", work))
    second = asyncio.create_task(flights.join("a", work))
    await turns()
    first.cancel()
    await turns()
    work.go_on.set()
    assert await second == 1
    assert first.cancelled()


@on_every_loop
async def test_what_must_land_goes_on_when_all_are_cancelled():
    flights, work = Flights(must_land=True), Work(ValueError("for nobody"))
    task = asyncio.create_task(flights.join("a", work))
    await turns()
    task.cancel()
    await turns()
    work.go_on.set()
    await turns(5)
    assert work.ended == 1  # and nobody complains of an error that nobody has seen


@on_every_loop
async def test_the_last_who_is_cancelled_ends_it_and_waits_for_its_end():
    class Slow(Work):
        async def __call__(self):
            try:
                return await super().__call__()
            except asyncio.CancelledError:
                await turns(5)
                self.ended += 1
                raise

    flights, slow, other = Flights(), Slow(), Work()
    tasks = [asyncio.create_task(flights.join("a", slow)) for _ in range(3)]
    await turns()
    for task in tasks:
        task.cancel()
    await turns()
    assert not tasks[-1].done()
    late = asyncio.create_task(flights.join("a", other))  # has nothing to do with it
    await asyncio.wait(tasks)
    assert (slow.begun, slow.ended) == (1, 1)
    other.go_on.set()
    assert await late == 1
    assert all(task.cancelled() for task in tasks)
    await turns()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert not flights._flights


@on_every_loop
async def test_who_waits_no_longer_leaves_it_to_those_who_come():
    flights, work = Flights(), Work()
    flight = flights.begin("a", work())
    assert not await flight.wait(0.001)
    waiting = asyncio.create_task(flight.result())
    await turns()
    waiting.cancel()
    await asyncio.wait([waiting])
    assert flights.find("a") is flight
    work.go_on.set()
    assert await flight.wait()
    assert await flight.result() == 1
    assert flights.find("a") is None


@on_every_loop
async def test_somebody_else_ends_it():
    flights, work = Flights(), Work()
    tasks = [asyncio.create_task(flights.join("a", work)) for _ in range(2)]
    await turns()
    flights.find("a").task.cancel()
    assert flights.find("a") is None
    for task in tasks:
        with pytest.raises(asyncio.CancelledError):
            await task


@on_every_loop
async def test_all_get_the_error():
    flights, work = Flights(), Work(ValueError("no"))
    tasks = [asyncio.create_task(flights.join("a", work)) for _ in range(3)]
    await turns()
    work.go_on.set()
    for task in tasks:
        with pytest.raises(ValueError, match="no"):
            await task
    assert work.begun == 1


def test_a_loop_that_ended_in_the_middle():
    flights = Flights()

    async def stuck():
        work = Work()
        task = asyncio.create_task(flights.join("a", work))
        await turns()
        assert not task.done()

    async def again():
        work = Work()
        work.go_on.set()
        return await flights.join("a", work)

    for new_loop in LOOPS.values():
        run_on(new_loop, stuck())
        assert run_on(new_loop, again()) == 1


def test_a_loop_that_stands_still():
    """One of another loop is not waited for; and when it ends it takes nothing away from this one."""
    flights = Flights()
    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()

    async def begin(work):
        work.task = asyncio.create_task(flights.join("a", work))
        await turns()

    async def go_on(work):
        work.go_on.set()
        return await work.task

    try:
        old, new = Work(), Work()
        first.run_until_complete(begin(old))
        second.run_until_complete(begin(new))
        assert (old.begun, new.begun) == (1, 1)
        assert first.run_until_complete(go_on(old)) == 1
        second.run_until_complete(begin(other := Work()))
        assert other.begun == 0  # it shares what goes on there
        assert second.run_until_complete(go_on(new)) == 1
        assert second.run_until_complete(other.task) == 1
    finally:
        first.close()
        second.close()
