"""Responses that are made while they are sent: from generators, asynchronous ones and others."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Generator, Iterable, Iterator
from contextvars import copy_context
from time import monotonic
from typing import Any, Final

from ...escape import json_encode
from ..files.sending import Sending
from .lasting import Lasting

Source = AsyncIterable[Any] | Iterable[Any]

JSON_LINES: Final = "application/x-ndjson"

TURN_SIZE: Final = 256 * 1024
"""After so many bytes the loop looks after others, however fast the client takes them."""
PIECE_COST: Final = 4 * 1024
"""As how many bytes more a piece counts: to make it takes a while, too."""

TOGETHER_SIZE: Final = 64 * 1024
"""Bytes of pieces that leave together, if they are there at once."""
TOGETHER_SECONDS: Final = 0.01
"""After so long no more pieces are added to those that wait. It is looked at whenever one is there."""

_END: Final = object()


class Turns:
    """Counts what is sent, to tell when others are to be looked after in between."""

    __slots__ = ("_size",)

    def __init__(self) -> None:
        self._size = 0

    def is_over(self, size: int) -> bool:
        """A piece of ``size`` bytes has been sent. Whether it is somebody else's turn now."""
        self._size += size + PIECE_COST
        if self._size < TURN_SIZE:
            return False
        self._size = 0
        return True


class InLoop:
    """The items of an iterator, made where the loop runs."""

    def __init__(self, iterator: Iterator[Any]) -> None:
        self._iterator = iterator

    def __aiter__(self) -> "InLoop":
        return self

    async def __anext__(self) -> Any:
        item = next(self._iterator, _END)
        if item is _END:
            raise StopAsyncIteration
        return item

    async def aclose(self) -> None:
        """Close the iterator, if it can be closed."""
        self._close()

    def _close(self) -> None:
        close = getattr(self._iterator, "close", None)
        if close is not None:
            close()


class InThread(InLoop):
    """The items of an iterator, each made in a thread; all of them see the same context."""

    def __init__(self, iterator: Iterator[Any]) -> None:
        super().__init__(iterator)
        self._context = copy_context()
        self._step: asyncio.Future[Any] | None = None

    async def _run(self, function: Callable[..., Any], *args: Any) -> Any:
        loop = asyncio.get_running_loop()
        self._step = loop.run_in_executor(None, self._context.run, function, *args)
        # Cancelled may be who waits for it, not the thread.
        return await asyncio.shield(self._step)

    async def __anext__(self) -> Any:
        item = await self._run(next, self._iterator, _END)
        if item is _END:
            raise StopAsyncIteration
        return item

    async def aclose(self) -> None:
        if self._step is not None and not self._step.done():
            await asyncio.wait([self._step])  # what still runs cannot be closed
        await self._run(self._close)


class Steps:
    """The items of an asynchronous iterator, which says so before it waits for one.

    :arg before_waiting: is called then.
    """

    def __init__(self, items: AsyncIterator[Any], before_waiting: Callable[[], object]) -> None:
        self._items = items
        self._before_waiting = before_waiting

    def __aiter__(self) -> "Steps":
        return self

    def __anext__(self) -> "Steps":
        return self

    def __await__(self) -> Generator[Any, Any, Any]:
        step: Any = self._items.__anext__().__await__()
        try:
            waits_for = next(step)
            # From here on as with "yield from", which cannot begin in the middle.
            while True:
                try:
                    self._before_waiting()
                    sent = yield waits_for
                except BaseException as error:
                    waits_for = step.throw(error)
                else:
                    waits_for = step.send(sent)
        except StopIteration as stop:
            return stop.value


def items_of(source: Source, in_thread: bool = False) -> AsyncIterator[Any]:
    """The items of ``source``. Raises :exc:`TypeError` for what is not meant to be sent item by item."""
    if isinstance(source, AsyncIterable):
        if in_thread:
            raise TypeError(f"in_thread=True is for what is not asynchronous, unlike {source!r}")
        return aiter(source)
    if isinstance(source, Iterable) and not isinstance(source, (str, bytes, bytearray, dict)):
        iterator = iter(source)
        return InThread(iterator) if in_thread else InLoop(iterator)
    hint = "write() it" if isinstance(source, Iterable) else "call the function that makes one"
    raise TypeError(f"what is streamed is a generator or another iterable, not {source!r}: {hint}")


async def close_items(items: AsyncIterator[Any]) -> None:
    """Let a generator come to its end, wherever it is."""
    aclose = getattr(items, "aclose", None)
    if aclose is not None:
        await aclose()


def _as_bytes(piece: object) -> bytes:
    if isinstance(piece, bytes):
        return piece
    if isinstance(piece, str):
        return piece.encode()
    if isinstance(piece, (bytearray, memoryview)):
        return bytes(piece)
    raise TypeError(
        f"the pieces of a stream are str or bytes, not {type(piece).__name__}; "
        "stream_json_lines() is for what JSON can hold"
    )


def _as_json_line(value: object) -> bytes:
    return json_encode(value).encode() + b"\n"


class Streams(Sending):
    """Sends what generators make."""

    _lasting: Lasting | None = None
    """The stream that is being sent."""
    _stay_told: Callable[[], None]

    async def stream(
        self,
        source: Source,
        content_type: str | None = None,
        *,
        length: int | None = None,
        endless: bool = False,
        in_thread: bool = False,
    ) -> None:
        """Send what a generator makes, piece by piece; return when the client has taken enough of the last.

        .. code-block:: python

            async def get(self):
                async def rows():
                    yield "id,name\\n"
                    async for row in database.stream("SELECT id, name FROM users"):
                        yield f"{row.id},{row.name}\\n"

                await self.stream(rows(), "text/csv; charset=UTF-8")

        The next piece is asked for when there is room for it, so a slow client costs no memory. Small pieces that are
        there at once leave together (up to :data:`TOGETHER_SIZE` bytes, or :data:`TOGETHER_SECONDS`); before the
        generator waits for something, what it has made is sent. It runs in the handler's own task and context. It is
        closed whatever happens: at its end, if the client leaves (what it waits for is cancelled then), if the handler
        is cancelled. The head leaves with the first piece, even if that is empty: what is raised before is answered by
        an error page, what is raised later cuts the connection. In answer to HEAD the head is sent, and nothing asked
        for.

        :arg source: an asynchronous generator, a generator, or another iterable. Its pieces are ``str`` (sent as UTF-8)
            or ``bytes``. If it can be closed (``aclose()``, ``close()``) it is, a file too.
        :arg content_type: the ``Content-Type``; None: what the handler has set.
        :arg length: the ``Content-Length`` in bytes, if it is known. If it is another one the connection is cut.
        :arg endless: whether the stream has no end of its own. If so it is ended when the server begins to stop, and
            counts as whole; otherwise it may go on until the time for stopping is over.
        :arg in_thread: whether each piece is to be made in a thread, for generators that are not asynchronous
            and have to wait for something.

        Raises :exc:`TypeError` for another kind of source or piece, :exc:`RuntimeError` behind :meth:`finish`, and
        :exc:`~tornadolike.iostream.StreamClosedError`, which need not be caught, if the client is gone.
        """
        if self._finished:
            raise RuntimeError("Cannot stream() after finish()")
        items = items_of(source, in_thread)
        try:
            if length is not None:
                self.set_header("Content-Length", checked_length(length))
            await self._stream_items(items, content_type, endless, _as_bytes)
        finally:
            await close_items(items)

    async def stream_json_lines(
        self,
        source: Source,
        content_type: str = JSON_LINES,
        *,
        endless: bool = False,
        in_thread: bool = False,
    ) -> None:
        """As :meth:`stream`, with a line of JSON (NDJSON, JSON Lines) for each item of ``source``.

        Raises :exc:`TypeError` for an item that JSON cannot hold.
        """
        if self._finished:
            raise RuntimeError("Cannot stream_json_lines() after finish()")
        items = items_of(source, in_thread)
        try:
            await self._stream_items(items, content_type, endless, _as_json_line)
        finally:
            await close_items(items)

    async def _stream_items(
        self,
        items: AsyncIterator[Any],
        content_type: str | None,
        endless: bool,
        encode: Callable[[Any], bytes],
    ) -> None:
        if content_type is not None:
            self.set_header("Content-Type", content_type)
        if self.request.method == "HEAD":
            await self.flush()
            return
        turns = Turns()
        together = Together(self)
        with Lasting(self, endless) as lasting:
            try:
                async for item in Steps(items, together.send):
                    piece = encode(item)
                    if lasting.is_over:
                        break  # and the generator has not let itself be broken off
                    if piece or not self._headers_written:
                        self.write(piece)
                        if together.is_enough(len(piece)):
                            await self.flush()
                    if turns.is_over(len(piece)):
                        together.send()
                        await asyncio.sleep(0)
            finally:
                together.send()
            if self._sending is not None and not lasting.is_over:
                await self._sending


class Together:
    """The pieces that are there at once, which leave together."""

    __slots__ = ("_handler", "_is_late_at", "_size")

    def __init__(self, handler: Streams) -> None:
        self._handler = handler
        self._size = 0
        self._is_late_at = 0.0

    def is_enough(self, size: int) -> bool:
        """A piece of ``size`` bytes was written. Whether what was written is to be sent now."""
        handler = self._handler
        self._size += size
        now = monotonic()
        if (
            handler._headers_written
            and self._size < TOGETHER_SIZE
            and now < self._is_late_at
            and (handler._sending is None or handler._sending.done())
        ):
            return False
        self._size = 0
        self._is_late_at = now + TOGETHER_SECONDS
        return True

    def send(self) -> None:
        """Send what there is."""
        handler = self._handler
        self._size = 0
        if handler._write_buffer and handler._headers_written and not handler._finished:
            handler.flush()


def checked_length(length: object) -> int:
    """``length`` if it is a number of bytes. Raises :exc:`TypeError` or :exc:`ValueError`."""
    if not isinstance(length, int):
        raise TypeError(f"length is a number of bytes, not {length!r}")
    if length < 0:
        raise ValueError(f"length should not be negative: {length}")
    return length
