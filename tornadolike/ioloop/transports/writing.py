""":class:`WritingSide`: what is written to a socket: bytes, files, and the end of our side."""

import asyncio
import contextvars
import fcntl
import socket
import sys
import termios
from asyncio.constants import _SendfileMode
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice, takewhile
from typing import Any, Final, cast

from ..core import Core
from ..poller import WRITE
from .files import BLOCK_SIZE, FilePart, FileSending, UnreadableFile
from .pieces import MAX_PIECES, Piece, drop_sent
from .wire import ConnectionKeeper, Wire

_MORE: Final = getattr(socket, "MSG_MORE", 0)
"""Has the kernel wait for what follows, where it can: the head of a file leaves with its beginning."""

_NO_NUMBER: Final = bytes(4)

ENDED: Final = "Cannot write after write_eof()"


class WritingSide(Wire):
    """A socket that is written to."""

    __slots__ = ("_end_pending", "_file", "_file_done", "_parts_waiting")

    _why_dropped = "the connection is closed (socket.send() raised exception.)"

    _waiting: deque[Piece | FilePart] | FileSending | None

    def __init__(
        self,
        loop: Core,
        sock: socket.socket,
        server: ConnectionKeeper | None,
        context: contextvars.Context | None,
        extra: dict[str, Any] | None,
    ) -> None:
        super().__init__(loop, sock, server, context, extra)
        self._end_pending = False  # our side's, by write_eof
        self._parts_waiting = 0  # parts of files in the queue
        self._file: FileSending | None = None  # goes when all that waits has gone
        self._file_done: asyncio.Future[Exception | None] | None = None

    def _on_writable(self) -> None:
        waiting = self._waiting
        if isinstance(waiting, FileSending):
            self._send_file_part(waiting)
        elif waiting:
            self._send_waiting()
        elif self._room_wanted:
            self._tell_ready(WRITE)
        else:
            self._update_events()

    def _send_together(self, pieces: Iterable[Piece]) -> int:
        return self._sock.sendmsg(pieces)

    def send_now(self, pieces: Sequence[Piece]) -> int:
        """For a :class:`~.pulling.PullProtocol`: send what the kernel takes now of ``pieces``."""
        if self._waiting:
            return 0
        try:
            if len(pieces) == 1:
                return self._send(pieces[0])
            return self._sock.sendmsg(islice(pieces, MAX_PIECES))
        except (BlockingIOError, InterruptedError):
            return 0

    def _all_sent(self) -> None:
        self._waiting = self._file
        self._update_events()
        if self._file is None:
            if self._end_pending:
                self._send_end()
            if self._closing:
                self._lose(None)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """End our side once everything is sent; reading goes on."""
        if not self._end_pending and not self._closing:
            self._end_pending = True
            self._refusal = ENDED
            if not self._waiting:
                self._send_end()

    def _send_end(self) -> None:
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            # Reset. Reading, if it goes on, tells more: what came before, and the right error.
            if self._paused or self._ended:
                self._fail(ConnectionResetError(error.errno, error.strerror))

    def _forget_data(self) -> None:
        if self._parts_waiting:
            for piece in cast(deque[Any], self._waiting):
                if type(piece) is FilePart:
                    piece.end()
            self._parts_waiting = 0
        super()._forget_data()
        if self._file is not None:
            self._end_file(
                ConnectionError("the connection was closed before all of a file was sent")
            )

    # Files

    _sendfile_compatible = _SendfileMode.TRY_NATIVE
    """By which asyncio's transports tell that :meth:`asyncio.loop.sendfile` can use them."""

    async def send_file(self, sending: FileSending) -> None:
        """Send a part of a file behind what was written before; return when the kernel has taken all of it.

        Meanwhile nothing may be written; :meth:`close` and :meth:`write_eof` wait for the end of the file,
        and reading goes on. Cancelled, it leaves the connection open, with a part of the file sent.

        Raises :exc:`asyncio.SendfileNotAvailableError` with nothing sent if the kernel cannot send this
        file, :exc:`OSError` if it failed, in which case the connection is lost too, and
        :exc:`RuntimeError` if nothing may be written or the transport is closing.
        """
        if self._refusal or self._closing:
            raise RuntimeError(self._refusal or "Transport is closing")
        self._refusal = "unable to write; sendfile is in progress"
        self._file = sending
        self._file_done = done = self._loop.create_future()
        try:
            if not self._waiting:
                self._waiting = sending
                self._send_file_part(sending)
                self._update_events()
            problem = await done
        finally:
            if self._file is sending:  # cancelled
                self._end_file(None)
        if problem is not None:
            try:
                raise problem
            finally:
                del problem, done  # it holds this frame

    def _send_file_part(self, sending: FileSending) -> None:
        before = sending.sent
        try:
            ended = sending.step(self._fd)
        except OSError as error:
            if self._file_done is not None and not self._file_done.done():
                self._file_done.set_result(error)
            self._fail(error)
        except Exception as error:  # the kernel cannot do it, or there is no such place in a file
            self._end_file(error)
        else:
            self._taken += sending.sent - before
            if ended:
                self._end_file(None)

    def _end_file(self, problem: Exception | None) -> None:
        sending, self._file = self._file, None
        done, self._file_done = self._file_done, None
        self._refusal = ENDED if self._end_pending else None
        if done is not None and not done.done():
            done.set_result(problem)
        if self._waiting is sending:
            self._all_sent()

    # Parts of files among bytes

    def write_file(self, head: bytes, part: FilePart, tail: bytes) -> None:
        """As :meth:`write` of ``head``, a part of a file, and ``tail``. The transport ends the part.

        The kernel sends it by itself where it can; else it is read, block by block, when it is its turn. If that fails
        the connection is reset, and its protocol told an :exc:`UnreadableFile`.
        """
        if self._refusal or self._closing:
            part.end()
            if self._refusal:
                raise RuntimeError(self._refusal)
            self._drop()
            return
        idle = not self._waiting
        if self._waiting is None:
            self._waiting = deque()
        waiting = cast(deque[Any], self._waiting)
        waiting.extend(piece for piece in (head, part, tail) if piece)
        self._waiting_size += len(head) + len(part) + len(tail)
        self._parts_waiting += 1
        before = 0
        while idle and waiting and not self._lost and len(waiting) != before:
            before = len(waiting)  # as long as one of the three has gone
            self._send_waiting()
        if self._waiting_size:
            self._update_events()
            self._pause_if_full(self._waiting_size)

    def has_file_waiting(self) -> bool:
        """Whether something of a :meth:`write_file` is still to be sent."""
        return self._parts_waiting > 0

    def _send_waiting(self) -> None:
        if not self._parts_waiting:
            super()._send_waiting()
            return
        waiting = cast(deque[Any], self._waiting)
        try:
            is_bytes = is_no_part(waiting[0])
            sent = self._send_before_part(waiting) if is_bytes else self._send_of_part(waiting)
        except (BlockingIOError, InterruptedError):
            return
        except UnreadableFile as error:
            # What was announced does not come, which must not look like a proper end.
            self._forbid_lingering()
            self._fail(error)
            return
        except OSError as error:
            self._write_failed(error)
            return
        self._taken += sent
        self._waiting_size -= sent
        self._resume_if_room(self._waiting_size)
        if not self._waiting_size and not self._lost:
            self._all_sent()

    def _kernel_sends_files(self) -> bool:
        return self._sendfile_compatible is _SendfileMode.TRY_NATIVE

    def _send_before_part(self, waiting: deque[Any]) -> int:
        pieces = list(takewhile(is_no_part, islice(waiting, MAX_PIECES)))
        if self._kernel_sends_files() and len(pieces) < len(waiting):
            sent = self._sock.sendmsg(pieces, (), _MORE)
        else:
            sent = self._sock.sendmsg(pieces)
        drop_sent(waiting, sent)
        return sent

    def _send_of_part(self, waiting: deque[Any]) -> int:
        part: FilePart = waiting[0]
        if self._kernel_sends_files() and part.sendable:
            sent = part.send(self._fd)
            if sent or part.sendable:
                self._end_if_sent(waiting, part)
                return sent
        block = part.take(BLOCK_SIZE)
        self._end_if_sent(waiting, part)
        waiting.appendleft(block)
        sent = self._send(block)
        drop_sent(waiting, sent)
        return sent

    def _end_if_sent(self, waiting: deque[Any], part: FilePart) -> None:
        if not part:
            waiting.popleft().end()
            self._parts_waiting -= 1

    # About

    def unacknowledged(self) -> int:
        # The peer's kernel acknowledges what it has taken. Ours takes much earlier what we write, and then
        # nothing more until a good part of that is acknowledged.
        try:
            held = fcntl.ioctl(self._fd, termios.TIOCOUTQ, _NO_NUMBER)
        except OSError:
            held = _NO_NUMBER
        return self._waiting_size + int.from_bytes(held, sys.byteorder)


def is_no_part(piece: Piece | FilePart) -> bool:
    """Whether these are bytes."""
    return type(piece) is not FilePart
