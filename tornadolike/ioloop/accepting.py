"""Taking connections from a listening socket."""

import errno
import socket
from collections.abc import Callable
from typing import Any, Final

from ..log import gen_log
from .core import Core
from .poller import READ

ACCEPTS_A_TURN: Final = 128
"""Connections taken in one turn of the loop, so that those who are connected already get theirs."""

ACCEPTS_A_TURN_OF_SEVERAL: Final = 1
"""The same where other processes accept from the socket, too. Or whoever wakes up first takes all that come together,
and the others, who find nothing, have nothing to do for as long as these connections live."""

MOST_WAITING: Final = 4096
"""Connections taken at the end: as many as the system lets wait, as it comes (net.core.somaxconn)."""

ACCEPT_PAUSE: Final = 0.1
"""Seconds without accepting after the process ran out of descriptors or memory, or an unknown error."""

_OUT_OF_RESOURCES: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
# The connection is gone again, or a network's error shows at accept(2) as Linux does it.
_CONNECTION_GONE: Final = {
    errno.ECONNABORTED,
    errno.EPROTO,
    errno.ENETDOWN,
    errno.ENETUNREACH,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
    errno.ENOPROTOOPT,
    errno.EOPNOTSUPP,
    errno.EPERM,
    errno.ETIMEDOUT,
}


class Accepting:
    """Calls ``callback(connection, address)`` for each connection to the listening ``sock``.

    Connections come non-blocking, straight from the dispatch of the loop. Accepting starts at once and
    goes on until :meth:`stop`. When the process has no descriptors left, it pauses for
    :data:`ACCEPT_PAUSE` seconds at a time, and says so once. What ``callback`` raises is reported; the
    connection is the callback's affair.

    :arg among_several: whether other processes accept from the socket, too.
    """

    __slots__ = (
        *("_a_turn", "_callback", "_fd", "_loop"),
        *("_paused", "_short", "_sock", "_stopped"),
    )

    def __init__(
        self,
        loop: Core,
        sock: socket.socket,
        callback: Callable[[socket.socket, Any], object],
        among_several: bool = False,
    ) -> None:
        self._loop = loop
        self._sock = sock
        self._fd = sock.fileno()
        self._callback = callback
        self._a_turn = ACCEPTS_A_TURN_OF_SEVERAL if among_several else ACCEPTS_A_TURN
        self._stopped = False
        self._short = False  # of resources, and said so
        self._paused: Any = None  # the timer of a pause
        loop.watch(self._fd, self._accept, READ)

    def stop(self) -> None:
        """Take no more connections. The listening socket stays open. Idempotent."""
        if self._stopped:
            return
        self._stopped = True
        if self._paused is None:
            self._loop.unwatch(self._fd)
        else:
            self._paused.cancel()
            self._paused = None

    def accept_waiting(self) -> None:
        """Take the connections that wait now, before this is stopped: those that keep coming, up to a number."""
        if self._paused is None and not self._stopped:
            self._take(MOST_WAITING)

    def _accept(self, events: int) -> None:
        self._take(self._a_turn)

    def _take(self, most: int) -> None:
        accept = self._sock.accept
        callback = self._callback
        for _ in range(most):
            if self._stopped:
                return
            try:
                connection, address = accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _CONNECTION_GONE:
                    continue
                self._pause()
                if error.errno not in _OUT_OF_RESOURCES:
                    raise
                if not self._short:
                    self._short = True
                    gen_log.warning("Accepting no connections for a while: %s", error)
                return
            if self._short:
                self._short = False
                gen_log.warning("Accepting connections again")
            connection.setblocking(False)
            callback(connection, address)

    def _pause(self) -> None:
        """The listening socket stays ready: look away from it for some time."""
        self._loop.unwatch(self._fd)
        self._paused = self._loop.call_later(ACCEPT_PAUSE, self._go_on)

    def _go_on(self) -> None:
        self._paused = None
        self._loop.watch(self._fd, self._accept, READ)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} fd={self._fd}{' stopped' if self._stopped else ''}>"
