"""The IOLoop over a loop of another kind: asyncio's own, and uvloop's."""

import asyncio
import concurrent.futures
import contextvars
import datetime
import functools
import gc
import inspect
import math
import os
import select
import signal
import socket
import sys
import threading
import time
import weakref

import pytest

from tornadolike.ioloop import Deadlines, GuestLoop, IOLoop, PeriodicCallback, guest
from tornadolike.ioloop.core import Core
from tornadolike.ioloop.guest import FORWARDED, Forwarded
from tornadolike.ioloop.loop import GUEST, loop_of_thread
from tornadolike.ioloop.poller import NONE, SelectPoller
from tornadolike.ioloop.transports import SocketTransport

from .test_reactor import run_turns

APP = "tornadolike.application"
PATIENCE = 10.0
variable = contextvars.ContextVar("variable", default="default")


@pytest.fixture
def foreign(new_foreign_loop):
    """A foreign loop that does not run yet, and is nobody's current one."""
    loop = new_foreign_loop()
    yield loop
    loop.close()


@pytest.fixture
def loop(foreign):
    """Its guest."""
    return IOLoop(asyncio_loop=foreign, make_current=False)


@pytest.fixture
def run(new_foreign_loop):
    def run(main):
        with asyncio.Runner(loop_factory=new_foreign_loop) as runner:
            return runner.run(main())

    return run


def until(loop, condition):
    """Run the loop until ``condition()`` holds."""

    async def wait():
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.001)

    loop.run_sync(wait)


# The whole interface


def public_methods(cls):
    return {
        name
        for name in dir(cls)
        if not name.startswith("_") and inspect.isroutine(inspect.getattr_static(cls, name))
    }


def test_every_method_of_asyncios_loops_is_the_foreign_ones():
    for name in public_methods(asyncio.AbstractEventLoop):
        method = vars(GuestLoop).get(name)
        if name in ("call_later", "call_at"):  # end in schedule_at, which is
            assert getattr(GuestLoop, name) is getattr(Core, name)
        else:
            assert method is not None, f"{name} would be the reactor's"
            assert isinstance(method, Forwarded) == (name in FORWARDED)


def test_every_other_method_can_do_without_the_reactor():
    """A new method of IOLoop gets its place here, once it is clear what it does in a guest."""
    asyncios = public_methods(asyncio.AbstractEventLoop)
    overridden = {
        *("watch", "rewatch", "unwatch", "schedule_at", "start_task", "adopt", "add_callback"),
        *("stats", "watch_lag", "left_behind", "begin_task", "set_clock"),
    }
    assert overridden <= vars(GuestLoop).keys()
    built_on_others = {
        *("start", "run_sync", "add_handler", "update_handler", "remove_handler", "split_fd"),
        *("close_fd", "spawn_callback", "add_callback_from_signal", "add_future", "add_timeout"),
        *("remove_timeout", "make_current", "install", "current", "clear_current", "instance"),
        *("clear_instance", "configure", "configured_class", "configurable_base"),
        *("configurable_default", "initialize", "trace_connections"),
    }
    assert public_methods(IOLoop) - asyncios == overridden | built_on_others


def test_what_is_forwarded_reaches_the_foreign_loop():
    class Recorder(asyncio.AbstractEventLoop):
        def __getattribute__(self, name):
            if name in FORWARDED:
                return ("foreign", name)
            return super().__getattribute__(name)

    recorder = GuestLoop(Recorder(), make_current=False)
    for name in FORWARDED:
        assert getattr(recorder, name) == ("foreign", name)
    assert isinstance(GuestLoop.call_soon, Forwarded)


# Which loop


def test_under_a_foreign_loop_there_is_one_guest(run):
    async def main():
        running = asyncio.get_running_loop()
        assert IOLoop.current(instance=False) is None
        loop = IOLoop.current()
        assert isinstance(loop, GuestLoop)
        assert isinstance(loop, asyncio.AbstractEventLoop)
        assert loop.asyncio_loop is running
        assert IOLoop.current() is IOLoop.instance() is IOLoop.current(instance=False) is loop
        assert loop_of_thread() is not loop
        assert await asyncio.to_thread(lambda: IOLoop.current(instance=False)) is None
        assert repr(running) in repr(loop)
        assert loop.is_running()
        assert not loop.is_closed()
        return loop

    first, second = run(main), run(main)
    assert first is not second
    assert first.is_closed()
    assert IOLoop.current(instance=False) is None


def test_a_foreign_loop_that_is_set_but_does_not_run(foreign):
    asyncio.set_event_loop(foreign)
    loop = IOLoop.current()
    assert loop.asyncio_loop is foreign
    assert IOLoop.current() is loop
    ran = []
    loop.add_callback(ran.append, 1)
    loop.add_callback(loop.stop)
    loop.start()
    assert ran == [1]
    asyncio.set_event_loop(None)
    assert IOLoop.current(instance=False) is None


def test_a_guest_can_be_made_current(foreign):
    own = IOLoop()
    loop = IOLoop(asyncio_loop=foreign)
    assert IOLoop.current() is loop
    assert asyncio.get_event_loop() is foreign
    IOLoop.clear_current()
    assert IOLoop.current() is own
    loop.make_current()
    assert IOLoop.current() is loop
    own.close()
    loop.close()
    assert loop_of_thread() is None


def test_clearing_leaves_a_loop_alone_that_has_no_guest(foreign):
    asyncio.set_event_loop(foreign)
    IOLoop.clear_current()
    assert asyncio.get_event_loop() is foreign
    asyncio.set_event_loop(None)


def test_a_loop_has_one_guest_at_the_most(foreign, loop):
    with pytest.raises(RuntimeError, match="has an IOLoop already"):
        GuestLoop(foreign)
    with pytest.raises(RuntimeError, match="is an IOLoop itself"):
        GuestLoop(loop)
    with pytest.raises(TypeError, match="an asyncio loop is expected"):
        GuestLoop("uvloop")


def test_guest_and_loop_go_together(new_foreign_loop):
    foreign = new_foreign_loop()
    asyncio.set_event_loop(foreign)
    guest = weakref.ref(IOLoop.current())
    gc.collect()
    assert guest() is IOLoop.current(), "the loop holds it"
    asyncio.set_event_loop(None)
    foreign.close()
    del foreign
    gc.collect()
    assert guest() is None


def test_closing_the_guest_closes_the_loop(foreign, loop):
    loop.close()
    assert foreign.is_closed()
    assert loop.is_closed()
    loop.close()  # again: nothing
    assert not hasattr(foreign, GUEST)


def test_a_running_loop_is_not_closed(run):
    async def main():
        with pytest.raises(RuntimeError):
            IOLoop.current().close()

    run(main)


@pytest.mark.parametrize("all_fds", [False, True])
def test_closing_with_handlers(loop, pair, all_fds):
    number = pair[1].fileno()
    loop.add_handler(pair[0], print, IOLoop.READ)
    loop.add_handler(number, print, IOLoop.READ)
    loop.close(all_fds=all_fds)
    assert (pair[0].fileno() == -1) == all_fds
    if all_fds:
        pair[1].detach()
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(number)
    loop.remove_handler(pair[0])


def test_settings_are_the_foreign_loops(foreign, loop):
    loop.set_debug(True)
    assert foreign.get_debug()
    loop.slow_callback_duration = 5.0
    assert foreign.slow_callback_duration == loop.slow_callback_duration == 5.0
    loop.set_exception_handler(print)
    assert foreign.get_exception_handler() is print


# Running


def test_run_sync(loop):
    async def work():
        assert IOLoop.current() is loop
        await asyncio.sleep(0)
        return 42

    assert loop.run_sync(work) == 42
    with pytest.raises(ZeroDivisionError):
        loop.run_sync(lambda: 1 / 0)
    with pytest.raises(TimeoutError, match=r"timed out after 0\.01 seconds"):
        loop.run_sync(functools.partial(asyncio.sleep, PATIENCE), timeout=0.01)


def test_nothing_runs_inside_a_running_loop(run):
    async def main():
        with pytest.raises(RuntimeError):
            IOLoop.current().start()
        own = await asyncio.to_thread(IOLoop, make_current=False)
        with pytest.raises(RuntimeError, match="another loop"):
            own.start()
        await asyncio.to_thread(own.close)

    run(main)


# Tasks and futures


def test_tasks_and_futures_are_the_foreign_loops(run):
    async def main():
        loop, running = IOLoop.current(), asyncio.get_running_loop()
        future = loop.create_future()
        task = loop.create_task(asyncio.sleep(0, 1), name="name")
        adopted = loop.adopt(asyncio.sleep(0, 2), print)
        started = loop.start_task(asyncio.sleep(0, 3))
        for each in (future, task, adopted, started):
            assert each.get_loop() is running
        assert task.get_name() == "name"
        assert await asyncio.gather(task, adopted, started) == [1, 2, 3]
        loop.call_soon(future.set_result, 4)
        assert await loop.adopt(future, print) == 4

    run(main)


def test_the_first_step_is_taken_at_once_where_the_interpreter_can(run):
    steps = []

    async def work(name):
        assert asyncio.current_task() is not None
        async with asyncio.timeout(PATIENCE):
            steps.append((name, variable.get()))

    def callback(done):
        loop = IOLoop.current()
        context = contextvars.copy_context()
        context.run(variable.set, "its own")
        task = loop.start_task(work("outside"), context)
        at_once = sys.version_info >= (3, 12)
        assert task.done() == at_once
        assert len(steps) == at_once
        task.add_done_callback(lambda task: done.set_result(None))

    async def main():
        done = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(callback, done)
        await done
        assert steps == [("outside", "its own")]
        task = IOLoop.current().start_task(work("inside"))
        assert len(steps) == 1, "no task enters while another is in its step"
        await task

    run(main)


def test_a_task_that_is_started_while_nothing_runs_waits(loop):
    ran = []

    async def work():
        ran.append(1)

    task = loop.start_task(work())
    assert ran == []
    loop.run_sync(lambda: task)
    assert ran == [1]


def test_a_task_factory_is_asked(loop):
    made = []

    def factory(loop, coro, **kwargs):
        made.append(asyncio.Task(coro, loop=loop, **kwargs))
        return made[-1]

    loop.set_task_factory(factory)
    loop.call_soon(lambda: loop.start_task(asyncio.sleep(0)))
    run_turns(loop, 3)
    assert len(made) == 1
    assert made[0].done()


def test_a_coroutine_that_nobody_awaits_is_not_collected(loop, expect_log):
    futures = []

    async def wait():
        future = loop.create_future()
        futures.append(weakref.ref(future))
        await future
        raise ValueError

    loop.spawn_callback(wait)
    run_turns(loop, 3)
    gc.collect()
    futures[0]().set_result(None)
    with expect_log(APP, "Exception in callback"):
        run_turns(loop, 3)


# Callbacks and timers


def test_add_callback(loop, expect_log):
    calls = []

    def callback(*args, **kwargs):
        calls.append((args, kwargs))
        if not args:
            loop.add_callback(callback, 1)  # from the loop's thread

    async def coroutine():
        calls.append("coroutine")

    loop.add_callback(callback, two=2)
    loop.spawn_callback(coroutine)
    loop.add_callback_from_signal(callback, 3)
    loop.add_callback(lambda: 1 / 0)
    with expect_log(APP, "Exception in callback", count=1):
        until(loop, lambda: len(calls) == 4)
    assert sorted(calls, key=str) == [((), {"two": 2}), ((1,), {}), ((3,), {}), "coroutine"]


def test_add_callback_from_a_thread_wakes_the_loop(loop, thread):
    ran = []

    def add():
        for number in range(100):
            loop.add_callback(ran.append, number)
        loop.add_callback(loop.stop)

    loop.add_callback(thread, add)
    loop.start()
    assert ran == list(range(100))


def test_callbacks_of_a_closed_loop_are_dropped(loop, foreign):
    foreign.close()
    loop.add_callback(print)
    loop.spawn_callback(print)
    loop.add_callback_from_signal(print)
    with pytest.raises(RuntimeError):
        loop.call_soon(print)


def test_other_errors_are_not_taken_for_a_close(loop, foreign, monkeypatch):
    def fail(*args):
        raise RuntimeError("something else")

    monkeypatch.setattr(foreign, "call_soon_threadsafe", fail, raising=False)
    for method in (loop.add_callback, loop.add_callback_from_signal):
        with pytest.raises(RuntimeError, match="something else"):
            method(print)


def test_futures(loop, thread):
    seen = []
    theirs = concurrent.futures.Future()
    ours = loop.create_future()
    loop.add_future(theirs, seen.append)
    loop.add_future(ours, seen.append)
    loop.add_callback(thread, theirs.set_result, 1)
    loop.add_callback(ours.set_result, 1)
    until(loop, lambda: len(seen) == 2)
    assert set(seen) == {ours, theirs}


def test_executors(loop):
    async def main():
        assert await loop.run_in_executor(None, sum, [1, 2]) == 3
        with concurrent.futures.ThreadPoolExecutor(1, "mine") as mine:
            loop.set_default_executor(mine)
            thread = await loop.run_in_executor(None, threading.current_thread)
            assert thread.name.startswith("mine")
            assert await asyncio.to_thread(threading.current_thread) is thread

    loop.run_sync(main)


def test_timers(loop):
    ran = []

    async def coroutine(*args, **kwargs):
        await asyncio.sleep(0)
        ran.append((args, kwargs))

    now = loop.time()
    loop.call_later(0.001, coroutine, "later", a=1)
    loop.call_at(now, coroutine, "at", a=2)
    loop.add_timeout(now + 0.001, coroutine, "timeout", a=3)
    loop.add_timeout(time.time(), coroutine, "wall clock", a=4)
    loop.add_timeout(datetime.timedelta(milliseconds=1), coroutine, "delta", a=5)
    loop.schedule_at(now, coroutine, ("plain",))
    removed = [
        loop.call_later(0.001, ran.append, "removed"),
        loop.call_at(now, ran.append, "removed"),
        loop.add_timeout(now, ran.append, "removed"),
        loop.call_later(math.inf, ran.append, "never"),
    ]
    for timeout in removed:
        loop.remove_timeout(timeout)
    until(loop, lambda: len(ran) >= 6)
    assert sorted(args[0] for args, _ in ran) == [
        *("at", "delta", "later", "plain", "timeout", "wall clock")
    ]
    for nonsense in (math.nan, None):
        with pytest.raises((TypeError, ValueError)):
            loop.call_at(nonsense, print)


def test_a_timer_has_a_context_and_its_errors_are_reported(loop, expect_log):
    context = contextvars.copy_context()
    loop.call_later(0, variable.set, "later", context=context)
    loop.call_later(0, lambda: 1 / 0)
    with expect_log("asyncio", "Exception in callback", count=1):
        until(loop, lambda: context.get(variable) == "later")


def test_periodic_callbacks(loop):
    ran = []

    async def coroutine():
        await asyncio.sleep(0.001)
        ran.append("coroutine")

    async def main():
        callbacks = [
            PeriodicCallback(lambda: ran.append("plain"), 5),
            PeriodicCallback(coroutine, 5),
        ]
        for callback in callbacks:
            callback.start()
            assert callback.io_loop is loop
        async with asyncio.timeout(PATIENCE):
            while ran.count("coroutine") < 3 or ran.count("plain") < 3:
                await asyncio.sleep(0.001)
        for callback in callbacks:
            callback.stop()
        while callbacks[1]._call is not None:  # it goes on to its end
            await asyncio.sleep(0.001)

    loop.run_sync(main)


def test_a_periodic_callback_that_is_started_again_does_not_overlap(loop):
    calls = []

    async def main():
        gate = asyncio.Event()

        async def call():
            calls.append(1)
            await gate.wait()

        callback = PeriodicCallback(call, 1)
        callback.start()
        while not calls:
            await asyncio.sleep(0.001)
        callback.stop()
        callback.start()
        await asyncio.sleep(0.02)
        assert len(calls) == 1
        gate.set()
        while len(calls) < 2:
            await asyncio.sleep(0.001)
        callback.stop()
        await asyncio.sleep(0.001)

    loop.run_sync(main)


def test_deadlines(loop):
    class Thing:
        bucket = Deadlines.NOWHERE
        passed = None

        def deadline_passed(self):
            self.passed = loop.time()

    thing = Thing()
    deadlines = Deadlines(loop, resolution=0.01)
    thing.deadline = loop.time() + 0.02
    deadlines.add(thing)
    until(loop, lambda: thing.passed)
    assert thing.passed >= thing.deadline


# Descriptors


def test_handlers(loop, pair):
    ours, theirs = pair
    calls = []

    def handler(fd, events):
        calls.append((fd, events))
        if events & IOLoop.READ:
            fd.recv(100)

    loop.add_handler(ours, handler, IOLoop.READ)
    theirs.send(b"x")
    until(loop, lambda: calls)
    assert calls == [(ours, IOLoop.READ)]
    theirs.send(b"x")
    loop.update_handler(ours, IOLoop.READ | IOLoop.WRITE)
    until(loop, lambda: len(calls) > 2)
    assert calls[1] == (ours, IOLoop.READ | IOLoop.WRITE), "both in one call"
    assert calls[2] == (ours, IOLoop.WRITE), "as long as it is so"
    loop.remove_handler(ours)
    del calls[:]
    theirs.send(b"x")
    run_turns(loop, 3)
    assert calls == []


def test_an_error_is_heard_by_who_asked_for_nothing(loop, tcp_pair):
    """Which add_reader and add_writer have no words for."""
    ours, theirs = tcp_pair
    calls = []

    def handler(fd, events):
        calls.append(events)
        loop.remove_handler(fd)

    loop.add_handler(ours, handler, IOLoop.ERROR)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    theirs.close()
    until(loop, lambda: calls)
    assert calls[0] & IOLoop.ERROR


def test_errors_do_not_end_the_watch(loop):
    """uvloop's own readers hear nothing after a descriptor's first error."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as theirs,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody,
    ):
        for sock in (ours, theirs, nobody):
            sock.bind(("127.0.0.1", 0))
            sock.setblocking(False)
        gone = nobody.getsockname()
        nobody.close()
        heard = []

        def handler(fd, events):
            try:
                heard.append(fd.recv(100))
            except OSError as error:
                heard.append(type(error))

        loop.add_handler(ours, handler, IOLoop.READ)
        ours.connect(gone)
        for _ in range(2):
            ours.send(b"x")
            until(loop, lambda: heard)
            assert heard == [ConnectionRefusedError]
            del heard[:]
        ours.connect(theirs.getsockname())
        theirs.sendto(b"after all", ours.getsockname())
        until(loop, lambda: heard)
        assert heard == [b"after all"]
        loop.remove_handler(ours)


def test_a_handler_runs_in_the_context_in_which_it_was_added(loop, pair):
    seen = []
    for sock, value in zip(pair, ("one", "two"), strict=True):
        token = variable.set(value)
        loop.add_handler(sock, lambda fd, events: seen.append(variable.get()), IOLoop.WRITE)
        variable.reset(token)
    until(loop, lambda: len(seen) >= 4)
    assert set(seen[:2]) == set(seen[2:4]) == {"one", "two"}
    for sock in pair:
        loop.remove_handler(sock)


def test_a_watcher_runs_in_the_context_in_which_it_was_added(loop, pair):
    seen = []
    token = variable.set("then")
    loop.watch(pair[0].fileno(), lambda events: seen.append(variable.get()), IOLoop.WRITE)
    variable.reset(token)
    until(loop, lambda: seen)
    assert seen[0] == "then"
    loop.unwatch(pair[0].fileno())


def test_a_handler_that_raises_is_reported_and_stays(loop, pair, expect_log):
    calls = []

    def handler(fd, events):
        calls.append(1)
        if len(calls) == 2:
            loop.remove_handler(fd)
        raise ValueError("in the handler")

    loop.add_handler(pair[0], handler, IOLoop.WRITE)
    with expect_log("asyncio", "Exception in the handler", count=2):
        until(loop, lambda: len(calls) == 2)


def test_an_exit_goes_through(loop, pair):
    def handler(fd, events):
        raise SystemExit

    loop.add_handler(pair[0], handler, IOLoop.WRITE)
    with pytest.raises(SystemExit):
        loop.start()
    loop.remove_handler(pair[0])


def test_a_handler_removed_by_another_is_not_called(loop, pair):
    calls = []

    def handler(fd, events):
        calls.append(fd)
        loop.remove_handler(pair[1] if fd is pair[0] else pair[0])

    for sock in pair:
        loop.add_handler(sock, handler, IOLoop.WRITE)
    until(loop, lambda: len(calls) > 2)
    assert len(set(calls)) == 1
    loop.remove_handler(calls[0])


def test_events_of_a_number_that_was_given_away_are_not_its_new_owners(loop, pair):
    """Both are ready in one poll; the first closes the second, whose number comes back at once."""
    calls = []
    fresh = []
    numbers = [sock.fileno() for sock in pair]

    def new_owner(fd, events):
        calls.append((fd, events))

    def handler(fd, events):
        if fresh:
            return
        other = pair[1] if fd is pair[0] else pair[0]
        number = other.fileno()
        loop.remove_handler(other)
        other.close()
        fresh.extend(socket.socketpair())
        # One of the new ones has the number.
        assert number in (fresh[0].fileno(), fresh[1].fileno())
        loop.add_handler(number, new_owner, IOLoop.READ)

    for sock in pair:
        loop.add_handler(sock, handler, IOLoop.WRITE)
    until(loop, lambda: fresh)
    run_turns(loop, 3)
    assert calls == [], "it has nothing to read"
    for number in (*numbers, fresh[0].fileno(), fresh[1].fileno()):
        loop.remove_handler(number)
    for sock in fresh:
        sock.close()


def test_what_cannot_be_watched_is_refused(loop, pair, tmp_path):
    ours, _ = pair
    loop.watch(ours.fileno(), print, NONE)
    with pytest.raises(ValueError, match="is watched already"):
        loop.add_handler(ours, print, IOLoop.READ)
    assert loop.unwatch(ours.fileno())
    assert not loop.unwatch(ours.fileno())
    with pytest.raises(ValueError, match="has no handler"):
        loop.update_handler(ours, IOLoop.READ)
    with open(tmp_path / "file", "w") as file, pytest.raises(PermissionError):
        loop.add_handler(file, print, IOLoop.READ)
    assert loop._descriptor_objects == {}
    run_turns(loop, 2)
    assert loop._inner is None
    with pytest.raises(FileNotFoundError):
        loop.rewatch(ours.fileno(), IOLoop.READ)
    loop.asyncio_loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        loop.add_handler(ours, print, IOLoop.READ)
    assert loop._inner is None


def test_a_handler_may_be_added_in_another_thread(loop, foreign, pair, monkeypatch, caplog):
    """As Jupyter's kernel managers do: the loop's thread may hear of it before anything else happens here."""
    ours, theirs = pair
    theirs.send(b"x")
    heard = []
    opened = loop._open_poller

    def open_slowly():
        poller = opened()
        register = poller.register

        def slowly(fd, events):
            register(fd, events)
            loop._dispatch()  # what the loop's thread does meanwhile

        monkeypatch.setattr(poller, "register", slowly)
        return poller

    monkeypatch.setattr(loop, "_open_poller", open_slowly)
    loop.add_handler(ours, lambda *args: heard.append(args), loop.READ)
    assert heard == [(ours, loop.READ)]
    assert not caplog.records
    loop.remove_handler(ours)


def test_the_number_of_a_closed_descriptor_may_be_watched_again(loop):
    heard = []
    for _ in range(2):  # the second has the first one's number
        reader, writer = os.pipe()
        os.write(writer, b"x")
        loop.add_handler(reader, lambda fd, _: heard.append(fd), loop.READ)
        run_turns(loop, 2)
        os.close(reader)
        os.close(writer)
    assert len(set(heard)) == 1
    assert len(heard) >= 2
    loop.remove_handler(reader)


def test_a_descriptor_that_was_closed_too_early(loop, pair):
    ours, theirs = pair
    loop.add_handler(ours, print, IOLoop.READ)
    loop.add_handler(theirs, print, IOLoop.READ)
    ours.close()
    loop.remove_handler(ours)
    assert loop._watched.keys() == {theirs.fileno()}
    loop.remove_handler(theirs)


def test_the_poller_is_open_while_it_is_needed(loop, pair):
    async def main():
        loop.add_handler(pair[0], print, IOLoop.READ)
        poller = loop._inner
        loop.remove_handler(pair[0])
        loop.add_handler(pair[1], print, IOLoop.READ)  # in the same turn: kept
        await asyncio.sleep(0)
        assert loop._inner is poller
        loop.remove_handler(pair[1])
        await asyncio.sleep(0)
        assert loop._inner is None
        with pytest.raises(ValueError, match="closed"):
            poller.poll(0, 1)

    for _ in range(2):
        loop.run_sync(main)
    loop.add_handler(pair[0], print, IOLoop.READ)
    loop.remove_handler(pair[0])
    assert loop._inner is None, "nothing runs: there may be no next turn"


def test_a_closed_descriptor_with_a_duplicate_does_not_keep_the_loop_awake(loop, pair, expect_log):
    ours, theirs = pair
    heard = []

    def handler(fd, events):
        heard.append(fd.recv(100))

    loop.add_handler(theirs, handler, IOLoop.READ)
    loop.add_handler(ours, print, IOLoop.WRITE)
    loop.update_handler(ours, IOLoop.READ)
    duplicate = ours.dup()
    number = ours.fileno()
    ours.close()
    theirs.send(b"to the duplicate")
    loop.remove_handler(number)
    with expect_log("asyncio", f"descriptor {number} was closed while", count=1):
        run_turns(loop, 5)
    duplicate.send(b"still heard")
    until(loop, lambda: heard)
    assert heard == [b"still heard"]
    loop.remove_handler(theirs)
    duplicate.close()


def test_handlers_of_a_closed_loop_can_be_removed(loop, pair):
    for sock in pair:
        loop.add_handler(sock, print, IOLoop.READ)
    loop.asyncio_loop.close()
    for sock in pair:
        loop.remove_handler(sock)
    assert loop._inner is None


def test_a_poller_that_cannot_be_watched(loop, pair, monkeypatch):
    monkeypatch.setattr(guest, "default_poller", SelectPoller)
    with pytest.raises(RuntimeError, match=r"tornadolike\.run"):
        loop.add_handler(pair[0], print, IOLoop.READ)


@pytest.mark.skipif(not hasattr(select, "epoll"), reason="a Linux call")
def test_a_poller_that_the_foreign_loop_refuses_is_closed(loop, pair, monkeypatch):
    def refuse(*args):
        raise NotImplementedError

    monkeypatch.setattr(loop.asyncio_loop, "add_reader", refuse, raising=False)
    with pytest.raises(NotImplementedError):
        loop.add_handler(pair[0], print, IOLoop.READ)
    assert loop._inner is None


# Our transports and the foreign loop's


class Collector(asyncio.Protocol):
    def __init__(self):
        self.data = b""
        self.lost = asyncio.get_running_loop().create_future()

    def data_received(self, data):
        self.data += data

    def connection_lost(self, error):
        self.lost.set_result(error)


def test_tls_and_files_on_our_own_transports(loop, tcp_pair, certs, tmp_path):
    """Which the foreign loop's start_tls and sendfile know nothing of."""
    content = bytes(range(256)) * 2000
    (tmp_path / "file").write_bytes(content)
    tcp_pair[1].setblocking(False)

    async def main():
        ours, theirs = Collector(), Collector()
        transports = [
            SocketTransport(loop, sock, protocol)
            for sock, protocol in zip(tcp_pair, (ours, theirs), strict=True)
        ]
        with open(tmp_path / "file", "rb") as file:
            assert await loop.sendfile(transports[0], file) == len(content)
        while len(theirs.data) < len(content):
            await asyncio.sleep(0.001)
        transports = await asyncio.gather(
            loop.start_tls(
                transports[0], ours, certs.client_context(), server_hostname="localhost"
            ),
            loop.start_tls(transports[1], theirs, certs.server_context(), server_side=True),
        )
        with open(tmp_path / "file", "rb") as file:
            assert await loop.sendfile(transports[0], file) == len(content)
        transports[0].close()
        assert await theirs.lost is None
        assert theirs.data == content * 2
        await ours.lost

    loop.run_sync(main, timeout=PATIENCE)


def test_tls_and_files_on_the_foreign_loops_transports():
    class Foreign(asyncio.AbstractEventLoop):
        async def start_tls(self, *args, **kwargs):
            return ("start_tls", args, kwargs)

        async def sendfile(self, *args, **kwargs):
            return ("sendfile", args, kwargs)

    async def main():
        loop = GuestLoop(Foreign(), make_current=False)
        transport = asyncio.Transport()
        assert await loop.start_tls(transport, 1, a=2) == ("start_tls", (transport, 1), {"a": 2})
        assert await loop.sendfile(transport, 1, a=2) == ("sendfile", (transport, 1), {"a": 2})

    asyncio.run(main())


# What there is not


def test_there_are_no_statistics(loop):
    for method in (loop.stats, loop.watch_lag):
        with pytest.raises(RuntimeError, match="keeps no statistics"):
            method()


@pytest.mark.filterwarnings("ignore:.*use of fork.. may lead to deadlocks:DeprecationWarning")
def test_a_child_process_leaves_the_parents_descriptors_alone(loop, pair):
    ours, theirs = pair
    heard = []
    loop.add_handler(ours, lambda fd, events: heard.append(fd.recv(100)), IOLoop.READ)
    child = os.fork()
    if child == 0:
        loop.remove_handler(ours)
        loop.unwatch(ours.fileno())
        os._exit(loop._inner is not None)
    assert os.waitpid(child, 0)[1] == 0
    theirs.send(b"x")
    until(loop, lambda: heard)
    assert heard == [b"x"]
    loop.remove_handler(ours)


# Signals


def test_signals(loop):
    async def main():
        heard = asyncio.Event()
        loop.add_signal_handler(signal.SIGUSR1, heard.set)
        os.kill(os.getpid(), signal.SIGUSR1)
        async with asyncio.timeout(PATIENCE):
            await heard.wait()
        assert loop.remove_signal_handler(signal.SIGUSR1)

    loop.run_sync(main)
