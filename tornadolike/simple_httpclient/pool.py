""":class:`Pool`: connections that are kept for the next request to the same origin by the same way."""

import asyncio
import math
from collections.abc import Hashable
from typing import Final

from .connection import Connection
from .silence import nothing_to_read
from .turns import Turns

IDLE_TIMEOUT: Final = 30.0
"""Seconds for which a connection that nobody uses is kept."""

MAX_IDLE: Final = 100
"""Connections that are kept while nobody uses them, in all."""

QUIET: Final = 1.0
"""Seconds after which a kept connection is looked at before it is used: while the loop was busy, or the process asleep,
it may have ended, and nobody has heard of it yet."""

_COARSE: Final = 0.5
"""Seconds by which an idle connection may be kept too long: one timer does for all of them."""


class Pool:
    """The connections of one client.

    It keeps those that nobody uses, and knows all others, too, so that it can end them.

    :arg turns: are given back as requests end.
    :arg idle_timeout: seconds for which a connection that nobody uses is kept; 0: none is.
    :arg max_idle: how many of these there may be in all; then the one that was used least recently is closed.

    Raises :exc:`ValueError` for limits below 0.
    """

    # What was used last is used next: so those that are not needed grow old. There is a timer only while
    # connections are idle, and it is not touched when one of them is taken or comes back.

    def __init__(
        self, turns: Turns, idle_timeout: float = IDLE_TIMEOUT, max_idle: int = MAX_IDLE
    ) -> None:
        if not idle_timeout >= 0 or max_idle < 0:
            raise ValueError(
                f"keep_alive_timeout and max_idle are 0 or more, not {idle_timeout} and {max_idle}"
            )
        self._turns = turns
        self._idle_timeout = idle_timeout
        self._max_idle = max_idle if idle_timeout else 0
        self._all: dict[Connection, asyncio.Transport] = {}
        self._idle: dict[Connection, None] = {}  # by the time they came
        self._by_key: dict[Hashable, dict[Connection, None]] = {}
        """The same by what they are for. That of a key may be empty while it has connections that are used."""
        self._patience: dict[Connection, float] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def __len__(self) -> int:
        """How many connections there are."""
        return len(self._all)

    @property
    def idle(self) -> int:
        """How many of them nobody uses."""
        return len(self._idle)

    # For the engine

    def add(self, connection: Connection, transport: asyncio.Transport) -> None:
        """A connection was made, over this."""
        self._all[connection] = transport

    def limit(self, connection: Connection, seconds: float) -> None:
        """Its server has said that it keeps it open for so long while nobody uses it."""
        self._patience[connection] = seconds

    def take(self, key: Hashable, now: float) -> Connection | None:
        """A connection that was kept for ``key``, the one that was used last; None if there is none."""
        kept = self._by_key.get(key)
        while kept:
            connection = kept.popitem()[0]
            del self._idle[connection]
            if self._is_good(connection, now - connection.idle_since):
                return connection
            connection.close()
        return None

    def _is_good(self, connection: Connection, idle: float) -> bool:
        if not connection.usable:
            return False
        if self._patience and idle >= self._patience.get(connection, math.inf):
            return False
        return idle < QUIET or nothing_to_read(self._all[connection])

    def close_idle(self) -> None:
        """Close the connections that nobody uses."""
        for connection in list(self._idle):
            self._end(connection)
        self._stop_timer()

    def close(self) -> None:
        """Close all. Who waits for a response has a failure, and what still comes is not kept."""
        self._closed = True
        self.close_idle()
        for connection in list(self._all):
            connection.close()

    # For connections: they have this as their owner

    def leave(self, key: Hashable) -> None:
        """A request to ``key`` has ended, one way or another."""
        self._turns.give_back(key)

    def has_room(self) -> bool:
        """Whether it would keep one more: those whose rest is drained have no turn, so this is their limit."""
        return not self._closed and len(self._all) - self._turns.all_taken < self._max_idle

    def keep(self, connection: Connection) -> None:
        """Keep a connection whose response is whole."""
        if self._closed or not self._max_idle or connection not in self._all:
            connection.close()
            return
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        self._idle[connection] = None
        kept = self._by_key.get(connection.key)
        if kept is None:
            kept = self._by_key[connection.key] = {}
        kept[connection] = None
        if len(self._idle) > self._max_idle:
            self._end(next(iter(self._idle)))
        if self._timer is None:
            self._timer = loop.call_later(self._idle_timeout, self._sweep)

    def forget(self, connection: Connection) -> None:
        """It is lost."""
        self._all.pop(connection, None)
        self._patience.pop(connection, None)
        self._idle.pop(connection, None)
        kept = self._by_key.get(connection.key)
        if kept is not None:
            kept.pop(connection, None)
            if not kept:
                del self._by_key[connection.key]

    # Inside

    def _end(self, connection: Connection) -> None:
        """End one that nobody uses. Over TLS it says goodbye, but does not wait for that of the other side."""
        transport = self._all[connection]
        del self._idle[connection]
        del self._by_key[connection.key][connection]
        connection.close()
        transport.abort()

    def _sweep(self) -> None:
        """End what was idle for too long, and come back for the next."""
        self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in list(self._idle):
            left = connection.idle_since + self._idle_timeout - now
            if left > 0:
                self._timer = loop.call_later(max(left, _COARSE), self._sweep)
                return
            self._end(connection)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
