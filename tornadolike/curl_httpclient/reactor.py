""":class:`Reactor`: libcurl's sockets and timers, on our loop.

libcurl does the work: it says which sockets it waits for (``_on_socket``) and until when (``_on_timer``), and each time
that one is ready or the time has come it is told so by ``socket_action``, in which it reads, writes and calls the
callbacks of transfers. *In* those nobody may call libcurl, and so no code of others is run: what a callback has to tell
is told through futures, whose callbacks run later.
"""

import threading
from typing import Any, Final, Protocol

import pycurl

from ..ioloop import IOLoop
from .keeping import Kept

_EVENTS: Final = {
    pycurl.POLL_IN: IOLoop.READ,
    pycurl.POLL_OUT: IOLoop.WRITE,
    pycurl.POLL_INOUT: IOLoop.READ | IOLoop.WRITE,
}


class Running(Protocol):
    """What a reactor runs."""

    curl: Any

    def finish(self, number: int, message: str) -> None:
        """libcurl is done with it: with an error if the number is not 0."""


class Reactor:
    """One of libcurl's multi handles: connections, which are kept, and what is going on over them.

    :arg io_loop: on which it runs.
    :arg settings: libcurl's options for it, by their numbers.
    """

    def __init__(self, io_loop: IOLoop, settings: dict[int, int]) -> None:
        self.kept: Final = Kept()
        self._io_loop = io_loop
        self._transfers: dict[Any, Running] = {}
        self._watched: set[int] = set()
        self._timer: object | None = None
        self._timer_due = 0.0
        self._due: float | None = None
        self._called = False
        self._closed = False
        self._may_block = False
        self._multi = multi = pycurl.CurlMulti()
        for option, value in settings.items():
            multi.setopt(option, value)
        multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)

    @property
    def busy(self) -> bool:
        """Whether anything is going on."""
        return bool(self._transfers)

    def start(self, transfer: Running) -> None:
        """Begin with it, in the next turn of the loop."""
        self._multi.add_handle(transfer.curl)
        self._transfers[transfer.curl] = transfer

    def drop(self, transfer: Running) -> None:
        """Forget it. What is not whole ends its connection, or its stream of HTTP/2."""
        if self._transfers.pop(transfer.curl, None) is not None:
            self._multi.remove_handle(transfer.curl)

    def leave_lookup(self) -> None:
        """A name may still be looked up, in a thread of libcurl's, for which its end would wait."""
        self._may_block = True

    def close(self) -> None:
        """Close all connections. Nothing may be going on."""
        self._closed = True
        for fd in self._watched:
            self._io_loop.remove_handler(fd)
        self._watched.clear()
        if self._timer is not None:
            self._io_loop.remove_timeout(self._timer)
            self._timer = None
        if self._may_block:
            threading.Thread(target=self._multi.close, name="end of curl", daemon=True).start()
        else:
            self._multi.close()

    # What libcurl wants

    def _on_socket(self, what: int, fd: int, multi: Any, data: Any) -> None:
        if self._closed:
            return
        # Not update_handler: it may be another socket than before, under the same number.
        if fd in self._watched:
            self._watched.discard(fd)
            self._io_loop.remove_handler(fd)
        events = _EVENTS.get(what)
        if events is not None:
            self._watched.add(fd)
            self._io_loop.add_handler(fd, self._on_ready, events)

    def _on_timer(self, milliseconds: int) -> None:
        if self._closed:
            return
        if milliseconds < 0:
            self._due = None
        elif milliseconds == 0:
            self._due = None
            if not self._called:
                self._called = True
                self._io_loop.add_callback(self._on_call)
        else:
            self._set_due(milliseconds)

    def _set_due(self, milliseconds: int) -> None:
        self._due = due = self._io_loop.time() + milliseconds / 1000
        # A timer that comes too early does no harm; it is set anew then. So most changes cost nothing.
        if self._timer is not None:
            if self._timer_due <= due:
                return
            self._io_loop.remove_timeout(self._timer)
        self._timer_due = due
        self._timer = self._io_loop.call_at(due, self._on_due)

    # What the loop tells

    def _on_ready(self, fd: int, events: int) -> None:
        action = 0
        if events & (IOLoop.READ | IOLoop.ERROR):
            action |= pycurl.CSELECT_IN
        if events & IOLoop.WRITE:
            action |= pycurl.CSELECT_OUT
        if events & IOLoop.ERROR:
            action |= pycurl.CSELECT_ERR
        self._act(fd, action)

    def _on_call(self) -> None:
        self._called = False
        self._act(pycurl.SOCKET_TIMEOUT, 0)

    def _on_due(self) -> None:
        self._timer = None
        due = self._due
        if due is None:
            return
        if due > self._io_loop.time():
            self._timer_due = due
            self._timer = self._io_loop.call_at(due, self._on_due)
            return
        self._due = None
        self._act(pycurl.SOCKET_TIMEOUT, 0)
        # (Its clock may be behind ours, and then it says nothing new.)
        if not self._closed and self._due is None and not self._called:
            left = self._multi.timeout()
            if left > 0:
                self._set_due(left)

    def _act(self, fd: int, action: int) -> None:
        if self._closed:
            return
        _, running = self._multi.socket_action(fd, action)
        if running < len(self._transfers):
            self._end_transfers()

    def _end_transfers(self) -> None:
        """Tell the transfers that have ended."""
        left = 1
        while left and not self._closed:
            left, done, failed = self._multi.info_read()
            for curl in done:
                self._end(curl, 0, "")
            for curl, number, message in failed:
                self._end(curl, number, message)

    def _end(self, curl: Any, number: int, message: str) -> None:
        transfer = self._transfers.get(curl)
        if transfer is not None:
            transfer.finish(number, message)
