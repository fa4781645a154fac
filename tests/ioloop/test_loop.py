"""The loop with Tornado's methods."""

import asyncio
import concurrent.futures
import contextvars
import datetime
import functools
import gc
import math
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from fractions import Fraction

import pytest

from tornadolike.gen import BadYieldError
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.loop import loop_of_thread
from tornadolike.ioloop.poller import EpollPoller

from .test_reactor import run_turns

variable = contextvars.ContextVar("variable", default="default")

APP = "tornadolike.application"


@pytest.fixture
def no_current():
    """A thread without a current loop, before and after."""
    IOLoop.clear_current()
    yield
    IOLoop.clear_current()


# Which loop is current


def test_the_running_loop_is_the_current_one(io_loop):
    async def main():
        assert IOLoop.current() is io_loop
        assert IOLoop.current(instance=False) is io_loop
        assert IOLoop.instance() is io_loop
        assert asyncio.get_running_loop() is io_loop
        assert io_loop.asyncio_loop is io_loop.selector_loop is io_loop

    io_loop.run_sync(main)


def test_a_new_loop_becomes_current_unless_told_otherwise(no_current):
    hidden = IOLoop(make_current=False)
    assert IOLoop.current(instance=False) is None
    loop = IOLoop()
    assert IOLoop.current() is loop
    assert asyncio.get_event_loop() is loop
    hidden.make_current()
    assert IOLoop.current() is hidden
    loop.install()
    assert IOLoop.current() is loop
    hidden.close()
    loop.close()


def test_where_there_is_none_one_is_made(no_current):
    assert IOLoop.current(instance=False) is None
    loop = IOLoop.current()
    assert isinstance(loop, IOLoop)
    assert IOLoop.current() is loop
    loop.close()
    assert IOLoop.current(instance=False) is None


def test_a_loop_is_current_while_it_runs(no_current):
    loop = IOLoop(make_current=False)
    seen = []
    for _ in range(2):
        loop.add_callback(lambda: seen.append(IOLoop.current()))
        run_turns(loop)
        assert IOLoop.current(instance=False) is None
    assert seen == [loop, loop]
    loop.close()


def test_each_thread_has_its_own(io_loop, thread):
    seen = []

    def elsewhere():
        seen.append(IOLoop.current(instance=False))
        loop = IOLoop.current()
        seen.append(loop)
        loop.close()

    thread(elsewhere).join()
    assert seen[0] is None
    assert seen[1] is not io_loop
    assert IOLoop.current() is io_loop


def test_a_closed_loop_is_not_current(no_current, thread):
    loop = IOLoop()
    loop.close()
    assert IOLoop.current(instance=False) is None
    with pytest.raises(RuntimeError):
        asyncio.get_event_loop()
    # Closed by another thread, which cannot know whose current loop it is.
    loop = IOLoop()
    thread(loop.close).join()
    other = IOLoop.current()
    assert other is not loop
    other.close()


def test_a_loop_that_was_not_current_leaves_the_current_one_alone(io_loop):
    IOLoop(make_current=False).close()
    assert IOLoop.current() is io_loop
    assert asyncio.get_event_loop() is io_loop


def test_clearing(io_loop):
    IOLoop.clear_current()
    assert IOLoop.current(instance=False) is None
    IOLoop.clear_instance()
    io_loop.make_current()
    IOLoop.clear_instance()
    assert IOLoop.current(instance=False) is None


def test_asyncios_word_counts(io_loop):
    other = IOLoop(make_current=False)
    asyncio.set_event_loop(other)
    assert IOLoop.current() is other
    asyncio.set_event_loop(None)
    assert IOLoop.current(instance=False) is None
    other.close()


def test_the_loop_from_before_comes_back(no_current):
    first, second, third = IOLoop(), IOLoop(), IOLoop()
    third.make_current()  # again: it does not stand in its own way
    IOLoop.clear_current()
    assert IOLoop.current() is second
    second.close()
    assert IOLoop.current() is first
    third.make_current()
    first.close()
    IOLoop.clear_current()
    assert loop_of_thread() is None, "rather than a closed one"
    third.close()


def test_a_foreign_loop_comes_back_too(no_current):
    async def main():
        before = loop_of_thread()
        assert before is asyncio.get_running_loop()
        IOLoop().close()
        assert loop_of_thread() is before

    with asyncio.Runner() as runner:
        runner.run(main())


def test_the_set_loop_is_found_without_making_one(no_current, monkeypatch):
    assert loop_of_thread() is None

    class Policy(asyncio.AbstractEventLoopPolicy):
        loop = None

        def get_event_loop(self):
            if self.loop is None:
                raise RuntimeError("none is set")
            return self.loop

    policy = Policy()
    monkeypatch.setattr(asyncio, "get_event_loop_policy", lambda: policy)
    assert loop_of_thread() is None
    policy.loop = object()
    assert loop_of_thread() is policy.loop


# Which class


@pytest.fixture
def configured(no_current):
    yield
    IOLoop.configure(None)


class Mine(IOLoop):
    def initialize(self, make_current=False):
        self.initialized = True
        super().initialize(make_current)


def test_the_class_can_be_chosen(configured):
    assert IOLoop.configured_class() is IOLoop
    assert IOLoop.configurable_base() is IOLoop.configurable_default() is IOLoop
    for choice in (Mine, f"{__name__}.Mine"):
        IOLoop.configure(choice)
        for loop in (IOLoop(), IOLoop.current()):
            assert type(loop).__name__ == "Mine"
            assert loop.initialized
            loop.close()
    IOLoop.configure(None)
    loop = IOLoop(make_current=False)
    assert type(loop) is IOLoop
    loop.close()


def test_bad_choices_are_refused(configured):
    with pytest.raises(ValueError, match="not a subclass of IOLoop"):
        IOLoop.configure(dict)
    with pytest.raises(TypeError, match="give poller to the constructor"):
        IOLoop.configure(None, poller=None)


def test_a_subclass_may_have_a_constructor_of_its_own(no_current):
    class Named(IOLoop):
        def __init__(self, name):
            super().__init__(make_current=False)
            self.name = name

    loop = Named("one")
    assert loop.name == "one"
    assert IOLoop.current(instance=False) is None
    loop.close()
    with pytest.raises(TypeError, match="runs on no other"):
        Mine(asyncio_loop=loop)


def test_the_poller_is_an_argument_by_name():
    poller = EpollPoller()
    loop = IOLoop(make_current=False, poller=poller)
    assert loop._poller is poller
    loop.close()
    with pytest.raises(TypeError):
        IOLoop(False, EpollPoller())


# start, stop, run_sync


def test_start_and_stop(loop):
    ran = []
    loop.add_callback(ran.append, 1)
    loop.add_callback(loop.stop)
    loop.start()
    assert ran == [1]


def test_starting_twice_is_an_error(io_loop):
    problems = []

    def nested():
        try:
            io_loop.start()
        except RuntimeError as error:
            problems.append(error)
        io_loop.stop()

    io_loop.add_callback(nested)
    io_loop.start()
    assert problems


def test_run_sync_gives_the_result(loop):
    async def work():
        await asyncio.sleep(0)
        return 42

    assert loop.run_sync(work) == 42
    assert loop.run_sync(functools.partial(asyncio.sleep, 0, "slept")) == "slept"
    assert loop.run_sync(lambda: asyncio.ensure_future(work())) == 42


def test_run_sync_of_a_function_without_result(io_loop):
    called = []
    assert io_loop.run_sync(lambda: called.append(IOLoop.current())) is None
    assert called == [io_loop]


def test_run_sync_waits_for_whatever_can_be_waited_for(io_loop):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert io_loop.run_sync(lambda: pool.submit(sum, [1, 2])) == 3
        with pytest.raises(ZeroDivisionError):
            io_loop.run_sync(lambda: pool.submit(divmod, 1, 0))
    wait = asyncio.sleep
    assert io_loop.run_sync(lambda: [wait(0, 1), wait(0, 2)]) == [1, 2]
    assert io_loop.run_sync(lambda: {"a": wait(0, 1)}) == {"a": 1}


@pytest.mark.parametrize("result", [42, False, "text"])
def test_run_sync_refuses_what_cannot(io_loop, result):
    """Somebody gave a function's result for a coroutine's."""
    with pytest.raises(BadYieldError):
        io_loop.run_sync(lambda: result)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_run_sync_raises_what_is_raised(io_loop, asynchronous):
    async def work():
        await asyncio.sleep(0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        io_loop.run_sync(work if asynchronous else lambda: 1 / 0)


def test_run_sync_runs_out_of_time(virtual):
    ended = []

    async def work():
        try:
            await asyncio.sleep(100)
        finally:
            ended.append(virtual.now)

    with pytest.raises(TimeoutError, match="timed out after 5 seconds"):
        virtual.run_sync(work, timeout=5)
    assert ended == [1005.0]  # cancelled, and waited for


def test_run_sync_in_time(virtual):
    async def work():
        await asyncio.sleep(4)
        return 42

    assert virtual.run_sync(work, timeout=5) == 42


def test_run_sync_passes_the_functions_own_time_out_on(virtual):
    async def work():
        async with asyncio.timeout(1):
            await asyncio.sleep(100)

    with pytest.raises(TimeoutError) as caught:
        virtual.run_sync(work, timeout=5)
    assert str(caught.value) == ""


def test_run_sync_that_is_stopped(io_loop):
    async def work():
        io_loop.stop()
        await asyncio.sleep(100)

    with pytest.raises(RuntimeError, match="Event loop stopped"):
        io_loop.run_sync(work)


# close


def test_close_leaves_descriptors_open(io_loop, pair):
    io_loop.add_handler(pair[0], print, IOLoop.READ)
    io_loop.close()
    assert pair[0].fileno() >= 0
    io_loop.close(all_fds=True)  # too late, and no error
    assert pair[0].fileno() >= 0


def test_close_with_all_descriptors(loop, pair):
    ours, theirs = pair
    reading, writing = os.pipe()
    closed_before, closed_peer = os.pipe()
    for fd in (ours, reading, closed_before):
        loop.add_handler(fd, print, IOLoop.READ)
    os.close(closed_before)
    os.close(closed_peer)
    loop.watch(theirs.fileno(), print, IOLoop.READ)  # somebody else's
    loop.close(all_fds=True)
    assert ours.fileno() == -1
    for fd in (reading, closed_before):
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)
    assert theirs.fileno() >= 0
    os.close(writing)


def test_close_while_it_runs_is_refused(io_loop, pair):
    async def main():
        io_loop.add_handler(pair[0], print, IOLoop.READ)
        with pytest.raises(RuntimeError, match="Cannot close"):
            io_loop.close(all_fds=True)
        assert pair[0].fileno() >= 0
        io_loop.remove_handler(pair[0])

    io_loop.run_sync(main)


# Handlers


def test_a_handler_gets_what_it_was_registered_with(loop, pair):
    ours, theirs = pair
    calls = []
    theirs.send(b"x")
    for fd in (ours, ours.fileno()):
        loop.add_handler(fd, lambda *args: calls.append(args), IOLoop.READ)
        run_turns(loop)
        loop.remove_handler(fd)
    assert calls == [(ours, IOLoop.READ), (ours.fileno(), IOLoop.READ)]


def test_objects_and_numbers_mean_the_same(loop, pair):
    ours, _ = pair
    calls = []
    loop.add_handler(ours, lambda *args: calls.append(args), IOLoop.READ)
    loop.update_handler(ours.fileno(), IOLoop.WRITE)
    run_turns(loop)
    assert calls == [(ours, IOLoop.WRITE)]
    for fd in pair[0], pair[0].fileno():
        with pytest.raises(ValueError, match="is watched already"):
            loop.add_handler(fd, print, IOLoop.READ)
    loop.remove_handler(ours.fileno())
    run_turns(loop)
    assert len(calls) == 1


def test_a_handler_is_told_both_at_once(loop, pair):
    ours, theirs = pair
    theirs.send(b"x")
    calls = []
    loop.add_handler(ours, lambda fd, events: calls.append(events), IOLoop.READ | IOLoop.WRITE)
    run_turns(loop)
    loop.remove_handler(ours)
    assert calls == [IOLoop.READ | IOLoop.WRITE]


def test_a_handler_that_does_not_read_is_called_again(loop, pair):
    ours, theirs = pair
    theirs.send(b"x")
    calls = []
    loop.add_handler(ours, lambda fd, events: calls.append(events), IOLoop.READ)
    run_turns(loop, 3)
    ours.recv(1)
    run_turns(loop)
    loop.remove_handler(ours)
    assert calls == [IOLoop.READ] * 3


def test_a_handler_removed_by_another_is_not_called(loop, pair):
    for sock in pair:
        sock.send(b"x")
    calls = []

    def handler(fd, events):
        calls.append(fd)
        loop.remove_handler(pair[1] if fd is pair[0] else pair[0])

    for sock in pair:
        loop.add_handler(sock, handler, IOLoop.READ)
    run_turns(loop, 2)
    assert len(set(calls)) == 1
    loop.remove_handler(calls[0])


def test_a_handler_can_remove_itself_and_close(loop, pair):
    calls = []

    def handler(fd, events):
        calls.append(events)
        loop.remove_handler(fd)
        fd.close()

    loop.add_handler(pair[0], handler, IOLoop.WRITE)
    run_turns(loop, 2)
    assert calls == [IOLoop.WRITE]


def test_a_handler_runs_in_the_context_in_which_it_was_added(loop, pair):
    seen = []
    token = variable.set("then")
    loop.add_handler(pair[0], lambda fd, events: seen.append(variable.get()), IOLoop.WRITE)
    variable.reset(token)
    run_turns(loop, 2)
    loop.remove_handler(pair[0])
    assert seen == ["then", "then"]


def test_a_handler_that_raises_is_reported_and_stays(loop, pair, expect_log):
    def handler(fd, events):
        raise ValueError("in the handler")

    loop.add_handler(pair[0], handler, IOLoop.WRITE)
    with expect_log("asyncio", "Exception in the handler", count=2):
        run_turns(loop, 2)
    loop.remove_handler(pair[0])


def test_a_handler_hears_of_errors(loop):
    reading, writing = os.pipe()
    calls = []
    loop.add_handler(writing, lambda fd, events: calls.append(events), IOLoop.WRITE)
    os.close(reading)
    run_turns(loop)
    assert calls[0] & (IOLoop.ERROR | IOLoop.WRITE)
    loop.remove_handler(writing)
    os.close(writing)


def test_bad_handlers_are_refused(loop, pair):
    ours, _ = pair
    with pytest.raises(ValueError, match="Invalid file object"):
        loop.add_handler("no file", print, IOLoop.READ)
    with pytest.raises(ValueError, match="has no handler"):
        loop.update_handler(ours, IOLoop.READ)
    loop.watch(ours.fileno(), print, IOLoop.READ)
    with pytest.raises(ValueError, match="has no handler"):
        loop.update_handler(ours, IOLoop.WRITE)
    loop.unwatch(ours.fileno())
    number = ours.fileno()
    ours.close()
    with pytest.raises(ValueError, match="Invalid file descriptor"):
        loop.add_handler(ours, print, IOLoop.READ)
    with pytest.raises(OSError, match="Bad file descriptor"):
        loop.add_handler(number, print, IOLoop.READ)
    assert loop._descriptor_objects == {}
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        loop.add_handler(pair[1], print, IOLoop.READ)


def test_what_has_no_handler_is_removed_without_error(loop, pair):
    loop.remove_handler(pair[0])
    loop.remove_handler(pair[0].fileno())
    pair[0].close()
    loop.remove_handler(pair[0])


def test_only_handlers_are_removed(loop, pair):
    """The number may belong to a connection by now, or to the loop's own pipe."""
    told = []
    loop.watch(pair[0].fileno(), told.append, IOLoop.WRITE)
    loop.remove_handler(pair[0])
    loop.remove_handler(loop._wake_up.fileno())
    run_turns(loop)
    assert told == [IOLoop.WRITE]
    loop.unwatch(pair[0].fileno())


@pytest.mark.parametrize("as_object", [False, True])
def test_a_handler_is_removed_after_its_descriptor_was_closed(loop, pair, as_object):
    ours, _ = pair
    fd = ours if as_object else ours.fileno()
    loop.add_handler(fd, print, IOLoop.READ)
    ours.close()
    run_turns(loop)
    loop.remove_handler(fd)
    assert loop._descriptor_objects == {}
    assert loop._watchers.keys() == {loop._wake_up.fileno()}


def test_what_subclasses_need_for_descriptors(io_loop, pair):
    ours, theirs = pair
    assert io_loop.split_fd(ours) == (ours.fileno(), ours)
    assert io_loop.split_fd(ours.fileno()) == (ours.fileno(), ours.fileno())
    io_loop.close_fd(ours)
    io_loop.close_fd(theirs.fileno())
    assert ours.fileno() == -1
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(theirs.fileno())
    io_loop.close_fd(theirs.detach())  # it is closed already


# Callbacks


def test_add_callback_passes_arguments(io_loop):
    calls = []

    def callback(*args, **kwargs):
        calls.append((args, kwargs))

    io_loop.add_callback(callback, 1, 2, three=3)
    io_loop.spawn_callback(callback, 4, five=5)
    io_loop.add_callback_from_signal(callback, 6, seven=7)
    run_turns(io_loop)
    assert calls == [((1, 2), {"three": 3}), ((4,), {"five": 5}), ((6,), {"seven": 7})]


def test_a_callback_added_while_it_runs(io_loop):
    io_loop.add_callback(io_loop.add_callback, io_loop.add_callback, io_loop.stop)
    io_loop.start()


def test_callbacks_keep_the_context(io_loop):
    seen = []
    token = variable.set("then")
    io_loop.add_callback(lambda: seen.append(variable.get()))
    variable.reset(token)
    run_turns(io_loop)
    assert seen == ["then"]


@pytest.mark.parametrize("method", ["add_callback", "spawn_callback", "add_callback_from_signal"])
def test_exceptions_are_the_applications(io_loop, expect_log, method):
    async def coroutine():
        await asyncio.sleep(0)
        raise ValueError

    def future():
        failed = io_loop.create_future()
        failed.set_exception(ValueError())
        return failed

    for callback in (lambda: 1 / 0, coroutine, future):
        getattr(io_loop, method)(callback)
    with expect_log(APP, "Exception in callback", count=3):
        run_turns(io_loop, 5)


def test_cancelled_work_is_not_an_error(io_loop):
    def cancelled():
        raise asyncio.CancelledError

    async def cancel():
        asyncio.current_task().cancel()
        await asyncio.sleep(0)

    io_loop.add_callback(cancelled)
    io_loop.add_callback(cancel)
    run_turns(io_loop, 4)


@pytest.mark.parametrize("result", [{}, [], 1, "text", False])
def test_other_results_are_nobodys_business(io_loop, result):
    io_loop.add_callback(lambda: result)
    run_turns(io_loop, 2)
    assert not io_loop._ready


def test_a_coroutine_that_is_left_alone_is_not_collected(io_loop):
    """asyncio holds tasks weakly, and this one waits for what nobody else knows."""
    futures = []

    async def wait():
        future = io_loop.create_future()
        futures.append(weakref.ref(future))
        await future
        io_loop.stop()

    io_loop.spawn_callback(wait)
    run_turns(io_loop, 3)
    gc.collect()
    futures[0]().set_result(None)
    io_loop.start()


def test_callbacks_from_other_threads(loop, thread):
    ran = []

    def add():
        for number in range(1000):
            loop.add_callback(ran.append, number)
        loop.add_callback(loop.stop)

    loop.add_callback(thread, add)
    loop.start()
    assert ran == list(range(1000))


def test_a_callback_from_a_signal_handler_wakes_the_loop(loop, thread):
    before = signal.signal(signal.SIGUSR1, lambda *args: loop.add_callback_from_signal(loop.stop))
    try:
        loop.add_callback(
            thread, signal.pthread_kill, threading.main_thread().ident, signal.SIGUSR1
        )
        loop.start()
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_callbacks_of_a_closed_loop_are_dropped(io_loop, monkeypatch):
    io_loop.close()
    io_loop.add_callback(print)
    io_loop.spawn_callback(print)
    io_loop.add_callback_from_signal(print)
    monkeypatch.setattr(io_loop, "_closed", False)  # seen open, then closed by another thread

    def closed(*args):
        io_loop._closed = True
        raise RuntimeError("Event loop is closed")

    monkeypatch.setattr(io_loop, "call_soon_threadsafe", closed)
    io_loop.add_callback(print)
    io_loop._closed = False
    io_loop.add_callback_from_signal(print)
    assert io_loop.is_closed()


@pytest.mark.parametrize("method", ["add_callback", "add_callback_from_signal"])
def test_other_errors_are_not_taken_for_a_close(io_loop, monkeypatch, method):
    def fail(*args):
        raise RuntimeError("something else")

    monkeypatch.setattr(io_loop, "call_soon_threadsafe", fail)
    with pytest.raises(RuntimeError, match="something else"):
        getattr(io_loop, method)(print)


def test_callbacks_that_meet_the_close(thread):
    problems = []

    def add(loop, started):
        try:
            for _ in range(2000):
                loop.add_callback(print)
                started.set()
        except BaseException as error:
            problems.append(error)

    for _ in range(20):
        loop = IOLoop(make_current=False)
        started = threading.Event()
        adder = thread(add, loop, started)
        started.wait(5)
        loop.close()
        adder.join()
    assert not problems


# Futures


@pytest.mark.parametrize("kind", ["asyncio", "concurrent"])
def test_add_future_calls_back_in_the_loop(loop, kind, thread):
    future = loop.create_future() if kind == "asyncio" else concurrent.futures.Future()
    calls = []

    def done(argument):
        calls.append((argument, threading.current_thread()))
        loop.stop()

    loop.add_future(future, done)
    if kind == "asyncio":
        loop.add_callback(future.set_result, 1)
    else:
        loop.add_callback(thread, future.set_result, 1)
    loop.start()
    assert calls == [(future, threading.current_thread())]


@pytest.mark.parametrize("kind", ["asyncio", "concurrent"])
def test_add_future_that_is_done_calls_back_in_the_next_turn(io_loop, kind):
    future = io_loop.create_future() if kind == "asyncio" else concurrent.futures.Future()
    future.set_result(1)
    calls = []
    io_loop.add_future(future, calls.append)
    assert calls == []
    run_turns(io_loop)
    assert calls == [future]


@pytest.mark.parametrize("kind", ["asyncio", "concurrent"])
def test_exceptions_behind_a_future_are_the_applications(io_loop, expect_log, kind):
    async def later(future):
        raise ValueError

    for callback in (lambda future: 1 / 0, later):
        future = io_loop.create_future() if kind == "asyncio" else concurrent.futures.Future()
        future.set_result(1)
        io_loop.add_future(future, callback)
    with expect_log(APP, "Exception in callback", count=2):
        run_turns(io_loop, 4)


# Timers


@pytest.mark.parametrize(
    ("deadline", "when"),
    [
        (1005.0, 1005.0),
        (1005, 1005.0),
        (Fraction(2010, 2), 1005.0),
        (datetime.timedelta(seconds=5), 1005.0),
        (datetime.timedelta(days=1), 1000.0 + 86400),
        (1000.0 + 5 * 365 * 86400, 1000.0 + 5 * 365 * 86400),
        (math.inf, math.inf),
    ],
)
def test_add_timeout_understands(virtual, deadline, when):
    assert virtual.add_timeout(deadline, print).when() == when


def test_add_timeout_understands_the_time_of_day(virtual):
    """Tornado's clock is time.time(), and so are deadlines in code that is written for it."""
    wall = time.time()
    late = virtual.add_timeout(wall + 5, print).when() - (1000.0 + 5)
    assert -5.0 < late <= 0.0


def test_add_timeout_refuses_what_is_no_deadline(io_loop):
    for deadline in ("1", None, datetime.datetime.now(tz=datetime.UTC)):
        with pytest.raises(TypeError, match="deadline must be"):
            io_loop.add_timeout(deadline, print)


@pytest.mark.parametrize("method", ["add_timeout", "call_at", "call_later"])
def test_timers_pass_arguments(virtual, method):
    calls = []
    when = 5.0 if method == "call_later" else 1005.0
    handle = getattr(virtual, method)(
        when, lambda *args, **kwargs: calls.append((args, kwargs, virtual.now)), 1, two=2
    )
    assert isinstance(handle, asyncio.TimerHandle)
    virtual.call_later(10, virtual.stop)
    virtual.start()
    assert calls == [((1,), {"two": 2}, 1005.0)]
    virtual.remove_timeout(handle)  # over: no error


@pytest.mark.parametrize("method", ["add_timeout", "call_at", "call_later"])
def test_a_removed_timer_does_not_run(virtual, method):
    calls = []
    when = 5.0 if method == "call_later" else 1005.0
    virtual.remove_timeout(getattr(virtual, method)(when, calls.append, 1))
    virtual.call_later(10, virtual.stop)
    virtual.start()
    assert calls == []


@pytest.mark.parametrize("method", ["add_timeout", "call_at", "call_later"])
def test_timers_take_coroutine_functions(virtual, expect_log, method):
    ran = []

    async def work(fails):
        await asyncio.sleep(1)
        ran.append(virtual.now)
        if fails:
            raise ValueError

    when = 5.0 if method == "call_later" else 1005.0
    getattr(virtual, method)(when, work, fails=False)
    getattr(virtual, method)(when, work, True)
    virtual.call_later(10, virtual.stop)
    with expect_log(APP, "Exception in callback .*work", count=1):
        virtual.start()
    assert ran == [1006.0, 1006.0]


@pytest.mark.parametrize(("method", "logger"), [("add_timeout", APP), ("call_at", "asyncio")])
def test_a_timer_that_raises_is_reported(virtual, expect_log, method, logger):
    getattr(virtual, method)(1001.0, lambda: 1 / 0)
    virtual.call_later(5, virtual.stop)
    with expect_log(logger, "Exception in callback"):
        virtual.start()


def test_timers_take_a_context(virtual):
    context = contextvars.copy_context()
    virtual.call_later(1, variable.set, "later", context=context)
    virtual.call_later(2, virtual.stop)
    virtual.start()
    assert context[variable] == "later"


def test_the_constants_are_tornados():
    assert (IOLoop.NONE, IOLoop.READ, IOLoop.WRITE, IOLoop.ERROR) == (0, 1, 4, 0x18)


def test_many_loops_come_and_go_in_threads(thread):
    def come_and_go():
        for _ in range(50):
            IOLoop(make_current=False).close()
        ended.append(1)

    ended = []
    for each in [thread(come_and_go) for _ in range(2)]:
        each.join()
    assert ended == [1, 1]


def test_a_loop_that_the_program_leaves_open_is_closed_quietly():
    program = "from tornadolike.ioloop import IOLoop; loop = IOLoop(make_current=False)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
