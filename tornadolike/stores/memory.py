""":class:`MemoryStore`: values in this process."""

import heapq
from collections import OrderedDict
from time import monotonic
from typing import Final

from ..util import check_whole_numbers
from .base import Store, StoreError, checked_key, checked_seconds, checked_value

ENTRY_SIZE: Final = 300
"""Bytes that an entry takes beside its key and its value, about."""
_SPARE_ENDS: Final = 1000


class MemoryStore(Store):
    """Keeps values in the memory of this process: the fastest, and gone with the process.

    It is for one process: two behind one port would each have their own. It has a bound, so that nobody fills the
    memory: for a new value beyond it those go that were not used for the longest time, even though their time is not
    over. It belongs to the thread of its event loop.

    :arg max_entries: the most values.
    :arg max_bytes: the most bytes of keys and values, with :data:`ENTRY_SIZE` for each. A value that does not fit even
        alone raises :exc:`.StoreError`.

    Raises :exc:`ValueError` for bounds below 1.
    """

    def __init__(self, *, max_entries: int = 100_000, max_bytes: int = 64 * 1024 * 1024) -> None:
        check_whole_numbers(max_entries=max_entries, max_bytes=max_bytes)
        if max_entries < 1 or max_bytes < 1:
            raise ValueError("max_entries and max_bytes are at least 1")
        self.max_entries = max_entries
        self.max_bytes = max_bytes
        self._entries: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        """Values and their ends, the least recently used first."""
        self._ends: list[tuple[float, str]] = []
        """A heap of when to look at a key: not behind its end. There may be some of keys that are gone."""
        self._size = 0

    def __len__(self) -> int:
        """How many values there are whose time is not over."""
        self._remove_ended()
        return len(self._entries)

    @property
    def size(self) -> int:
        """What counts for ``max_bytes``."""
        return self._size

    async def get(self, key: str) -> bytes | None:
        entry = self._find(key)
        return None if entry is None else entry[0]

    async def set(
        self, key: str, value: bytes, seconds: float, *, instead_of: bytes | None = None
    ) -> bool:
        end = monotonic() + checked_seconds(seconds)
        entry = self._find(key)
        if instead_of is not None and (entry is None or entry[0] != instead_of):
            return False
        self._put(key, checked_value(value), end)
        return True

    async def touch(self, key: str, seconds: float) -> bool:
        end = monotonic() + checked_seconds(seconds)
        entry = self._find(key)
        if entry is None:
            return False
        self._put(key, entry[0], end)
        return True

    async def delete(self, key: str) -> bool:
        is_there = self._find(key) is not None
        if is_there:
            self._remove(key)
        return is_there

    async def count(self, key: str, seconds: float, by: int = 1) -> tuple[int, float]:
        now = monotonic()
        value, end = self._find(key) or (b"0", now + checked_seconds(seconds))
        try:
            total = int(value) + by
        except ValueError:
            raise StoreError(f"{key!r} is no counter: choose another key for one") from None
        self._put(key, b"%d" % total, end)
        return total, max(0.0, end - now)

    async def close(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._ends.clear()
        self._size = 0

    def _find(self, key: str) -> tuple[bytes, float] | None:
        entry = self._entries.get(checked_key(key))
        if entry is None:
            return None
        if entry[1] <= monotonic():
            self._remove(key)
            return None
        self._entries.move_to_end(key)
        return entry

    def _put(self, key: str, value: bytes, end: float) -> None:
        size = _size_of(key, value)
        if size > self.max_bytes:
            raise StoreError(
                f"a value of {len(value)} bytes does not fit in MemoryStore(max_bytes={self.max_bytes}): "
                "make that larger, or the value smaller"
            )
        before = self._entries.get(key)
        if before is not None:
            self._size -= _size_of(key, before[0])
        self._entries[key] = value, end
        self._size += size
        if before is None or end < before[1]:
            heapq.heappush(self._ends, (end, key))
        self._remove_ended()
        while len(self._entries) > self.max_entries or self._size > self.max_bytes:
            self._remove(next(iter(self._entries)))

    def _remove(self, key: str) -> None:
        value, _ = self._entries.pop(key)
        self._size -= _size_of(key, value)

    def _remove_ended(self) -> None:
        now = monotonic()
        ends, entries = self._ends, self._entries
        if len(ends) > 2 * len(entries) + _SPARE_ENDS:
            ends[:] = [(end, key) for key, (_, end) in entries.items()]
            heapq.heapify(ends)
        while ends and ends[0][0] <= now:
            _, key = heapq.heappop(ends)
            entry = entries.get(key)
            if entry is None:
                continue
            if entry[1] <= now:
                self._remove(key)
            else:  # it has been given more time since
                heapq.heappush(ends, (entry[1], key))


def _size_of(key: str, value: bytes) -> int:
    return len(key) + len(value) + ENTRY_SIZE
