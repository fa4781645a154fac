"""What a socket is watched for, and the end that nobody asked for."""

import socket
from typing import Any

import pytest

from tornadolike.ioloop.poller import READ, WRITE
from tornadolike.ioloop.transports.watched import WatchedSocket


class Watches:
    """A loop that writes down what it is asked to watch."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def watch(self, fd: int, watcher: object, events: int) -> None:
        self.asked.append(("watch", fd, events))

    def rewatch(self, fd: int, events: int) -> None:
        self.asked.append(("rewatch", fd, events))

    def unwatch(self, fd: int) -> None:
        self.asked.append(("unwatch", fd))


class Watched(WatchedSocket):
    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._fd = sock.fileno()
        self._loop: Any = Watches()
        self._events = 0
        self._closing = self._lost = False
        self.wanted = 0
        self.closed: list[str] = []

    def _wanted_events(self) -> int:
        return self.wanted

    def get_write_buffer_size(self) -> int:
        return 7

    def _socket_closed(self) -> None:
        self.closed.append("told")

    def wants(self, events: int) -> list[tuple[Any, ...]]:
        self._loop.asked.clear()
        self.wanted = events
        self._update_events()
        return list(self._loop.asked)


def test_it_is_watched_for_what_matters_and_else_not_at_all() -> None:
    with socket.socket() as sock:
        watched = Watched(sock)
        fd = sock.fileno()
        assert watched.wants(0) == []
        assert watched.wants(READ) == [("watch", fd, READ)]
        assert watched.wants(READ) == []
        assert watched.wants(READ | WRITE) == [("rewatch", fd, READ | WRITE)]
        assert watched.wants(0) == [("unwatch", fd)]
        assert watched.wants(WRITE) == [("watch", fd, WRITE)]


def test_nothing_matters_when_it_is_lost() -> None:
    with socket.socket() as sock:
        watched = Watched(sock)
        watched.wants(READ)
        watched._lost = True
        assert watched.wants(READ | WRITE) == []
        watched._watch_for(0)
        watched._watch_for(0)
        assert watched._loop.asked == [("unwatch", sock.fileno())]


def test_its_state_is_shown() -> None:
    with socket.socket() as sock:
        watched = Watched(sock)
        assert repr(watched) == f"<Watched fd={sock.fileno()} open waiting=7>"
        watched._closing = True
        assert watched.is_closing()
        assert "closing" in repr(watched)
        watched._lost = True
        assert "lost" in repr(watched)


def test_one_that_is_forgotten_complains_and_closes() -> None:
    sock = socket.socket()
    watched = Watched(sock)
    closed = watched.closed
    with pytest.warns(ResourceWarning, match="unclosed transport <Watched"):
        del watched
    assert sock.fileno() == -1
    assert closed == ["told"]


def test_one_that_is_closed_or_was_never_made_does_not() -> None:
    sock = socket.socket()
    watched = Watched(sock)
    sock.close()
    closed = watched.closed
    del watched
    Watched.__new__(Watched)
    assert closed == []
