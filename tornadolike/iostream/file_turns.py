"""Files among what a stream writes: each in its turn.

What was written before a file leaves before it; what is written behind it waits in a queue of its own
until the file has gone (or has failed: then it goes all the same, as with any other write).
"""

import asyncio
from collections import deque
from typing import Any

from ..ioloop.poller import WRITE
from ..ioloop.transports.files import FileReading, check_part
from ..ioloop.transports.pieces import NONE_WAIT
from .descriptor import Descriptor
from .errors import StreamClosedError
from .write_queue import WriteQueue


class FileTurn:
    """A file that waits for its turn or has it, and what was written behind it."""

    __slots__ = ("behind", "mine")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.mine: asyncio.Future[None] = asyncio.Future(loop=loop)
        """Done when everything before has been written, cancelled if the file is not to be sent."""
        self.behind = WriteQueue()


class FileWriting(Descriptor):
    """What of a stream that writes has to do with files."""

    _write_buffer: WriteQueue

    def __init__(self) -> None:
        super().__init__()
        self._files: deque[FileTurn] = NONE_WAIT

    def send_file(
        self, file: Any, offset: int = 0, count: int | None = None
    ) -> "asyncio.Future[int]":
        """Write a part of ``file`` behind what was written before; the result is how many bytes it was.

        Over a plain socket the system sends the file by itself (:func:`os.sendfile`), and its bytes do not
        come through this process; elsewhere it is read in a thread, block by block. Other writes may
        follow at once: they wait until it has gone. It does not count for ``max_write_buffer_size``. If
        the future is cancelled, the stream stays open, with a part of the file written or none.

        :arg file: an object opened in binary mode. Its position is afterwards behind what was written.
        :arg offset: where in the file to begin, in bytes.
        :arg count: how many bytes; None, the default: all to the file's end. A file that ends before is
            no error.

        Raises :exc:`StreamClosedError`, and :exc:`ValueError` or :exc:`TypeError` for what is no part of
        a binary file. The future raises :exc:`StreamClosedError`, or what reading the file has raised.
        """
        check_part(file, offset, count)
        if self._closed:
            raise StreamClosedError(real_error=self.error)
        turn = FileTurn(self._future_loop)
        if self._files is NONE_WAIT:
            self._files = deque()
        self._files.append(turn)
        self._watch_for(self._watched_for | WRITE)
        sending = self._future_loop.create_task(self._send_in_turn(turn, file, offset, count))

        def ended(sending: "asyncio.Future[int]") -> None:
            if not sending.cancelled():
                sending.exception()  # seen: it need not be logged if nobody waits
            self._file_ended(turn)

        sending.add_done_callback(ended)
        return sending

    async def _send_in_turn(self, turn: FileTurn, file: Any, offset: int, count: int | None) -> int:
        await turn.mine
        if self._closed:
            raise StreamClosedError(real_error=self.error)
        try:
            return await self._send_file_now(file, offset, count)
        except ConnectionError:
            if self._closed:
                raise StreamClosedError(real_error=self.error) from None
            raise

    async def _send_file_now(self, file: Any, offset: int, count: int | None) -> int:
        """Send it, nothing else being written meanwhile. A subclass may know a better way."""
        reading = FileReading(self.io_loop, file, offset, count)
        try:
            while block := await reading.block():
                if self._closed:
                    raise StreamClosedError(real_error=self.error)
                written: asyncio.Future[None] = asyncio.Future(loop=self._future_loop)
                self._write_now(memoryview(block), written)
                await written
                reading.sent += len(block)
        finally:
            reading.end()
        return reading.sent

    def _write_now(self, data: memoryview, future: "asyncio.Future[None]") -> None:
        raise NotImplementedError

    def _pass_over_file(self) -> bool:
        """All that was written before the next file has gone: its turn, or, if it does not want it, the next's.

        Whether there may be more to be written now.
        """
        if not self._files:
            return False
        turn = self._files[0].mine
        if not turn.cancelled():
            if not turn.done():
                turn.set_result(None)
            return False
        self._write_buffer = self._files.popleft().behind
        return True

    def _file_ended(self, turn: FileTurn) -> None:
        if self._closed:
            return
        if turn.mine.done() and not turn.mine.cancelled():
            self._write_buffer = self._files.popleft().behind
        else:
            turn.mine.cancel()  # it is passed over when its turn comes
        self._watch_for(self._watched_for | WRITE)
