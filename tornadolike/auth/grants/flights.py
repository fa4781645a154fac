""":class:`Flights`: what many want at the same time is done once."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Flights(Generic[Key, Value]):
    """Lets those who want the same share one task. Who is cancelled leaves it to the others; it goes on even if all
    are: half of what it does may be done, and the rest must not be lost (a refresh token that is used up)."""

    def __init__(self) -> None:
        self._tasks: dict[Key, asyncio.Task[Value]] = {}

    async def join(self, key: Key, start: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
        """What the task gives, or raises, that does this now; ``start`` is called if none does."""
        task = self._tasks.get(key)
        # One of another loop may be there if that was closed in the middle.
        if task is None or task.get_loop() is not asyncio.get_running_loop():
            task = self._tasks[key] = asyncio.ensure_future(start())
            task.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(task)

    def _landed(self, key: Key, task: asyncio.Task[Value]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
        if not task.cancelled():
            task.exception()  # those who wait have it; if nobody waits any more it is nobody's
