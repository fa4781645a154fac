"""Figures in plain memory, which may be that of a file, so that they are there when the process is not.

.. code-block:: text

   4 bytes   how long the key is; 0: there are no more rows
   4 bytes   how many numbers the row has
   key       the table and the labels, as JSON in UTF-8, filled up with spaces to a multiple of 8
   numbers   doubles, 8 bytes each, as the machine has them

Rows are only ever added, and the length of a key is written last: who reads while they are added to sees whole rows,
and numbers as they were a moment ago.
"""

import json
import struct
from collections.abc import Iterable, Iterator
from typing import Any, Final

from .tables import OTHER, Labels, Snapshot

SIZE: Final = 1024 * 1024
"""Bytes that the rows of one process have."""

_SPARE: Final = 16 * 1024
"""Of these, what is left for the rows of all that has no room of its own."""
_LONGEST: Final = 300
"""Characters of a label."""

_HEAD: Final = struct.Struct("=II")


class Figures:
    """Rows of numbers.

    :arg memory: :data:`SIZE` bytes that can be written to: zeros.
    :arg max_rows: how many rows there may be. What comes behind them is added up in one row of its table.
    """

    def __init__(self, memory: Any, max_rows: int) -> None:
        self._bytes = memoryview(memory)
        self.values = self._bytes.cast("d")
        """All numbers; a row begins where :meth:`row` says."""
        self._places: dict[tuple[str, Labels, int], int] = {}
        self._used = 0
        self._max_rows = max_rows

    def row(self, table: str, labels: Labels = (), size: int = 1) -> int:
        """The place of the first of ``size`` numbers, which are zeros if nobody has asked for this row before."""
        labels = tuple(label[:_LONGEST] for label in labels)
        place = self._places.get((table, labels, size))
        if place is not None:
            return place
        key = self._key(table, labels)
        room = SIZE - _SPARE - self._used - _HEAD.size - len(key) - 8 * size
        if labels and (len(self._places) >= self._max_rows or room < 0):
            labels = (OTHER,) * len(labels)
            place = self._places.get((table, labels, size))
            if place is not None:
                return place
            key = self._key(table, labels)
        return self._add(table, labels, key, size)

    def _key(self, table: str, labels: Labels) -> bytes:
        key = json.dumps([table, *labels]).encode()
        return key + b" " * (-len(key) % 8)

    def _add(self, table: str, labels: Labels, key: bytes, size: int) -> int:
        begin = self._used
        at = begin + _HEAD.size
        self._bytes[at : at + len(key)] = key
        place = (at + len(key)) // 8
        self._bytes[begin : begin + 8] = _HEAD.pack(0, size)
        self._bytes[begin : begin + 4] = _HEAD.pack(len(key), size)[:4]
        self._used = at + len(key) + 8 * size
        self._places[table, labels, size] = place
        return place

    def set(self, table: str, labels: Labels, values: Iterable[float]) -> None:
        """Set the numbers of a row."""
        numbers = list(values)
        place = self.row(table, labels, len(numbers))
        for number, value in enumerate(numbers):
            self.values[place + number] = value

    def snapshot(self) -> Snapshot:
        """All rows, as they are now."""
        return snapshot_of(self._bytes[: self._used + _HEAD.size])

    def close(self) -> None:
        """Let go of the memory."""
        self.values.release()
        self._bytes.release()


def snapshot_of(data: bytes | memoryview) -> Snapshot:
    """The rows that are in a memory. Those behind one that makes no sense are left out."""
    snapshot: Snapshot = {}
    for table, labels, values in _rows(data):
        snapshot.setdefault(table, {})[labels] = values
    return snapshot


def memory_of(snapshot: Snapshot) -> bytes:
    """The memory in which these rows are; there may be any number of them."""
    pieces = []
    for table, rows in snapshot.items():
        for labels, values in rows.items():
            key = json.dumps([table, *labels]).encode()
            key += b" " * (-len(key) % 8)
            pieces += [
                _HEAD.pack(len(key), len(values)),
                key,
                struct.pack(f"={len(values)}d", *values),
            ]
    return b"".join(pieces)


def _rows(data: bytes | memoryview) -> Iterator[tuple[str, Labels, list[float]]]:
    at, size = 0, len(data)
    while at + _HEAD.size <= size:
        length, count = _HEAD.unpack_from(data, at)
        values_at = at + _HEAD.size + length
        end = values_at + 8 * count
        if not length or end > size:
            return
        try:
            table, *labels = json.loads(bytes(data[at + _HEAD.size : values_at]))
        except ValueError:
            return
        yield table, tuple(labels), list(struct.unpack_from(f"={count}d", data, values_at))
        at = end
