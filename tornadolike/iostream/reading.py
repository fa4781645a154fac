"""The side of a stream that reads."""

import asyncio
import operator
import re
from typing import Any, Final

from ..ioloop.poller import READ
from ..log import gen_log
from .buffer import ReadBuffer
from .descriptor import Descriptor
from .errors import StreamBufferFullError, StreamClosedError, UnsatisfiableReadError
from .reads import Read, ReadBytes, ReadInto, ReadUntil, ReadUntilClose, ReadUntilRegex

MAX_BUFFER_SIZE: Final = 100 * 1024 * 1024
"""Bytes that a read may gather, by default."""

READ_CHUNK_SIZE: Final = 64 * 1024
"""Bytes that one system call reads at the most, by default."""

TURN_CHUNKS: Final = 16
"""How many chunks a stream reads before the loop looks after others."""

_spare_memory: list[memoryview] = []
"""Memory for one system call each, used by all streams in turn. Who reads takes one out: other threads
have their own loops, and a subclass may read from another stream in the middle of its own read."""


class ReadingSide(Descriptor):
    """Reads that say what they want, one at a time."""

    _drained = False
    """Whether the last look at the descriptor has taken all that was there. The loop tells when there is more."""

    def __init__(self) -> None:
        super().__init__()
        self.max_buffer_size = MAX_BUFFER_SIZE
        self.read_chunk_size = READ_CHUNK_SIZE
        self._read_buffer = ReadBuffer()
        self._read: Read | None = None
        self._read_future: asyncio.Future[Any] | None = None

    def read_bytes(self, num_bytes: int, partial: bool = False) -> asyncio.Future[bytes]:
        """Read ``num_bytes`` bytes; with ``partial`` fewer, as soon as there are any."""
        size = operator.index(num_bytes)
        if size < 0:
            raise ValueError(f"the number of bytes to read must not be negative: {size}")
        return self._start_read(ReadBytes(size, partial))

    def read_until(self, delimiter: bytes, max_bytes: int | None = None) -> asyncio.Future[bytes]:
        """Read up to and with the first ``delimiter``.

        The stream is closed with :exc:`UnsatisfiableReadError` if that is not within the first
        ``max_bytes`` bytes.
        """
        if not delimiter:
            raise ValueError("the delimiter must have a byte at least")
        return self._start_read(ReadUntil(delimiter, max_bytes))

    def read_until_regex(
        self, regex: bytes | re.Pattern[bytes], max_bytes: int | None = None
    ) -> asyncio.Future[bytes]:
        """Read up to and with what ``regex`` matches first in the bytes that have arrived.

        An expression has to be tried again from the start whenever more has arrived, so give
        ``max_bytes`` (as for :meth:`read_until`) if the sender is not to be trusted.
        """
        return self._start_read(ReadUntilRegex(regex, max_bytes))

    def read_until_close(self) -> asyncio.Future[bytes]:
        """Read all that comes until the stream ends, by itself or by :meth:`close`.

        If it ends by an error, or more than ``max_buffer_size`` comes, the read fails. For large
        amounts there is ``read_bytes(..., partial=True)``.
        """
        if self._closed:
            self._forget_cancelled_read()
            future: asyncio.Future[bytes] = asyncio.Future(loop=self._future_loop)
            future.set_result(self._read_buffer.take(len(self._read_buffer)))
            return future
        return self._start_read(ReadUntilClose())

    def read_into(self, buf: bytearray | memoryview, partial: bool = False) -> asyncio.Future[int]:
        """Fill ``buf`` and return its size; with ``partial`` return what there is, as soon as there is any."""
        return self._start_read(ReadInto(buf, partial))

    def unread(self, data: bytes) -> None:
        """Put back what was read and is not one's own: the next read gets it first.

        Also on a closed stream. Raises :exc:`AssertionError` while a read waits.
        """
        if self._read is not None:
            self._forget_cancelled_read()
        if data:
            self._read_buffer.put_back(data)

    def reading(self) -> bool:
        """Whether a read waits for its bytes."""
        return self._read_future is not None and not self._read_future.done()

    def _start_read(self, read: Read) -> asyncio.Future[Any]:
        if self._read is not None:
            self._forget_cancelled_read()
        future: asyncio.Future[Any] = asyncio.Future(loop=self._future_loop)
        try:
            result = read.take(self._read_buffer, True)
            if result is None:
                self._read = read
                self._read_future = future
                if self._closed:
                    raise StreamClosedError(real_error=self.error)
                if not (self._drained and self._watched_for & READ):
                    self._read_more(read)
                if self._read is read:
                    self._wait_for_read(read, future)
                return future
        except UnsatisfiableReadError as error:
            self._close_unsatisfied(error)
            self._fail(future)
        except BaseException:
            self._drop_read()
            raise
        else:
            future.set_result(result)
            if self._close_callback is not None:
                self._listen_for_the_end()
        return future

    def _wait_for_read(self, read: Read, future: asyncio.Future[Any]) -> None:
        self._watch_for(self._watched_for | READ)
        if isinstance(read, ReadInto):
            # So that the memory is free before anybody learns of the cancellation.
            future.add_done_callback(self._on_read_into_done)

    def _on_read_into_done(self, future: asyncio.Future[Any]) -> None:
        if self._read_future is future:
            self._drop_read()

    def _forget_cancelled_read(self) -> None:
        """Make room for another read. Raises :exc:`AssertionError` if the last one still goes on."""
        if self._read_future is not None and not self._read_future.done():
            raise AssertionError("Already reading: await that read first, or cancel its future")
        self._drop_read()

    def _drop_read(self) -> None:
        read, self._read = self._read, None
        self._read_future = None
        if isinstance(read, ReadInto):
            read.give_back(self._read_buffer)

    def _finish_read(self, result: bytes | int) -> None:
        future = self._read_future
        self._read = self._read_future = None
        if future is not None:
            future.set_result(result)
            self._rest()
        if self._close_callback is not None:
            self._listen_for_the_end()

    def _end_read(self) -> None:
        """The stream has ended: give the read what it wants or the reason why it cannot have it."""
        read, future = self._read, self._read_future
        if read is None or future is None:
            return
        result: bytes | int | None = None
        if future.done():
            pass
        elif isinstance(read, ReadUntilClose):
            if self.error is None or self._is_connreset(self.error):
                result = self._read_buffer.take(len(self._read_buffer))
        elif not isinstance(self.error, (UnsatisfiableReadError, StreamBufferFullError)):
            try:
                result = read.take(self._read_buffer, True)
            except UnsatisfiableReadError as error:
                self.error = self.error or error
        if result is None:
            self._drop_read()
            self._fail(future)
        else:
            self._finish_read(result)

    def _read_more(self, read: Read) -> bool:
        """Read from the descriptor until ``read`` has what it wants or nothing more is there for now.

        Return whether anything came, be it the end.
        """
        buffer, limit = self._read_buffer, self.max_buffer_size
        for turn in range(1, TURN_CHUNKS + 1):
            came = self._read_chunk(read)
            if self._read is not read:  # it has ended with the stream
                return True
            if not came and turn == 1:  # it has looked at what is there
                return False
            available = len(buffer)
            if available > limit:
                self._fail_for_size()
            more = came and not self._drained and turn < TURN_CHUNKS
            result = read.take(buffer, not more or available == limit)
            if result is not None:
                self._finish_read(result)
                return True
            if not more:
                break
        return True

    def _read_chunk(self, read: Read | None) -> bool:
        """Read once from the descriptor; whether anything came. Closes the stream at its end."""
        if isinstance(read, ReadInto):
            with read.target[read.filled :] as rest:
                count = self._fill(rest)
                read.filled += count
            return count > 0
        size = self.read_chunk_size
        room = self.max_buffer_size - len(self._read_buffer)
        if room < size:
            # If the buffer is full, one byte more shows whether that is too small or the stream at its end.
            size = max(1, room)
        memory = borrow_memory(size)
        try:
            count = self._fill(memory[:size])
            if count:
                self._read_buffer.append(memory[:count])
        finally:
            return_memory(memory)
        return count > 0

    def _fill(self, view: memoryview) -> int:
        if self._opening:
            return 0
        try:
            count = self.read_from_fd(view)
        except OSError as error:
            self.close(exc_info=error)
            if self._is_connreset(error):
                return 0
            raise
        if count == 0:
            self.close()
        return count or 0

    def _fail_for_size(self) -> None:
        gen_log.warning("Reached maximum read buffer size")
        error = StreamBufferFullError("Reached maximum read buffer size")
        self.close(exc_info=error)
        raise error

    def _close_unsatisfied(self, error: UnsatisfiableReadError) -> None:
        gen_log.info("Unsatisfiable read, closing connection: %s", error)
        self.close(exc_info=error)

    def _listen_for_the_end(self) -> None:
        if not len(self._read_buffer):
            self._watch_for(self._watched_for | READ)

    def _on_readable(self) -> bool:
        """Bytes, the end or an error have come; whether there was anything to it."""
        read = self._read
        if read is not None and self._read_future is not None and self._read_future.done():
            self._drop_read()
            read = None
        try:
            if read is not None:
                return self._read_more(read)
            if not len(self._read_buffer):
                return self._read_chunk(None)
        except UnsatisfiableReadError as error:
            self._close_unsatisfied(error)
        except Exception as error:
            gen_log.warning("error on read: %s", error)
            self.close(exc_info=error)
        else:
            self._watch_for(self._watched_for & ~READ)
        return True


def borrow_memory(size: int) -> memoryview:
    """Return memory of ``size`` bytes at least."""
    if size <= READ_CHUNK_SIZE:
        try:
            return _spare_memory.pop()
        except IndexError:
            size = READ_CHUNK_SIZE
    return memoryview(bytearray(size))


def return_memory(memory: memoryview) -> None:
    """Give back what :func:`borrow_memory` gave."""
    if len(memory) == READ_CHUNK_SIZE:
        _spare_memory.append(memory)
