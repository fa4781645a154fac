"""How long a test may take, in seconds of the real clock, whatever the clock of its loop does."""

import asyncio
import os
import time
from collections.abc import Callable
from typing import Any, Final

from ..ioloop import IOLoop

DEFAULT_TIMEOUT: Final = 5.0

LIMIT: Final = "_tornadolike_limit"
"""The attribute of a loop that holds its limit. Held there and nowhere else, it goes with the loop."""


def get_async_test_timeout() -> float:
    """Seconds that an asynchronous test may take: ``ASYNC_TEST_TIMEOUT`` of the environment, by default 5."""
    try:
        return float(os.environ["ASYNC_TEST_TIMEOUT"])
    except (KeyError, ValueError):
        return DEFAULT_TIMEOUT


class RealLimit:
    """Calls ``expire()`` in ``loop`` after so many real seconds, unless :meth:`cancel` is called before.

    It is a timer of the loop. Where a :class:`~tornadolike.testing.VirtualClock` jumps, that would come at
    once: so the clock takes it out of the loop, and asks it at each turn. At most one is for a loop at a time.
    """

    def __init__(self, loop: IOLoop, seconds: float, expire: Callable[[], object]) -> None:
        self.expired = False
        self._loop = loop
        self._expire = expire
        self._end = time.monotonic() + seconds
        self._timer: Any = loop.add_timeout(loop.time() + seconds, self._run_out)
        setattr(loop, LIMIT, self)

    @staticmethod
    def of(loop: IOLoop) -> "RealLimit | None":
        """What is waiting for its end in ``loop``."""
        return getattr(loop, LIMIT, None)

    def cancel(self) -> None:
        """Forget about it."""
        if RealLimit.of(self._loop) is self:
            delattr(self._loop, LIMIT)
        self.leave_to_clock()

    def leave_to_clock(self) -> None:
        """Have no timer any more: the loop's clock asks :meth:`ends_here`."""
        if self._timer is not None:
            self._loop.remove_timeout(self._timer)
            self._timer = None

    def take_from_clock(self) -> None:
        """Have a timer again: the loop's time is as quick as the real one."""
        left = self._loop.time() + self.seconds_left()
        self._timer = self._loop.add_timeout(left, self._run_out)

    def seconds_left(self) -> float:
        """Real ones, 0.0 at the least."""
        return max(0.0, self._end - time.monotonic())

    def ends_here(self) -> bool:
        """Whether the end has come; then it has expired when this returns."""
        if time.monotonic() < self._end:
            return False
        self._run_out()
        return True

    def _run_out(self) -> None:
        self.cancel()
        self.expired = True
        self._expire()


def run_limited(loop: IOLoop, function: Callable[[], Any], seconds: float | None) -> Any:
    """As :meth:`.IOLoop.run_sync`, with a limit in real seconds; 0 or None: as long as it takes.

    Raises :exc:`TimeoutError` when it has passed, after the coroutine was cancelled.
    """
    if not seconds:
        return loop.run_sync(function)
    limit: RealLimit | None = None

    def limited() -> Any:
        nonlocal limit
        task = asyncio.current_task()
        assert task is not None
        limit = RealLimit(loop, seconds, task.cancel)
        return function()

    problem: BaseException | None = None
    try:
        result = loop.run_sync(limited)
    except asyncio.CancelledError as error:
        if limit is None or not limit.expired:
            raise
        problem = error
    finally:
        if limit is not None:
            limit.cancel()
    if limit is not None and limit.expired:
        raise TimeoutError(f"Operation timed out after {seconds} seconds") from problem
    return result
