"""Several attempts at one thing, each started a little later than the one before: the first to succeed wins."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

from .core import Core

T = TypeVar("T")


async def first_to_succeed(
    loop: Core,
    attempts: Iterable[Callable[[], Coroutine[Any, Any, T]]],
    delay: float,
    discard: Callable[[T], object],
) -> T | None:
    """Start an attempt; another as soon as the last fails or ``delay`` seconds pass; return what the first gives.

    The attempts that are left are cancelled and waited for. What one of them gives nevertheless is given
    to ``discard``, also if this coroutine itself is cancelled. An attempt fails by raising
    :exc:`OSError`; None if all do. Any other exception ends the race and is raised.
    """
    left = iter(attempts)
    running: set[asyncio.Task[T]] = set()
    try:
        while True:
            latest = None
            for attempt in left:
                latest = loop.create_task(attempt())
                running.add(latest)
                break
            if not running:
                return None
            winner = await _next_result(running, latest, delay)
            if winner is not None:
                return winner.result()
    finally:
        for task in running:
            if task.done():
                _discard_result(task, discard)
            else:
                task.cancel()
                # By a callback: whoever cancels us again does not wait for it.
                task.add_done_callback(lambda task: _discard_result(task, discard))
        if running:
            await asyncio.wait(running)


async def _next_result(
    running: set[asyncio.Task[T]], latest: asyncio.Task[T] | None, delay: float
) -> asyncio.Task[T] | None:
    """The first attempt that is done, taken out of ``running``; None if it is time for another attempt."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + delay
    while running:
        timeout = None if latest is None else max(0.0, deadline - loop.time())
        done, _ = await asyncio.wait(running, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        failed = {task for task in done if not task.cancelled() and is_os_error(task)}
        running -= failed
        if succeeded := done - failed:
            winner = succeeded.pop()
            running.discard(winner)
            return winner
        if latest in failed or not done:
            return None
    return None


def is_os_error(task: asyncio.Task[Any]) -> bool:
    return isinstance(task.exception(), OSError)


def _discard_result(task: asyncio.Task[T], discard: Callable[[T], object]) -> None:
    if not task.cancelled() and task.exception() is None:
        discard(task.result())
