"""One table for all pollers, and what only one of them can get wrong."""

import contextlib
import errno
import itertools
import os
import select
import signal
import socket
import struct
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tornadolike.ioloop import poller as poller_module
from tornadolike.ioloop.poller import (
    ERROR,
    MAX_EVENTS,
    NONE,
    READ,
    WRITE,
    EpollPoller,
    KqueuePoller,
    SelectPoller,
    default_poller,
)

from . import kqueue
from .conftest import POLLERS, on_linux

BOTH = READ | WRITE


def poll(poller, timeout=0.0, max_events=MAX_EVENTS):
    return dict(poller.poll(timeout, max_events))


def readable_and_writable(pair):
    """A descriptor that is ready for everything."""
    ours, theirs = pair
    theirs.send(b"x")
    return ours.fileno()


# What every poller does


def test_nothing_registered_is_nothing_ready(poller):
    assert poll(poller) == {}


@on_linux
def test_the_bits_are_those_of_epoll_and_of_the_loop():
    assert (READ, WRITE, ERROR) == (
        select.EPOLLIN,
        select.EPOLLOUT,
        select.EPOLLERR | select.EPOLLHUP,
    )


def test_reading_is_reported_until_it_is_done(poller, pair):
    ours, theirs = pair
    poller.register(ours.fileno(), READ)
    assert poll(poller) == {}
    theirs.send(b"ab")
    for _ in range(3):
        assert poll(poller) == {ours.fileno(): READ}
    ours.recv(1)
    assert poll(poller) == {ours.fileno(): READ}
    ours.recv(1)
    assert poll(poller) == {}


def test_writing_is_reported_while_there_is_room(poller, pair):
    ours, _ = pair
    poller.register(ours.fileno(), WRITE)
    assert poll(poller) == {ours.fileno(): WRITE}
    with contextlib.suppress(BlockingIOError):
        while True:
            ours.send(bytes(65536))
    assert poll(poller) == {}


def test_both_sides_of_one_descriptor_come_together(poller, pair):
    fd = readable_and_writable(pair)
    poller.register(fd, BOTH)
    assert poller.poll(0.0, MAX_EVENTS) == [(fd, BOTH)]


@pytest.mark.parametrize(
    ("before", "after"), list(itertools.product([NONE, READ, WRITE, BOTH], repeat=2))
)
def test_modify_changes_what_is_reported(poller, pair, before, after):
    fd = readable_and_writable(pair)
    poller.register(fd, before)
    assert poll(poller).get(fd, NONE) == before
    poller.modify(fd, after)
    assert poll(poller).get(fd, NONE) == after


def test_unregistered_is_silent_and_can_be_registered_again(poller, pair):
    fd = readable_and_writable(pair)
    poller.register(fd, BOTH)
    poller.unregister(fd)
    assert poll(poller) == {}
    poller.register(fd, READ)
    assert poll(poller) == {fd: READ}


@pytest.mark.parametrize("events", [NONE, READ, WRITE, BOTH])
def test_what_is_registered_twice_or_not_at_all_is_refused(poller, pair, events):
    fd = pair[0].fileno()
    with pytest.raises(FileNotFoundError):
        poller.modify(fd, READ)
    with pytest.raises(FileNotFoundError):
        poller.unregister(fd)
    poller.register(fd, events)
    with pytest.raises(FileExistsError):
        poller.register(fd, READ)
    poller.unregister(fd)
    with pytest.raises(FileNotFoundError):
        poller.unregister(fd)


@pytest.mark.parametrize("events", [READ, WRITE, BOTH])
def test_a_closed_descriptor_cannot_be_registered(poller, events):
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    with pytest.raises(OSError, match="Bad file descriptor"):
        poller.register(reading, events)
    assert poll(poller) == {}


def test_end_of_file_is_readable(poller, pair):
    ours, theirs = pair
    poller.register(ours.fileno(), READ)
    theirs.close()
    assert poll(poller)[ours.fileno()] & READ
    assert ours.recv(1) == b""


def test_the_last_data_comes_with_the_end_of_file(poller, pair):
    ours, theirs = pair
    poller.register(ours.fileno(), READ)
    theirs.send(b"last")
    theirs.close()
    assert poll(poller)[ours.fileno()] & READ
    assert ours.recv(10) == b"last"
    assert poll(poller)[ours.fileno()] & READ
    assert ours.recv(10) == b""


def test_a_peer_that_ends_its_side_still_reads_ours(poller, pair):
    ours, theirs = pair
    poller.register(ours.fileno(), BOTH)
    theirs.shutdown(socket.SHUT_WR)
    assert poll(poller) == {ours.fileno(): BOTH}


def test_a_pipe_that_nobody_reads_any_more(poller):
    reading, writing = os.pipe()
    try:
        poller.register(writing, WRITE)
        assert poll(poller) == {writing: WRITE}
        os.close(reading)
        bits = poll(poller)[writing]
        assert bits & (WRITE | ERROR)
        assert bits & ERROR or isinstance(poller, SelectPoller)
        poller.unregister(writing)
    finally:
        os.close(writing)


def test_a_pipe_that_nobody_writes_any_more(poller):
    reading, writing = os.pipe()
    poller.register(reading, READ)
    assert poll(poller) == {}
    os.close(writing)
    assert poll(poller)[reading] & (READ | ERROR)
    poller.unregister(reading)
    os.close(reading)


@pytest.mark.parametrize("events", [READ, WRITE, BOTH])
def test_a_reset_connection_is_reported_to_either_side(poller, tcp_pair, events):
    ours, theirs = tcp_pair
    poller.register(ours.fileno(), events)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    theirs.close()
    assert poll(poller, 1.0)[ours.fileno()] & (events | ERROR)


def test_a_refused_connection_is_writable_or_wrong(poller):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = taken.getsockname()
    with socket.socket() as sock:
        sock.setblocking(False)
        sock.connect_ex(address)
        poller.register(sock.fileno(), WRITE)
        assert poll(poller, 1.0)[sock.fileno()] & WRITE
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNREFUSED


def test_a_listening_socket_is_readable_when_somebody_connects(poller):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        poller.register(listening.fileno(), READ)
        assert poll(poller) == {}
        with socket.create_connection(listening.getsockname()):
            assert poll(poller, 1.0) == {listening.fileno(): READ}
            listening.accept()[0].close()
        assert poll(poller) == {}


def test_a_descriptor_closed_while_it_is_watched_is_not_reported(poller, pair):
    ours, theirs = pair
    theirs.send(b"x")
    poller.register(ours.fileno(), READ)
    poller.register(theirs.fileno(), WRITE)
    number = ours.fileno()
    ours.close()
    poll(poller)  # select notices here
    assert number not in poll(poller)
    assert theirs.fileno() in poll(poller)
    with contextlib.suppress(OSError):
        poller.unregister(number)
    assert number not in poll(poller)


def test_a_poll_without_patience_returns_at_once(poller, pair):
    poller.register(pair[0].fileno(), READ)
    started = time.monotonic()
    assert poll(poller, 0.0) == {}
    assert time.monotonic() - started < 1.0


@pytest.mark.parametrize("timeout", [0.0001, 0.0019, 0.02])
def test_a_poll_does_not_return_early(poller, pair, timeout):
    poller.register(pair[0].fileno(), READ)
    started = time.monotonic()
    assert poll(poller, timeout) == {}
    assert time.monotonic() - started >= timeout


def test_a_poll_for_ever_ends_when_something_is_ready(poller, pair, thread):
    ours, theirs = pair
    poller.register(ours.fileno(), READ)
    thread(theirs.send, b"x")
    assert poll(poller, -1.0) == {ours.fileno(): READ}


def test_a_signal_does_not_cut_a_poll_short(poller, pair, thread):
    poller.register(pair[0].fileno(), READ)
    heard = []
    before = signal.signal(signal.SIGUSR1, lambda *args: heard.append(time.monotonic()))
    try:
        started = time.monotonic()
        thread(signal.pthread_kill, threading.main_thread().ident, signal.SIGUSR1)
        assert poll(poller, 0.05) == {}
        assert time.monotonic() - started >= 0.05
        assert heard
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_poll_hands_over_so_many_and_then_the_others(poller):
    pairs = [socket.socketpair() for _ in range(8)]
    try:
        waiting = set()
        for ours, theirs in pairs:
            theirs.send(b"x")
            poller.register(ours.fileno(), READ)
            waiting.add(ours.fileno())
        for _ in range(len(pairs)):
            events = poller.poll(0.0, 3)
            assert len(events) <= 3 or isinstance(poller, SelectPoller)
            waiting.difference_update(fd for fd, _ in events)
        assert not waiting
    finally:
        for ours, theirs in pairs:
            ours.close()
            theirs.close()


def test_close_can_be_said_twice(poller):
    poller.close()
    poller.close()


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["register", "modify", "unregister", "send", "receive", "shut", "close"]),
        st.sampled_from([NONE, READ, WRITE, BOTH]),
    ),
    max_size=30,
)


@given(STEPS)
@settings(max_examples=60)
def test_all_pollers_tell_the_same_story(steps):
    """Whatever is done to three connections, the pollers accept, refuse and report the same."""
    pollers = [make() for make in POLLERS.values()]
    pairs = [socket.socketpair() for _ in range(3)]
    try:
        for ours, theirs in pairs:
            ours.setblocking(False)
            theirs.setblocking(False)
        for which, what, events in steps:
            ours, theirs = pairs[which]
            if what in ("register", "modify", "unregister"):
                outcomes = []
                for each in pollers:
                    arguments = () if what == "unregister" else (events,)
                    try:
                        getattr(each, what)(ours.fileno(), *arguments)
                        outcomes.append(None)
                    except OSError as error:
                        outcomes.append(type(error))
                assert len(set(outcomes)) == 1, outcomes
            else:
                with contextlib.suppress(OSError):
                    if what == "send":
                        theirs.send(b"x")
                    elif what == "receive":
                        ours.recv(100)
                    elif what == "shut":
                        theirs.shutdown(socket.SHUT_WR)
                    else:
                        theirs.close()
            if theirs.fileno() < 0:
                # Broken for good: epoll adds its error bits, whatever was asked for.
                continue
            stories = [poll(each) for each in pollers]
            broken = {ours.fileno() for ours, theirs in pairs if theirs.fileno() < 0}
            for story in stories:
                for fd in broken:
                    story.pop(fd, None)
            assert all(story == stories[0] for story in stories)
    finally:
        for each in pollers:
            each.close()
        for ours, theirs in pairs:
            ours.close()
            theirs.close()


# Which one


@on_linux
def test_the_best_poller_is_taken(monkeypatch):
    poller = default_poller()
    assert isinstance(poller, EpollPoller)
    poller.close()
    monkeypatch.delattr(select, "epoll")
    monkeypatch.setattr(select, "kqueue", kqueue.kqueue, raising=False)
    poller = default_poller()
    assert isinstance(poller, KqueuePoller)
    poller.close()
    monkeypatch.delattr(select, "kqueue")
    assert isinstance(default_poller(), SelectPoller)


# epoll


@on_linux
def test_epoll_refuses_what_cannot_be_waited_for(tmp_path):
    poller = EpollPoller()
    with open(tmp_path / "file", "wb") as file, pytest.raises(PermissionError):
        poller.register(file.fileno(), READ)
    poller.close()


@on_linux
def test_epoll_tells_errors_to_those_who_ask_for_nothing(pair):
    ours, theirs = pair
    poller = EpollPoller()
    poller.register(ours.fileno(), NONE)
    theirs.close()
    assert poll(poller)[ours.fileno()] & ERROR
    poller.close()


def test_each_poller_has_its_descriptor(poller):
    assert poller.fileno() >= 0 or isinstance(poller, SelectPoller)


# select


def test_select_says_which_descriptors_are_too_high_for_it(pair):
    import fcntl
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit <= 1024:
        pytest.skip("this process may not have more descriptors than select sees")
    high = fcntl.fcntl(pair[0].fileno(), fcntl.F_DUPFD, 1024)
    try:
        poller = SelectPoller()
        with pytest.raises(ValueError, match="out of range"):
            poller.register(high, READ)
        assert poll(poller) == {}
    finally:
        os.close(high)


def test_select_passes_other_errors_on(monkeypatch):
    def fail(*args):
        raise OSError(errno.ENOMEM, "no memory")

    monkeypatch.setattr(poller_module.select, "select", fail)
    with pytest.raises(OSError, match="no memory"):
        SelectPoller().poll(0.0)
