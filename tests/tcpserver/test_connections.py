"""What a stopping server waits for, of whatever kind it is."""

import asyncio

import pytest

from tests.running import on_every_loop, turns
from tornadolike.tcpserver.connections import Connections


class Lodgers(Connections):
    """Names of lodgers; those who are thrown out take their time."""

    def __init__(self, *lodgers):
        super().__init__()
        self.lodgers = set(lodgers)

    def going_on(self):
        return set(self.lodgers)

    def leave(self, lodger):
        self.lodgers.discard(lodger)
        self.one_has_ended()


class Lodger:
    def __init__(self):
        self.aborted = 0

    def abort(self):
        self.aborted += 1


@on_every_loop
async def test_waiting_for_all_also_for_those_who_come_meanwhile():
    first, second = Lodger(), Lodger()
    house = Lodgers(first)
    waiting = [asyncio.ensure_future(house.wait_for_ends()) for _ in range(2)]
    await turns()
    house.lodgers.add(second)
    house.leave(first)
    await turns()
    assert not any(each.done() for each in waiting)
    house.leave(second)
    await asyncio.gather(*waiting)
    assert (first.aborted, second.aborted) == (0, 0)


@on_every_loop
async def test_waiting_for_thousands_does_not_look_at_all_of_them_for_each():
    class Counting(Lodgers):
        looks = 0

        def going_on(self):
            self.looks += 1
            return super().going_on()

    house = Counting(*range(1000))
    waiting = asyncio.ensure_future(house.wait_for_ends())
    for lodger in range(1000):
        await turns(1)
        assert not waiting.done()
        house.leave(lodger)
    await waiting
    assert house.looks < 20


@on_every_loop
async def test_aborting_those_who_are_there_and_waiting_for_no_others():
    first, second, late = Lodger(), Lodger(), Lodger()
    house = Lodgers(first, second)
    aborting = asyncio.ensure_future(house.abort())
    await turns()
    house.lodgers.add(late)
    house.leave(first)
    await turns()
    assert not aborting.done()
    house.leave(second)
    await aborting
    assert [each.aborted for each in (first, second, late)] == [1, 1, 0]


@on_every_loop
async def test_who_gives_up_waiting_does_not_disturb_others():
    lodger = Lodger()
    house = Lodgers(lodger)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await house.wait_for_ends()
    waiting = asyncio.ensure_future(house.wait_for_ends())
    await turns()
    house.leave(lodger)
    await waiting


@on_every_loop
async def test_nothing_goes_on():
    house = Lodgers()
    house.start_draining(30)
    await house.wait_for_ends()
    await house.abort()
