"""What is waiting to run: one callback (:class:`Handle`) or one callback at a time (:class:`TimerHandle`).

Both are asyncio's handles, so that whoever checks ``isinstance(h, asyncio.Handle)``, cancels one or
asks a timer when it is due finds what asyncio promises; only the constructors are leaner.
"""

import asyncio
import contextvars
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop


class Handle(asyncio.Handle):
    """A callback that runs at the loop's next turn unless it is cancelled before."""

    __slots__ = ()

    if not TYPE_CHECKING:  # the stubs know neither the private fields nor the arguments' freedom

        def __init__(
            self,
            callback: Callable[..., object],
            args: tuple[Any, ...],
            loop: "AbstractEventLoop",
            context: contextvars.Context | None,
        ) -> None:
            self._callback = callback
            self._args = args
            self._loop = loop
            self._context = contextvars.copy_context() if context is None else context
            self._cancelled = False
            self._repr = None
            self._source_traceback = None


class TimerHandle(asyncio.TimerHandle):
    """A callback with the time (of the loop's clock, in seconds) at which it is due."""

    __slots__ = ()

    if TYPE_CHECKING:
        _scheduled: bool
    else:

        def __init__(
            self,
            when: float,
            callback: Callable[..., object],
            args: tuple[Any, ...],
            loop: "AbstractEventLoop",
            context: contextvars.Context | None,
        ) -> None:
            self._callback = callback
            self._args = args
            self._loop = loop
            self._context = contextvars.copy_context() if context is None else context
            self._cancelled = False
            self._repr = None
            self._source_traceback = None
            self._when = when
            self._scheduled = False
