""":class:`KeepAlive`: asks a peer from time to time whether it is there."""

import asyncio
from functools import lru_cache
from typing import Protocol

from ...ioloop import IOLoop
from ...log import gen_log


class Asked(Protocol):
    """The connection whose peer is asked."""

    def send_keepalive(self) -> None:
        """Send a ping, unless the peer takes nothing anyway."""
        ...

    def is_deaf(self) -> bool:
        """Whether the peer's answer may be there, and we do not read it."""
        ...

    def give_up(self, reason: str) -> None:
        """End the connection without waiting for the peer."""
        ...


class KeepAlive:
    """Pings, and closes the connection of a peer that gives no sign of life.

    :arg interval: seconds between two pings.
    :arg timeout: seconds within which a sign of life must follow a ping, 0 for ever.
    """

    __slots__ = ("_connection", "_loop", "_timer", "heard", "interval", "timeout")

    def __init__(self, connection: Asked, loop: IOLoop, interval: float, timeout: float) -> None:
        self.interval = interval
        self.timeout = timeout
        self.heard = False
        """A sign of life since the last ping. Whoever gets one says so here."""
        self._connection = connection
        self._loop = loop
        self._timer: asyncio.TimerHandle = loop.call_later(interval, self._ping)

    def stop(self) -> None:
        """Ask no more."""
        self._timer.cancel()

    def _ping(self) -> None:
        self.heard = False
        self._connection.send_keepalive()
        if self.timeout > 0:
            self._timer = self._loop.call_later(self.timeout, self._check)
        else:
            self._timer = self._loop.call_later(self.interval, self._ping)

    def _check(self) -> None:
        if not self.heard and not self._connection.is_deaf():
            self._connection.give_up("ping timed out")
        elif self.interval > self.timeout:
            self._timer = self._loop.call_later(self.interval - self.timeout, self._ping)
        else:
            self._ping()


def usable_timeout(interval: float, timeout: float | None) -> float:
    """The time-out to use: by default the interval, and never more than that."""
    if timeout is None:
        return interval
    if timeout > interval > 0:
        _warn_of_timeout(interval, timeout)
        return interval
    return timeout


@lru_cache
def _warn_of_timeout(interval: float, timeout: float) -> None:
    """Once, not for each connection."""
    gen_log.warning(
        "the ping time-out (%s) is longer than the ping interval (%s): the interval is used",
        timeout,
        interval,
    )
