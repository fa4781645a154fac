""":class:`Starter`: coroutines whose tasks nobody wants if they have ended at once."""

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from typing import Any, Protocol

from .._native import install, twin


class Starting(Protocol):
    """A loop that takes first steps."""

    def start_task(
        self, coro: Coroutine[Any, Any, Any], context: Context | None = None
    ) -> asyncio.Task[Any]: ...


install("driver", asyncio)


@twin("driver")
class Starter:
    """Takes the first steps of coroutines in one loop."""

    def __init__(self, loop: Starting) -> None:
        self.loop = loop

    def begin(
        self, coro: Coroutine[Any, Any, Any], context: Context | None = None
    ) -> asyncio.Task[Any] | None:
        """Take the first step of ``coro``: None if that was all, else the task that goes on with it."""
        task = self.loop.start_task(coro, context)
        return None if task.done() else task

    def drop(self) -> None:
        """The loop is closed: hold nothing of it any more."""
