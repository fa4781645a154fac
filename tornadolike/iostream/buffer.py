"""What has arrived and nobody has asked for yet.

Each byte is copied a bounded number of times, whatever the sizes in which it comes and goes:

* One piece is kept as it came, and what is taken from it are slices of it. That is the common case:
  some lines arrive in one read and are taken one by one.
* Further pieces are collected in a bytearray, which grows by a share of its size.
* What was taken is remembered as an offset; the room it held is given back once it is more than half.

An empty buffer holds no memory.
"""

import re
from typing import Final

SLACK: Final = 65536
"""How many taken bytes may be kept in memory in front of what is left."""


class ReadBuffer:
    """A queue of bytes that can be searched. Positions count from the first byte that is left."""

    __slots__ = ("_data", "_start")

    def __init__(self) -> None:
        self._data: bytes | bytearray = b""
        self._start = 0  # below it, everything was taken

    def __len__(self) -> int:
        return len(self._data) - self._start

    def append(self, piece: bytes | memoryview) -> None:
        """Add a copy of ``piece`` to the end."""
        held, start = self._data, self._start
        if start == len(held):
            self._data = bytes(piece)
        elif isinstance(held, bytes):
            with memoryview(held)[start:] as left:
                self._data = bytearray(left)
            self._data += piece
        else:
            del held[:start]
            held += piece
        self._start = 0

    def take(self, size: int) -> bytes:
        """Remove and return the first ``size`` bytes; there must be as many."""
        held, start = self._data, self._start
        end = start + size
        if isinstance(held, bytes):
            taken = held[start:end]
        else:
            with memoryview(held)[start:end] as view:
                taken = view.tobytes()
        if end <= SLACK and end < len(held):
            self._start = end
        else:
            self._drop(end)
        return taken

    def take_into(self, target: memoryview) -> int:
        """Move as many bytes as there are, and as fit, to the beginning of ``target``; return how many."""
        start = self._start
        size = min(len(self), len(target))
        with memoryview(self._data)[start : start + size] as view:
            target[:size] = view
        self._drop(start + size)
        return size

    def _drop(self, end: int) -> None:
        held = self._data
        if end == len(held):
            self._data = b""
            self._start = 0
        elif end > SLACK and end * 2 > len(held):
            if isinstance(held, bytes):
                self._data = held[end:]
            else:
                del held[:end]
            self._start = 0
        else:
            self._start = end

    def find(self, delimiter: bytes, searched: int = 0) -> int:
        """Return the position behind the first ``delimiter``, or -1.

        None begins before ``searched``: the caller has looked.
        """
        found = self._data.find(delimiter, self._start + searched)
        return found if found < 0 else found + len(delimiter) - self._start

    def search(self, regex: re.Pattern[bytes]) -> int:
        """Return the position behind the first match of ``regex``, or -1, also if there is nothing."""
        held, start = self._data, self._start
        if start == len(held):
            return -1
        if not start:
            match = regex.search(held)
            return -1 if match is None else match.end()
        # A view, because a search from an offset would let the pattern look at what was taken.
        with memoryview(held)[start:] as view:
            match = regex.search(view)
            return -1 if match is None else match.end()
