"""Reloads and recycling, one worker at a time."""

import asyncio
import logging

import pytest

from tests.running import on_jumping_clock, turns
from tests.workers.fakes import FakeSource, FakeStaff, fails, hangs, ready
from tornadolike.programs.failing import Failure
from tornadolike.workers.slot import Slot
from tornadolike.workers.turnover import SECONDS_BEFORE_ANOTHER_TRY, Turnover


class Manager:
    def __init__(self):
        self.told = []

    def ready(self):
        self.told.append("ready")

    def reloading(self):
        self.told.append("reloading")


class House(FakeStaff):
    """A supervisor with two workers that serve, and the sources of generations to come."""

    def __init__(self, *sources):
        super().__init__(FakeSource())
        self.manager = Manager()
        self.slots = {number: Slot(number, self, 60.0, 30.0) for number in (1, 2)}
        self.sources = list(sources)

    def new_source(self, generation):
        source = self.sources.pop(0)
        source.generation = generation
        return source

    @property
    def generations(self):
        return [slot.current.generation for slot in self.slots.values()]

    async def serving(self):
        for slot in self.slots.values():
            assert await slot.renew(self.source)
        self.turnover = Turnover(self)
        self.task = asyncio.create_task(self.turnover.run())
        return self

    async def over(self):
        self.task.cancel()
        await asyncio.wait([self.task])


@on_jumping_clock
async def test_all_are_replaced_one_by_one():
    new = FakeSource(deeds=[hangs, hangs])
    house = await House(new).serving()
    before = house.source
    house.turnover.reload()
    await turns(20)
    assert house.turnover.is_reloading
    assert [worker.number for worker in new.hired] == [1]
    assert house.source is before  # for who is replaced because it has crashed
    ready(new.hired[0])
    await turns(20)
    assert house.generations == [2, 1]
    assert [worker.number for worker in new.hired] == [1, 2]
    assert house.source is new
    ready(new.hired[1])
    await turns(20)
    assert house.generations == [2, 2]
    assert not house.turnover.is_reloading
    assert (before.is_retired, new.is_retired) == (True, False)
    assert house.manager.told == ["reloading", "ready"]
    await house.over()


@pytest.mark.parametrize("way", ["it cannot be prepared", "the first worker does not start"])
@on_jumping_clock
async def test_what_does_not_start_changes_nothing(expect_log, way):
    with expect_log(
        "tornadolike.general", "The reload has failed, and what was there goes on", logging.ERROR
    ):
        new = FakeSource(deeds=[fails])
        if way == "it cannot be prepared":
            new.refusal = Failure("it is broken")
        house = await House(new, FakeSource()).serving()
        before = house.source
        house.turnover.reload()
        await asyncio.sleep(1.0)
        assert house.generations == [1, 1]
        assert (house.source is before, before.is_retired, new.is_retired) == (True, False, True)
        house.turnover.reload()  # mended
        await asyncio.sleep(1.0)
        assert house.generations == [3, 3]
        await house.over()


@on_jumping_clock
async def test_what_starts_once_and_then_not_goes_no_further(expect_log):
    with expect_log(
        "tornadolike.general", "The reload has stopped after 1 of 2 workers", logging.ERROR
    ):
        house = await House(FakeSource(deeds=[ready, fails])).serving()
        house.turnover.reload()
        await asyncio.sleep(1.0)
        assert house.generations == [2, 1]
        await house.over()


@on_jumping_clock
async def test_a_reload_during_a_reload_comes_behind_it():
    first, second = FakeSource(deeds=[hangs]), FakeSource()
    house = await House(first, second).serving()
    house.turnover.reload()
    await turns(20)
    house.turnover.reload()
    house.turnover.reload()  # which is the same wish
    ready(first.hired[0])
    await asyncio.sleep(1.0)
    assert house.generations == [3, 3]
    assert house.sources == []
    await house.over()


@on_jumping_clock
async def test_single_ones_are_replaced_and_left_alone_if_that_fails(expect_log):
    with expect_log(
        "tornadolike.general", "worker 2 goes on, as no other can be started", logging.ERROR
    ):
        house = await House().serving()
        slot = house.slots[2]
        old = slot.current
        house.source.deeds = [fails]
        house.turnover.recycle(slot, "is old")
        house.turnover.recycle(slot, "is old")
        await turns(30)
        assert slot.current is old
        assert slot.spare_until == asyncio.get_running_loop().time() + SECONDS_BEFORE_ANOTHER_TRY
        house.turnover.recycle(slot, "is old")
        await turns(30)
        assert slot.current is not old
        hired = len(house.source.hired)
        del house.slots[2]
        house.turnover.recycle(slot, "is old")  # but is not wanted any more
        await turns(30)
        assert len(house.source.hired) == hired
        await house.over()


@on_jumping_clock
async def test_who_is_due_while_it_is_replaced_is_replaced_once():
    house = await House().serving()
    slot = house.slots[1]
    house.source.deeds = [hangs]
    house.turnover.recycle(slot, "is old")
    await turns(20)
    house.turnover.recycle(slot, "is old")  # it is still there
    ready(house.source.hired[-1])
    await turns(20)
    assert len(house.source.hired) == 3
    await house.over()
