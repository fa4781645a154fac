"""The side of a stream that writes."""

import asyncio

from ..ioloop.poller import WRITE
from ..log import gen_log
from .errors import StreamBufferFullError, StreamClosedError
from .file_turns import FileWriting
from .write_queue import WriteQueue


class WritingSide(FileWriting):
    """Writes in order, as many at a time as one likes."""

    _total_write_index = 0
    """For programs that put pieces into ``_write_buffer`` themselves, as with Tornado, and count them here."""

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
        limit = self.max_write_buffer_size
        if limit is not None and self._bytes_waiting() + len(data) > limit:
            raise StreamBufferFullError(
                f"Reached maximum write buffer size: {limit} bytes; await the writes before"
            )
        if self._files:
            behind = self._files[-1].behind
            behind.append(data)
            behind.promise(future)
        else:
            self._write_now(data, future)

    def _bytes_waiting(self) -> int:
        return len(self._write_buffer) + sum(len(turn.behind) for turn in self._files)

    def _write_now(self, data: memoryview, future: asyncio.Future[None]) -> None:
        queue = self._write_buffer
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
        if len(queue):
            queue.promise(future)
            self._watch_for(self._watched_for | WRITE)
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

    def _write_first(self, queue: WriteQueue) -> int:
        """Write what is possible of the first piece, and perhaps of others; how many bytes that was."""
        with queue.first() as piece:
            return self._write_some(piece)

    def _flush(self) -> bool:
        """Write what is possible of what waits, up to the next file; whether that was anything."""
        moved = False
        try:
            while True:
                queue = self._write_buffer
                while len(queue):
                    sent = self._write_first(queue)
                    if not sent:
                        break
                    queue.advance(sent)
                    moved = True
                queue.keep_promises()
                if len(queue) or not self._pass_over_file():
                    break
        except OSError as error:
            self._write_failed(error)
            return True
        if not self.writing():
            self._rest()
        return moved

    def _write_failed(self, error: OSError) -> None:
        if not self._is_connreset(error):
            gen_log.warning("Write error on %s: %s", self.fileno(), error)
        self.close(exc_info=error)

    def _end_writes(self) -> None:
        """The stream has ended: nothing of what waits will be written."""
        futures = self._write_buffer.clear()
        for turn in self._files:
            self._fail(turn.mine)
            futures += turn.behind.clear()
        for future in futures:
            self._fail(future)
        self._files.clear()
        # As with Tornado: programs that know this attribute take it for a sign.
        self._write_buffer = None  # type: ignore[assignment]

    def writing(self) -> bool:
        """Whether anything waits to be written."""
        return not self._closed and (len(self._write_buffer) > 0 or len(self._files) > 0)
