"""The turn of the loop natively: what only the native form can get wrong."""

import asyncio
import contextvars
import functools
import gc
import os
import socket
import sys
import threading
import warnings
import weakref
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike._native import RUNNING
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.handles import Handle, TimerHandle
from tornadolike.ioloop.poller import READ, WRITE, EpollPoller, SelectPoller, kernel_queue

pytestmark = pytest.mark.skipif(not RUNNING, reason="the native core does not run")

if RUNNING:
    from tornadolike._native.watching import Watched


class Thing:
    def method(self):
        pass


def run_turns(loop, turns=1):
    for _ in range(turns):
        loop.stop()
        loop.run_forever()


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


# Handles


def test_a_handle_that_somebody_holds_is_not_used_again(io_loop):
    held = [io_loop.call_soon(int, n) for n in range(50)]
    run_turns(io_loop)
    later = [io_loop.call_soon(int, -n) for n in range(50)]
    assert not {id(each) for each in held} & {id(each) for each in later}
    assert [handle._args for handle in held] == [(n,) for n in range(50)]


def test_a_handle_that_somebody_refers_to_weakly_goes(io_loop):
    reference = weakref.ref(io_loop.call_soon(int))
    gone = []
    finalizer = weakref.finalize(io_loop.call_later(0, int), gone.append, 1)
    run_turns(io_loop, 2)
    assert reference() is None
    assert gone == [1]
    assert not finalizer.alive


def handles_alive():
    return [each for each in gc.get_objects() if type(each) in (Handle, TimerHandle)]


def test_spare_handles_hold_nothing_and_are_hidden(io_loop):
    before = handles_alive()  # of loops of tests before this one
    things = [Thing() for _ in range(300)]
    references = [weakref.ref(thing) for thing in things]
    for thing in things:
        io_loop.call_soon(thing.method)
        io_loop.call_at(0.0, thing.method)
    del thing, things
    run_turns(io_loop, 2)
    assert [reference() for reference in references] == [None] * 300
    assert all(any(handle is each for each in before) for handle in handles_alive())


def test_a_spare_handle_is_made_as_new(io_loop):
    io_loop.set_debug(True)
    for _ in range(200):
        io_loop.call_soon(int)  # these know where they were made
    run_turns(io_loop)
    io_loop.set_debug(False)
    for handle in (io_loop.call_soon(int), io_loop.call_later(5, int)):
        assert handle._source_traceback is None
        assert handle._repr is None
        assert handle._cancelled is False
        assert handle._loop is io_loop


def test_a_finalizer_may_make_callbacks_while_a_handle_is_emptied(io_loop):
    ran = []

    class Coming:
        def __call__(self):
            pass

        def __del__(self):
            for number in range(300):
                io_loop.call_soon(ran.append, number)

    io_loop.call_soon(Coming())
    run_turns(io_loop, 2)
    assert ran == list(range(300))


def test_references_stay_flat(io_loop):
    def callback(argument):
        pass

    argument = Thing()
    context = contextvars.copy_context()
    run_turns(io_loop)
    watched = (callback, argument, context, io_loop, None, True, False)
    before = [sys.getrefcount(each) for each in watched]
    for _ in range(10):
        for _ in range(1000):
            io_loop.call_soon(callback, argument, context=context)
            io_loop.call_later(0, callback, argument, context=context)
            io_loop.call_later(50, callback, argument).cancel()
        run_turns(io_loop, 2)
    while io_loop._cancelled_timers:
        io_loop._drop_cancelled_timers()
    after = [sys.getrefcount(each) for each in watched]
    # (Spare handles hold none; where None and the truth values are immortal they stay as they are.)
    assert [a - b for a, b in zip(after, before, strict=True)] == [pytest.approx(0, abs=20)] * len(
        watched
    )


def test_a_replaced_run_is_heard(io_loop, monkeypatch):
    ran = []
    original = Handle._run
    monkeypatch.setattr(Handle, "_run", lambda self: (ran.append(self._callback), original(self)))
    io_loop.call_soon(int)
    run_turns(io_loop)
    monkeypatch.undo()
    io_loop.call_soon(str)
    run_turns(io_loop)
    assert ran == [int]


def test_a_handle_of_another_class_runs_its_own_way(io_loop):
    ran = []

    class Own(Handle):
        def _run(self):
            ran.append("own")

    io_loop._ready.append(Own(int, (), io_loop, None))
    io_loop._ready.append(asyncio.Handle(ran.append, ("asyncio's",), io_loop))
    run_turns(io_loop)
    assert ran == ["own", "asyncio's"]


@pytest.mark.parametrize("count", [0, 1, 5, 6, 7, 40])
def test_any_number_of_arguments(io_loop, count):
    ran = []
    io_loop.call_soon(lambda *args: ran.append(args), *range(count))
    run_turns(io_loop)
    assert ran == [tuple(range(count))]


def test_a_context_that_is_entered_already_is_an_error_that_is_reported(io_loop):
    contexts = []
    io_loop.set_exception_handler(lambda loop, context: contexts.append(context))
    context = contextvars.copy_context()
    handle = io_loop.call_soon(int, context=context)
    context.run(run_turns, io_loop)
    (report,) = contexts
    assert isinstance(report["exception"], RuntimeError)
    assert report["handle"] is handle


def test_a_callback_may_cancel_its_own_handle(io_loop):
    thing = Thing()
    reference = weakref.ref(thing)
    seen = []

    def callback(argument):
        handle.cancel()
        gc.collect()
        seen.append(argument)

    handle = io_loop.call_soon(callback, thing)
    del thing
    run_turns(io_loop)
    assert seen == [reference()]


# Queues


@given(
    st.lists(st.one_of(st.integers(0, 60), st.sampled_from(["pop", "popleft", "rotate", "clear"])))
)
def test_the_ready_queue_is_a_deque(steps):
    from tornadolike._native.queues import ReadyQueue

    ours, model = ReadyQueue(), deque()
    for step in steps:
        if isinstance(step, int):
            for number in range(step):
                ours.append(number)
                model.append(number)
        elif step == "rotate":
            by = len(model) // 3 - 7
            ours.rotate(by)
            model.rotate(by)
        elif step == "clear":
            ours.clear()
            model.clear()
        elif model:
            assert getattr(ours, step)() == getattr(model, step)()
        else:
            with pytest.raises(IndexError):
                getattr(ours, step)()
        assert len(ours) == len(model)
        assert list(ours) == list(model)
        assert not model or (ours[-1], ours[0]) == (model[-1], model[0])


def test_a_queue_that_was_very_long_gives_its_memory_back():
    from tornadolike._native.queues import ReadyQueue

    ours = ReadyQueue()
    for _ in range(3):
        for number in range(100_000):
            ours.append(number)
        assert [ours.popleft() for _ in range(100_000)] == list(range(100_000))
        assert len(ours) == 0


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=400))
def test_timers_run_by_time_and_then_by_order(entries):
    loop = IOLoop(make_current=False)
    try:
        ran = []
        timers = [loop.call_at(float(when), ran.append, n) for n, (when, _) in enumerate(entries)]
        for timer, (_, cancelled) in zip(timers, entries, strict=True):
            if cancelled:
                timer.cancel()
        loop._drop_cancelled_timers()
        assert loop._cancelled_timers == 0
        run_turns(loop, 2)
        alive = [(when, n) for n, (when, cancelled) in enumerate(entries) if not cancelled]
        assert ran == [n for _, n in sorted(alive)]
        assert loop._timers == []
    finally:
        loop.close()


def test_the_collector_finds_a_loop_that_was_forgotten_with_callbacks_in_it():
    def forget():
        thing = Thing()
        loop = IOLoop(make_current=False)
        loop.call_soon(lambda: (thing, loop))
        loop.call_later(50, lambda: (thing, loop))
        loop.watch(loop._wake_up._writing.number, lambda events: (thing, loop), WRITE)
        return weakref.ref(thing)

    reference = forget()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gc.collect()
        gc.collect()
    assert reference() is None
    assert "unclosed event loop" in str(caught[0].message)


# Descriptors


def test_native_watchers_are_called_too_and_their_errors_reported(io_loop, pair):
    reports = []
    io_loop.set_exception_handler(lambda loop, context: reports.append(context))
    watcher = Watched()
    io_loop.watch(pair[0].fileno(), watcher, WRITE)
    run_turns(io_loop)
    io_loop.unwatch(pair[0].fileno())
    (report,) = reports
    assert isinstance(report["exception"], NotImplementedError)
    with pytest.raises(NotImplementedError):
        watcher(WRITE)  # any loop can


def test_programs_see_the_watchers_and_cannot_change_them(io_loop, pair):
    fd = pair[0].fileno()
    io_loop.watch(fd, print, READ)
    assert io_loop._watchers[fd] is print
    with pytest.raises(TypeError):
        del io_loop._watchers[fd]
    io_loop.unwatch(fd)


def test_a_watcher_that_stops_watching_while_it_runs_lives_to_its_end(io_loop, pair):
    seen = []

    class Watching:
        def __call__(self, events):
            io_loop.unwatch(pair[0].fileno())
            gc.collect()
            seen.append(self)

    watching = Watching()
    reference = weakref.ref(watching)
    io_loop.watch(pair[0].fileno(), watching, WRITE)
    del watching
    run_turns(io_loop)
    assert seen == [reference()]
    seen.clear()
    assert reference() is None


def test_high_numbers(io_loop, pair):
    high = 900
    os.dup2(pair[0].fileno(), high)
    try:
        seen = []
        io_loop.watch(high, seen.append, WRITE)
        run_turns(io_loop)
        assert seen == [WRITE]
        assert io_loop.unwatch(high)
    finally:
        os.close(high)


def test_the_kernel_is_asked_directly_only_where_the_poller_is_plain(io_loop):
    poller = EpollPoller()
    try:
        assert kernel_queue(poller, poller.poll) == poller.fileno()
        assert kernel_queue(poller, lambda timeout, most: []) == -1
        poller.poll = lambda timeout, most: []
        assert kernel_queue(poller, poller.poll) == -1
    finally:
        poller.close()
    assert kernel_queue(poller, poller.poll) == -1

    class Own(EpollPoller):
        pass

    own = Own()
    assert kernel_queue(own, own.poll) == -1
    own.close()
    select = SelectPoller()
    assert kernel_queue(select, select.poll) == -1


def test_other_threads_come_in_while_only_native_code_runs(io_loop):
    """call_soon() as a callback that calls itself: a chain without an end, and nothing interpreted in it."""
    chain = functools.partial(io_loop.call_soon)
    chain.__setstate__((io_loop.call_soon, (chain,), {}, {}))

    def other():
        io_loop.call_soon_threadsafe(io_loop.stop)

    thread = threading.Thread(target=other)
    io_loop.call_soon(chain)
    io_loop.call_soon(thread.start)
    io_loop.run_forever()
    thread.join()


def test_a_clock_that_is_put_in_the_place_of_the_loops_own_is_heard(io_loop, monkeypatch):
    monkeypatch.setattr(io_loop, "time", lambda: 5000.0, raising=False)
    assert io_loop.call_later(1, int).when() == 5001.0
    ran = []
    io_loop.call_at(4999.0, ran.append, 1)
    io_loop.call_at(5001.0, ran.append, 2)
    run_turns(io_loop)
    assert ran == [1]
