"""How late a loop is."""

import asyncio
import time

import pytest

from tests.running import on_every_loop, on_jumping_clock, timers
from tornadolike.slowness import LoopLag


@on_every_loop
async def test_what_keeps_the_loop_is_seen():
    with LoopLag(0.01) as lag:
        await asyncio.sleep(0.02)  # so that the loop has looked
        time.sleep(0.1)
        await asyncio.sleep(0.05)
        assert lag.worst() >= 0.085


@on_jumping_clock
async def test_the_worst_of_the_time_that_is_asked_for():
    loop = asyncio.get_running_loop()
    with LoopLag(0.5) as lag:
        await asyncio.sleep(10)
        assert lag.worst() == 0.0
        for late in (2.0, 7.0, 3.0):
            loop.now += 0.5 + late
            await asyncio.sleep(1)
        assert lag.worst() == pytest.approx(7.0, abs=0.51)
        await asyncio.sleep(10)
        assert lag.worst() == 0.0


@on_jumping_clock
async def test_what_goes_on_yet_counts():
    """Who asks may be called before the timer that is late."""
    loop = asyncio.get_running_loop()
    with LoopLag(0.5) as lag:
        loop.now += 30
        assert lag.worst() == 29.5


@on_jumping_clock
async def test_its_end():
    before = timers()
    lag = LoopLag()
    assert timers() == before + 1
    await asyncio.sleep(10)
    assert timers() == before + 1
    lag.close()
    lag.close()
    assert timers() == before


def test_where_no_loop_is_running():
    with pytest.raises(RuntimeError, match="no running event loop"):
        LoopLag()


@on_every_loop
@pytest.mark.parametrize("interval", [0, -1, float("nan"), float("inf")])
async def test_an_interval_that_is_none(interval):
    with pytest.raises(ValueError, match=r"0\.001 to 3600 seconds"):
        LoopLag(interval)
