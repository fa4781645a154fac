"""What must not hurt the reactor: bad descriptors, raising callbacks, closed loops, timers without end."""

import asyncio
import contextlib
import os
import random
import socket
import sys
import threading
import time
import tracemalloc

import pytest

from tornadolike.ioloop.poller import READ, WRITE, EpollPoller, SelectPoller
from tornadolike.ioloop.reactor import CANCELLED_TIMERS_KEPT
from tornadolike.ioloop.transports.stream import SocketTransport

from .test_stats import run_turns

# Descriptors


class Nameless:
    """Has no descriptor."""


class Closed:
    def fileno(self):
        return -1


class Liar:
    def fileno(self):
        return "seven"


class Raising:
    def fileno(self):
        raise OSError("it is gone")


REGISTER = {
    "add_reader": lambda loop, fd: loop.add_reader(fd, print),
    "add_writer": lambda loop, fd: loop.add_writer(fd, print),
    "add_handler": lambda loop, fd: loop.add_handler(fd, print, READ),
}


@pytest.mark.parametrize("register", REGISTER)
@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (-1, ValueError),
        (Closed(), ValueError),
        (Nameless(), ValueError),
        (Liar(), ValueError),
        (None, ValueError),
        ("7", ValueError),
        (1.5, ValueError),
        (Raising(), OSError),
        (2**31 - 1, (OSError, ValueError)),  # select: out of its range
        (2**40, (OverflowError, ValueError)),
        (2**80, (OverflowError, ValueError)),
    ],
    ids=repr,
)
def test_bad_descriptors_are_refused(loop, register, bad, error):
    with pytest.raises(error):
        REGISTER[register](loop, bad)
    assert loop.stats().descriptors == 0
    run_turns(loop, 2)


@pytest.mark.parametrize("register", REGISTER)
def test_what_cannot_be_waited_for_is_refused_or_always_ready(loop, register, tmp_path):
    """epoll says EPERM to regular files; the others find them ready."""
    with open(tmp_path / "file", "wb") as file:
        if isinstance(loop._poller, EpollPoller):
            with pytest.raises(PermissionError):
                REGISTER[register](loop, file)
        else:
            REGISTER[register](loop, file)
            loop.remove_reader(file) if register != "add_handler" else loop.remove_handler(file)
            loop.remove_writer(file)
        assert loop.stats().descriptors == 0


@pytest.mark.parametrize("register", REGISTER)
def test_a_closed_descriptor_is_refused(loop, register):
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    with pytest.raises(OSError, match="Bad file descriptor"):
        REGISTER[register](loop, reading)
    assert loop.stats().descriptors == 0


@pytest.mark.parametrize("side", ["reader", "writer"])
def test_the_descriptor_of_a_transport_is_not_for_readers_and_writers(loop, pair, side):
    ours, _ = pair
    transport = SocketTransport(loop, ours.dup(), asyncio.Protocol())
    fd = transport.get_extra_info("socket").fileno()
    for method in (f"add_{side}", f"remove_{side}"):
        arguments = (print,) if method.startswith("add") else ()
        with pytest.raises(RuntimeError, match=rf"File descriptor {fd} is used by transport <Sock"):
            getattr(loop, method)(fd, *arguments)
    with pytest.raises(ValueError, match="watched already"):
        loop.add_handler(fd, print, READ)
    transport.close()
    run_turns(loop, 2)


# Callbacks and watchers that raise


class Odd(BaseException):
    pass


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("error", [ValueError, Odd, asyncio.CancelledError, GeneratorExit])
@pytest.mark.parametrize("way", ["call_soon", "call_later", "add_reader", "watch"])
def test_whatever_is_raised_the_loop_goes_on(io_loop, pair, expect_log, way, error, debug):
    ours, theirs = pair
    theirs.send(b"x")
    io_loop.set_debug(debug)

    def fail(*args):
        raise error("no")

    if way == "call_soon":
        io_loop.call_soon(fail)
    elif way == "call_later":
        io_loop.call_later(0, fail)
    elif way == "add_reader":
        io_loop.add_reader(ours, fail)
    else:
        io_loop.watch(ours.fileno(), fail, READ)
    ran = []
    io_loop.call_soon(ran.append, 1)
    with expect_log("asyncio", "Exception in"):
        run_turns(io_loop, 2)
    assert ran == [1]
    io_loop.unwatch(ours.fileno())
    assert io_loop._current_handle is None


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize("way", ["call_soon", "call_later", "add_reader", "watch"])
def test_a_process_exit_passes_and_the_loop_can_go_on(io_loop, pair, way, error, debug):
    ours, theirs = pair
    theirs.send(b"x")
    io_loop.set_debug(debug)

    def fail(*args):
        io_loop.unwatch(ours.fileno())
        raise error

    if way == "call_soon":
        io_loop.call_soon(fail)
    elif way == "call_later":
        io_loop.call_later(0, fail)
    elif way == "add_reader":
        io_loop.add_reader(ours, fail)
    else:
        io_loop.watch(ours.fileno(), fail, READ)
    with pytest.raises(error):
        io_loop.run_forever()
    assert not io_loop.is_running()
    assert io_loop._current_handle is None
    run_turns(io_loop, 2)


# Loops that are closed, or closed while in use


def test_closing_from_a_callback_is_refused(loop, pair, expect_log):
    ours, theirs = pair
    theirs.send(b"x")
    told = []

    def close(*args):
        told.append(ours.recv(1)) if args else None
        loop.close()

    loop.watch(ours.fileno(), close, READ)
    loop.call_soon(close)
    with expect_log("asyncio", "Exception in", count=2):
        run_turns(loop, 1)
    assert not loop.is_closed()
    assert told == [b"x"]
    loop.unwatch(ours.fileno())


def test_closing_from_another_thread_while_it_polls_is_refused(loop, thread):
    """The poll must not lose its descriptor under its feet."""
    problems = []

    def close():
        for _ in range(20):
            try:
                loop.close()
            except RuntimeError as error:
                problems.append(str(error))
        loop.call_soon_threadsafe(loop.stop)

    loop.call_soon(thread, close)
    loop.run_forever()
    assert problems == ["Cannot close a running event loop; stop it first"] * 20
    assert not loop.is_closed()


CALLS = {
    "call_soon": lambda loop, sock: loop.call_soon(print),
    "call_soon_threadsafe": lambda loop, sock: loop.call_soon_threadsafe(print),
    "call_later": lambda loop, sock: loop.call_later(1, print),
    "call_at": lambda loop, sock: loop.call_at(1, print),
    "add_timeout": lambda loop, sock: loop.add_timeout(1, print),
    "watch": lambda loop, sock: loop.watch(sock.fileno(), print, READ),
    "add_reader": lambda loop, sock: loop.add_reader(sock, print),
    "add_writer": lambda loop, sock: loop.add_writer(sock, print),
    "add_handler": lambda loop, sock: loop.add_handler(sock, print, READ),
    "add_signal_handler": lambda loop, sock: loop.add_signal_handler(10, print),
    "run_in_executor": lambda loop, sock: loop.run_in_executor(None, print),
    "run_forever": lambda loop, sock: loop.run_forever(),
}


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("call", CALLS)
def test_a_closed_loop_refuses(io_loop, pair, call, debug):
    io_loop.set_debug(debug)
    io_loop.close()
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        CALLS[call](io_loop, pair[0])


def test_a_closed_loop_refuses_coroutines(io_loop):
    async def nothing():
        pass

    io_loop.close()
    for run in (io_loop.create_task, io_loop.run_until_complete, io_loop.start_task):
        coroutine = nothing()
        with pytest.raises(RuntimeError, match="Event loop is closed"):
            run(coroutine)
        coroutine.close()


def test_what_a_closed_loop_has_nothing_against(io_loop, pair):
    io_loop.close()
    io_loop.close()
    io_loop.stop()
    io_loop.set_debug(True)
    assert io_loop.remove_reader(pair[0]) is False
    assert io_loop.remove_writer(pair[0]) is False
    assert io_loop.unwatch(pair[0].fileno()) is False
    assert io_loop.is_closed()
    assert "closed=True" in repr(io_loop)


# The wrong thread

OTHERS_MAY_NOT = ["call_soon", "call_later", "call_at", "watch", "add_reader", "add_writer"]


def from_another_thread(loop, thread, call):
    """What ``call()`` raises in another thread while ``loop`` runs."""
    errors = []

    def try_it():
        try:
            call()
        except RuntimeError as error:
            errors.append(str(error))
        loop.call_soon_threadsafe(loop.stop)

    loop.call_soon(thread, try_it)
    loop.run_forever()
    return errors


@pytest.mark.parametrize("method", [*OTHERS_MAY_NOT, "add_handler"])
def test_debug_mode_tells_the_wrong_thread(io_loop, thread, pair, method):
    io_loop.set_debug(True)
    (message,) = from_another_thread(io_loop, thread, lambda: CALLS[method](io_loop, pair[0]))
    assert "Non-thread-safe operation" in message
    assert "use call_soon_threadsafe()" in message
    assert io_loop.stats().descriptors == 0


def test_debug_mode_tells_the_wrong_thread_of_a_task(io_loop, thread):
    async def nothing():
        pass

    io_loop.set_debug(True)
    coroutine = nothing()
    (message,) = from_another_thread(io_loop, thread, lambda: io_loop.create_task(coroutine))
    assert "Non-thread-safe operation" in message
    coroutine.close()


@pytest.mark.parametrize("method", OTHERS_MAY_NOT)
def test_without_debug_mode_the_wrong_thread_is_not_noticed(io_loop, thread, pair, method):
    assert from_another_thread(io_loop, thread, lambda: CALLS[method](io_loop, pair[0])) == []
    io_loop.unwatch(pair[0].fileno())


# Timers without end


def forward(timers):
    return timers


def backward(timers):
    return timers[::-1]


def shuffled(timers):
    timers = list(timers)
    random.Random(4).shuffle(timers)
    return timers


@pytest.mark.parametrize("in_front", [False, True])
@pytest.mark.parametrize("order", [forward, backward, shuffled])
def test_cancelled_timers_leave_in_any_order(io_loop, order, in_front):
    """A timer that lives, in front of all others, holds none of them."""
    if in_front:
        io_loop.call_later(1, print)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        timers = [io_loop.call_later(60 + n % 7, print) for n in range(20_000)]
        _, most = tracemalloc.get_traced_memory()
        for timer in order(timers):
            timer.cancel()
        del timer
        timers.clear()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert io_loop.stats().timers == in_front
    assert len(io_loop._timers) <= CANCELLED_TIMERS_KEPT + 1
    assert after - before < (most - before) / 20


def time_of(function, *args):
    started = time.process_time()
    function(*args)
    return time.process_time() - started


def renew(loop, living, count):
    """What a server with ``living`` connections does: each sets its time-out anew, now and then."""
    timers = [loop.call_later(60, print) for _ in range(living)]
    for number in range(count):
        place = number * 7919 % living
        timers[place].cancel()
        timers[place] = loop.call_later(60, print)
    for timer in timers:
        timer.cancel()


def test_renewing_timers_takes_linear_time_and_bounded_memory(io_loop):
    renew(io_loop, 1000, 2000)  # warm
    few = min(time_of(renew, io_loop, 1000, 10_000) for _ in range(3))
    many = min(time_of(renew, io_loop, 1000, 80_000) for _ in range(2))
    assert many < few * 8 * 3
    assert len(io_loop._timers) <= CANCELLED_TIMERS_KEPT


def test_cancelled_timers_never_outnumber_the_living_by_much(io_loop):
    living = [io_loop.call_later(3600, print) for _ in range(1000)]
    most = 0
    for _ in range(20_000):
        io_loop.call_later(60, print).cancel()
        most = max(most, len(io_loop._timers))
    assert most <= 2 * len(living) + 2
    stats = io_loop.stats()
    assert stats.timers == 1000
    assert stats.cancelled_timers == len(io_loop._timers) - 1000
    for timer in living:
        timer.cancel()


@pytest.mark.slow
def test_very_many_timers_cancelled_at_random(io_loop):
    timers = [io_loop.call_later(60 + n % 1000, print) for n in range(200_000)]
    for timer in shuffled(timers):
        timer.cancel()
    assert len(io_loop._timers) <= CANCELLED_TIMERS_KEPT
    assert sys.getsizeof(io_loop._timers) < 20_000
    run_turns(io_loop, 1)


def test_a_callback_cancelled_by_the_million_runs_nowhere(io_loop):
    """Cancelled callbacks stay in the queue until their turn, which then is cheap and frees them."""
    for _ in range(50_000):
        io_loop.call_soon(os._exit, 1).cancel()
    run_turns(io_loop, 1)
    assert io_loop.stats().ready == 0


# Everything at once


def test_a_storm(loop):
    """Threads, timers, descriptors that come and go, and errors: the loop survives, nothing is left."""
    loop.set_exception_handler(lambda loop, context: None)
    dice = random.Random(1)
    stop = threading.Event()

    def disturb():
        while not stop.is_set():
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(int)
            time.sleep(0.0005)

    def fail(*args):
        raise ValueError("storm")

    def blow(left):
        first, second = socket.socketpair()
        first.setblocking(False)
        second.send(b"x")
        watched = first.fileno()
        loop.watch(watched, dice.choice([fail, lambda events: first.recv(1)]), READ | WRITE)
        for _ in range(5):
            timer = loop.call_later(dice.random() / 100, dice.choice([fail, int]))
            if dice.random() < 0.5:
                timer.cancel()

        def end():
            if dice.random() < 0.5 and not isinstance(loop._poller, SelectPoller):
                first.close()  # too early
            loop.unwatch(watched)
            first.close()
            second.close()

        loop.call_soon(end)
        if left:
            loop.call_soon(blow, left - 1)
        else:
            loop.call_later(0.02, loop.stop)

    disturber = threading.Thread(target=disturb)
    disturber.start()
    try:
        loop.call_soon(blow, 200)
        loop.run_forever()
    finally:
        stop.set()
        disturber.join()
    assert loop.stats().descriptors == 0
    assert loop.stats().timers == 0
