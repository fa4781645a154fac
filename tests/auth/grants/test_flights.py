"""What many want at the same time is done once."""

import asyncio

import pytest

from tests.running import LOOPS, on_every_loop, run_on, turns
from tornadolike.auth.grants.flights import Flights


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
async def test_it_goes_on_when_all_are_cancelled():
    flights, work = Flights(), Work(ValueError("for nobody"))
    task = asyncio.create_task(flights.join("a", work))
    await turns()
    task.cancel()
    await turns()
    work.go_on.set()
    await turns(5)
    assert work.ended == 1  # and nobody complains of an error that nobody has seen


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
