""":class:`CurlAnswer`: a response as it comes from libcurl."""

import asyncio
from collections import deque
from copy import copy
from typing import Final, Protocol

from ..httpclient.engine import Answer
from ..httputil import HTTPHeaders
from .heads import Head

AHEAD_LIMIT: Final = 1024 * 1024
"""Bytes of a body that are taken from libcurl before anybody asks for them. (It is slow to stop and to go on.)"""


class Source(Protocol):
    """Where an answer's bytes come from."""

    def resume(self) -> None:
        """There is room again."""

    def abandon(self) -> None:
        """Nobody wants the rest."""


class CurlAnswer(Answer):
    """The answer to one request; its transfer feeds it, from within libcurl: so nobody is called at once."""

    __slots__ = (
        "_ended",
        "_failure",
        "_pieces",
        "_size",
        "_source",
        "_waiter",
        "headers",
        "reason",
        "status",
        "trailers",
        "version",
    )

    def __init__(self, source: Source, head: Head) -> None:
        self.version, self.status, self.reason = head.version, head.status, head.reason
        self.headers = head.headers
        self.trailers: HTTPHeaders | None = None
        self._source: Source | None = source
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._failure: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    # For the transfer

    @property
    def full(self) -> bool:
        """Whether there is no room for more."""
        return self._size >= AHEAD_LIMIT

    def add(self, piece: bytes) -> None:
        """Take a piece of the body."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._waiter is not None:
            self._wake()

    def end(self, trailers: HTTPHeaders) -> None:
        """The body is whole."""
        self.trailers = trailers
        self._ended = True
        self._source = None
        self._wake()

    def fail(self, failure: Exception) -> None:
        """The rest will not come."""
        self._failure = failure
        self._source = None
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # For who has asked

    def read_nowait(self) -> bytes | None:
        pieces = self._pieces
        if not pieces:
            if self._ended:
                return b""
            if self._failure is not None:
                # What is raised has this frame: what is kept is another.
                failure, self._failure = self._failure, copy(self._failure)
                try:
                    raise failure
                finally:
                    del failure
            return None
        piece = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self._size = 0
        if self._source is not None:
            self._source.resume()
        return piece

    async def read(self) -> bytes:
        while (piece := self.read_nowait()) is None:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return piece

    def close(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.abandon()
        self._pieces.clear()
        self._ended = True
