"""What the two sides of a stream have in common: a descriptor, a loop that watches it, an end."""

import asyncio
import contextvars
import errno
from collections.abc import Callable
from typing import Any, Final, Protocol

from ..ioloop import IOLoop
from ..ioloop.sources import descriptor_number
from .errors import StreamClosedError

CONNECTION_RESETS: Final = frozenset(
    {
        errno.ECONNRESET,
        errno.ECONNABORTED,
        errno.EPIPE,
        errno.ETIMEDOUT,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
    }
)
"""How it is told that the other side, or the way there, has gone: an end, and no error of ours."""


class StreamKeeper(Protocol):
    """Who keeps count of streams: a server."""

    def stream_closed(self, stream: Any, /) -> None:
        """The stream is closed, and what was written has left the process."""
        ...

    def stream_rests(self, stream: Any, /) -> None:
        """What it has waited for (a read, its writes, the handshake) has come, and who waits is told soon."""
        ...

    def stream_replaced(self, stream: Any, /) -> None:
        """The connection goes on as this other stream."""
        ...


class Descriptor:
    """A descriptor that does not block; subclasses say what it is and what to do with it."""

    def __init__(self) -> None:
        self.io_loop = IOLoop.current()
        self.error: BaseException | None = None
        """What ended the stream, None if nothing went wrong."""
        self.keeper: StreamKeeper | None = None
        """Who has to know how it is with the stream, and of its end, besides the close callback."""
        self._future_loop = self.io_loop.asyncio_loop
        self._close_callback: tuple[Callable[[], object], contextvars.Context] | None = None
        self._watched_for = 0
        self._watched_fd = -1
        self._opening = False  # nobody is there yet to read from or to write to
        self._closed = False

    def fileno(self) -> Any:
        """The descriptor: its number, or an object with ``fileno()``."""
        raise NotImplementedError

    def close_fd(self) -> None:
        """Close the descriptor. :meth:`close` calls it once; nobody else should."""
        raise NotImplementedError

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        """Read up to ``len(buf)`` bytes into ``buf`` and return how many, without blocking.

        None if there is nothing to read now, 0 at the end. ``buf`` is somebody else's memory when this
        has returned.
        """
        raise NotImplementedError

    def write_to_fd(self, data: memoryview) -> int:
        """Write what is possible of ``data`` and return how many bytes that was, without blocking.

        :exc:`BlockingIOError` means 0.
        """
        raise NotImplementedError

    def get_fd_error(self) -> Exception | None:
        """What is wrong with the descriptor, asked when the loop has reported an error."""
        return None

    def set_nodelay(self, value: bool) -> None:
        """Send small writes at once (True) or wait for more. Does nothing but on TCP."""

    # What the sides need of the whole, and of each other

    def close(self, exc_info: Any = False) -> None:
        raise NotImplementedError

    def _on_events(self, events: int) -> None:
        raise NotImplementedError

    def _listen_for_the_end(self) -> None:
        raise NotImplementedError

    def _rest(self) -> None:
        if self.keeper is not None:
            self.keeper.stream_rests(self)

    def closed(self) -> bool:
        """Whether the stream has ended. What has arrived before can still be read."""
        return self._closed

    def _watch_for(self, events: int) -> None:
        before = self._watched_for
        if events == before or self._closed:
            return
        if not before:
            self._watched_fd = descriptor_number(self.fileno())
            self.io_loop.watch(self._watched_fd, self._on_events, events)
        elif events:
            self.io_loop.rewatch(self._watched_fd, events)
        else:
            self.io_loop.unwatch(self._watched_fd)
        self._watched_for = events

    def _fail(self, future: asyncio.Future[Any]) -> None:
        if not future.done():
            future.set_exception(StreamClosedError(real_error=self.error))
            future.exception()  # seen: it need not be logged if nobody waits

    def _is_connreset(self, exc: BaseException) -> bool:
        """Whether ``exc`` means that the other side has gone; a subclass may know more such errors."""
        return isinstance(exc, OSError) and exc.errno in CONNECTION_RESETS
