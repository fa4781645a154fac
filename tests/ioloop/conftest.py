"""Loops for the tests of the reactor: over each poller, and with a clock that jumps."""

import contextlib
import select
import socket
import threading

import pytest

from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.poller import EpollPoller, KqueuePoller, SelectPoller

from . import kqueue
from .processes import no_child_is_left  # noqa: F401 (for every test here)
from .virtual import VirtualLoop

POLLERS = {"select": SelectPoller}
if hasattr(select, "epoll"):
    POLLERS["epoll"] = EpollPoller
    POLLERS["kqueue"] = lambda: KqueuePoller(kqueue)  # the stand-in is made for Linux
if hasattr(select, "kqueue"):
    POLLERS["system kqueue"] = KqueuePoller


on_linux = pytest.mark.skipif(not hasattr(select, "epoll"), reason="this system has no epoll")


@pytest.fixture(params=POLLERS)
def poller(request):
    """Each poller in turn."""
    poller = POLLERS[request.param]()
    yield poller
    poller.close()


@contextlib.contextmanager
def closing_loop(loop):
    try:
        yield loop
    finally:
        loop.close()
        IOLoop.clear_current()


@pytest.fixture(params=POLLERS)
def loop(request):
    """A loop over each poller in turn: for what descriptors have a part in."""
    with closing_loop(IOLoop(poller=POLLERS[request.param]())) as loop:
        yield loop


@pytest.fixture
def virtual():
    """A loop whose clock jumps."""
    with closing_loop(VirtualLoop()) as loop:
        yield loop


@pytest.fixture
def pair():
    """Two connected sockets that do not block."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def tcp_pair():
    """Two connected TCP sockets: those can be reset."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ours = socket.create_connection(listening.getsockname())
        theirs, _ = listening.accept()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def thread():
    """``thread(function, *args)`` runs it in a thread that is joined at the end of the test."""
    started = []

    def start(function, *args):
        started.append(threading.Thread(target=function, args=args))
        started[-1].start()
        return started[-1]

    yield start
    for each in started:
        each.join(10)
        assert not each.is_alive()
