""":class:`Channel`: what an application in a thread answers, on its way to the loop."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final

from .errors import ClientGone
from .files import OpenFile
from .response import Piece

LOOK_INTERVAL: Final = 5.0
"""Seconds after which a thread that waits looks whether there is still a loop."""


class Channel:
    """Pieces of a response, in their order; the thread waits when too much of them is here.

    :arg loop: who takes them.
    :arg max_size: bytes that may be here.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, max_size: int) -> None:
        self._loop = loop
        self._loop_thread = threading.get_ident()
        self._max_size = max_size
        self._changed = threading.Condition()
        # What these say belongs to who has the lock.
        self._pieces: deque[Piece] = deque()
        self._size = 0
        self._job: Future[Any] | None = None
        """What the thread does, once it has ended."""
        self._closed = False
        self._told = False
        """The loop knows that there is something for it."""
        # This belongs to the loop.
        self._waiter: asyncio.Future[None] | None = None

    # In the thread

    def put(self, data: bytes | OpenFile, last: bool = False) -> None:
        """Hand over a piece, when there is room for it; a file, and wait until the connection has it.

        Raises :exc:`ClientGone`.
        """
        size = len(data) if isinstance(data, bytes) else self._max_size
        with self._changed:
            self._wait_until(lambda: not self._size or self._size + size <= self._max_size)
            self._pieces.append((data, last))
            self._size += size
            self._tell()
            if not isinstance(data, bytes):
                self._wait_until(lambda: not self._size)

    def job_ended(self, job: "Future[Any]") -> None:
        """A callback for the future of what runs in the thread: there is nothing more to come."""
        with self._changed:
            self._job = job
            self._tell()

    def is_beside_loop(self) -> bool:
        """Whether this is called in another thread than the loop's: an executor of the author's may have none."""
        return threading.get_ident() != self._loop_thread

    def _wait_until(self, condition: Callable[[], bool]) -> None:
        while not (self._closed or condition()) and self.is_beside_loop():
            if not self._changed.wait(LOOK_INTERVAL) and self._loop.is_closed():
                self._closed = True  # and it has left no task to say so
        if self._closed:
            raise ClientGone

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            try:
                self._loop.call_soon_threadsafe(self._wake)
            except RuntimeError:  # the loop is closed, and nobody is there any more
                self._closed = True

    # In the loop

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def take(self) -> Piece | None:
        """The next piece, when it is here; None behind the last.

        Raises what has ended the thread's work, if that was an exception.
        """
        while True:
            with self._changed:
                if self._pieces:
                    return self._pieces.popleft()
                if self._job is not None:
                    break
                self._told = False
                self._waiter = self._loop.create_future()
            await self._waiter
        if self._job.cancelled():
            if self._closed:
                raise ClientGone
            raise RuntimeError(
                "The executor was shut down with cancel_futures=True before it came to this request"
            )
        error = self._job.exception()
        if error is not None and not isinstance(error, Exception):
            # A SystemExit, which ended neither the thread nor the program there, must not end it here.
            raise RuntimeError(f"The application raised {type(error).__name__}") from error
        if error is not None:
            raise error
        return None

    def sent(self, data: bytes | OpenFile) -> None:
        """What :meth:`take` has given is not here any more: there is room again."""
        with self._changed:
            self._size -= len(data) if isinstance(data, bytes) else self._max_size
            self._changed.notify()

    def close(self) -> None:
        """Nobody takes anything any more."""
        with self._changed:
            if self._job is None:  # else it has not ended because of this
                self._closed = True
            self._pieces.clear()
            self._changed.notify()
