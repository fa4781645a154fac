""":class:`PieceWriter`: bytes for a descriptor, sent at once as far as the kernel takes them.

What it does not take waits, as the pieces that were written: neither joined nor copied, unless somebody
could change them. They leave in vectored calls, each as soon as the descriptor is writable again.
"""

from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, Final, cast

from .flow import FlowControl

MAX_PIECES: Final = 64
"""How many pieces one vectored write takes; kernels allow at least this many."""

NONE_WAIT: Final[deque[Any]] = deque(maxlen=0)
"""The queue of those for whom nothing has ever had to wait; one of their own would cost 700 bytes."""

Piece = bytes | memoryview
"""A view is one of single bytes."""


class PieceWriter(FlowControl):
    """What a transport has of its descriptor's writing side.

    A subclass sets ``_send``, watches the descriptor by ``_update_events``, and calls ``_send_waiting``
    when it is writable and something waits.
    """

    __slots__ = ("_refusal", "_send", "_taken", "_waiting", "_waiting_size")

    _closing: bool
    _lost: bool

    _send: Callable[[Piece], int]
    """Hand bytes to the kernel; how many it took. Bound once: every write needs it."""

    _waiting: Any
    """A deque of pieces, None, or (meanwhile writing is refused) something that is sent otherwise."""

    def __init__(self, extra: dict[str, Any] | None = None) -> None:
        super().__init__(extra)
        self._refusal: str | None = None  # why nothing may be written
        self._waiting = None
        self._waiting_size = 0
        self._taken = 0  # bytes that had to wait and were taken by the kernel

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send ``data``: now as far as the kernel takes it, the rest as soon as it does.

        Raises :exc:`TypeError` for what is not bytes and, on a socket, :exc:`RuntimeError` after
        :meth:`write_eof`. On a transport that is closing or lost the data is dropped; the log tells of
        those who go on.
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
                sent = self._send(data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError as error:
                self._write_failed(error)
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
            sent = self._send_some(pieces)
            if sent is None:
                return
            drop_sent(pieces, sent)
            if not pieces:
                return
        self._wait_with(pieces)

    def get_write_buffer_size(self) -> int:
        """Bytes that wait to be sent."""
        return self._waiting_size

    def unacknowledged(self) -> int:
        """Bytes that were written and that the peer, as far as can be known, has not taken yet."""
        return self._waiting_size

    def write_progress(self) -> int:
        """How many more bytes the peer has taken since this was called before, by the difference.

        That is so as long as something waits, without which there is nothing to wait for.
        """
        return self._taken + self._waiting_size - self.unacknowledged()

    def _wait_with(self, pieces: Iterable[Piece]) -> None:
        """Put into the queue what could not be sent at once."""
        waiting = self._waiting
        if waiting is None:
            waiting = self._waiting = deque()
        for piece in pieces:
            waiting.append(unchanging(piece))
            self._waiting_size += len(piece)
        self._update_events()
        self._pause_if_full(self._waiting_size)

    def _send_waiting(self) -> None:
        """Send what the kernel takes of the pieces that wait."""
        waiting = self._waiting
        sent = self._send_some(waiting)
        if sent is None:
            return
        drop_sent(waiting, sent)
        self._taken += sent
        self._waiting_size -= sent
        self._resume_if_room(self._waiting_size)
        if not self._waiting_size and not self._lost:
            self._all_sent()

    def _send_some(self, pieces: deque[Piece]) -> int | None:
        """Send what the kernel takes of ``pieces`` in one call; how much that was, None if it has failed."""
        try:
            if len(pieces) == 1:
                return self._send(pieces[0])
            return self._send_together(islice(pieces, MAX_PIECES))
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            self._write_failed(error)
            return None

    # What the whole does

    def _send_together(self, pieces: Iterable[Piece]) -> int:
        """As ``_send``, of several pieces."""
        raise NotImplementedError

    def _update_events(self) -> None:
        """Watch the descriptor for being writable if, and only if, something waits."""
        raise NotImplementedError

    def _all_sent(self) -> None:
        """Nothing waits any more."""
        raise NotImplementedError

    def _write_failed(self, error: OSError) -> None:
        """The descriptor cannot be written to."""
        self._fail(error)

    def _fail(self, error: OSError) -> None:
        """The descriptor cannot be written to: the transport is lost."""
        raise NotImplementedError


def view_of(data: Any) -> memoryview:
    """The bytes of a buffer of any kind and shape. Raises :exc:`TypeError` for what has none."""
    try:
        return memoryview(data).cast("B")
    except TypeError:
        raise TypeError(
            "data must be a bytes-like object (bytes, bytearray, contiguous memoryview), "
            f"not {type(data).__name__!r}; encode text before it is written"
        ) from None


def unchanging(piece: Piece) -> Piece:
    """``piece`` if nobody can change it, else a copy: what waits must not change under our hands."""
    if type(piece) is bytes or isinstance(cast(memoryview, piece).obj, bytes):
        return piece
    return bytes(piece)


def drop_sent(pieces: deque[Piece], sent: int) -> None:
    """Take the first ``sent`` bytes out of ``pieces``."""
    while sent:
        piece = pieces[0]
        if sent < len(piece):
            pieces[0] = memoryview(piece)[sent:]
            return
        sent -= len(piece)
        pieces.popleft()
