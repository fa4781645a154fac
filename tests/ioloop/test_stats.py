"""What a loop tells about itself, on a clock that jumps: the figures are exact."""

import asyncio
import contextvars
import dataclasses
import functools
import inspect
import threading
import time

import pytest

from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.poller import READ
from tornadolike.ioloop.stats import SLOW_CALLBACKS_KEPT, Lag, LoopStats, SlowCallback


def here():
    """``file:line`` of the caller."""
    frame = inspect.currentframe().f_back
    return f"{__file__}:{frame.f_lineno}"


def line_of(function):
    code = function.__code__
    return f"{code.co_filename}:{code.co_firstlineno}"


def run_turns(loop, turns):
    for _ in range(turns):
        loop.stop()
        loop.run_forever()


def work(loop, seconds):
    """A callback that takes ``seconds`` by the loop's clock."""

    def busy(*args):
        loop.now += seconds

    return busy


# What the loop knows anyway


def test_a_new_loop_has_done_nothing(io_loop):
    assert io_loop.stats() == LoopStats(
        descriptors=0,
        ready=0,
        timers=0,
        cancelled_timers=0,
        tasks=0,
        errors=0,
        wake_ups=0,
        measured=0.0,
        turns=0,
        events=0,
        busy=0.0,
        blocked=0.0,
        lag=Lag(0.0, 0.0, 0.0),
        timer_lag=Lag(0.0, 0.0, 0.0),
        slow_callbacks=(),
    )
    assert io_loop.stats().utilisation == 0.0


def test_every_field_says_what_it_is():
    source = inspect.getsource(LoopStats)
    for field in dataclasses.fields(LoopStats):
        _, _, rest = source.partition(f"    {field.name}:")
        assert rest.splitlines()[1].strip().startswith('"""'), field.name


def test_it_counts_what_waits(loop, pair):
    ours, theirs = pair
    loop.watch(ours.fileno(), print, READ)
    loop.add_reader(theirs.fileno(), print)
    for _ in range(3):
        loop.call_soon(print)
    timers = [loop.call_later(3600, print) for _ in range(5)]
    timers[0].cancel()
    stats = loop.stats()
    assert (stats.descriptors, stats.ready, stats.timers, stats.cancelled_timers) == (2, 3, 4, 1)
    loop.unwatch(ours.fileno())
    loop.remove_reader(theirs.fileno())
    assert loop.stats().descriptors == 0


def test_it_counts_tasks(io_loop):
    async def main():
        sleeper = asyncio.create_task(asyncio.sleep(3600))
        await asyncio.sleep(0)
        tasks = io_loop.stats().tasks
        sleeper.cancel()
        await asyncio.wait([sleeper])
        return tasks, io_loop.stats().tasks

    assert io_loop.run_until_complete(main()) == (2, 1)


def test_it_counts_errors(io_loop, expect_log, pair):
    def fail(*args):
        raise ValueError("no")

    async def fail_later():
        fail()

    ours, theirs = pair
    theirs.send(b"x")
    io_loop.watch(ours.fileno(), fail, READ)
    io_loop.call_soon(fail)
    with expect_log("asyncio", "Exception in", count=2):
        run_turns(io_loop, 1)
    io_loop.unwatch(ours.fileno())
    assert io_loop.stats().errors == 2
    with expect_log("tornadolike.application", "Exception in callback"):
        io_loop.add_callback(fail_later)
        run_turns(io_loop, 3)
    assert io_loop.stats().errors == 3
    with expect_log("tornadolike.application", "Exception in callback"):
        io_loop.add_callback(fail)
        run_turns(io_loop, 1)
    assert io_loop.stats().errors == 4


def test_it_counts_calls_from_outside(io_loop):
    for _ in range(2):
        io_loop.call_soon_threadsafe(int)
        io_loop.call_soon_threadsafe(io_loop.stop)  # these come together
        io_loop.run_forever()
    assert io_loop.stats().wake_ups == 2


def test_a_closed_loop_still_tells(io_loop):
    io_loop.stats()
    run_turns(io_loop, 3)
    io_loop.close()
    stats = io_loop.stats()
    assert stats.descriptors == stats.timers == stats.ready == 0
    assert stats.turns == 3


def test_a_loop_that_was_never_measured_is_not_measured_after_its_end(io_loop):
    io_loop.close()
    assert io_loop.stats().turns == 0
    assert io_loop._meter is None


# What has to be measured


def test_nothing_is_measured_before_somebody_asks(virtual):
    virtual.call_soon(work(virtual, 5.0))
    run_turns(virtual, 2)
    assert virtual.stats().measured == 0.0
    assert virtual.stats().slow_callbacks == ()
    virtual.call_soon(work(virtual, 5.0))
    run_turns(virtual, 1)
    assert len(virtual.stats().slow_callbacks) == 1


def test_busy_and_blocked(virtual):
    virtual.watch_lag()
    virtual.call_later(9.0, work(virtual, 1.0))
    virtual.call_later(19.0, work(virtual, 2.0))
    virtual.call_later(30.0, virtual.stop)
    virtual.run_forever()
    stats = virtual.stats()
    assert stats.busy == pytest.approx(3.0)
    assert stats.blocked == pytest.approx(27.0)
    assert stats.measured == pytest.approx(30.0)
    assert stats.utilisation == pytest.approx(0.1)
    assert stats.turns == 3
    assert stats.lag == Lag(last=0.0, mean=1.0, max=2.0)
    assert stats.timer_lag == Lag()


def test_how_late_timers_are(virtual):
    virtual.watch_lag()
    virtual.call_later(1.0, work(virtual, 5.0))
    virtual.call_later(2.0, print, end="")
    virtual.call_later(20.0, virtual.stop)
    virtual.run_forever()
    assert virtual.stats().timer_lag == Lag(last=0.0, mean=4.0 / 3, max=4.0)


def test_a_cancelled_timer_is_not_late(virtual):
    virtual.watch_lag()
    late = virtual.call_later(1.0, print)

    def busy_and_cancel():
        virtual.now += 5.0
        late.cancel()
        virtual.call_later(0.5, virtual.stop)

    virtual.call_soon(busy_and_cancel)
    virtual.run_forever()
    assert virtual.stats().timer_lag.max == 0.0


def test_time_between_two_runs_is_nobodys(virtual):
    virtual.watch_lag()
    run_turns(virtual, 1)
    virtual.now += 100.0
    run_turns(virtual, 1)
    assert virtual.stats().measured == 0.0
    assert virtual.stats().turns == 2


def test_the_last_turn_counts(virtual):
    virtual.watch_lag()
    virtual.call_soon(work(virtual, 5.0))
    run_turns(virtual, 1)
    assert virtual.stats().lag == Lag(5.0, 5.0, 5.0)


def test_a_start_that_is_refused_ends_no_turn(virtual):
    virtual.watch_lag()
    virtual.now = 1.0

    def again():
        virtual.now = 2.0
        with pytest.raises(RuntimeError, match="already running"):
            virtual.run_forever()
        virtual.now = 3.0

    virtual.call_soon(again)
    run_turns(virtual, 1)
    assert virtual.stats().turns == 1
    assert virtual.stats().lag.max == 2.0


def test_events_are_counted(loop, pair):
    ours, theirs = pair
    loop.watch(ours.fileno(), lambda events: ours.recv(1), READ)
    loop.watch_lag()
    theirs.send(b"abc")
    run_turns(loop, 5)
    loop.unwatch(ours.fileno())
    assert loop.stats().events == 3


def test_measuring_can_begin_and_end_while_the_loop_runs(virtual):
    async def main():
        virtual.watch_lag()
        for _ in range(3):
            await asyncio.sleep(1.0)
        measured = virtual.stats()
        virtual.watch_lag(False)
        polls = virtual._poll
        await asyncio.sleep(1.0)
        assert virtual._poll is polls
        assert not virtual._timed
        return measured

    stats = virtual.run_until_complete(main())
    assert stats.turns == 5  # a sleep takes one turn, its end another; the first was not seen whole
    assert stats.blocked == pytest.approx(3.0)
    assert virtual._poll == virtual._poller.poll


def test_measuring_again_begins_at_zero(virtual):
    virtual.watch_lag()
    virtual.call_soon(work(virtual, 5.0))
    run_turns(virtual, 3)
    assert virtual.stats().busy == 5.0
    virtual.watch_lag()
    assert virtual.stats().measured == 0.0
    assert virtual.stats().slow_callbacks == ()


def test_another_thread_may_ask(io_loop, thread):
    asked = []

    def ask():
        for _ in range(3):
            asked.append(io_loop.stats())
            time.sleep(0.01)
        io_loop.call_soon_threadsafe(io_loop.stop)

    thread(ask)
    io_loop.run_forever()
    assert [stats.tasks for stats in asked] == [0, 0, 0]
    # The poll that was under way when the first came is not counted: nobody saw it begin.
    assert all(stats.busy < 0.01 for stats in asked)


# Slow callbacks


def slow_ones(loop):
    return [(slow.name, slow.source, slow.duration) for slow in loop.stats().slow_callbacks]


class Worker:
    def __init__(self, loop):
        self.loop = loop

    def method(self, *args):
        self.loop.now += 0.5

    def __call__(self, *args):
        self.loop.now += 0.5


def test_a_slow_callback_is_remembered_with_its_line(virtual):
    virtual.watch_lag()
    before = time.time()

    def slow():
        virtual.now += 0.25

    def quick():
        virtual.now += 0.01

    virtual.call_soon(slow)
    virtual.call_soon(quick)
    run_turns(virtual, 1)
    (one,) = virtual.stats().slow_callbacks
    assert one.name == slow.__qualname__
    assert one.source == line_of(slow)
    assert one.duration == pytest.approx(0.25)
    assert before <= one.when <= time.time()
    assert str(one) == f"{slow.__qualname__} ({line_of(slow)}) took 0.250 s"


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    "way", ["call_soon", "call_later", "add_callback", "add_timeout", "call_soon_threadsafe"]
)
@pytest.mark.parametrize("wrap", [lambda f: f, functools.partial, functools.lru_cache])
def test_it_is_the_callers_function_that_is_named(virtual, debug, way, wrap, caplog):
    virtual.set_debug(debug)
    virtual.watch_lag()

    def slow():
        virtual.now += 0.5

    delay = (0,) if way == "call_later" else (virtual.time(),) if way == "add_timeout" else ()
    getattr(virtual, way)(*delay, wrap(slow))
    run_turns(virtual, 2)
    assert slow_ones(virtual) == [(slow.__qualname__, line_of(slow), 0.5)]


def test_methods_and_callable_objects(virtual):
    virtual.watch_lag()
    worker = Worker(virtual)
    context = contextvars.copy_context()
    for callback in (
        worker.method,
        worker,
        functools.partial(worker.method, 1),
        functools.partial(context.run, worker.method, 1),
    ):
        virtual.call_soon(callback)
    run_turns(virtual, 1)
    method = ("Worker.method", line_of(Worker.method), 0.5)
    called = ("Worker.__call__", line_of(Worker.__call__), 0.5)
    assert slow_ones(virtual) == [method, called, method, method]


def test_a_handler_of_a_descriptor(virtual, pair):
    ours, theirs = pair
    theirs.send(b"x")
    virtual.watch_lag()

    def slow(fd, events):
        ours.recv(1)
        virtual.now += 0.5

    virtual.add_handler(ours, slow, READ)
    run_turns(virtual, 1)
    virtual.remove_handler(ours)
    assert slow_ones(virtual) == [(slow.__qualname__, line_of(slow), 0.5)]


def test_a_reader(virtual, pair):
    ours, theirs = pair
    theirs.send(b"x")
    virtual.watch_lag()

    def slow():
        ours.recv(1)
        virtual.now += 0.5

    virtual.add_reader(ours, slow)
    run_turns(virtual, 1)
    virtual.remove_reader(ours)
    assert slow_ones(virtual) == [(slow.__qualname__, line_of(slow), 0.5)]


def test_a_slow_step_of_a_task_is_found_where_the_task_waits(virtual):
    virtual.watch_lag()
    places = []

    async def inner():
        virtual.now += 0.5
        places.append(here()); await asyncio.sleep(1)  # noqa: E702  # fmt: skip
        virtual.now += 0.75

    async def outer():
        await inner()

    virtual.run_until_complete(outer())
    assert slow_ones(virtual) == [
        (inner.__qualname__, places[0], 0.5),
        (outer.__qualname__, line_of(outer), 0.75),
    ]


def test_a_callback_that_fails_slowly(virtual, expect_log):
    virtual.watch_lag()

    def slow():
        virtual.now += 0.5
        raise ValueError("slow")

    virtual.call_soon(slow)
    with expect_log("asyncio", "Exception in callback"):
        run_turns(virtual, 1)
    assert slow_ones(virtual) == [(slow.__qualname__, line_of(slow), 0.5)]


@pytest.mark.parametrize("exit_error", [SystemExit, KeyboardInterrupt])
def test_a_process_exit_is_measured_and_passes(virtual, exit_error):
    virtual.watch_lag()

    def slow():
        virtual.now += 0.5
        raise exit_error

    virtual.call_soon(slow)
    with pytest.raises(exit_error):
        virtual.run_forever()
    assert len(slow_ones(virtual)) == 1


def test_a_timer_that_cancels_itself_and_a_function_that_is_not_python(virtual):
    virtual.watch_lag()
    virtual.slow_callback_duration = 0.0
    timer = virtual.call_later(0, lambda: timer.cancel())
    run_turns(virtual, 2)
    (slow,) = slow_ones(virtual)
    assert "cancelled" in slow[0]
    virtual.call_soon([].append, 1)
    run_turns(virtual, 1)
    assert slow_ones(virtual)[-1][:2] == ("list.append", "")


def test_the_limit_is_the_loops(virtual):
    virtual.watch_lag()
    virtual.slow_callback_duration = 2.0
    for seconds in (1.0, 3.0):
        virtual.call_soon(work(virtual, seconds))
    run_turns(virtual, 1)
    assert [slow.duration for slow in virtual.stats().slow_callbacks] == [3.0]


def test_so_many_are_remembered(virtual):
    virtual.watch_lag()
    for number in range(SLOW_CALLBACKS_KEPT + 5):
        virtual.call_soon(work(virtual, 1.0 + number))
    run_turns(virtual, 1)
    durations = [slow.duration for slow in virtual.stats().slow_callbacks]
    assert durations == [1.0 + number for number in range(5, SLOW_CALLBACKS_KEPT + 5)]


def test_debug_mode_collects_them_unasked(virtual, expect_log):
    virtual.set_debug(True)
    virtual.call_soon(work(virtual, 0.5))
    with expect_log("asyncio", "took 0.500 seconds"):
        run_turns(virtual, 1)
    assert len(virtual._slow_callbacks) == 1


def test_debug_mode_and_measuring_leave_each_other_alone(virtual):
    for debug, measured in ((True, False), (True, True), (False, True), (False, False)):
        virtual.set_debug(debug)
        virtual.watch_lag(measured)
        assert virtual._timed is (debug or measured)
        virtual.set_debug(not debug)
        assert virtual._timed is (not debug or measured)


def test_without_measuring_the_loop_polls_as_before():
    loop = IOLoop(make_current=False)
    run_turns(loop, 1)
    assert loop._poll == loop._poller.poll
    assert not loop._timed
    loop.close()


def test_it_is_all_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Lag().last = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        SlowCallback("a", "b", 1.0, 2.0).name = "c"


def test_many_threads_ask_while_it_works(io_loop, thread):
    """What is read while it changes must not break."""
    stop = threading.Event()

    def ask():
        while not stop.is_set():
            io_loop.stats()

    async def main():
        for _ in range(200):
            await asyncio.gather(*(asyncio.sleep(0) for _ in range(10)))
        stop.set()

    for _ in range(2):
        thread(ask)
    io_loop.run_until_complete(main())
