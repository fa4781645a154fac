"""Readers, writers and signals."""

import asyncio
import contextvars
import os
import signal
import socket
import struct
import threading

import pytest

from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.poller import READ, SelectPoller
from tornadolike.ioloop.sources import descriptor_number
from tornadolike.ioloop.wakeup import WakeUp

from .conftest import on_linux
from .test_reactor import run_turns

# Readers and writers


def test_a_reader_runs_while_there_is_something_to_read(loop, pair):
    ours, theirs = pair
    ran = []
    loop.add_reader(ours, ran.append, "reader")
    run_turns(loop)
    assert ran == []
    theirs.send(b"x")
    run_turns(loop, 2)
    assert ran == ["reader", "reader"]
    ours.recv(1)
    run_turns(loop)
    assert ran == ["reader", "reader"]
    assert loop.remove_reader(ours) is True
    theirs.send(b"x")
    run_turns(loop)
    assert ran == ["reader", "reader"]


def test_a_writer_runs_while_there_is_room(loop, pair):
    ran = []
    loop.add_writer(pair[0].fileno(), ran.append, "writer")
    run_turns(loop, 2)
    assert ran == ["writer", "writer"]
    assert loop.remove_writer(pair[0].fileno()) is True
    run_turns(loop)
    assert ran == ["writer", "writer"]


@pytest.mark.parametrize("first", ["reader", "writer"])
@pytest.mark.parametrize("leaves", ["reader", "writer"])
def test_both_sides_of_one_descriptor(loop, pair, first, leaves):
    ours, theirs = pair
    theirs.send(b"x")
    ran = []
    add = {"reader": loop.add_reader, "writer": loop.add_writer}
    remove = {"reader": loop.remove_reader, "writer": loop.remove_writer}
    second = "writer" if first == "reader" else "reader"
    stays = "writer" if leaves == "reader" else "reader"
    add[first](ours, ran.append, first)
    add[second](ours, ran.append, second)
    run_turns(loop)
    assert sorted(ran) == ["reader", "writer"]
    ran.clear()
    assert remove[leaves](ours) is True
    assert remove[leaves](ours) is False
    run_turns(loop)
    assert ran == [stays]
    assert remove[stays](ours) is True
    assert loop._watchers.keys() == {loop._wake_up.fileno()}


def test_a_second_reader_takes_the_place_of_the_first(loop, pair):
    ours, theirs = pair
    theirs.send(b"x")
    ran = []
    first = loop.add_reader(ours, ran.append, 1)
    loop.add_writer(ours, ran.append, "writer")
    loop.add_reader(ours, ran.append, 2)
    assert first.cancelled()
    run_turns(loop)
    assert sorted(ran, key=str) == [2, "writer"]
    loop.remove_reader(ours)
    loop.remove_writer(ours)


def test_what_was_never_added_is_not_removed(loop, pair):
    assert loop.remove_reader(pair[0]) is False
    assert loop.remove_writer(pair[0]) is False
    loop.add_reader(pair[0], print)
    assert loop.remove_writer(pair[0]) is False
    loop.remove_reader(pair[0])


def test_a_reader_runs_in_the_context_in_which_it_was_added(loop, pair):
    variable = contextvars.ContextVar("variable")
    seen = []
    variable.set("then")
    loop.add_writer(pair[0], lambda: seen.append(variable.get()))
    variable.set("now")
    run_turns(loop)
    loop.remove_writer(pair[0])
    assert seen == ["then"]


def test_a_reader_removed_by_a_callback_of_the_same_turn_does_not_run(loop, pair):
    ran = []

    def run(mine, other):
        ran.append(mine)
        loop.remove_writer(other)

    loop.add_writer(pair[0], run, 0, pair[1])
    loop.add_writer(pair[1], run, 1, pair[0])
    run_turns(loop)
    assert len(ran) == 1
    loop.remove_writer(pair[ran[0]])


def test_a_reader_that_raises_is_reported_and_stays(loop, pair, expect_log):
    loop.add_writer(pair[0], int, "x")
    with expect_log("asyncio", "Exception in callback", count=2):
        run_turns(loop, 2)
    assert loop.remove_writer(pair[0]) is True


@pytest.mark.parametrize("side", ["reader", "writer"])
def test_a_reset_wakes_whoever_waits(loop, tcp_pair, side):
    ours, theirs = tcp_pair
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    theirs.close()
    getattr(loop, f"add_{side}")(ours, loop.stop)
    loop.run_forever()
    getattr(loop, f"remove_{side}")(ours)
    with pytest.raises(ConnectionResetError):
        ours.recv(1)


def test_a_pipe_that_nobody_reads_any_more_wakes_its_writer(loop):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    ran = []
    while True:  # full: nothing but the close can wake the writer
        try:
            os.write(writing, bytes(65536))
        except BlockingIOError:
            break
    loop.add_writer(writing, ran.append, 1)
    run_turns(loop)
    assert ran == []
    os.close(reading)
    run_turns(loop)
    assert ran == [1]
    loop.remove_writer(writing)
    os.close(writing)


def test_the_reader_of_a_pipe_sees_its_end(loop):
    reading, writing = os.pipe()
    received = []

    def read():
        received.append(os.read(reading, 10))
        if not received[-1]:
            loop.remove_reader(reading)
            loop.stop()

    loop.add_reader(reading, read)
    os.write(writing, b"last")
    os.close(writing)
    loop.run_forever()
    assert received == [b"last", b""]
    os.close(reading)


@pytest.mark.parametrize("method", ["add_reader", "add_writer"])
def test_bad_arguments_are_refused(loop, pair, method):
    add = getattr(loop, method)
    with pytest.raises(ValueError, match="Invalid file descriptor: -1"):
        add(-1, print)
    with pytest.raises(ValueError, match="Invalid file object"):
        add("no file", print)
    with pytest.raises(TypeError, match="callable"):
        add(pair[0], None)

    async def coroutine_function():
        pass

    with pytest.raises(TypeError, match="coroutines cannot be used"):
        add(pair[0], coroutine_function)
    closed = pair[0].fileno()
    pair[0].close()
    with pytest.raises(ValueError, match="Invalid file descriptor: -1"):
        add(pair[0], print)
    with pytest.raises(OSError, match="Bad file descriptor"):
        add(closed, print)
    assert loop._watchers.keys() == {loop._wake_up.fileno()}


def test_a_closed_loop_has_no_readers(loop, pair):
    loop.add_reader(pair[0], print)
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        loop.add_reader(pair[0], print)
    assert loop.remove_reader(pair[0]) is False
    assert loop.remove_writer(pair[0]) is False


def test_a_descriptor_that_somebody_else_watches_is_not_for_readers(loop, pair):
    loop.watch(pair[0].fileno(), print, 0)
    for call in (loop.remove_reader, loop.remove_writer):
        with pytest.raises(RuntimeError, match="is used by"):
            call(pair[0])
    for call in (loop.add_reader, loop.add_writer):
        with pytest.raises(RuntimeError, match="is used by"):
            call(pair[0], print)
    loop.unwatch(pair[0].fileno())


@pytest.mark.parametrize("side", ["reader", "writer"])
def test_a_descriptor_closed_before_it_is_removed(loop, pair, side):
    """Both sides: the first removal has to change what the kernel no longer knows."""
    fd = pair[0].fileno()
    loop.add_reader(fd, print)
    loop.add_writer(fd, print)
    pair[0].close()
    run_turns(loop)
    assert getattr(loop, f"remove_{side}")(fd) is True
    other = "writer" if side == "reader" else "reader"
    assert getattr(loop, f"remove_{other}")(fd) is True
    assert loop._watchers.keys() == {loop._wake_up.fileno()}


@pytest.mark.parametrize("first", ["object", "number", "other side"])
@pytest.mark.parametrize("side", ["reader", "writer"])
def test_an_object_that_was_closed_first_is_still_known(loop, pair, side, first):
    """As libraries do it: the socket is closed by one task, what it was watched for removed by another."""
    ours, _ = pair
    sides = [side]
    if first == "number":
        getattr(loop, f"add_{side}")(ours.fileno(), print)
    elif first == "other side":
        sides = ["reader", "writer"]
    for each in sides:
        getattr(loop, f"add_{each}")(ours, print)
    ours.close()
    for each in sides:
        assert getattr(loop, f"remove_{each}")(ours) is True
    for each in sides:
        with pytest.raises(ValueError, match=r"Invalid file object.*closed"):
            getattr(loop, f"remove_{each}")(ours)
    assert loop.stats().descriptors == 0


@on_linux  # elsewhere the poller itself keeps a number until it is removed
@pytest.mark.parametrize("side", ["reader", "writer"])
def test_an_object_that_was_closed_first_and_whose_number_is_somebody_elses(io_loop, pair, side):
    loop = io_loop
    ours, theirs = pair
    getattr(loop, f"add_{side}")(ours, print)
    number = ours.fileno()
    ours.close()
    os.dup2(theirs.fileno(), number)
    try:
        loop.watch(number, print, READ)
        with pytest.raises(ValueError, match="Invalid file object"):
            getattr(loop, f"remove_{side}")(ours)
        assert loop.unwatch(number)
    finally:
        os.close(number)


@pytest.mark.parametrize("forgotten", ["reader", "writer"])
def test_a_number_that_was_closed_without_a_word_and_used_again(loop, forgotten):
    """Libraries do that. The new reader must hear of the new descriptor."""
    ran = []
    old = socket.socketpair()
    number = old[0].fileno()
    getattr(loop, f"add_{forgotten}")(number, ran.append, "old")
    old[0].close()
    new = socket.socketpair()
    assert new[0].fileno() == number
    loop.add_reader(number, ran.append, "new")
    run_turns(loop)
    ran.clear()
    new[1].send(b"x")
    run_turns(loop)
    assert "new" in ran
    if not isinstance(loop._poller, SelectPoller):  # it cannot tell the two apart
        assert ran == ["new"]
    loop.remove_reader(number)
    loop.remove_writer(number)
    for sock in (*old, *new):
        sock.close()


def test_a_side_that_is_refused_leaves_the_other_as_it_was(loop, pair, monkeypatch):
    ours, theirs = pair
    theirs.send(b"x")
    ran = []
    loop.add_reader(ours, ran.append, "reader")

    def refuse(*args):
        raise PermissionError("not this one")

    monkeypatch.setattr(loop._poller, "modify", refuse)
    with pytest.raises(PermissionError):
        loop.add_writer(ours, ran.append, "writer")
    monkeypatch.undo()
    run_turns(loop)
    assert ran == ["reader"]
    assert loop.remove_writer(ours) is False
    assert loop.remove_reader(ours) is True


def test_readers_from_another_thread_are_refused_in_debug_mode_only(loop, pair, thread):
    outcomes = []

    def add():
        try:
            loop.add_reader(pair[0], print)
        except RuntimeError as error:
            outcomes.append(str(error))
        else:
            outcomes.append(loop.remove_reader(pair[0]))
        loop.call_soon_threadsafe(loop.stop)

    for debug in (False, True):
        loop.set_debug(debug)
        loop.call_soon(thread, add)
        loop.run_forever()
    assert outcomes[0] is True
    assert "thread" in outcomes[1]


def test_the_number_of_a_descriptor(pair):
    assert descriptor_number(5) == 5
    assert descriptor_number(pair[0]) == pair[0].fileno()


# Signals


@pytest.fixture(autouse=True)
def signals_are_as_before():
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGUSR1)}
    yield
    assert WakeUp._listeners == []
    assert signal.set_wakeup_fd(-1) == -1
    for number, handler in handlers.items():
        assert signal.getsignal(number) == handler


def test_a_signal_runs_a_callback(loop):
    ran = []
    loop.add_signal_handler(signal.SIGUSR1, ran.append, 1)
    signal.raise_signal(signal.SIGUSR1)
    assert ran == []
    run_turns(loop)
    assert ran == [1]
    signal.raise_signal(signal.SIGUSR1)
    run_turns(loop)
    assert ran == [1, 1]
    assert loop.remove_signal_handler(signal.SIGUSR1) is True
    assert loop.remove_signal_handler(signal.SIGUSR1) is False
    assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL


def test_a_signal_wakes_a_loop_that_sleeps(loop, thread):
    loop.add_signal_handler(signal.SIGUSR1, loop.stop)
    loop.call_soon(thread, signal.pthread_kill, threading.main_thread().ident, signal.SIGUSR1)
    loop.run_forever()
    loop.remove_signal_handler(signal.SIGUSR1)


def test_the_handlers_of_several_signals(io_loop):
    ran = []
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGINT):
        io_loop.add_signal_handler(number, ran.append, number)
    for number in (signal.SIGINT, signal.SIGUSR2, signal.SIGUSR1):
        signal.raise_signal(number)
    run_turns(io_loop)
    assert ran == [signal.SIGINT, signal.SIGUSR2, signal.SIGUSR1]
    io_loop.remove_signal_handler(signal.SIGUSR2)
    signal.raise_signal(signal.SIGUSR1)
    run_turns(io_loop)
    assert ran[3:] == [signal.SIGUSR1]
    io_loop.remove_signal_handler(signal.SIGUSR1)
    io_loop.remove_signal_handler(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_the_second_handler_of_a_signal_takes_the_place_of_the_first(io_loop):
    ran = []
    io_loop.add_signal_handler(signal.SIGUSR1, ran.append, 1)
    io_loop.add_signal_handler(signal.SIGUSR1, ran.append, 2)
    signal.raise_signal(signal.SIGUSR1)
    run_turns(io_loop)
    assert ran == [2]
    io_loop.remove_signal_handler(signal.SIGUSR1)


def test_a_signal_that_comes_as_its_handler_goes_is_dropped(io_loop):
    ran = []
    io_loop.add_signal_handler(signal.SIGUSR1, ran.append, 1)
    signal.raise_signal(signal.SIGUSR1)
    io_loop.remove_signal_handler(signal.SIGUSR1)
    run_turns(io_loop)
    assert ran == []


def test_a_handler_that_raises_is_reported_and_stays(io_loop, expect_log):
    io_loop.add_signal_handler(signal.SIGUSR1, int, "x")
    with expect_log("asyncio", "Exception in callback", count=2):
        for _ in range(2):
            signal.raise_signal(signal.SIGUSR1)
            run_turns(io_loop)
    io_loop.remove_signal_handler(signal.SIGUSR1)


def test_closing_the_loop_restores_the_signals(io_loop):
    io_loop.add_signal_handler(signal.SIGUSR1, print)
    io_loop.add_signal_handler(signal.SIGINT, print)
    io_loop.close()
    assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.set_wakeup_fd(-1) == -1


def test_what_is_no_signal_is_refused(io_loop):
    async def coroutine_function():
        pass

    coroutine = coroutine_function()
    for bad, error in (("x", TypeError), (1.5, TypeError), (0, ValueError), (10_000, ValueError)):
        with pytest.raises(error):
            io_loop.add_signal_handler(bad, print)
        with pytest.raises(error):
            io_loop.remove_signal_handler(bad)
    for callback in (coroutine, coroutine_function):
        with pytest.raises(TypeError, match="coroutines"):
            io_loop.add_signal_handler(signal.SIGUSR1, callback)
    coroutine.close()
    with pytest.raises(RuntimeError, match="cannot be caught"):
        io_loop.add_signal_handler(signal.SIGKILL, print)
    assert io_loop.remove_signal_handler(signal.SIGKILL) is False
    io_loop.add_signal_handler(signal.SIGUSR1, print)
    with pytest.raises(RuntimeError, match="cannot be caught"):
        io_loop.add_signal_handler(signal.SIGSTOP, print)
    assert WakeUp._listeners == [io_loop._wake_up]  # for the one that was accepted
    io_loop.remove_signal_handler(signal.SIGUSR1)


def test_a_closed_loop_handles_no_signals(io_loop):
    io_loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        io_loop.add_signal_handler(signal.SIGUSR1, print)


def test_signals_are_for_the_main_thread(io_loop, thread):
    problems = []

    def elsewhere():
        for call in (lambda: io_loop.add_signal_handler(signal.SIGUSR1, print), io_loop.close):
            try:
                call()
            except RuntimeError as error:
                problems.append(str(error))

    io_loop.add_signal_handler(signal.SIGUSR2, print)
    thread(elsewhere).join()
    assert "main thread only" in problems[0]
    assert "closed in the main thread" in problems[1]
    assert not io_loop.is_closed()
    io_loop.remove_signal_handler(signal.SIGUSR2)


def test_two_loops_with_signals_give_each_other_back(io_loop):
    """The outer one, which sleeps meanwhile, hears its signals again when the inner one closes."""
    ran = []
    io_loop.add_signal_handler(signal.SIGUSR1, ran.append, "outer")
    inner = IOLoop(make_current=False)
    inner.add_signal_handler(signal.SIGUSR2, ran.append, "inner")
    signal.raise_signal(signal.SIGUSR2)
    run_turns(inner)
    assert ran == ["inner"]
    inner.close()
    signal.raise_signal(signal.SIGUSR1)
    run_turns(io_loop)
    assert ran == ["inner", "outer"]
    io_loop.remove_signal_handler(signal.SIGUSR1)


def test_a_loop_of_asyncio_between_two_of_ours(io_loop):
    """Theirs resets the interpreter's descriptor; adding any handler puts ours in place again."""
    ran = []
    io_loop.add_signal_handler(signal.SIGUSR1, ran.append, 1)

    async def main():
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, print)

    asyncio.run(main())
    io_loop.add_signal_handler(signal.SIGUSR1, ran.append, 2)
    signal.raise_signal(signal.SIGUSR1)
    run_turns(io_loop)
    assert ran == [2]
    io_loop.remove_signal_handler(signal.SIGUSR1)
