""":class:`WritingSide`: what is written to a socket, and the queue of what it does not take at once."""

import asyncio
import contextvars
import fcntl
import socket
import termios
from asyncio.constants import _SendfileMode
from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final, cast

from ..core import Core, asyncio_log
from .files import FileSending
from .wire import ConnectionKeeper, Wire

HIGH_WATER: Final = 64 * 1024
"""Bytes waiting to be written at which the protocol is asked to pause."""

MAX_PIECES: Final = 64
"""How many pieces one vectored write takes; kernels allow at least this many."""

DROPS_UNSAID: Final = 4
"""How many writes to a connection that is lost are dropped without a word: its protocol may not know yet."""

ENDED: Final = "Cannot write after write_eof()"

Piece = bytes | memoryview


class WritingSide(Wire):
    """A socket that is written to."""

    __slots__ = (
        "_dropped",
        "_end_pending",
        "_file",
        "_file_done",
        "_high",
        "_low",
        "_protocol_paused",
        "_refusal",
        "_taken",
        "_waiting_size",
    )

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
        self._refusal: str | None = None  # why nothing may be written
        self._end_pending = False  # our side's, by write_eof
        self._file: FileSending | None = None  # goes when all that waits has gone
        self._file_done: asyncio.Future[Exception | None] | None = None
        self._waiting_size = 0
        self._taken = 0  # bytes that had to wait and were taken by the kernel
        self._dropped = 0  # writes that came too late
        self._high = HIGH_WATER
        self._low = HIGH_WATER // 4
        self._protocol_paused = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send ``data``: now as far as the kernel takes it, the rest as soon as it does.

        Raises :exc:`TypeError` for what is not bytes and :exc:`RuntimeError` after :meth:`write_eof`.
        On a connection that is closing or lost the data is dropped; the log tells of those who go on.
        """
        if type(data) is not bytes:
            data = view_of(data)
        if self._refusal:
            raise RuntimeError(self._refusal)
        if self._closing or not data:
            if data:
                self._drop()
            return
        if not self._waiting:
            try:
                sent = self._sock.send(data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError as error:
                self._fail(error)
                return
            if sent == len(data):
                return
            data = memoryview(data)[sent:]
        self._wait_with((data,))

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        """As :meth:`write` of all pieces together, but they are not joined."""
        pieces: deque[Piece] = deque()
        for piece in list_of_data:
            if type(piece) is not bytes:
                piece = view_of(piece)
            if piece:
                pieces.append(piece)
        if self._refusal:
            raise RuntimeError(self._refusal)
        if self._closing or not pieces:
            if pieces:
                self._drop()
            return
        if not self._waiting:
            drop_sent(pieces, self._send_some(pieces))
            if self._lost or not pieces:
                return
        self._wait_with(pieces)

    def _drop(self) -> None:
        self._dropped += 1
        if self._dropped > DROPS_UNSAID:
            asyncio_log.warning(
                "%r: data is dropped, the connection is closed (socket.send() raised exception.)",
                self,
            )

    def _wait_with(self, pieces: Iterable[Piece]) -> None:
        """Put into the queue what could not be sent at once."""
        waiting = self._waiting
        if waiting is None:
            waiting = self._waiting = deque()
        assert not isinstance(waiting, FileSending)  # writing is refused meanwhile
        for piece in pieces:
            # What waits must not change under our hands.
            immutable = type(piece) is bytes or isinstance(cast(memoryview, piece).obj, bytes)
            waiting.append(piece if immutable else bytes(piece))
            self._waiting_size += len(piece)
        self._update_events()
        self._pause_if_full()

    def _pause_if_full(self) -> None:
        if self._waiting_size > self._high and not self._protocol_paused:
            self._protocol_paused = True
            self._tell_protocol("pause_writing")

    def _on_writable(self) -> None:
        waiting = self._waiting
        if not waiting:
            self._update_events()
            return
        if isinstance(waiting, FileSending):
            self._send_file_part(waiting)
            return
        sent = self._send_some(waiting)
        if self._lost:
            return
        self._taken += sent
        self._waiting_size -= sent
        drop_sent(waiting, sent)
        if self._protocol_paused and self._waiting_size <= self._low:
            self._protocol_paused = False
            self._tell_protocol("resume_writing")
        if not self._waiting_size and not self._lost:
            self._all_sent()

    def _all_sent(self) -> None:
        self._waiting = self._file
        self._update_events()
        if self._file is None:
            if self._end_pending:
                self._send_end()
            if self._closing:
                self._lose(None)

    def _send_some(self, pieces: deque[Piece]) -> int:
        """Send what the kernel takes of ``pieces`` in one call; how much that was."""
        try:
            if len(pieces) == 1:
                return self._sock.send(pieces[0])
            return self._sock.sendmsg(islice(pieces, MAX_PIECES))
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            self._fail(error)
            return 0

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
        self._waiting_size = 0
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

    # Flow control

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """The marks, in bytes, at which the protocol is asked to pause and to go on.

        By default ``high`` is four times ``low`` (or 64 KiB), ``low`` a quarter of ``high``.
        """
        if high is None:
            high = HIGH_WATER if low is None else 4 * low
        if low is None:
            low = high // 4
        if not high >= low >= 0:
            raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
        self._high, self._low = high, low
        self._pause_if_full()

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low, self._high

    def get_write_buffer_size(self) -> int:
        """Bytes that wait to be sent."""
        return self._waiting_size

    def write_progress(self) -> object:
        """Something that is different from what it was before if the peer has taken anything meanwhile.

        Of what waits, that is. It has been taken when the peer's kernel has acknowledged it: ours takes
        it much earlier, and then nothing more until a good part of that is acknowledged.
        """
        try:
            held = fcntl.ioctl(self._fd, termios.TIOCOUTQ, b"\0\0\0\0")
        except OSError:
            held = b""
        return self._taken, held

    def _tell_protocol(self, method: str) -> None:
        try:
            getattr(self._protocol, method)()
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._loop.call_exception_handler(
                {
                    "message": f"protocol.{method}() failed",
                    "exception": error,
                    "transport": self,
                    "protocol": self._protocol,
                }
            )


def view_of(data: Any) -> memoryview:
    """The bytes of a buffer of any kind and shape. Raises :exc:`TypeError` for what has none."""
    try:
        return memoryview(data).cast("B")
    except TypeError:
        raise TypeError(
            "data must be a bytes-like object (bytes, bytearray, contiguous memoryview), "
            f"not {type(data).__name__!r}; encode text before it is written"
        ) from None


def drop_sent(pieces: deque[Piece], sent: int) -> None:
    """Take the first ``sent`` bytes out of ``pieces``."""
    while sent:
        piece = pieces[0]
        if sent < len(piece):
            pieces[0] = memoryview(piece)[sent:]
            return
        sent -= len(piece)
        pieces.popleft()
