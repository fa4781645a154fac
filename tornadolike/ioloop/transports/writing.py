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
from itertools import islice
from typing import Any, Final

from ..core import Core
from ..poller import WRITE
from .files import FileSending
from .pieces import MAX_PIECES, Piece
from .wire import ConnectionKeeper, Wire

_NO_NUMBER: Final = bytes(4)

ENDED: Final = "Cannot write after write_eof()"


class WritingSide(Wire):
    """A socket that is written to."""

    __slots__ = ("_end_pending", "_file", "_file_done")

    _why_dropped = "the connection is closed (socket.send() raised exception.)"

    _waiting: deque[Piece] | FileSending | None

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

    # About

    def unacknowledged(self) -> int:
        # The peer's kernel acknowledges what it has taken. Ours takes much earlier what we write, and then
        # nothing more until a good part of that is acknowledged.
        try:
            held = fcntl.ioctl(self._fd, termios.TIOCOUTQ, _NO_NUMBER)
        except OSError:
            held = _NO_NUMBER
        return self._waiting_size + int.from_bytes(held, sys.byteorder)
