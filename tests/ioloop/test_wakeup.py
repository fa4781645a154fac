"""The pipe that threads and signals wake a loop by."""

import os
import select
import signal
import sys
import threading
from collections import deque

import pytest

from tornadolike.ioloop import wakeup as wakeup_module
from tornadolike.ioloop.wakeup import WakeUp, ignore_signal, replace_signal_handler


@pytest.fixture
def wake_up():
    wake_up = WakeUp()
    yield wake_up
    wake_up.stop_listening()
    wake_up.close()


@pytest.fixture(autouse=True)
def signals_are_as_before():
    """What the interpreter tells of signals, and its handlers, outlive no test."""
    yield
    assert WakeUp._listeners == []
    assert signal.set_wakeup_fd(-1) == -1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def is_readable(wake_up, timeout=0.0):
    return bool(select.select([wake_up.fileno()], [], [], timeout)[0])


def told_fd():
    """The descriptor that the interpreter tells of signals."""
    fd = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(fd)
    return fd


# Calls


def test_a_call_makes_it_readable_until_it_is_heard(wake_up):
    assert not is_readable(wake_up)
    wake_up.call()
    assert is_readable(wake_up)
    assert wake_up.heard() == b""
    assert not is_readable(wake_up)
    wake_up.call()
    assert is_readable(wake_up)


def test_calls_that_nobody_has_heard_cost_one_byte(wake_up):
    for _ in range(100_000):  # more than the pipe holds
        wake_up.call()
    assert os.read(wake_up.fileno(), 10) == b"\0"


def test_hearing_without_a_call_finds_nothing(wake_up):
    assert wake_up.heard() == b""


def test_a_full_pipe_is_a_call(wake_up):
    os.write(wake_up._writing.number, bytes(1_000_000))
    wake_up.call()
    assert is_readable(wake_up)
    wake_up.heard()
    assert not is_readable(wake_up)


def test_no_call_is_lost_between_threads(wake_up, thread):
    """Who calls after putting something into the queue is answered, however the threads meet."""
    queue = deque()
    total = 20_000
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:

        def caller():
            for number in range(total):
                queue.append(number)
                wake_up.call()

        thread(caller)
        thread(caller)
        seen = 0
        while seen < 2 * total:
            if not queue:
                assert is_readable(wake_up, 5.0), "asleep, and nobody wakes it"
                wake_up.heard()
            for _ in range(len(queue)):
                queue.popleft()
                seen += 1
    finally:
        sys.setswitchinterval(interval)


@pytest.mark.parametrize("when", ["before the read", "after the read"])
def test_a_call_in_the_middle_of_hearing_does_not_silence_the_pipe(wake_up, monkeypatch, when):
    """Whether or not this call was heard (its caller's entry is seen), the next one must be."""
    read = os.read

    def interrupted(fd, size):
        if when == "before the read":
            wake_up.call()
        data = read(fd, size)
        if when == "after the read":
            wake_up.call()
        return data

    wake_up.call()
    monkeypatch.setattr(wakeup_module.os, "read", interrupted)
    wake_up.heard()
    monkeypatch.undo()
    wake_up.call()
    assert is_readable(wake_up)
    wake_up.heard()
    assert not is_readable(wake_up)


@pytest.mark.parametrize("when", ["before the read", "after the read"])
def test_ctrl_c_in_the_middle_of_hearing_does_not_silence_the_pipe(wake_up, monkeypatch, when):
    read = os.read

    def interrupted(fd, size):
        if when == "after the read":
            read(fd, size)
        raise KeyboardInterrupt

    wake_up.call()
    monkeypatch.setattr(wakeup_module.os, "read", interrupted)
    with pytest.raises(KeyboardInterrupt):
        wake_up.heard()
    monkeypatch.undo()
    wake_up.call()
    assert is_readable(wake_up)


def test_ctrl_c_in_the_middle_of_a_call_does_not_silence_the_pipe(wake_up, monkeypatch):
    write = os.write
    interrupts = [KeyboardInterrupt()]

    def interrupted(fd, data):
        if interrupts:
            raise interrupts.pop()
        return write(fd, data)

    monkeypatch.setattr(wakeup_module.os, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        wake_up.call()
    assert is_readable(wake_up)  # others have relied on this call
    wake_up.heard()
    wake_up.call()
    assert is_readable(wake_up)


# Closing


def test_a_closed_one_has_no_descriptors_and_hears_no_calls():
    wake_up = WakeUp()
    fds = wake_up.fileno(), wake_up._writing.number
    wake_up.close()
    wake_up.close()
    assert wake_up.fileno() == -1
    wake_up.call()
    wake_up.stop_listening()
    for fd in fds:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)


def test_a_call_that_meets_the_close_does_not_write_elsewhere(monkeypatch):
    """The loop is closed while a thread is about to write, and the numbers are used again at once."""
    wake_up = WakeUp()
    number = wake_up._writing.number
    others = []
    write = os.write

    def late(fd, data):
        assert fd == number
        wake_up.close()
        others.extend(os.pipe())
        assert number not in others
        return write(fd, data)

    monkeypatch.setattr(wakeup_module.os, "write", late)
    wake_up.call()
    monkeypatch.undo()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)
    for fd in others:
        os.close(fd)


# Signals


def test_signals_are_heard_by_number(wake_up):
    replace_signal_handler(signal.SIGUSR1, ignore_signal)
    replace_signal_handler(signal.SIGUSR2, ignore_signal)
    try:
        wake_up.listen_to_signals()
        signal.raise_signal(signal.SIGUSR2)
        wake_up.call()
        signal.raise_signal(signal.SIGUSR1)
        assert is_readable(wake_up)
        assert wake_up.heard() == bytes([signal.SIGUSR2, signal.SIGUSR1])
        wake_up.stop_listening()
        signal.raise_signal(signal.SIGUSR1)
        assert wake_up.heard() == b""
    finally:
        replace_signal_handler(signal.SIGUSR1, signal.SIG_DFL)
        replace_signal_handler(signal.SIGUSR2, signal.SIG_DFL)


def test_more_signals_than_one_read_holds(wake_up):
    os.write(wake_up._writing.number, b"\0" * 4095 + b"\x0a" * 3)
    assert wake_up.heard() == b"\x0a" * 3


def test_the_last_listener_hears_and_then_the_one_before():
    first, second = WakeUp(), WakeUp()
    first.listen_to_signals()
    second.listen_to_signals()
    assert told_fd() == second._writing.number
    second.stop_listening()
    assert told_fd() == first._writing.number
    first.stop_listening()
    assert told_fd() == -1
    first.close()
    second.close()


def test_a_listener_that_stops_first_is_not_told_again():
    first, second = WakeUp(), WakeUp()
    first.listen_to_signals()
    second.listen_to_signals()
    first.stop_listening()
    assert told_fd() == second._writing.number
    first.close()
    second.stop_listening()
    assert told_fd() == -1
    second.close()


def test_listening_again_moves_to_the_front():
    first, second = WakeUp(), WakeUp()
    first.listen_to_signals()
    second.listen_to_signals()
    first.listen_to_signals()
    assert told_fd() == first._writing.number
    first.stop_listening()
    assert told_fd() == second._writing.number
    second.stop_listening()
    first.close()
    second.close()


def test_a_strangers_descriptor_comes_back(wake_up):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    wake_up.listen_to_signals()
    wake_up.stop_listening()
    assert told_fd() == writing
    signal.set_wakeup_fd(-1)
    os.close(reading)
    os.close(writing)


def test_a_stranger_who_came_later_stays(wake_up):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    wake_up.listen_to_signals()
    signal.set_wakeup_fd(writing)
    wake_up.stop_listening()
    assert told_fd() == writing
    signal.set_wakeup_fd(-1)
    os.close(reading)
    os.close(writing)


def test_a_stranger_who_has_gone_does_not_come_back(wake_up):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    wake_up.listen_to_signals()
    os.close(reading)
    os.close(writing)
    wake_up.stop_listening()
    assert told_fd() == -1


def test_signals_are_for_the_main_thread(wake_up, thread):
    problems = []

    def elsewhere():
        try:
            wake_up.listen_to_signals()
        except ValueError as error:
            problems.append(error)

    thread(elsewhere).join()
    assert "main thread" in str(problems[0])
    assert threading.current_thread() is threading.main_thread()


def test_a_signal_that_cannot_be_caught():
    with pytest.raises(RuntimeError, match=f"signal {signal.SIGKILL:d} cannot be caught"):
        replace_signal_handler(signal.SIGKILL, ignore_signal)
