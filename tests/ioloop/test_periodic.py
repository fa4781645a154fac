"""Callbacks at regular intervals, on a clock that jumps."""

import asyncio
import datetime
import gc
import random

import pytest

from tornadolike.ioloop import IOLoop, PeriodicCallback

from .test_reactor import run_turns

APP = "tornadolike.application"


@pytest.fixture
def calls():
    return []


def run_until(virtual, moment):
    virtual.call_at(moment, virtual.stop)
    virtual.start()


def test_the_rhythm_begins_one_interval_after_the_start(virtual, calls):
    periodic = PeriodicCallback(lambda: calls.append(virtual.now), 2000)
    periodic.start()
    run_until(virtual, 1009.0)
    assert calls == [1002.0, 1004.0, 1006.0, 1008.0]
    assert periodic.io_loop is virtual
    periodic.stop()


def test_an_interval_of_timedelta(virtual, calls):
    periodic = PeriodicCallback(lambda: calls.append(virtual.now), datetime.timedelta(minutes=1))
    assert periodic.callback_time == 60_000
    periodic.start()
    run_until(virtual, 1150.0)
    assert calls == [1060.0, 1120.0]
    periodic.stop()


@pytest.mark.parametrize("interval", [0, -1, datetime.timedelta(0), datetime.timedelta(-1)])
def test_an_interval_is_positive(interval):
    with pytest.raises(ValueError, match="positive"):
        PeriodicCallback(print, interval)


def test_it_stops_and_starts(virtual, calls):
    periodic = PeriodicCallback(lambda: calls.append(virtual.now), 1000)
    assert not periodic.is_running()
    periodic.stop()  # no error
    periodic.start()
    periodic.start()  # once is enough
    assert periodic.is_running()
    run_until(virtual, 1002.5)
    periodic.stop()
    assert not periodic.is_running()
    run_until(virtual, 1010.0)
    assert calls == [1001.0, 1002.0]
    periodic.start()
    run_until(virtual, 1012.0)
    assert calls[2:] == [1011.0, 1012.0]
    periodic.stop()
    assert virtual._cancelled_timers == len(virtual._timers)


def test_it_can_stop_itself(virtual, calls):
    def callback():
        calls.append(virtual.now)
        periodic.stop()

    periodic = PeriodicCallback(callback, 1000)
    periodic.start()
    run_until(virtual, 1010.0)
    assert calls == [1001.0]


def test_a_stop_in_the_turn_in_which_it_is_due(virtual, calls):
    periodic = PeriodicCallback(lambda: calls.append(virtual.now), 1000)
    virtual.call_at(1001.0, periodic.stop)
    periodic.start()
    run_until(virtual, 1010.0)
    assert calls == []


@pytest.mark.parametrize("asynchronous", [False, True])
def test_it_can_start_itself_again(virtual, calls, asynchronous):
    """A new rhythm from here; not two."""

    def restart():
        calls.append(virtual.now)
        periodic.stop()
        periodic.start()

    async def restart_asynchronously():
        await asyncio.sleep(0.5)
        restart()
        await asyncio.sleep(0.25)

    periodic = PeriodicCallback(restart_asynchronously if asynchronous else restart, 1000)
    periodic.start()
    run_until(virtual, 1006.25)
    assert calls == ([1001.5, 1003.0, 1004.5, 1006.0] if asynchronous else [*range(1001, 1007)])
    periodic.stop()
    run_until(virtual, 1010.0)


def test_a_slow_callback_skips_the_beats_that_it_missed(virtual, calls):
    """The rhythm stays that of the start."""
    durations = [0.0, 0.9, 1.0, 1.5, 3.2, 0.0, 0.0]

    def callback():
        calls.append(virtual.now)
        virtual.now += durations[len(calls) - 1]

    periodic = PeriodicCallback(callback, 1000)
    periodic.start()
    run_until(virtual, 1011.5)
    assert calls == [1001.0, 1002.0, 1003.0, 1005.0, 1007.0, 1011.0]
    periodic.stop()


def test_calls_of_a_coroutine_do_not_overlap(virtual, calls):
    async def callback():
        calls.append(("begin", virtual.now))
        await asyncio.sleep(2.5)
        calls.append(("end", virtual.now))

    periodic = PeriodicCallback(callback, 1000)
    periodic.start()
    run_until(virtual, 1008.0)
    assert calls == [
        ("begin", 1001.0),
        ("end", 1003.5),
        ("begin", 1004.0),
        ("end", 1006.5),
        ("begin", 1007.0),
    ]
    periodic.stop()
    run_until(virtual, 1020.0)
    assert calls[5:] == [("end", 1009.5)]  # what is under way goes on


def test_a_restart_while_a_coroutine_is_under_way_waits_for_its_end(virtual, calls):
    async def callback():
        calls.append(virtual.now)
        await asyncio.sleep(2.0)

    periodic = PeriodicCallback(callback, 1000)
    periodic.start()
    run_until(virtual, 1001.5)
    periodic.stop()
    periodic.start()  # 1001.5; the call ends at 1003
    run_until(virtual, 1007.0)
    assert calls == [1001.0, 1003.5, 1006.5]
    periodic.stop()
    run_until(virtual, 1020.0)


def test_a_call_that_its_loop_never_ended_does_not_hold_up_another_loop(virtual, calls):
    old_loop = IOLoop(make_current=False)

    async def callback():
        calls.append(asyncio.get_running_loop())
        if len(calls) == 1:
            old_loop.stop()
            await asyncio.get_running_loop().create_future()

    periodic = PeriodicCallback(callback, 1)

    async def start():
        periodic.start()

    old_loop.run_sync(start)
    old_loop.start()
    periodic.stop()
    for task in asyncio.all_tasks(old_loop):
        task.cancel()  # asked to, but the loop does not run any more
    periodic.start()
    run_until(virtual, virtual.now + 0.0035)
    assert calls == [old_loop, virtual, virtual, virtual]
    run_turns(old_loop, 3)  # late, it ends, and disturbs nobody
    run_until(virtual, virtual.now + 0.001)
    assert calls[4:] == [virtual]
    periodic.stop()
    old_loop.close()


def test_errors_are_logged_and_the_rhythm_goes_on(virtual, calls, expect_log):
    def callback():
        calls.append(virtual.now)
        raise ValueError

    async def coroutine_function():
        callback()

    for each in (callback, coroutine_function):
        periodic = PeriodicCallback(each, 1000)
        periodic.start()
        start = virtual.now
        with expect_log(APP, "Exception in callback", count=3):
            run_until(virtual, start + 3.5)
        assert calls == [start + 1, start + 2, start + 3]
        calls.clear()
        periodic.stop()


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_cancelled_call_ends_nothing(virtual, calls, asynchronous):
    def callback():
        calls.append(virtual.now)
        raise asyncio.CancelledError

    async def coroutine_function():
        callback()

    periodic = PeriodicCallback(coroutine_function if asynchronous else callback, 1000)
    periodic.start()
    run_until(virtual, 1002.5)
    assert calls == [1001.0, 1002.0]
    periodic.stop()


def test_it_lives_while_it_runs(virtual, calls):
    """Nobody else needs to hold it, not even while a call waits for what only it knows."""

    async def callback():
        calls.append(virtual.now)
        future = virtual.create_future()
        virtual.call_later(0.5, lambda: future.done() or future.set_result(None))
        await future

    PeriodicCallback(callback, 1000).start()
    for moment in (1000.5, 1001.25, 1001.75, 1002.25):
        run_until(virtual, moment)
        gc.collect()
    assert calls == [1001.0, 1002.0]
    for task in asyncio.all_tasks(virtual):
        task.cancel()
    run_turns(virtual, 3)


def test_jitter_varies_each_interval_around_its_middle(virtual, calls, monkeypatch):
    numbers = [0.5, 1.0, 0.0, 0.75]
    monkeypatch.setattr(random, "random", lambda: numbers.pop(0))
    periodic = PeriodicCallback(lambda: calls.append(virtual.now), 10_000, jitter=0.5)
    periodic.start()
    run_until(virtual, 1041.0)
    assert calls == [1010.0, 1022.5, 1030.0]
    assert periodic._next_timeout == 1041.25
    periodic.stop()


def test_a_clock_that_goes_backwards_does_not_stop_the_rhythm():
    """A loop of somebody else's may have such a clock: one interval on, as if it had not."""
    periodic = PeriodicCallback(print, 10_000)
    periodic._next_timeout = 1000.0
    moments = []
    now = 1000.0
    for duration in (-2, -1, -100, 0, 0):
        periodic._update_next(now)
        moments.append(periodic._next_timeout)
        now = periodic._next_timeout + duration
    assert moments == [1010.0, 1020.0, 1030.0, 1040.0, 1050.0]
