"""Work that takes long and much memory: a little of it at a time, each in a thread beside the loop."""

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from ...util import check_whole_numbers
from ...web import HTTPError

T = TypeVar("T")

RETRY_SECONDS: Final = 5
"""``Retry-After`` for whom there is no room: those who wait take about a second each at the worst."""

Job = tuple["Future[Any]", Callable[[], Any]]


class TooBusyError(HTTPError):
    """Too many wait already. A handler that does not catch it answers with 503 and ``Retry-After``."""

    def __init__(self) -> None:
        super().__init__(
            503,
            detail="Too many are signing in at the moment: try again soon.",
            retry_after=RETRY_SECONDS,
        )


class Threads:
    """Runs functions in threads: a few at a time, while a bounded number of others waits for its turn.

    A thread ends when nobody waits any more: there is nothing to close. Any loop of any thread may use it, and so may a
    process that was forked meanwhile.

    :arg max_running: how many run at a time.
    :arg max_waiting: how many may wait; beyond these :exc:`TooBusyError` is raised.

    Raises :exc:`TypeError` and :exc:`ValueError` for what is no such number.
    """

    def __init__(self, max_running: int, max_waiting: int) -> None:
        check_whole_numbers(max_running=max_running, max_waiting=max_waiting)
        if max_running < 1 or max_waiting < 0:
            raise ValueError("max_running is at least 1, and max_waiting not negative")
        self.max_running = max_running
        self.max_waiting = max_waiting
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._running = 0
        self._waiting: deque[Job] = deque()

    async def run(self, function: Callable[[], T]) -> T:
        """What ``function`` returns, or raises. Who is cancelled while waiting for a turn gives it up.

        Raises :exc:`TooBusyError`.
        """
        future: Future[T] = Future()
        self._add((future, function))
        return await asyncio.wrap_future(future)

    def _add(self, job: Job) -> None:
        if (
            self._process != os.getpid()
        ):  # a fork has none of the threads, and perhaps a lock that one of them held
            self._begin()
        with self._lock:
            starts = self._running < self.max_running
            if starts:
                self._running += 1
            elif len(self._waiting) >= self.max_waiting:
                raise TooBusyError
            else:
                self._waiting.append(job)
        if starts:
            self._start(job)
        else:
            job[0].add_done_callback(lambda future: self._give_up(job))

    def _start(self, job: Job) -> None:
        try:
            threading.Thread(target=self._work, args=[job], name="tornadolike-passwords").start()
        except BaseException:  # there are no more threads
            with self._lock:
                self._running -= 1
            raise

    def _give_up(self, job: Job) -> None:
        """Somebody has been cancelled, or is done."""
        if job[0].cancelled():
            with self._lock:
                if job in self._waiting:
                    self._waiting.remove(job)

    def _work(self, job: Job | None) -> None:
        while job is not None:
            _do(*job)
            job = self._next()

    def _next(self) -> Job | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._running -= 1
            return None


def _do(future: "Future[Any]", function: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)
