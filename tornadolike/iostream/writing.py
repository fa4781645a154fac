"""The side of a stream that writes."""

import asyncio

from ..ioloop.poller import WRITE
from ..log import gen_log
from .descriptor import Descriptor
from .errors import StreamBufferFullError, StreamClosedError
from .write_queue import WriteQueue


class WritingSide(Descriptor):
    """Writes in order, as many at a time as one likes."""

    def __init__(self) -> None:
        super().__init__()
        self.max_write_buffer_size: int | None = None
        self._write_buffer = WriteQueue()

    def write(self, data: bytes | bytearray | memoryview) -> asyncio.Future[None]:
        """Write ``data``: now as far as that is possible, the rest as soon as it is.

        The future is resolved when all of it was handed to the system; there may be several writes
        waiting. Raises :exc:`StreamClosedError`, and :exc:`StreamBufferFullError` if more than
        ``max_write_buffer_size`` bytes would wait (nothing of ``data`` is written then).
        """
        if self._closed:
            raise StreamClosedError(real_error=self.error)
        future: asyncio.Future[None] = asyncio.Future(loop=self._future_loop)
        if isinstance(data, bytes):
            self._write(memoryview(data), future)
        else:
            with memoryview(data) as view, view.cast("B") as plain:
                self._write(plain, future)
        return future

    def _write(self, data: memoryview, future: asyncio.Future[None]) -> None:
        queue, limit = self._write_buffer, self.max_write_buffer_size
        if limit is not None and len(queue) + len(data) > limit:
            raise StreamBufferFullError(
                f"Reached maximum write buffer size: {limit} bytes; await the writes before"
            )
        sent = 0
        if data and not len(queue):
            try:
                sent = self._write_some(data)
            except OSError as error:
                self._write_failed(error)
                self._fail(future)
                return
        if sent < len(data):
            queue.append(data[sent:])
            queue.promise(future)
            self._watch_for(self._watched_for | WRITE)
        elif len(queue):
            queue.promise(future)
        else:
            future.set_result(None)
        if self._close_callback is not None:
            self._listen_for_the_end()

    def _write_some(self, data: memoryview) -> int:
        if self._opening:
            return 0
        try:
            return self.write_to_fd(data)
        except BlockingIOError:
            return 0

    def _flush(self) -> bool:
        """Write what is possible of what waits; whether that was anything."""
        queue = self._write_buffer
        before = len(queue)
        try:
            while len(queue):
                with queue.first() as piece:
                    sent = self._write_some(piece)
                if not sent:
                    break
                queue.advance(sent)
        except OSError as error:
            self._write_failed(error)
            return True
        queue.keep_promises()
        return len(queue) < before

    def _write_failed(self, error: OSError) -> None:
        if not self._is_connreset(error):
            gen_log.warning("Write error on %s: %s", self.fileno(), error)
        self.close(exc_info=error)

    def _end_writes(self) -> None:
        """The stream has ended: nothing of what waits will be written."""
        for future in self._write_buffer.clear():
            self._fail(future)

    def writing(self) -> bool:
        """Whether anything waits to be written."""
        return len(self._write_buffer) > 0
