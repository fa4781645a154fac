""":class:`BaseIOStream`: reads that say what they want, over any descriptor that a loop can watch.

A stream pulls. Nothing is read from the descriptor before somebody asks for bytes, so a peer that is
not listened to is held up by the kernel and not by a buffer of ours. A read first looks at what has
arrived, then tries the descriptor at once, and only then has the loop watch it. The same with writes.

What the loop is asked to watch:

* for reading while a read waits, and also while nobody reads and nothing is buffered: so an idle stream
  learns that the other side has closed. It may have been sent something instead, and then keeps that
  (one chunk), and does not listen on: the end comes behind the bytes, and who has not taken these cannot
  be told of it.
* for writing while something waits to be written.
* not at all before the first of this, and not while there is neither: errors, which are always reported,
  would be reported at every poll.

The end: :meth:`~BaseIOStream.close`, the end of the file, or an error. A read that waits gets what it
wants if that is there, otherwise :exc:`StreamClosedError`; so do the writes. What has arrived can still
be read afterwards. The close callback comes last.
"""

import contextvars
import sys
from collections.abc import Callable
from types import TracebackType

from ..ioloop.poller import ERROR, READ, WRITE
from ..log import gen_log
from .reading import READ_CHUNK_SIZE, ReadingSide
from .writing import WritingSide

_ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


class BaseIOStream(ReadingSide, WritingSide):
    """A stream over a descriptor that does not block.

    Subclasses say what the descriptor is: :meth:`fileno`, :meth:`close_fd`, :meth:`read_from_fd`,
    :meth:`write_to_fd` and perhaps :meth:`get_fd_error`. A stream belongs to the thread of its loop, which
    is the one that is current when it is made.

    Reading methods return a future; one read at a time. A read whose future is cancelled (as by a
    time-out) is forgotten, and the bytes it would have taken stay for the next.

    :arg max_buffer_size: bytes that a read may gather before it fails, 100 MB by default.
    :arg read_chunk_size: bytes that one system call reads at the most: 64 KB by default, and half of
        ``max_buffer_size`` at the most.
    :arg max_write_buffer_size: bytes that may wait to be written, unlimited by default.
    """

    def __init__(
        self,
        max_buffer_size: int | None = None,
        read_chunk_size: int | None = None,
        max_write_buffer_size: int | None = None,
    ) -> None:
        super().__init__()
        if max_buffer_size:
            self.max_buffer_size = max_buffer_size
        chunk_size = min(read_chunk_size or READ_CHUNK_SIZE, self.max_buffer_size // 2)
        self.read_chunk_size = max(chunk_size, 1)
        self.max_write_buffer_size = max_write_buffer_size

    # Events

    def _on_events(self, events: int) -> None:
        try:
            moved = False
            if events & (READ | ERROR) and self._watched_for & READ:
                moved = self._on_readable()
            if moved and events & ERROR:
                return  # there may be more, and a write would end all; it is reported again
            if events & (WRITE | ERROR) and self._watched_for & WRITE:
                moved = self._on_writable() or moved
            if events & ERROR and not moved and not self._closed:
                # Neither side can tell what it is, and it would be reported for ever.
                self.close(exc_info=self.get_fd_error())
        except Exception as error:
            gen_log.error("Uncaught exception, closing connection.", exc_info=True)
            self.close(exc_info=error)

    def _on_writable(self) -> bool:
        """There is room for bytes, or an error; whether there was anything to it."""
        moved = self._flush()
        if self._closed or len(self._write_buffer):
            return moved
        idle = self._read is None and not len(self._read_buffer)
        self._watch_for(self._watched_for & ~WRITE | (READ if idle else 0))
        return True

    # The end

    def set_close_callback(self, callback: Callable[[], object] | None) -> None:
        """Call ``callback()`` from the loop once the stream is closed, also if it is closed already.

        It learns of that even while nobody reads or writes, unless bytes have arrived that nobody reads.
        None takes the callback back. It runs in a copy of the context in which this is called.
        """
        self._close_callback = None
        if callback is None:
            return
        self._listen_for_the_end()
        self._close_callback = callback, contextvars.copy_context()
        if self._closed:
            self._call_close_callback()

    def awaited(self) -> bool:
        """Whether anybody waits for the stream: for a read or, with a close callback, for its end."""
        return self.reading() or self._close_callback is not None

    def opening(self) -> bool:
        """Whether it is not yet there: it is being connected, or a TLS handshake goes on."""
        return self._opening

    def close(self, exc_info: bool | BaseException | _ExcInfo | None = False) -> None:
        """Close the stream now; what waits to be written is dropped. Idempotent.

        :arg exc_info: what goes to :attr:`error`: an exception, a tuple as :func:`sys.exc_info` gives it,
            or True for the exception that is being handled.
        """
        if self._closed:
            return
        if exc_info:
            self.error = given_error(exc_info)
        self._watch_for(0)
        self._closed = True
        self._end_read()
        try:
            self.close_fd()
        finally:
            self._end_writes()
            self._call_close_callback()
            self._tell_keeper()

    def _tell_keeper(self) -> None:
        keeper, self.keeper = self.keeper, None
        if keeper is not None:
            keeper.stream_closed(self)

    def _call_close_callback(self) -> None:
        if self._close_callback is not None:
            callback, context = self._close_callback
            self._close_callback = None
            context.run(self.io_loop.add_callback, callback)

    def __repr__(self) -> str:
        state = f"closed error={self.error!r}" if self._closed else "open"
        return (
            f"<{type(self).__name__} {state} to read={len(self._read_buffer)} "
            f"to write={0 if self._closed else self._bytes_waiting()}>"
        )


def given_error(exc_info: bool | BaseException | _ExcInfo) -> BaseException | None:
    """The exception that somebody means by what he gave to :meth:`BaseIOStream.close`."""
    if isinstance(exc_info, tuple):
        return exc_info[1]
    if isinstance(exc_info, BaseException):
        return exc_info
    return sys.exc_info()[1]
