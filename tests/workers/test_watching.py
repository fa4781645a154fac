"""What follows from what workers tell, and from their silence."""

import asyncio
import logging
import signal

import pytest

from tests.running import on_jumping_clock
from tests.workers.fakes import FakeSource, FakeStaff
from tornadolike.workers.settings import Settings
from tornadolike.workers.slot import JITTER, Slot
from tornadolike.workers.watching import Watch


class House(FakeStaff):
    def __init__(self, **settings):
        super().__init__(FakeSource())
        self.settings = Settings(application="a:b", **settings)
        self.slots = {1: Slot(1, self, 60.0, 30.0)}
        self.manager = self
        self.status, self.is_well = "status", True
        self.told = []
        self.recycled = []

    @property
    def workers(self):
        return set(self.source.hired)

    def look(self, status, is_well):
        self.told.append((status, is_well))

    async def watched(self):
        await self.slots[1].renew(self.source)
        watch = Watch(self, lambda slot, why: self.recycled.append(why))
        self.task = asyncio.create_task(watch.run())
        return self.slots[1].current

    async def over(self):
        self.task.cancel()
        await asyncio.wait([self.task])


@on_jumping_clock
async def test_who_says_nothing_is_given_up(expect_log):
    with expect_log("tornadolike.general", "has said nothing for", logging.ERROR):
        house = House(worker_timeout=5.0)
        worker = await house.watched()
        for _ in range(20):
            await asyncio.sleep(1.0)
            worker.beats()
        assert worker.process.signals == []
        await asyncio.sleep(7.0)
        assert worker.process.signals[0] == signal.SIGABRT
        assert house.told[:2] == [("status", True)] * 2
        await house.over()


@on_jumping_clock
async def test_without_a_limit_nobody_is():
    house = House(worker_timeout=0.0)
    worker = await house.watched()
    await asyncio.sleep(3600.0)
    assert worker.process.signals == []
    await house.over()


@on_jumping_clock
async def test_who_has_not_listened_himself_does_not_complain():
    house = House(worker_timeout=5.0)
    worker = await house.watched()
    await asyncio.sleep(1.5)
    asyncio.get_running_loop().now += 100.0
    await asyncio.sleep(2.0)
    assert worker.process.signals == []
    await house.over()


@pytest.mark.parametrize(
    ("setting", "counts", "why"),
    [
        ({"max_requests": 100}, {"requests": 100}, "has answered 100 requests"),
        ({"max_memory": 2**20}, {"memory": 2**20}, "uses 1 MiB of memory"),
        ({"max_age": 10.0}, {}, "has served for"),
    ],
)
@on_jumping_clock
async def test_who_has_served_for_long_enough(setting, counts, why):
    house = House(worker_timeout=0.0, **setting)
    worker = await house.watched()
    for name, value in counts.items():
        worker.beats(**{name: value * (1 - JITTER) - 1})
    await asyncio.sleep(5.0)
    assert house.recycled == []
    worker.beats(**counts)
    await asyncio.sleep(6.0)
    assert why in house.recycled[0]
    house.recycled.clear()
    house.slots[1].spare_until = asyncio.get_running_loop().time() + 10.0
    await asyncio.sleep(5.0)
    assert house.recycled == []
    await asyncio.sleep(10.0)
    assert house.recycled != []
    await house.over()
