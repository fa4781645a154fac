""":class:`FedAnswer`: an answer between where its body comes from and who reads it; both engines' are of this kind."""

import asyncio
from collections.abc import Callable
from copy import copy
from typing import NoReturn, Protocol

from ..httputil import HTTPHeaders
from .engine import Answer


class Source(Protocol):
    """Where an answer's bytes come from."""

    def resume(self) -> None:
        """There is room again."""

    def abandon(self, answer: "FedAnswer") -> None:
        """Nobody wants the rest of it."""


class FedAnswer(Answer):
    """The answer to one request, which is given what comes by where it comes from.

    :arg source: told when there is room, and when nobody wants the rest.
    :arg version, status, reason, headers: of its head.
    :arg ahead: of how many bytes that nobody has asked for it says that they are enough.
    """

    __slots__ = (
        "_ahead",
        "_ended",
        "_failure",
        "_full",
        "_pieces",
        "_refusal",
        "_size",
        "_source",
        "_take",
        "_waiter",
        "headers",
        "reason",
        "received",
        "status",
        "trailers",
        "version",
    )

    def __init__(
        self,
        source: Source,
        version: str,
        status: int,
        reason: str,
        headers: HTTPHeaders,
        ahead: int,
    ) -> None:
        self.version = version
        self.status = status
        self.reason = reason
        self.headers = headers
        self.trailers = None
        self.received = 0
        """How many bytes of the body have come, as they stand on the wire."""
        self._source: Source | None = source
        self._ahead = ahead
        self._pieces: list[bytes] = []
        self._size = 0
        self._full = False
        self._ended = False
        self._failure: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._take: Callable[[bytes], object] | None = None
        """Who is given pieces at once."""
        self._refusal: Exception | None = None
        """What that one has raised."""

    # For where it comes from

    def add(self, piece: bytes) -> bool:
        """Take a piece of the body. Returns whether it is enough for now."""
        size = len(piece)
        self.received += size
        if self._take is not None:
            self._give(self._take, piece)
            return False
        self._pieces.append(piece)
        self._size += size
        if self._waiter is not None:
            self._wake()
        if self._size < self._ahead:
            return False
        self._full = True
        return True

    def _give(self, take: Callable[[bytes], object], piece: bytes) -> None:
        try:
            take(piece)
        except Exception as error:
            # It is for who has asked. What comes until he hears of it is kept, up to a bound.
            self._take = None
            self._refusal = error
            self._wake()

    def end(self, trailers: HTTPHeaders) -> None:
        """The body is whole."""
        self.trailers = trailers
        self._ended = True
        self._source = None
        self._wake()

    def fail(self, failure: Exception) -> None:
        """The rest will not come. What has come is given first."""
        self._failure = failure
        self._source = None
        self._wake()

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # For who has asked

    def read_nowait(self) -> bytes | None:
        pieces = self._pieces
        if not pieces:
            if self._ended:
                return b""
            if self._failure is not None:
                self._raise(self._failure)
            return None
        piece = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self._size = 0
        if self._full:
            self._full = False
            if self._source is not None:
                self._source.resume()
        return piece

    def _raise(self, failure: Exception) -> NoReturn:
        # It comes to have the frames that it passes, and some of them have us: what is kept is another.
        self._failure = copy(failure)
        try:
            raise failure
        finally:
            del failure

    async def read(self) -> bytes:
        """As the contract has it. One at a time: raises :exc:`RuntimeError` if another waits."""
        while (piece := self.read_nowait()) is None:
            await self._wait()
        return piece

    async def pour(self, take: Callable[[bytes], object]) -> None:
        """As the contract has it; nobody is woken before the end."""
        while piece := self.read_nowait():
            take(piece)
        if piece is not None:
            return
        await self._wait(take)
        refusal, self._refusal = self._refusal, None
        try:
            if refusal is not None:
                raise refusal
        finally:
            del refusal  # which has this frame
        if self._failure is not None:
            self._raise(self._failure)

    async def _wait(self, take: Callable[[bytes], object] | None = None) -> None:
        """Wait for what comes next; or, if it goes to ``take``, for the end."""
        if self._waiter is not None:
            raise RuntimeError("Somebody else reads this response already")
        self._waiter = asyncio.get_running_loop().create_future()
        self._take = take
        try:
            await self._waiter
        finally:
            self._waiter = self._take = None

    def close(self) -> None:
        """Drop what is there; the source is told that nobody wants the rest."""
        source, self._source = self._source, None
        self._pieces.clear()
        self._size = 0
        if not self._ended:
            self._failure = self._failure or RuntimeError("The response was closed")
            self._wake()
        if source is not None:
            source.abandon(self)
