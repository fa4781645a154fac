"""Taking connections from a listening socket."""

import errno
import socket
from collections.abc import Callable
from typing import Any, Final, Protocol

from ..log import gen_log
from .core import Core
from .poller import READ

ACCEPTS_A_TURN: Final = 128
"""Connections taken in one turn of the loop, so that those who are connected already get theirs."""

HOLDING_BACK: Final = 0.002
"""Seconds for which a process lets others come first."""

MOST_BEHIND_IT: Final = 16
"""Connections that it takes then, if nobody has come; but for the first time one only, and twice as many each time."""

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


class Turns(Protocol):
    """Whose turn it is, of several processes."""

    def share(self) -> int:
        """How many connections may be taken now. 0: others should come first."""
        ...

    def tell(self) -> object:
        """Some may have been taken."""
        ...


class Accepting:
    """Calls ``callback(connection, address)`` for each connection to the listening ``sock``.

    Connections come non-blocking, straight from the dispatch of the loop. Accepting starts at once and
    goes on until :meth:`stop`. When the process has no descriptors left, it pauses for
    :data:`ACCEPT_PAUSE` seconds at a time, and says so once. What ``callback`` raises is reported; the
    connection is the callback's affair.

    :arg turns: says how many may be taken in a turn, where other processes accept from the socket, too.
    """

    __slots__ = (
        *("_behind_it", "_callback", "_fd", "_loop", "_paused"),
        *("_short", "_sock", "_stopped", "_turns"),
    )

    def __init__(
        self,
        loop: Core,
        sock: socket.socket,
        callback: Callable[[socket.socket, Any], object],
        turns: Turns | None = None,
    ) -> None:
        self._loop = loop
        self._sock = sock
        self._fd = sock.fileno()
        self._callback = callback
        self._turns = turns
        self._behind_it = 1  # how many are taken behind the next holding back
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
        if not self._short and not self._stopped:
            self._take(MOST_WAITING)

    def _accept(self, events: int) -> None:
        turns = self._turns
        if turns is None:
            self._take(ACCEPTS_A_TURN)
        elif share := turns.share():
            self._behind_it = 1
            self._take(share)
            turns.tell()
        else:
            self._look_away(HOLDING_BACK, self._nobody_came_first)

    def _take(self, most: int) -> int:
        """How many were taken, of so many at the most."""
        accept = self._sock.accept
        callback = self._callback
        taken = 0
        for _ in range(most):
            if self._stopped:
                break
            try:
                connection, address = accept()
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:
                if error.errno in _CONNECTION_GONE:
                    continue
                self._pause()
                if error.errno not in _OUT_OF_RESOURCES:
                    raise
                if not self._short:
                    self._short = True
                    gen_log.warning("Accepting no connections for a while: %s", error)
                break
            if self._short:
                self._short = False
                gen_log.warning("Accepting connections again")
            connection.setblocking(False)
            taken += 1
            callback(connection, address)
        return taken

    def _pause(self) -> None:
        """For a while nothing can be taken."""
        if self._paused is None:
            self._look_away(ACCEPT_PAUSE, self._go_on)

    def _look_away(self, seconds: float, then: Callable[[], object]) -> None:
        """The listening socket stays ready: do not look at it for some time."""
        self._loop.unwatch(self._fd)
        self._paused = self._loop.call_later(seconds, then)

    def _go_on(self) -> None:
        self._paused = None
        self._loop.watch(self._fd, self._accept, READ)

    def _nobody_came_first(self) -> None:
        self._go_on()
        most = self._behind_it
        # As long as all of these are there, nobody else takes any.
        self._behind_it = min(2 * most, MOST_BEHIND_IT) if self._take(most) == most else 1
        assert self._turns is not None
        self._turns.tell()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} fd={self._fd}{' stopped' if self._stopped else ''}>"
