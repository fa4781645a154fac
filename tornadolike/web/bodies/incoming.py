""":class:`RequestBody`: the body of a request, read while it is still coming.

Between the connection, which brings the pieces, and the handler, which takes them, wait :data:`HIGH_WATER` bytes and
what one more reading brings. Then the connection stops reading until the handler has taken them, and TCP tells the
client.
"""

import asyncio
import io
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Final

from ...httputil import HTTPInputError
from ...iostream import StreamClosedError

HIGH_WATER: Final = 128 * 1024
"""When so many bytes wait to be taken, no more are asked for until they are."""

JOINED_SIZE: Final = 2048
"""Pieces are put together to so many bytes at the most while they wait."""


class BodyClosedError(StreamClosedError):
    """The rest of the body will not come."""


class RequestBody:
    """The body of a request, piece by piece.

    .. code-block:: python

        async for chunk in self.request_body:
            ...

    Waiting for a piece that will not come raises :exc:`~tornadolike.iostream.StreamClosedError`: the client is
    gone; or the connection has refused the rest (over the limit, too slow, malformed) and answered the request;
    or the handler has finished it. What came before is given first. A handler need not catch it.

    :arg chunk_size: how many bytes a piece has at the most, as far as the connection says.
    """

    def __init__(self, chunk_size: int | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._pieces: deque[bytes] = deque()
        self._begin = 0
        """How much of the first piece has been taken."""
        self._joined_size = min(JOINED_SIZE, chunk_size or JOINED_SIZE)
        self._size = 0
        """Of what waits, together."""
        self._whole = False
        """The last piece is here."""
        self._closed = False
        """There will be no more pieces."""
        self._taker: asyncio.Future[None] | None = None
        """The handler's, while it waits for a piece."""
        self._bringer: asyncio.Future[None] | None = None
        """The connection's, while it waits until more is wanted."""
        self.answered: Callable[[], bool] | None = None
        """Whether the request is answered, so that nobody brings any more pieces."""

    # The handler's side

    async def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes, as soon as there are some; ``b""`` at the end.

        Without ``size`` all that is left when it is here, which is bounded by ``max_body_size``.
        """
        if size < 0:
            return await gather(self, sys.maxsize, "The body")
        return await self._take(size) if size else b""

    @property
    def empty(self) -> bool:
        """Whether it is known that nothing (more) comes."""
        return self._whole and not self._pieces

    @property
    def waited_for(self) -> bool:
        """Whether the handler waits for the client to send more."""
        return self._taker is not None

    def __aiter__(self) -> "RequestBody":
        return self

    async def __anext__(self) -> bytes:
        piece = await self._take()
        if not piece:
            raise StopAsyncIteration
        return piece

    async def _take(self, size: int = sys.maxsize) -> bytes:
        if self._taker is not None:
            raise RuntimeError("The body of a request is being read already, by another task")
        while not self._pieces:
            if self._whole:
                return b""
            if self._is_over():
                raise BodyClosedError
            self._taker = self._loop.create_future()
            self._ask_for_more()
            try:
                await self._taker
            finally:
                self._taker = None
        piece = self._pieces[0]
        begin, end = self._begin, self._begin + size
        if end < len(piece):
            self._begin = end
        else:
            self._pieces.popleft()
            self._begin = 0
        piece = piece[begin:end]
        self._size -= len(piece)
        if not self._pieces:
            self._ask_for_more()
        return piece

    def _is_over(self) -> bool:
        return self._closed or (self.answered is not None and self.answered())

    def _ask_for_more(self) -> None:
        bringer, self._bringer = self._bringer, None
        if bringer is not None and not bringer.done():
            bringer.set_result(None)

    # The connection's side

    def when_wanted(self) -> "asyncio.Future[None] | None":
        """What to wait for before a piece is brought; None if one is waited for, or none will be."""
        if self._taker is not None or self._is_over():
            return None
        self._bringer = self._loop.create_future()
        return self._bringer

    def bring(self, piece: bytes) -> "asyncio.Future[None] | None":
        """A piece has come. Gives what to wait for before the next, if there is a need to wait."""
        pieces = self._pieces
        # An object is larger than the bytes that a malicious client puts into it.
        if pieces and len(pieces[-1]) + len(piece) <= self._joined_size:
            pieces[-1] += piece
        else:
            pieces.append(piece)
        self._size += len(piece)
        self._wake_taker()
        if self._size < HIGH_WATER:
            return None
        self._bringer = self._loop.create_future()
        return self._bringer

    def end(self) -> None:
        """The body is whole."""
        self._whole = True
        self._wake_taker()

    def close(self) -> None:
        """Nobody brings or takes any more."""
        self._closed = True
        self.answered = None
        self._wake_taker()

    def _wake_taker(self) -> None:
        if self._taker is not None and not self._taker.done():
            self._taker.set_result(None)


async def gather(pieces: AsyncIterator[bytes], max_size: int, what: str) -> bytes:
    """All of ``pieces`` as one. Raises :exc:`HTTPInputError` (413) if ``what`` they are is larger."""
    gathered = io.BytesIO()
    async for piece in pieces:
        if gathered.tell() + len(piece) > max_size:
            message = f"{what} larger than {max_size} bytes"
            raise HTTPInputError(message, 413, in_request=True)
        gathered.write(piece)
    return gathered.getvalue()
