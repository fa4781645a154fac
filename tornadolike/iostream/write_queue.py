"""What waits to be written, and who waits for that."""

import asyncio
from collections import deque
from itertools import islice
from typing import Final

from ..ioloop.transports.pieces import NONE_WAIT

SMALL: Final = 2048
"""Pieces below this size are put together: one system call costs more than the copy."""

TOGETHER: Final = 65536
"""How large a piece that was put together may be."""

AT_ONCE: Final = 1024 * 1024
"""How many bytes (about) are offered to one vectored write: more than systems take at once."""


class WriteQueue:
    """Pieces of bytes in order, with the futures of those who wrote them.

    Large pieces wait as they are if nobody can change them. All others are copied: what was given to
    ``write()`` is what arrives, whatever becomes of the caller's memory.
    """

    __slots__ = ("_accepted", "_flushed", "_pieces", "_promises", "_sent")

    def __init__(self) -> None:
        self._pieces: deque[bytearray | memoryview] = NONE_WAIT
        self._sent = 0  # bytes of the first piece
        self._accepted = 0  # bytes, ever
        self._flushed = 0
        self._promises: deque[tuple[int, asyncio.Future[None]]] = NONE_WAIT

    def __len__(self) -> int:
        """Bytes that wait."""
        return self._accepted - self._flushed

    def append(self, piece: memoryview) -> None:
        """Add bytes (of format ``"B"``) to the end."""
        size = len(piece)
        pieces = self._pieces
        if pieces is NONE_WAIT:
            pieces = self._pieces = deque()
        if size >= SMALL:
            # A view of its own: the caller will release the one it gave.
            pieces.append(memoryview(piece if type(piece.obj) is bytes else piece.tobytes()))
        elif size:
            last = pieces[-1] if pieces else None
            if isinstance(last, bytearray) and len(last) < TOGETHER:
                last += piece
            else:
                pieces.append(bytearray(piece))
        self._accepted += size

    def promise(self, future: asyncio.Future[None]) -> None:
        """Resolve ``future`` when all that was appended up to now is flushed."""
        if self._promises is NONE_WAIT:
            self._promises = deque()
        self._promises.append((self._accepted, future))

    def first(self) -> memoryview:
        """The bytes to be written next. Release the view before the queue is changed."""
        piece = self._pieces[0]
        if isinstance(piece, bytearray):
            with memoryview(piece) as view:
                return view[self._sent :]
        return piece[self._sent :]

    def several(self, limit: int) -> list[memoryview]:
        """:meth:`first` and the pieces behind it: ``limit`` at the most, or as many as leave at once."""
        views = [self.first()]
        size = len(views[0])
        for piece in islice(self._pieces, 1, limit):
            if size >= AT_ONCE:
                break
            views.append(memoryview(piece))
            size += len(piece)
        return views

    def advance(self, size: int) -> None:
        """``size`` bytes, from the beginning of :meth:`first` on, were written."""
        self._flushed += size
        self._sent += size
        pieces = self._pieces
        while pieces and self._sent >= len(pieces[0]):
            self._sent -= len(pieces.popleft())

    def keep_promises(self) -> None:
        """Resolve the futures of what has been flushed."""
        promises = self._promises
        while promises and promises[0][0] <= self._flushed:
            future = promises.popleft()[1]
            if not future.done():
                future.set_result(None)

    def clear(self) -> list[asyncio.Future[None]]:
        """Drop everything; return the futures that wait."""
        futures = [future for _, future in self._promises]
        self._promises.clear()
        self._pieces.clear()
        self._sent = 0
        self._accepted = self._flushed
        return futures
