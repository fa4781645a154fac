""":class:`Patience`: how long an exchange waits for its server, where the request says so.

There is one timer for an exchange, and none without limits. While bytes come it is not touched: they move the moment
since which nothing has happened, and the timer looks at that when it is due.
"""

import asyncio
from typing import Any, Protocol

from ..httpclient.engine import Timeouts


class Sink(Protocol):
    """Whose patience it is."""

    def is_late(self, message: str) -> None:
        """Nothing has happened for too long."""


class Patience:
    """The limits of one exchange.

    :arg sink: is told when one is over; then all is over here.
    :arg transport: whose progress is looked at while the request is sent.
    """

    __slots__ = (
        "_in_body",
        "_limit",
        "_loop",
        "_message",
        "_since",
        "_sink",
        "_taken",
        "_timeouts",
        "_timer",
        "_transport",
    )

    def __init__(self, timeouts: Timeouts, sink: Sink, transport: Any) -> None:
        self._timeouts = timeouts
        self._sink = sink
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._limit = 0.0
        self._since = 0.0
        self._message = ""
        self._in_body = False
        self._taken: int | None = None
        """How much of the request the server had taken, while it is that which is looked at."""

    def for_request(self) -> None:
        """The server is to take what was sent."""
        self._wait(self._timeouts.between_bytes, "Timeout while sending the request")
        self._taken = self._transport.write_progress()

    def for_head(self) -> None:
        """The head of the response is due."""
        self._wait(self._timeouts.first_byte, "Timeout while waiting for the response")

    def for_body(self) -> None:
        """More of the body is due."""
        self._wait(self._timeouts.between_bytes, "Timeout while reading the response")
        self._in_body = True

    def heard(self) -> None:
        """Bytes have come; they count if they are of the body."""
        if self._in_body:
            self._since = self._loop.time()

    def rest(self) -> None:
        """Nothing is due: it is our turn."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self, limit: float, message: str) -> None:
        self.rest()
        self._taken = None
        self._in_body = False
        if limit:
            self._limit = limit
            self._message = message
            self._since = self._loop.time()
            self._timer = self._loop.call_at(self._since + limit, self._look)

    def _look(self) -> None:
        now = self._loop.time()
        if self._taken is not None:
            taken = self._transport.write_progress()
            if taken > self._taken:
                self._taken, self._since = taken, now
        due = self._since + self._limit
        if due > now:
            self._timer = self._loop.call_at(due, self._look)
            return
        self._timer = None
        self._sink.is_late(f"{self._message}: nothing has happened for {self._limit:g} seconds")
