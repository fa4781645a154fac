"""The body of a request, on its way to libcurl, which asks for it when the server takes it."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

import pycurl

from ..httpclient.engine_types import Producer
from ..httpclient.failures import HTTPStreamClosedError
from ..httputil import HTTPOutputError

AHEAD_LIMIT: Final = 64 * 1024
"""Bytes that a producer may have given before the server has taken them; then it waits."""


class Upload(Protocol):
    """What libcurl is given of a body."""

    size: int | None
    """In all; None: that is not known."""
    waits: bool
    """Whether libcurl waits for more, and not for the server."""

    def read(self, size: int) -> bytes | int:
        """libcurl's ``READFUNCTION``: the next bytes, empty at the end."""

    def seek(self, offset: int, origin: int) -> int:
        """libcurl's ``SEEKFUNCTION``: it goes back to the beginning, for another try."""

    def stop(self) -> None:
        """No more is wanted."""


class BytesUpload:
    """A body that is there.

    :arg ended: called when all has been given.
    """

    __slots__ = ("_body", "_ended", "_position", "size", "waits")

    def __init__(self, body: bytes, ended: Callable[[], None]) -> None:
        self._body = body
        self._ended = ended
        self._position = 0
        self.size: int | None = len(body)
        self.waits = False

    def read(self, size: int) -> bytes | int:
        piece = self._body[self._position : self._position + size]
        self._position += len(piece)
        if self._position == len(self._body):
            self._ended()
        return piece

    def seek(self, offset: int, origin: int) -> int:
        self._position = offset
        return int(pycurl.SEEKFUNC_OK)

    def stop(self) -> None:
        """Nothing is to be done."""


class ProducedUpload:
    """A body that a producer gives.

    :arg size: as Content-Length says, or None.
    :arg repeatable: whether the producer may be called again.
    :arg ended: called when all has been given.
    :arg more: called if libcurl, which had to wait, may ask again.
    :arg failed: called with what the producer has raised.
    """

    def __init__(
        self,
        producer: Producer,
        size: int | None,
        repeatable: bool,
        ended: Callable[[], None],
        more: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self.size = size
        self.waits = False
        self._producer = producer
        self._repeatable = repeatable
        self._ended = ended
        self._more = more
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._stopped = False
        self._begin()

    def _begin(self) -> None:
        self._pieces: deque[memoryview] = deque()
        self._buffered = 0
        self._given = 0
        self._begun = False
        self._whole = False

    # For libcurl; nobody is called at once

    def read(self, size: int) -> bytes | int:
        if not self._begun:
            self._begun = True
            self._loop.call_soon(self._start)
        if self._pieces:
            return self._take(size)
        if self._whole:
            self._ended()
            return b""
        self.waits = True
        return int(pycurl.READFUNC_PAUSE)

    def _take(self, size: int) -> bytes:
        piece = self._pieces.popleft()
        if len(piece) > size:
            self._pieces.appendleft(piece[size:])
            piece = piece[:size]
        self._buffered -= len(piece)
        if self._buffered < AHEAD_LIMIT:
            self._make_room()
        return bytes(piece)

    def seek(self, offset: int, origin: int) -> int:
        if self._begun and not self._repeatable:
            return int(pycurl.SEEKFUNC_FAIL)
        self._cancel()
        self._begin()
        return int(pycurl.SEEKFUNC_OK)

    # The producer

    def _start(self) -> None:
        if not self._stopped and self._task is None:
            self._task = self._loop.create_task(self._produce())

    async def _produce(self) -> None:
        task = asyncio.current_task()

        async def write(piece: bytes) -> None:
            if self._task is not task:
                raise HTTPStreamClosedError("the connection ended before the request was sent")
            await self._take_in(bytes(piece))

        try:
            await self._producer(write)
            if self.size is not None and self._given < self.size:
                raise HTTPOutputError(
                    f"Tried to finish with {self.size - self._given} bytes fewer than Content-Length"
                )
        except asyncio.CancelledError:
            if self._task is not task:
                raise
            self._failed(HTTPStreamClosedError("what gave the body of the request was cancelled"))
        except Exception as error:
            if self._task is task:
                self._failed(error)
        else:
            if self._task is task:
                self._whole = True
                self._go_on()

    async def _take_in(self, piece: bytes) -> None:
        if not piece:
            return
        self._given += len(piece)
        if self.size is not None and self._given > self.size:
            raise HTTPOutputError("Tried to write more data than Content-Length")
        self._pieces.append(memoryview(piece))
        self._buffered += len(piece)
        self._go_on()
        if self._buffered >= AHEAD_LIMIT:
            if self._room is None:
                self._room = self._loop.create_future()
            await asyncio.shield(self._room)  # several may wait for it

    def _go_on(self) -> None:
        if self.waits:
            self.waits = False
            self._more()

    def _make_room(self) -> None:
        room, self._room = self._room, None
        if room is not None:
            room.set_result(None)

    def stop(self) -> None:
        """End the producer."""
        self._stopped = True
        self._cancel()

    def _cancel(self) -> None:
        task, self._task = self._task, None
        self._make_room()
        if task is not None:
            task.cancel()
