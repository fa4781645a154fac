"""What has arrived and nobody has asked for yet.

Each byte is copied a bounded number of times, whatever the sizes in which it comes and goes:

* The first piece is kept as it came, and what is taken from it are slices of it. That is the common case:
  some lines arrive in one read and are taken one by one.
* Further pieces wait behind it (small ones put together) and are joined once, by who takes more than the
  first has.
* Who searches needs the bytes in one place. Then the pieces move to the end of the first, which becomes a
  bytearray and grows by a share of its size.
* What was taken is remembered as an offset; the room it held is given back once it is more than half.

An empty buffer holds no memory.
"""

import re
from collections import deque
from typing import Final

from ..ioloop.transports.pieces import NONE_WAIT

SLACK: Final = 65536
"""How many taken bytes may be kept in memory in front of what is left."""

SMALL: Final = 2048
"""Pieces below this size are put together: each by itself would cost more than what is in it."""

TOGETHER: Final = 65536
"""How large a piece that was put together may be."""


class ReadBuffer:
    """A queue of bytes that can be searched. Positions count from the first byte that is left."""

    __slots__ = ("_first", "_more", "_size", "_start")

    def __init__(self) -> None:
        self._first: bytes | bytearray = b""
        self._start = 0  # below it, everything of the first piece was taken
        self._more: deque[bytes | bytearray] = NONE_WAIT
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def append(self, piece: bytes | memoryview) -> None:
        """Add a copy of ``piece`` to the end."""
        size = len(piece)
        more = self._more
        if not self._size:
            self._first = bytes(piece)
            self._start = 0
        elif (
            more
            and size < SMALL
            and isinstance(last := more[-1], bytearray)
            and len(last) < TOGETHER
        ):
            last += piece
        else:
            if more is NONE_WAIT:
                more = self._more = deque()
            more.append(bytes(piece) if size >= SMALL else bytearray(piece))
        self._size += size

    def put_back(self, data: bytes) -> None:
        """Put ``data`` in front of what is there."""
        if self._size:
            rest = self._first[self._start :]
            if self._more is NONE_WAIT:
                self._more = deque()
            self._more.appendleft(rest)
        self._first = data
        self._start = 0
        self._size += len(data)

    def take(self, size: int) -> bytes:
        """Remove and return the first ``size`` bytes; there must be as many."""
        first, start = self._first, self._start
        end = start + size
        if end > len(first):
            return self._take_across(size)
        taken = (
            first[start:end] if isinstance(first, bytes) else bytes(memoryview(first)[start:end])
        )
        self._size -= size
        if end <= SLACK and end < len(first):
            self._start = end
        else:
            self._drop(end)
        return taken

    def _take_across(self, size: int) -> bytes:
        """:meth:`take` for more than the first piece has."""
        parts: list[bytes | bytearray | memoryview] = [memoryview(self._first)[self._start :]]
        needed = size - len(parts[0])
        while needed and len(self._more[0]) <= needed:
            parts.append(self._more.popleft())
            needed -= len(parts[-1])
        self._first = self._more.popleft() if self._more else b""
        self._start = needed
        parts.append(memoryview(self._first)[:needed])
        self._size -= size
        return b"".join(parts)

    def take_into(self, target: memoryview) -> int:
        """Move as many bytes as there are, and as fit, to the beginning of ``target``; return how many."""
        size = min(self._size, len(target))
        filled = 0
        while filled < size:
            start = self._start
            part = memoryview(self._first)[start : start + size - filled]
            target[filled : filled + len(part)] = part
            filled += len(part)
            self._drop(start + len(part))
        self._size -= size
        return size

    def _drop(self, end: int) -> None:
        """The first piece was taken up to ``end``."""
        first = self._first
        self._start = end
        if end == len(first):
            self._first = self._more.popleft() if self._more else b""
            self._start = 0
        elif end > SLACK and end * 2 > len(first):
            self._first = first[end:]
            self._start = 0

    def find(self, delimiter: bytes, searched: int = 0) -> int:
        """Return the position behind the first ``delimiter``, or -1.

        None begins before ``searched``: the caller has looked.
        """
        if self._more:
            self._merge()
        found = self._first.find(delimiter, self._start + searched)
        return found if found < 0 else found + len(delimiter) - self._start

    def search(self, regex: re.Pattern[bytes]) -> int:
        """Return the position behind the first match of ``regex``, or -1, also if there is nothing."""
        if self._more:
            self._merge()
        elif not self._size:
            return -1
        # A view, because a search from an offset would let the pattern look at what was taken.
        rest = memoryview(self._first)[self._start :] if self._start else self._first
        match = regex.search(rest)
        return -1 if match is None else match.end()

    def _merge(self) -> None:
        """Put all pieces into the first."""
        first = self._first
        if isinstance(first, bytes):
            self._first = first = bytearray(memoryview(first)[self._start :])
        else:
            del first[: self._start]
        self._start = 0
        for piece in self._more:
            first += piece
        self._more.clear()
