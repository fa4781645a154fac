"""What is waiting to run: one callback (:class:`Handle`) or one callback at a time (:class:`TimerHandle`).

Both are asyncio's handles, so that whoever checks ``isinstance(h, asyncio.Handle)``, cancels one or
asks a timer when it is due finds what asyncio promises; only the constructors are leaner, and so is
running them: most callbacks have no argument or one, and spreading a tuple costs more than calling.
"""

import asyncio
import contextvars
import os
import sys
import traceback
from asyncio import iscoroutine
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .._native import RUNNING

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop


HERE = os.path.dirname(__file__) + os.sep

ORIGIN_DEPTH = 10
"""How many calls of the stack that made a handle debug mode remembers."""


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

        def _run(self) -> None:
            callback = self._callback
            args = self._args
            try:
                if not args:
                    self._context.run(callback)
                elif len(args) == 1:
                    self._context.run(callback, args[0])
                else:
                    self._context.run(callback, *args)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:
                report(self, callback, error)
            # The traceback of an exception, even of one that a task has kept, holds this frame: without
            # these it holds no more.
            self = callback = args = None


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

        def cancel(self) -> None:
            if not self._cancelled:
                loop = self._loop
                if loop._debug:
                    self._repr = repr(self)
                self._cancelled = True
                self._callback = None
                self._args = None
                if self._scheduled:
                    loop._timer_handle_cancelled(self)

        def _run(self) -> None:
            callback = self._callback
            args = self._args
            run = self._context.run
            try:
                result = run(callback, *args) if args else run(callback)
                if result is not None and iscoroutine(result):
                    # Tornado's timers take coroutine functions; asyncio's drop what they return.
                    run(self._loop.adopt, result, callback)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:
                report(self, callback, error)
            self = callback = args = None  # as above


def report(handle: Handle | TimerHandle, callback: object, error: BaseException) -> None:
    """Tell the loop's exception handler that ``handle`` failed."""
    context = {
        "message": f"Exception in callback {callback!r}",
        "exception": error,
        "handle": handle,
    }
    origin = handle._source_traceback  # type: ignore[union-attr]
    if origin:
        context["source_traceback"] = origin
    handle._loop.call_exception_handler(context)  # type: ignore[union-attr]


def remember_origin(handle: Handle | TimerHandle) -> None:
    """Have ``handle`` say in reports which line made it."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(HERE):
        frame = frame.f_back
    stack = traceback.StackSummary.extract(
        traceback.walk_stack(frame), limit=ORIGIN_DEPTH, lookup_lines=False
    )
    stack.reverse()
    handle._source_traceback = stack  # type: ignore[union-attr]


if RUNNING:
    from .._native import handles as _native

    _native.install(Handle, TimerHandle, report, iscoroutine)
