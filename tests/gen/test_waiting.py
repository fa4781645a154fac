"""Waiting no longer than so long."""

import asyncio
import concurrent.futures
import datetime
import threading

import pytest

from tests.running import HOUR, NOW, now, on_every_loop, on_jumping_clock, turns
from tornadolike import gen
from tornadolike.concurrent import create_future

APP = "tornadolike.application"


class Oops(Exception):
    pass


# Sleeping


@on_jumping_clock
async def test_sleep():
    begun = now()
    assert await gen.sleep(3600) is None
    assert now() == begun + 3600

    @gen.coroutine
    def f():
        yield gen.sleep(60)
        yield [gen.sleep(1), gen.sleep(2)]

    await f()
    assert now() == begun + 3662


@on_every_loop
async def test_sleep_is_short_on_every_loop():
    await gen.sleep(0)
    await gen.sleep(-1)
    await gen.sleep(0.001)


@on_jumping_clock
async def test_who_is_woken_early_leaves_no_timer():
    loop = asyncio.get_running_loop()
    before = len(loop._timers) - loop._cancelled_timers
    sleeper = gen.sleep(3600)
    assert len(loop._timers) - loop._cancelled_timers == before + 1
    sleeper.cancel()
    assert len(loop._timers) - loop._cancelled_timers == before
    sleeper.cancel()
    limited = gen.with_timeout(HOUR, create_future())
    limited.cancel()
    limited = gen.with_timeout(HOUR, awaited := create_future())
    awaited.set_result(1)
    assert await limited == 1
    assert len(loop._timers) - loop._cancelled_timers == before


# Time-outs


@pytest.mark.parametrize("kind", ["timedelta", "moment"])
@on_jumping_clock
async def test_a_deadline_that_passes(kind):
    begun = now()
    deadline = HOUR if kind == "timedelta" else begun + 3600
    with pytest.raises(TimeoutError, match=r"^Timeout$"):
        await gen.with_timeout(deadline, create_future())
    assert now() == begun + 3600


@on_every_loop
async def test_a_deadline_that_has_passed():
    for deadline in (0, now() - 1, NOW, datetime.timedelta(-1)):
        with pytest.raises(TimeoutError):
            await gen.with_timeout(deadline, create_future())
    assert await gen.with_timeout(0, gen.maybe_future(1)) == 1


@on_every_loop
async def test_what_comes_in_time():
    async def native(value):
        await asyncio.sleep(0)
        return value

    async def fails():
        await asyncio.sleep(0)
        raise Oops

    assert await gen.with_timeout(HOUR, native(1)) == 1
    assert await gen.with_timeout(HOUR, [native(1), native(2)]) == [1, 2]
    assert await gen.with_timeout(HOUR, {"a": native(1)}) == {"a": 1}
    assert await gen.with_timeout(HOUR, None) is None
    with pytest.raises(Oops):
        await gen.with_timeout(HOUR, fails())
    assert gen.with_timeout(HOUR, gen.maybe_future(1)).result() == 1
    with pytest.raises(gen.BadYieldError):
        gen.with_timeout(HOUR, 3)
    with pytest.raises(TypeError):
        gen.with_timeout("soon", create_future())


@on_every_loop
async def test_threads():
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        start = threading.Event()
        waiting = pool.submit(start.wait)
        with pytest.raises(TimeoutError):
            await gen.with_timeout(NOW, waiting)
        limited = gen.with_timeout(HOUR, waiting)
        start.set()
        assert await limited is True
        assert await gen.with_timeout(HOUR, waiting) is True


@on_jumping_clock
async def test_what_is_waited_for_goes_on():
    awaited = create_future()
    with pytest.raises(TimeoutError):
        await gen.with_timeout(HOUR, awaited)
    assert not awaited.done()
    awaited.set_result(1)
    await turns()
    assert await awaited == 1


@on_jumping_clock
async def test_a_message():
    awaited = create_future()
    with pytest.raises(TimeoutError, match=r"^too slow$"):
        await gen.with_timeout(HOUR, awaited, message="too slow")
    with pytest.raises(TimeoutError, match=r"^$"):
        await gen.with_timeout(HOUR, awaited, message="")
    asked = []
    with pytest.raises(TimeoutError, match=r"^made$"):
        await gen.with_timeout(HOUR, awaited, message=lambda: asked.append(1) or "made")
    limited = gen.with_timeout(HOUR, awaited, message=lambda: asked.append(2))
    awaited.set_result(1)
    assert await limited == 1
    assert asked == [1]


@on_jumping_clock
async def test_a_message_that_cannot_be_made():
    def message():
        raise Oops

    with pytest.raises(Oops):
        await gen.with_timeout(HOUR, create_future(), message=message)


@on_jumping_clock
async def test_who_fails_too_late_is_logged(expect_log):
    async def late(error):
        await asyncio.sleep(2 * 3600)
        raise error

    for quiet in ((), KeyError, (KeyError, ValueError)):
        with expect_log(APP, r"Exception in Future <.*> after timeout", count=1) as log:
            with pytest.raises(TimeoutError):
                await gen.with_timeout(HOUR, late(Oops()), quiet)
            await asyncio.sleep(3600)
            await turns()
        assert log.matched[0].exc_info[0] is Oops
    for quiet in (Oops, (KeyError, Oops), Exception):
        with pytest.raises(TimeoutError):
            await gen.with_timeout(HOUR, late(Oops()), quiet_exceptions=quiet)
        await asyncio.sleep(3600)
        await turns()


@on_jumping_clock
async def test_who_is_cancelled_too_late_is_not_logged():
    awaited = create_future()
    with pytest.raises(TimeoutError):
        await gen.with_timeout(HOUR, awaited)
    awaited.cancel()
    await turns()


@on_every_loop
async def test_a_cancellation_of_what_is_waited_for():
    awaited = create_future()
    limited = gen.with_timeout(HOUR, awaited)
    awaited.cancel()
    with pytest.raises(asyncio.CancelledError):
        await limited
    assert limited.cancelled()


@on_every_loop
async def test_who_does_not_wait_any_more_hears_of_a_failure_in_the_log(expect_log):
    awaited = create_future()
    gen.with_timeout(HOUR, awaited).cancel()
    await turns()
    assert not awaited.done()
    with expect_log(APP, "Exception in Future"):
        awaited.set_exception(Oops())
        await turns()


# Perhaps a future


@on_every_loop
async def test_maybe_a_future():
    for future in (create_future(), concurrent.futures.Future()):
        assert gen.maybe_future(future) is future
    assert gen.maybe_future(3).result() == 3
    assert await gen.maybe_future(None) is None
    assert gen.maybe_future([1]).result() == [1]
