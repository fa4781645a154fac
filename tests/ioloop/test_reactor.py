"""Who runs when: callbacks, timers, descriptors, threads, and how a loop starts, stops and closes."""

import asyncio
import contextlib
import gc
import math
import os
import signal
import socket
import sys
import threading
import tracemalloc
import weakref
from fractions import Fraction

import pytest

from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.poller import NONE, READ, WRITE, EpollPoller
from tornadolike.ioloop.reactor import CANCELLED_TIMERS_KEPT, MAXIMUM_WAIT, Reactor


class Thing:
    pass


def run_turns(loop, turns=1):
    for _ in range(turns):
        loop.stop()
        loop.run_forever()


# Callbacks


def test_callbacks_run_in_their_order(io_loop):
    ran = []
    for number in range(5):
        io_loop.call_soon(ran.append, number)
    run_turns(io_loop)
    assert ran == [0, 1, 2, 3, 4]


def test_a_callback_of_a_callback_runs_in_the_next_turn(io_loop):
    ran = []

    def again(number):
        ran.append(number)
        io_loop.call_soon(again, number + 1)

    io_loop.call_soon(again, 0)
    run_turns(io_loop)
    assert ran == [0]
    run_turns(io_loop, 2)
    assert ran == [0, 1, 2]


def test_a_chain_of_callbacks_starves_neither_descriptors_nor_timers(loop, pair):
    ours, theirs = pair
    missing = {"descriptor", "timer"}

    def arrived(what):
        missing.discard(what)
        if not missing:
            loop.stop()

    def chain():
        loop.call_soon(chain)

    chain()
    loop.watch(ours.fileno(), lambda events: arrived("descriptor"), READ)
    theirs.send(b"x")
    loop.call_later(0.001, arrived, "timer")
    loop.run_forever()
    loop.unwatch(ours.fileno())


def test_a_cancelled_callback_does_not_run(io_loop):
    ran = []
    later = io_loop.call_soon(ran.append, 2)
    io_loop.call_soon(ran.append, 3)
    later.cancel()
    run_turns(io_loop)
    assert ran == [3]


def test_a_callback_can_cancel_the_one_behind_it(io_loop):
    ran = []
    io_loop.call_soon(lambda: later.cancel())
    later = io_loop.call_soon(ran.append, 1)
    run_turns(io_loop)
    assert ran == []


def test_a_callback_that_raises_is_reported_and_the_others_run(io_loop, expect_log):
    ran = []
    io_loop.call_soon(int, "x")
    io_loop.call_soon(ran.append, 1)
    with expect_log("asyncio", "Exception in callback"):
        run_turns(io_loop)
    assert ran == [1]


@pytest.mark.parametrize("exit_error", [SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize("place", ["callback", "timer", "watcher", "task"])
def test_a_process_exit_ends_the_loop_but_loses_nothing(loop, pair, place, exit_error):
    ran = []

    def leave(*args):
        loop.unwatch(pair[0].fileno())
        raise exit_error(place)

    async def leave_in_task():
        leave()

    if place == "callback":
        loop.call_soon(leave)
    elif place == "timer":
        loop.call_at(0, leave)
    elif place == "watcher":
        loop.watch(pair[0].fileno(), leave, WRITE)
    else:
        task = loop.create_task(leave_in_task())
    loop.call_soon(loop.call_soon, ran.append, 1)
    with pytest.raises(exit_error, match=place):
        loop.run_forever()
    assert not loop.is_running()
    assert asyncio._get_running_loop() is None
    run_turns(loop, 2)
    assert ran == [1]
    if place == "task":
        assert isinstance(task.exception(), exit_error)


def test_what_has_run_is_not_held_while_the_loop_sleeps(loop, pair, monkeypatch):
    """A connection that is closed by its last event must not stay until the next one comes."""

    class Watched:
        def __init__(self, kind):
            self.kind = kind

        def __call__(self, *events):
            loop.unwatch(pair[0].fileno())

        def __del__(self):
            released.append(self.kind)

    def poll_and_look(timeout, max_events):
        if timeout:
            at_sleep.append(sorted(released))
            loop.stop()
        return poll(0, max_events)

    released, at_sleep = [], []
    poll = loop._poller.poll
    monkeypatch.setattr(loop._poller, "poll", poll_and_look)
    loop.watch(pair[0].fileno(), Watched("watcher"), WRITE)
    loop.call_soon(Watched("callback"))
    loop.run_forever()
    assert at_sleep == [["callback", "watcher"]]


# Starting and stopping


def test_a_stop_before_the_start_gives_one_turn(io_loop):
    ran = []
    io_loop.stop()
    io_loop.call_soon(ran.append, 1)
    io_loop.call_soon(io_loop.call_soon, ran.append, 2)
    io_loop.run_forever()
    assert ran == [1]


def test_a_stop_lets_the_turn_end(io_loop):
    ran = []
    io_loop.call_soon(io_loop.stop)
    io_loop.call_soon(ran.append, 1)
    io_loop.call_soon(io_loop.call_soon, ran.append, 2)
    io_loop.run_forever()
    assert ran == [1]
    run_turns(io_loop)
    assert ran == [1, 2]


@pytest.mark.parametrize("before", [True, False], ids=["before the start", "by a callback"])
def test_what_the_callbacks_of_the_last_turn_add_waits_for_the_next_run(loop, pair, before):
    """Also if a descriptor and a timer are ready, which have their turn."""
    ran = []

    def watcher(events):
        ran.append("watcher")
        loop.unwatch(pair[0].fileno())

    def first():
        ran.append("first")
        loop.stop()
        loop.call_soon(second)
        loop.call_soon(ran.append, "third")

    def second():
        ran.append("second")
        loop.call_soon(ran.append, "fourth")

    loop.watch(pair[0].fileno(), watcher, WRITE)
    loop.call_soon(first)
    loop.call_at(0, ran.append, "timer")
    if before:
        loop.stop()
    loop.run_forever()
    assert ran == ["first", "watcher", "timer"]
    run_turns(loop)
    assert ran[3:] == ["second", "third"]
    run_turns(loop)
    assert ran[5:] == ["fourth"]


def test_the_clock_can_be_replaced_while_the_loop_runs(io_loop, monkeypatch):
    """Tests of time-outs do that, with a mock in the place of ``loop.time``."""

    async def main():
        timed_out = asyncio.Event()
        io_loop.call_later(3600.0, timed_out.set)
        late = io_loop.time() + 3600.0
        monkeypatch.setattr(io_loop, "time", lambda: late)
        async with asyncio.timeout(10):
            await timed_out.wait()

    rescue = threading.Timer(5, io_loop.call_soon_threadsafe, (io_loop.stop,))
    rescue.start()
    try:
        io_loop.run_until_complete(main())
    finally:
        rescue.cancel()
        rescue.join()


def test_a_watcher_can_stop_the_loop(loop, pair):
    loop.watch(pair[0].fileno(), lambda events: loop.stop(), WRITE)
    loop.run_forever()
    loop.unwatch(pair[0].fileno())


def test_a_stopped_loop_can_be_started_again(io_loop):
    for _ in range(3):
        io_loop.call_soon(io_loop.stop)
        io_loop.run_forever()
        assert not io_loop.is_running()


def test_it_knows_whether_it_runs(io_loop):
    seen = []
    io_loop.call_soon(lambda: seen.append((io_loop.is_running(), asyncio.get_running_loop())))
    assert not io_loop.is_running()
    run_turns(io_loop)
    assert seen == [(True, io_loop)]
    assert not io_loop.is_running()
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()


@pytest.mark.parametrize("other", [False, True])
def test_no_loop_runs_inside_another(io_loop, other):
    inner = IOLoop(make_current=False) if other else io_loop
    problems = []

    def nested():
        with pytest.raises(RuntimeError) as refused:
            inner.run_forever()
        problems.append(str(refused.value))

    io_loop.call_soon(nested)
    run_turns(io_loop)
    assert problems
    assert ("another loop" in problems[0]) == other
    assert not inner.is_running()
    inner.close()


def test_it_does_not_run_inside_a_foreign_loop(io_loop):
    async def main():
        with pytest.raises(RuntimeError, match="another loop"):
            io_loop.run_forever()

    asyncio.run(main())


def test_the_asyncgen_hooks_are_those_from_before(io_loop):
    before = sys.get_asyncgen_hooks()
    inside = []
    io_loop.call_soon(lambda: inside.append(sys.get_asyncgen_hooks()))
    run_turns(io_loop)
    assert inside[0] != before
    assert sys.get_asyncgen_hooks() == before


def test_ctrl_c_while_it_sleeps(loop, thread):
    loop.call_soon(thread, signal.pthread_kill, threading.main_thread().ident, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        loop.run_forever()
    run_turns(loop)


# Closing


def test_a_closed_loop_refuses_to_work(loop, pair):
    loop.close()
    loop.close()
    assert loop.is_closed()
    for call in (
        lambda: loop.call_soon(print),
        lambda: loop.call_soon_threadsafe(print),
        lambda: loop.call_later(0, print),
        lambda: loop.call_at(0, print),
        lambda: loop.watch(pair[0].fileno(), print, READ),
        loop.run_forever,
    ):
        with pytest.raises(RuntimeError, match="Event loop is closed"):
            call()
    assert loop.unwatch(pair[0].fileno()) is False


def test_a_running_loop_cannot_be_closed(io_loop):
    def close():
        with pytest.raises(RuntimeError, match="Cannot close a running event loop"):
            io_loop.close()

    io_loop.call_soon(close)
    run_turns(io_loop)
    assert not io_loop.is_closed()


def test_closing_drops_what_waits_and_leaves_descriptors_open(loop, pair):
    thing = Thing()
    reference = weakref.ref(thing)
    loop.call_soon(print, thing)
    timer = loop.call_later(10, print, thing)
    loop.watch(pair[0].fileno(), lambda events, thing=thing: None, READ)
    del thing
    loop.close()
    timer.cancel()
    gc.collect()
    assert reference() is None
    assert pair[0].fileno() >= 0
    pair[0].send(b"x")


def test_a_loop_that_cannot_be_made_is_gone_at_once(monkeypatch):
    """No descriptors left: an error, and neither a warning nor a descriptor that stays open."""

    def fail():
        raise OSError("too many open files")

    monkeypatch.setattr(os, "pipe", fail)
    with pytest.raises(OSError, match="too many"):
        IOLoop()
    gc.collect()


def test_a_loop_that_nobody_closed_complains_and_closes_itself():
    IOLoop(make_current=False)
    with pytest.warns(ResourceWarning, match="unclosed event loop"):
        gc.collect()


# Timers


def test_timers_run_at_their_time_in_their_order(virtual):
    ran = []
    for delay in (3.0, 1.0, 2.0, 3600.0):
        virtual.call_later(delay, lambda delay=delay: ran.append((delay, virtual.now)))
    virtual.call_later(4000.0, virtual.stop)
    virtual.run_forever()
    assert ran == [(1.0, 1001.0), (2.0, 1002.0), (3.0, 1003.0), (3600.0, 4600.0)]


def test_timers_of_one_moment_keep_their_order(virtual):
    # Memory that is freed upwards is used again downwards: an order by address would show.
    spare = [virtual.call_later(9999, print) for _ in range(50)]
    while spare:
        spare.pop(0).cancel()
    virtual._drop_cancelled_timers()
    ran = []
    for number in range(50):
        virtual.call_at(1010.0, ran.append, number)
    virtual.call_at(1010.0, virtual.stop)
    virtual.run_forever()
    assert ran == list(range(50))


@pytest.mark.parametrize("delay", [0, 0.0, -1, -math.inf])
def test_what_is_due_already_runs_in_the_first_turn(virtual, delay):
    ran = []
    virtual.call_later(delay, ran.append, 1)
    run_turns(virtual)
    assert ran == [1]
    assert virtual.now == 1000.0


def test_a_timer_of_no_time_runs_behind_the_callbacks_that_wait(virtual):
    ran = []
    virtual.call_soon(ran.append, 1)
    virtual.call_later(0, ran.append, 2)
    virtual.call_soon(ran.append, 3)
    run_turns(virtual)
    assert ran == [1, 3, 2]


def test_real_timers_are_not_early_and_not_very_late(loop):
    delays = [0.0, 0.001, 0.005, 0.03]
    late = []

    def due(when):
        late.append(loop.time() - when)
        if len(late) == len(delays):
            loop.stop()

    start = loop.time()
    for delay in delays:
        loop.call_at(start + delay, due, start + delay)
    loop.run_forever()
    assert min(late) >= 0.0
    assert max(late) < 1.0


def test_the_far_future_is_no_problem(loop):
    ran = []
    timers = [
        loop.call_later(delay, ran.append, delay)
        for delay in (MAXIMUM_WAIT * 2, 1e12, 1e300, sys.float_info.max, math.inf)
    ]
    loop.call_later(0.001, loop.stop)
    loop.run_forever()
    for timer in timers:
        timer.cancel()
    loop.call_later(math.inf, print)
    loop.call_soon_threadsafe(loop.stop)
    loop.run_forever()
    assert ran == []


def test_a_day_is_the_longest_sleep(virtual):
    waits = []
    poll = virtual._poller.poll
    virtual._poller.poll = lambda timeout, most: waits.append(timeout) or poll(timeout, most)
    virtual.call_later(2.5 * MAXIMUM_WAIT, virtual.stop)
    virtual.run_forever()
    assert waits == [MAXIMUM_WAIT, MAXIMUM_WAIT, MAXIMUM_WAIT / 2]


@pytest.mark.parametrize("number", [1001, Fraction(2002, 2), True])
def test_any_real_number_is_a_moment(virtual, number):
    virtual.call_at(number, virtual.stop)
    virtual.run_forever()
    assert virtual.now == max(float(number), 1000.0)


@pytest.mark.parametrize(
    ("moment", "error"), [(None, TypeError), ("1", TypeError), (math.nan, ValueError)]
)
def test_what_is_no_moment_is_refused_at_once(io_loop, moment, error):
    """Later it would break the heap, far from who did it."""
    for call in (io_loop.call_at, io_loop.call_later):
        with pytest.raises(error):
            call(moment, print)
    io_loop.call_later(0, io_loop.stop)
    io_loop.run_forever()


def test_a_cancelled_timer_does_not_run(virtual):
    ran = []
    first = virtual.call_later(1, lambda: second.cancel())
    second = virtual.call_later(1, ran.append, 2)
    third = virtual.call_later(2, ran.append, 3)
    virtual.call_later(2, virtual.stop)
    third.cancel()
    virtual.run_forever()
    assert ran == []
    for timer in (first, second, third):
        timer.cancel()  # over, or for the second time: no error


def test_cancelled_timers_leave_when_they_are_the_majority(io_loop):
    kept = [io_loop.call_later(1000, print) for _ in range(CANCELLED_TIMERS_KEPT)]
    for _ in range(50):
        for timer in [io_loop.call_later(500, print) for _ in range(70)]:
            timer.cancel()
        assert len(io_loop._timers) <= 2 * CANCELLED_TIMERS_KEPT + 70
        cancelled = sum(entry[2].cancelled() for entry in io_loop._timers)
        assert io_loop._cancelled_timers == cancelled
    for timer in kept:
        timer.cancel()
    assert len(io_loop._timers) <= CANCELLED_TIMERS_KEPT


def test_timers_are_cleaned_up_while_the_loop_runs(virtual):
    ran = []

    def cancel_and_add():
        cancel_timers(virtual, 2 * CANCELLED_TIMERS_KEPT)
        virtual.call_later(1, ran.append, "added behind the clean-up")
        virtual.call_later(2, virtual.stop)

    virtual.call_later(1, cancel_and_add)
    virtual.call_later(1.5, ran.append, "there before")
    virtual.run_forever()
    assert ran == ["there before", "added behind the clean-up"]


def test_cancelled_timers_that_come_due_are_counted_out(virtual):
    for _ in range(CANCELLED_TIMERS_KEPT):
        virtual.call_later(1, print).cancel()
    virtual.call_later(2, virtual.stop)
    virtual.run_forever()
    assert virtual._cancelled_timers == 0
    assert virtual._timers == []


def test_a_timer_that_a_finalizer_adds_during_the_clean_up_is_kept(virtual, monkeypatch):
    """The collector may run anything at any time, also while the heap is being cleaned."""
    ran = []

    class Disturbing:
        """Stands for an entry's handle during whose look the collector comes by."""

        @property
        def _cancelled(self):
            if not ran:
                ran.append("disturbed")
                virtual.call_later(1, ran.append, "added")
            return True

    virtual._timers.append((2000.0, -1, Disturbing()))
    virtual._drop_cancelled_timers()
    virtual._drop_cancelled_timers()
    virtual.call_later(2, virtual.stop)
    virtual.run_forever()
    assert ran == ["disturbed", "added"]


def cancel_timers(loop, count):
    timers = [loop.call_later(3600, print) for _ in range(count)]
    while timers:
        timers.pop().cancel()


def test_the_memory_of_cancelled_timers_comes_back(io_loop):
    tracemalloc.start()
    try:
        cancel_timers(io_loop, 10_000)
        left, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert left < most / 10


@pytest.mark.slow
def test_very_many_cancelled_timers_are_gone(io_loop):
    cancel_timers(io_loop, 200_000)
    assert len(io_loop._timers) <= CANCELLED_TIMERS_KEPT
    assert sys.getsizeof(io_loop._timers) < 1_000_000
    left = [thing for thing in gc.get_objects() if isinstance(thing, asyncio.TimerHandle)]
    assert len(left) <= CANCELLED_TIMERS_KEPT


def test_the_clock_is_monotonic_and_can_be_replaced(io_loop, virtual):
    assert io_loop.time() <= io_loop.time()
    assert Reactor.time() >= io_loop.call_later(0, print).when() - 1
    assert virtual.call_later(5, print).when() == 1005.0
    assert virtual.add_timeout(1005.0, print).when() == 1005.0


# Descriptors


def test_a_watcher_is_told_what_its_descriptor_is_ready_for(loop, pair):
    ours, theirs = pair
    told = []
    loop.watch(ours.fileno(), told.append, READ)
    run_turns(loop)
    assert told == []
    theirs.send(b"x")
    run_turns(loop, 2)
    assert told == [READ, READ]  # until it is read
    loop.rewatch(ours.fileno(), READ | WRITE)
    run_turns(loop)
    assert told[2:] == [READ | WRITE]
    loop.rewatch(ours.fileno(), NONE)
    run_turns(loop)
    loop.rewatch(ours.fileno(), WRITE)
    run_turns(loop)
    assert told[3:] == [WRITE]
    assert loop.unwatch(ours.fileno()) is True
    assert loop.unwatch(ours.fileno()) is False
    run_turns(loop)
    assert told[4:] == []


def test_a_watcher_is_known_when_the_poller_tells_of_it(loop, pair, monkeypatch):
    """Programs that add one in another thread lose no event to the loop that polls meanwhile."""
    fd = pair[0].fileno()
    known = []
    register = loop._poller.register

    def slowly(fd, events):
        known.append(loop._watchers.get(fd))
        register(fd, events)

    monkeypatch.setattr(loop._poller, "register", slowly)
    loop.watch(fd, print, READ)
    assert known == [print]
    loop.unwatch(fd)


def test_a_descriptor_has_one_watcher(loop, pair):
    fd = pair[0].fileno()
    loop.watch(fd, print, READ)
    with pytest.raises(ValueError, match=f"descriptor {fd} is watched already"):
        loop.watch(fd, print, READ)
    loop.unwatch(fd)
    loop.watch(fd, print, READ)
    loop.unwatch(fd)


def test_a_bad_descriptor_is_refused_and_not_remembered(loop, pair):
    ours, _ = pair
    fd = ours.fileno()
    ours.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        loop.watch(fd, print, READ)
    with pytest.raises(OSError, match=r"Bad file descriptor|not watched"):
        loop.rewatch(fd, READ)
    assert loop.unwatch(fd) is False


def test_a_descriptor_closed_before_unwatch_harms_nobody(loop, pair):
    ours, theirs = pair
    told = []
    fd = ours.fileno()
    loop.watch(fd, told.append, READ)
    loop.watch(theirs.fileno(), lambda events: None, WRITE)
    theirs.send(b"x")
    ours.close()
    run_turns(loop, 3)
    assert told == []
    assert loop.unwatch(fd) is True
    loop.unwatch(theirs.fileno())
    run_turns(loop)


def test_a_watcher_that_raises_is_reported_and_the_others_are_told(loop, pair, expect_log):
    ours, theirs = pair
    told = []

    def fail(events):
        loop.unwatch(ours.fileno())
        raise ValueError("in the watcher")

    loop.watch(ours.fileno(), fail, WRITE)
    loop.watch(theirs.fileno(), told.append, WRITE)
    with expect_log("asyncio", rf"handler .*fail.* of descriptor {ours.fileno()}", count=1):
        run_turns(loop)
    assert told == [WRITE]
    loop.unwatch(theirs.fileno())


def test_a_watcher_removed_in_the_dispatch_is_not_told(loop, pair):
    """Both are ready in one poll; whoever comes first removes the other."""
    fds = [sock.fileno() for sock in pair]
    told = []

    def told_of(fd):
        told.append(fd)
        for other in fds:
            if other != fd:
                loop.unwatch(other)

    for fd in fds:
        loop.watch(fd, lambda events, fd=fd: told_of(fd), WRITE)
    run_turns(loop, 3)
    assert len(told) == 3
    assert len(set(told)) == 1
    for fd in fds:
        loop.unwatch(fd)


@pytest.mark.parametrize("ready", [False, True])
def test_an_event_of_a_closed_descriptor_is_not_told_to_its_successor(loop, pair, ready):
    """The stale-event rule: closed and opened again under the same number inside one dispatch.

    ``ready``: whether the successor is ready itself; then the next poll says so.
    """
    sockets = dict(enumerate(pair))
    told = []
    successors = []

    def first(mine):
        """Whichever is told first closes the other and opens a new pair under its number."""
        if successors:
            return
        other = 1 - mine
        number = sockets[other].fileno()
        loop.unwatch(number)
        sockets[other].close()
        successor, its_peer = socket.socketpair()
        successors.extend([successor, its_peer])
        assert successor.fileno() == number
        if ready:
            its_peer.send(b"x")
        loop.watch(number, told.append, READ)
        loop.unwatch(sockets[mine].fileno())

    for sock in pair:
        sock.send(b"x")
    for which, sock in sockets.items():
        loop.watch(sock.fileno(), lambda events, which=which: first(which), READ)
    run_turns(loop)
    assert successors
    assert told == []
    run_turns(loop)
    assert told == ([READ] if ready else [])
    loop.unwatch(successors[0].fileno())
    for sock in successors:
        sock.close()


def test_more_descriptors_than_one_poll_hands_over(pair):
    """Everybody gets a turn, and so do callbacks in between."""
    loop = IOLoop(make_current=False)
    pairs = [socket.socketpair() for _ in range(300)]
    told = set()
    try:
        for both in pairs:
            for sock in both:
                fd = sock.fileno()
                loop.watch(fd, lambda events, fd=fd: told.add(fd), WRITE)
        run_turns(loop)
        assert len(told) == 512
        run_turns(loop, 3)
        assert len(told) == 600
    finally:
        loop.close()
        for both in pairs:
            for sock in both:
                sock.close()


def test_any_poller_will_do(pair):
    """The interface is six methods; here is one that counts."""

    class Counting:
        def __init__(self):
            self.real = EpollPoller()
            self.calls = []

        def __getattr__(self, name):
            def method(*args):
                self.calls.append(name)
                return getattr(self.real, name)(*args)

            return method

    poller = Counting()
    loop = IOLoop(make_current=False, poller=poller)
    loop.watch(pair[0].fileno(), lambda events: loop.rewatch(pair[0].fileno(), NONE), WRITE)
    run_turns(loop, 2)
    loop.unwatch(pair[0].fileno())
    loop.close()
    assert poller.calls == ["register", "register", "poll", "modify", "poll", "unregister", "close"]


# Other threads and signals


def test_a_call_from_a_thread_wakes_a_loop_that_sleeps(loop, thread):
    loop.call_soon(thread, loop.call_soon_threadsafe, loop.stop)
    loop.run_forever()


def test_a_call_from_a_signal_handler_wakes_a_loop_that_sleeps(loop, thread):
    before = signal.signal(signal.SIGUSR1, lambda *args: loop.call_soon_threadsafe(loop.stop))
    try:
        loop.call_soon(thread, signal.pthread_kill, threading.main_thread().ident, signal.SIGUSR1)
        loop.run_forever()
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_calls_from_many_threads_all_run_in_their_threads_order(loop, thread):
    callers, each = 4, 5000
    ran = {caller: [] for caller in range(callers)}

    def arrived(caller, number):
        ran[caller].append(number)
        if sum(map(len, ran.values())) == callers * each:
            loop.stop()

    def call(caller):
        for number in range(each):
            loop.call_soon_threadsafe(arrived, caller, number)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    rescue = threading.Timer(10, loop.call_soon_threadsafe, (loop.stop,))
    rescue.start()
    try:
        for caller in range(callers):
            loop.call_soon(thread, call, caller)
        loop.run_forever()
    finally:
        sys.setswitchinterval(interval)
        rescue.cancel()
        rescue.join()
    assert ran == {caller: list(range(each)) for caller in range(callers)}


def test_one_call_at_a_time_is_never_slept_over(loop, thread):
    """The loop is asleep, or about to be, each time: the next call comes only after the last ran."""
    rounds = 2000
    ran = threading.Semaphore(0)

    def call():
        for _ in range(rounds):
            loop.call_soon_threadsafe(ran.release)
            if not ran.acquire(timeout=5):
                problems.append("a call was slept over")
                break
        loop.call_soon_threadsafe(loop.stop)

    problems = []
    loop.call_soon(thread, call)
    loop.run_forever()
    assert not problems


def test_calls_that_meet_the_close_fail_cleanly(thread):
    """Either they are in time, or they are told that the loop is closed; nothing else."""
    problems = []

    def call(loop, started):
        try:
            for _ in range(2000):
                loop.call_soon_threadsafe(print)
                started.set()
        except RuntimeError as error:
            if str(error) != "Event loop is closed":
                problems.append(error)
        except BaseException as error:
            problems.append(error)

    for _ in range(20):
        loop = IOLoop(make_current=False)
        started = threading.Event()
        caller = thread(call, loop, started)
        started.wait(5)
        loop.close()
        caller.join()
    assert not problems


# Debug mode


def test_debug_mode_runs_everything_as_well(loop, pair):
    loop.set_debug(True)
    ran = []
    loop.watch(pair[0].fileno(), ran.append, WRITE)
    loop.call_soon(ran.append, "callback")
    loop.call_soon_threadsafe(ran.append, "from any thread")
    loop.call_at(0, ran.append, "timer")
    run_turns(loop)
    loop.unwatch(pair[0].fileno())
    assert ran == ["callback", "from any thread", WRITE, "timer"]


@pytest.mark.parametrize("method", ["call_soon", "call_at"])
def test_debug_mode_refuses_calls_from_the_wrong_thread(io_loop, thread, method):
    arguments = (0,) if method == "call_at" else ()
    problems = []

    def call():
        try:
            getattr(io_loop, method)(*arguments, print)
        except RuntimeError as error:
            problems.append(str(error))
        io_loop.call_soon_threadsafe(io_loop.stop)

    io_loop.set_debug(True)
    io_loop.call_soon(thread, call)
    io_loop.run_forever()
    assert f"{method}() called from a thread other than the loop's" in problems[0]
    getattr(io_loop, method)(*arguments, int)  # while it does not run any thread may prepare it


def test_debug_mode_refuses_what_cannot_be_called(io_loop):
    async def coroutine_function():
        io_loop.stop()

    io_loop.set_debug(True)
    for call in (io_loop.call_soon, io_loop.call_soon_threadsafe):
        with pytest.raises(TypeError, match="callable"):
            call(None)
        with pytest.raises(TypeError, match="coroutines cannot be used"):
            call(coroutine_function)
        coroutine = coroutine_function()
        with pytest.raises(TypeError):
            call(coroutine)
        coroutine.close()
    with pytest.raises(TypeError, match="callable"):
        io_loop.call_at(0, None)
    io_loop.call_at(0, coroutine_function)  # Tornado's timers take them
    io_loop.run_forever()


# What the other faces fill in


def test_a_bare_reactor_leaves_the_rest_to_its_faces():
    reactor = Reactor()
    for call in (
        lambda: reactor._signal_arrived(1),
        lambda: reactor._asyncgen_started(None),
        lambda: reactor._asyncgen_dropped(None),
        lambda: reactor.adopt(None, None),
        lambda: reactor._track_coroutines(True),
        lambda: reactor._run_and_time(None, print),
        lambda: reactor._watcher_failed(1, print, ValueError()),
    ):
        with pytest.raises(NotImplementedError):
            call()
    with contextlib.suppress(AttributeError):
        reactor.close()
