"""A slot, and who is in it. Hours take no time here."""

import asyncio
import logging
import signal

import pytest

from tests.running import now, on_jumping_clock, turns
from tests.workers.fakes import FakeSource, FakeStaff, fails, hangs, raises, ready
from tornadolike.programs.failing import Failure
from tornadolike.workers.slot import LONGEST_PAUSE, SECONDS_WELL, Slot
from tornadolike.workers.state import WorkerState


def made(*deeds, start_seconds=60.0):
    source = FakeSource(deeds=deeds)
    return source, Slot(1, FakeStaff(source), start_seconds, 30.0)


async def over(task):
    task.cancel()
    await asyncio.wait([task])


@on_jumping_clock
async def test_who_has_ended_is_replaced_at_once_and_then_ever_later():
    source, slot = made(ready, fails, fails, fails)
    assert await slot.renew(source)
    keeping = asyncio.create_task(slot.keep())
    begun = now()
    [first] = source.hired
    assert slot.is_served
    first.process.end(-signal.SIGSEGV)
    await turns(20)
    assert now() == begun
    assert len(source.hired) == 2  # at once
    times = []
    while not slot.is_served:
        await asyncio.sleep(0.125)
        if len(source.hired) > 2 + len(times):
            times.append(round(now() - begun, 3))
    assert times == pytest.approx([0.5, 1.5, 3.5], abs=0.2)
    await over(keeping)


@on_jumping_clock
async def test_pauses_have_an_end_and_who_has_served_for_a_while_is_replaced_at_once():
    source, slot = made(*[fails] * 30)
    keeping = asyncio.create_task(slot.keep())
    while not slot.is_served:
        before = len(source.hired)
        await asyncio.sleep(LONGEST_PAUSE + 0.1)
        assert len(source.hired) > before
    await asyncio.sleep(SECONDS_WELL + 1)
    begun, hired = now(), len(source.hired)
    slot.current.process.end(3)
    await turns(20)
    assert (now(), len(source.hired)) == (begun, hired + 1)
    await over(keeping)


@on_jumping_clock
async def test_the_next_serves_before_the_one_before_drains():
    source, slot = made(ready, hangs)
    assert await slot.renew(source)
    [old] = source.hired
    renewing = asyncio.create_task(slot.renew(source))
    await turns(10)
    assert slot.current is old
    assert old.channel.sent == []
    ready(source.hired[1])
    assert await renewing
    assert slot.current is source.hired[1]
    assert old.channel.sent == [{"tells": "stop", "seconds": 30.0}]
    assert old.state is WorkerState.DRAINING


@on_jumping_clock
async def test_who_does_not_start_changes_nothing(expect_log):
    with expect_log("tornadolike.general", "worker 1 cannot be started", logging.ERROR):
        source, slot = made(
            ready, fails, raises(Failure("no room")), raises(OSError("no processes"))
        )
        assert await slot.renew(source)
        first = slot.current
        for text in ("has ended by itself, with status 1", "no room", "no processes"):
            assert not await slot.renew(source)
            assert slot.current is first
            assert slot.is_served
            assert text in slot.failure.summary
        assert await slot.renew(source)
        assert slot.failure is None


@on_jumping_clock
async def test_who_takes_too_long_to_start_is_ended(expect_log):
    with expect_log(
        "tornadolike.general", "it is killed, and says before where it is", logging.ERROR
    ):
        source, slot = made(hangs, start_seconds=5.0)
        assert not await slot.renew(source)
        assert now() == 1007.0  # two of them to say where it is
        assert source.hired[0].process.signals == [signal.SIGABRT, signal.SIGKILL]
        assert "did not start within 5 seconds" in slot.failure.summary


@on_jumping_clock
async def test_without_a_limit_it_may_take_an_hour():
    source, slot = made(hangs, start_seconds=0.0)
    renewing = asyncio.create_task(slot.renew(source))
    await asyncio.sleep(3600)
    ready(source.hired[0])
    assert await renewing


@on_jumping_clock
async def test_who_is_not_wanted_while_it_starts_is_told(expect_log):
    with expect_log(
        "tornadolike.general", "it is killed, and says before where it is", logging.ERROR
    ):
        source, slot = made(hangs)
        renewing = asyncio.create_task(slot.renew(source))
        await turns(10)
        await over(renewing)
        assert source.hired[0].process.signals == [signal.SIGTERM]
        await asyncio.sleep(60)
        assert source.hired[0].process.signals == [signal.SIGTERM, signal.SIGABRT, signal.SIGKILL]


@on_jumping_clock
async def test_a_reload_does_not_wait_for_a_pause_and_nobody_is_hired_twice():
    source, slot = made(fails, fails)
    keeping = asyncio.create_task(slot.keep())
    await asyncio.sleep(1.0)  # in the second pause
    assert len(source.hired) == 2
    assert await slot.renew(source)
    assert len(source.hired) == 3
    await asyncio.sleep(60.0)
    assert len(source.hired) == 3
    slot.current.process.end(0)
    await asyncio.sleep(LONGEST_PAUSE)
    assert len(source.hired) == 4
    await over(keeping)
