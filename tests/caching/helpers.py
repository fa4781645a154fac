"""Handlers whose answers tell how often they were at work."""

import asyncio
import itertools
from typing import Any

from tornadolike.caching import Cached
from tornadolike.stores import MemoryStore, StoreError
from tornadolike.web import RequestHandler


def counting(**methods: Any) -> type[RequestHandler]:
    """A handler class: ``get`` answers ``1``, ``2``, ... unless something else is given."""
    numbers = itertools.count(1)

    class Counting(RequestHandler):
        number = 0

        def prepare(self) -> None:
            self.number = next(numbers)

        def get(self) -> None:
            self.write(str(self.number))

    for name, method in methods.items():
        setattr(Counting, name, method)
    return Counting


class BrokenStore(MemoryStore):
    """Fails while it is told to, and counts what it is asked."""

    broken = False
    asked = 0

    async def get(self, key: str) -> bytes | None:
        self._check()
        return await super().get(key)

    async def set(
        self, key: str, value: bytes, seconds: float, *, instead_of: bytes | None = None
    ) -> bool:
        self._check()
        return await super().set(key, value, seconds, instead_of=instead_of)

    def _check(self) -> None:
        self.asked += 1
        if self.broken:
            raise StoreError("it is broken: mend it")


class SlowStore(MemoryStore):
    """Takes a turn of the loop for everything, as a store does that is elsewhere."""

    async def get(self, key: str) -> bytes | None:
        await asyncio.sleep(0)
        return await super().get(key)

    async def set(
        self, key: str, value: bytes, seconds: float, *, instead_of: bytes | None = None
    ) -> bool:
        await asyncio.sleep(0)
        return await super().set(key, value, seconds, instead_of=instead_of)


def cached(**options: Any) -> Cached:
    return Cached(header="X-Cache", **options)


def ways(site: Any, *requests: Any) -> list[tuple[str, str]]:
    """How each response was come by, and its body; requests as ``GET /`` or that with its fields."""
    found = []
    for request in requests:
        line, *fields = [request] if isinstance(request, str) else request
        answer = site.ask(line, *fields)
        found.append((answer.header("X-Cache"), answer.text))
    return found


async def is_kept(pages: Cached) -> None:
    """Wait until what was answered is in the store."""
    while len(pages._flights):
        await asyncio.sleep(0)
