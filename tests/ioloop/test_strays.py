"""Descriptors that are closed before the loop was told, while a duplicate keeps the file alive."""

import builtins
import errno
import io
import logging
import os
import socket

import pytest

from tornadolike.ioloop import IOLoop
from tornadolike.ioloop import poller as poller_module
from tornadolike.ioloop.poller import ERROR, READ, WRITE, EpollPoller, epoll_entries

from .conftest import on_linux
from .test_stats import run_turns


def closed_too_early(loop, pair):
    """Have ``loop`` watch a number that was closed, of a file that is open and readable; the number."""
    ours, theirs = pair
    duplicate = ours.dup()
    number = ours.fileno()
    loop.watch(number, lambda events: None, READ)
    ours.close()
    theirs.send(b"x")
    loop.unwatch(number)
    return number, duplicate


def reported(loop):
    return [fd for fd, _ in loop._poller.poll(0.0, 100)]


def test_a_stray_is_dropped_and_the_others_stay(loop, pair, caplog):
    told = []
    first, second = socket.socketpair()
    with first, second:
        first.send(b"y")
        loop.watch(first.fileno(), lambda events: told.append(("first", events)), WRITE)
        loop.watch(second.fileno(), lambda events: told.append(("second", events)), READ)
        number, duplicate = closed_too_early(loop, pair)
        with duplicate, caplog.at_level(logging.WARNING, "asyncio"):
            run_turns(loop, 3)
            assert number not in reported(loop)
            warnings = [record.getMessage() for record in caplog.records]
            told.clear()
            run_turns(loop, 1)
            assert sorted(told) == [("first", WRITE), ("second", READ)]
            loop.rewatch(first.fileno(), READ)
            run_turns(loop, 1)
            assert told[2:] == [("second", READ)]
            loop.call_soon_threadsafe(
                loop.stop
            )  # the loop's own descriptor is among those that stay
            loop.run_forever()
        loop.unwatch(first.fileno())
        loop.unwatch(second.fileno())
    if isinstance(loop._poller, EpollPoller):
        assert len(warnings) == 1
        assert f"descriptor {number} was closed while the loop still watched it" in warnings[0]
    else:
        assert warnings == []  # only epoll reports such things


def test_a_stray_does_not_keep_the_loop_awake(loop, pair):
    _, duplicate = closed_too_early(loop, pair)
    with duplicate:
        loop.watch_lag()
        loop.call_later(0.05, loop.stop)
        loop.run_forever()
    assert loop.stats().turns < 10


def test_the_number_may_be_used_again_at_once(loop, pair):
    """Then the event that comes under it is taken for the new owner's, who finds nothing to read."""
    number, duplicate = closed_too_early(loop, pair)
    ours, theirs = socket.socketpair()
    told = []
    with duplicate, ours, theirs:
        assert ours.fileno() == number
        loop.watch(number, told.append, READ)
        run_turns(loop, 1)
        loop.unwatch(number)
        run_turns(loop, 2)
        assert number not in reported(loop)


def test_a_new_owner_of_the_number_keeps_its_own_events(loop, pair):
    """Although the entry of the one before, under the same number, is older and wants others."""
    number, duplicate = closed_too_early(loop, pair)
    ours, theirs = socket.socketpair()
    told = []
    with duplicate, ours, theirs:
        assert ours.fileno() == number
        theirs.send(b"y")
        loop.watch(number, told.append, WRITE)
        more = socket.socketpair()
        _, another = closed_too_early(loop, more)
        with another, more[1]:
            run_turns(loop, 2)
            told.clear()
            run_turns(loop, 2)
        loop.unwatch(number)
    assert told == [WRITE, WRITE]


def test_a_watcher_that_goes_in_the_dispatch_is_no_stray(loop, pair, caplog):
    ours, theirs = pair

    def remove_both(events):
        loop.unwatch(ours.fileno())
        loop.unwatch(theirs.fileno())

    for sock in pair:
        loop.watch(sock.fileno(), remove_both, WRITE)
    run_turns(loop, 2)
    assert caplog.records == []


def no_proc(path, *args, **kwargs):
    raise FileNotFoundError(path)


def little_proc(path, *args, **kwargs):
    return io.StringIO("pos:\t0\ntfd:       12 events:       19 data:                c\n")


def no_descriptors(path, *args, **kwargs):
    raise OSError(errno.EMFILE, "Too many open files")


@on_linux
@pytest.mark.parametrize("open_instead", [no_proc, little_proc, no_descriptors])
def test_where_it_cannot_be_dropped_it_says_so(pair, monkeypatch, caplog, open_instead):
    loop = IOLoop(make_current=False, poller=EpollPoller())
    number, duplicate = closed_too_early(loop, pair)
    with duplicate:
        monkeypatch.setattr(builtins, "open", open_instead)
        run_turns(loop, 3)
        monkeypatch.undo()
        (record,) = caplog.records  # once
        assert "the loop cannot sleep" in record.getMessage()
        run_turns(loop, 1)  # with /proc it can be mended
        assert number not in reported(loop)
    loop.close()


@on_linux
def test_the_entries_of_an_epoll(pair):
    poller = EpollPoller()
    ours, theirs = pair
    poller.register(ours.fileno(), READ)
    poller.register(theirs.fileno(), READ | WRITE)
    assert sorted(epoll_entries(poller.fileno())) == sorted(
        (sock.fileno(), events | ERROR, os.fstat(sock.fileno()).st_ino)
        for sock, events in ((ours, READ), (theirs, READ | WRITE))
    )
    poller.close()


@on_linux
def test_the_new_epoll_is_not_inherited_by_programs(pair):
    poller = EpollPoller()
    poller.register(pair[0].fileno(), READ)
    number = poller.fileno()
    assert poller.drop_closed(pair[0].fileno(), set())
    assert poller.fileno() == number
    assert not os.get_inheritable(number)
    assert epoll_entries(number) == []
    poller.close()


def test_pollers_that_know_it_by_number_just_forget_it(poller, pair):
    if isinstance(poller, EpollPoller):
        pytest.skip("epoll does not")
    poller.register(pair[0].fileno(), WRITE)
    number = pair[0].fileno()
    pair[0].close()
    assert poller.drop_closed(number, set()) is True
    assert poller.drop_closed(number, set()) is False


@on_linux
@pytest.mark.parametrize("newer_first", [False, True])
def test_of_two_entries_under_one_number_that_of_the_open_file_counts(
    pair, monkeypatch, newer_first
):
    """In which order the kernel tells them nobody knows."""
    poller = EpollPoller()
    number = pair[0].fileno()
    inode = os.fstat(number).st_ino
    entries = [(number, READ, inode + 1), (number, WRITE, inode)]
    monkeypatch.setattr(
        poller_module, "epoll_entries", lambda fd: entries[::-1] if newer_first else entries
    )
    assert poller.drop_closed(number + 100, {number})
    assert poller.poll(0.0, 10) == [(number, WRITE)]
    poller.close()
