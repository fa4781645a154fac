""":class:`Watch`: what is looked at from time to time: connections, and how late the loop is."""

import asyncio
import time
import weakref
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any, Final

from ..ioloop.forks import leave_behind
from .store import Store
from .tables import CACHED, CONNECTIONS, CPU, LAG, UPGRADED, WAITING

INTERVAL: Final = 0.5
"""Seconds from one look to the next."""


class Watch:
    """Looks twice a second, in each loop in which something is counted, as long as that runs.

    :arg servers: gives the servers whose connections are counted.
    """

    def __init__(self, store: Store, servers: Callable[[], Iterable[Any]]) -> None:
        self._store = store
        self._servers = servers
        self._loop: weakref.ref[asyncio.AbstractEventLoop] | None = None
        self._due = 0.0
        self.caches: dict[str, Any] = {}
        """What has ``counts``, by names of the author's."""

    def left_behind(self) -> None:
        """In a child process the loop is another one."""
        self._loop = None

    def begin(self) -> None:
        """Look from now on, in the loop that runs here; nothing happens if that is done already."""
        loop = asyncio._get_running_loop()
        if loop is None or (self._loop is not None and self._loop() is loop):
            return
        self._loop = weakref.ref(loop)
        leave_behind(self)
        self._wait(loop)

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = loop.time() + INTERVAL
        loop.call_at(self._due, self._again, loop)

    def _again(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is None or self._loop() is not loop:
            return
        self._store.took(LAG, (), max(0.0, loop.time() - self._due))
        self.look()
        self._wait(loop)

    def look(self) -> None:
        """Write down how it is."""
        servings = [
            server._serving for server in list(self._servers()) if server._serving is not None
        ]
        store = self._store
        upgraded = sum(len(one.upgraded) + len(one.detached) for one in servings)
        open_ones = sum(len(one.connections) + len(one.handshakes) for one in servings)
        store.set(CONNECTIONS, open_ones + upgraded)
        store.set(UPGRADED, upgraded)
        store.set(WAITING, sum(len(one.answering) - len(one.callbacks) for one in servings))
        for name, cache in self.caches.items():
            for result, count in asdict(cache.counts).items():
                store.set(CACHED, count, (name, result))
        if store.folder is not None:
            store.set(CPU, time.process_time())
