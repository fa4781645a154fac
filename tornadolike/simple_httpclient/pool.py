""":class:`Pool`: connections that are kept, and who may have one."""

import asyncio
from collections import deque
from collections.abc import Hashable

from .connection import Connection


class Pool:
    """The connections of one client.

    :arg most: requests at once, in all. Others wait, first come, first served.
    :arg most_per_host: requests at once to one key; None: as many as in all.
    :arg idle_timeout: seconds for which a connection that nobody uses is kept.
    """

    def __init__(
        self, most: int, most_per_host: int | None = None, idle_timeout: float = 30.0
    ) -> None:
        self._most = most
        self._most_per_host = most if most_per_host is None else most_per_host
        self._idle_timeout = idle_timeout
        self._idle: dict[Hashable, list[Connection]] = {}
        self._used: dict[Hashable, int] = {}
        self._in_use = 0
        self._waiting: deque[tuple[Hashable, asyncio.Future[None]]] = deque()

    async def enter(self, key: Hashable) -> None:
        """Wait until there is room for one more request. :meth:`leave` comes behind it."""
        if not self._waiting and self._has_room(key):
            self._take(key)
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((key, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(key)
            else:
                self._waiting.remove((key, turn))
            raise

    def leave(self, key: Hashable) -> None:
        """The request has ended."""
        self._in_use -= 1
        self._used[key] -= 1
        if not self._used[key]:
            del self._used[key]
        for entry in list(self._waiting):
            if self._in_use >= self._most:
                break
            if self._has_room(entry[0]) and not entry[1].done():
                self._waiting.remove(entry)
                self._take(entry[0])
                entry[1].set_result(None)

    def _has_room(self, key: Hashable) -> bool:
        return self._in_use < self._most and self._used.get(key, 0) < self._most_per_host

    def _take(self, key: Hashable) -> None:
        self._in_use += 1
        self._used[key] = self._used.get(key, 0) + 1

    # Connections

    def take_idle(self, key: Hashable) -> Connection | None:
        """A connection that was kept for ``key``, the one that was used last."""
        kept = self._idle.get(key)
        while kept:
            connection = kept.pop()
            if not kept:
                del self._idle[key]
            if connection.usable:
                return connection
        return None

    def keep(self, connection: Connection) -> None:
        """Keep a connection whose response is whole."""
        self._idle.setdefault(connection.key, []).append(connection)

    def forget(self, connection: Connection) -> None:
        """It is lost."""
        kept = self._idle.get(connection.key)
        if kept is not None and connection in kept:
            kept.remove(connection)
            if not kept:
                del self._idle[connection.key]

    def close_idle(self) -> None:
        """Close the connections that nobody uses."""
        idle, self._idle = self._idle, {}
        for kept in idle.values():
            for connection in kept:
                connection.close()
