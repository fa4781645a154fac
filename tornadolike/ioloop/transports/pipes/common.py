"""What both directions have in common: the file, the protocol, the beginning and the end."""

import asyncio
import os
import stat
import warnings
from typing import Any

from ...core import Core
from ..telling import Telling


class PipeTransport(Telling, asyncio.BaseTransport):
    """What both directions have in common.

    :arg pipe: a file object; :exc:`ValueError` is raised, and the caller keeps it, if it is none that a
        loop can watch.
    :arg waiter: is resolved when the protocol's ``connection_made`` was called.
    """

    _pipe: Any = None  # what a constructor that failed leaves to __del__
    _closing = False

    def __init__(
        self,
        loop: Core,
        pipe: Any,
        protocol: asyncio.BaseProtocol,
        waiter: asyncio.Future[None] | None = None,
    ) -> None:
        super().__init__({"pipe": pipe})
        self._loop = loop
        self._fd: int = pipe.fileno()
        self._mode = check_pipe(pipe, self._fd)
        self._protocol: Any = protocol
        self._lost = False
        self._reader_added = False
        try:
            self._watch_at_first()
        except PermissionError:  # /dev/null and its like, for epoll
            raise not_a_pipe(pipe) from None
        os.set_blocking(self._fd, False)
        self._pipe = pipe
        loop.call_soon(self._begin, waiter)

    def _watch_at_first(self) -> None:
        raise NotImplementedError

    def _on_readable(self) -> None:
        raise NotImplementedError

    def _begin(self, waiter: asyncio.Future[None] | None) -> None:
        try:
            self._protocol.connection_made(self)
        finally:
            if waiter is not None and not waiter.done():
                waiter.set_result(None)

    def _add_reader(self) -> None:
        self._loop.add_reader(self._fd, self._on_readable)
        self._reader_added = True

    def _remove_reader(self) -> None:
        if self._reader_added:
            self._reader_added = False
            self._loop.remove_reader(self._fd)

    def _unwatch(self) -> None:
        self._remove_reader()

    def close(self) -> None:
        raise NotImplementedError

    def is_closing(self) -> bool:
        return self._closing

    def _lose(self, error: BaseException | None) -> None:
        if self._lost:
            return
        self._lost = self._closing = True
        self._unwatch()
        pipe, self._pipe = self._pipe, None
        try:
            pipe.close()
        except OSError as not_flushed:  # a buffer of its own, filled before it was ours
            error = error or not_flushed
        if not self._loop.is_closed():  # there nobody is told any more
            self._loop.call_soon(self._call_connection_lost, error)

    def _call_connection_lost(self, error: BaseException | None) -> None:
        try:
            self._protocol.connection_lost(error)
        finally:
            self._protocol = None

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol  # type: ignore[no-any-return]

    def __del__(self) -> None:
        if self._pipe is not None:
            warnings.warn(
                f"unclosed transport {self!r}", ResourceWarning, stacklevel=2, source=self
            )
            self._pipe.close()

    def __repr__(self) -> str:
        state = "closed" if self._pipe is None else "closing" if self._closing else "open"
        return f"<{type(self).__name__} fd={self._fd} {state}>"


def check_pipe(pipe: Any, fd: int) -> int:
    """The mode of an open file that may be a pipe; :exc:`ValueError` if it is no such thing."""
    mode = os.fstat(fd).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)):
        raise not_a_pipe(pipe)
    return mode


def not_a_pipe(pipe: Any) -> ValueError:
    return ValueError(
        f"{pipe!r} is no pipe, FIFO, socket or terminal: a loop cannot wait for it; "
        "read and write it in a thread, by run_in_executor()"
    )
