"""Where something is: the stack of a thread, and the places where a task waits.

What is of this package is left out, but for the innermost place: between a loop and a handler there are many calls, and
they are always the same.
"""

import asyncio
import gc
import os
import sys
import traceback
from types import AsyncGeneratorType, CoroutineType
from typing import Any, Final

DEEPEST: Final = 30
"""Calls that are shown of a stack: those that were made last."""

HERE: Final = os.path.dirname(os.path.dirname(__file__)) + os.sep
"""The package."""

WAITS: Final = 30
"""Coroutines within each other that are shown of a task: the innermost."""

DEEPEST_WAIT: Final = 1000
"""How far inwards it is looked for them."""

WRAPPERS: Final = (
    *("async_generator_asend", "async_generator_athrow"),
    *("anext_awaitable", "coroutine_wrapper"),
)
"""Types, which have no other names in Python, of what an asynchronous generator or a coroutine gives to be awaited."""


def stack_of_thread(ident: int) -> str:
    """The calls that a thread is in, the last one last, as in a traceback; empty if the thread has ended."""
    frame = sys._current_frames().get(ident)
    if frame is None:
        return ""
    try:
        calls = traceback.extract_stack(frame)
    finally:
        del frame  # it would keep what is in it
    return _shown(calls, DEEPEST)


def stack_of_task(task: "asyncio.Task[Any]") -> str:
    """Where a task waits: its coroutine, what that awaits, and so on inwards, as in a traceback."""
    return _shown(_waits(task.get_coro()), WAITS)


def _shown(calls: list[traceback.FrameSummary], most: int) -> str:
    last = len(calls) - 1
    wanted = [
        call
        for number, call in enumerate(calls)
        if number == last or not call.filename.startswith(HERE)
    ]
    return "".join(traceback.format_list(wanted[-most:])).rstrip()


def _waits(waiting: Any) -> list[traceback.FrameSummary]:
    # Task.get_stack() knows only the outermost coroutine.
    found: list[traceback.FrameSummary] = []
    for _ in range(DEEPEST_WAIT):
        frame = _first(waiting, "cr_frame", "gi_frame", "ag_frame")
        if frame is not None:
            found += traceback.extract_stack(frame, 1)
        waiting = _first(waiting, "cr_await", "gi_yieldfrom", "ag_await") or _wrapped(waiting)
        if waiting is None:
            break
    return found


def _first(thing: Any, *names: str) -> Any:
    """The first of these attributes that is there and not None."""
    return next(
        (found for name in names if (found := getattr(thing, name, None)) is not None), None
    )


def _wrapped(waiting: Any) -> Any:
    """What stands behind an object that is there only to be awaited, and has no attributes to say so."""
    if type(waiting).__name__ not in WRAPPERS:
        return None
    for each in gc.get_referents(waiting):
        if type(each).__name__ in WRAPPERS or isinstance(each, (AsyncGeneratorType, CoroutineType)):
            return each
    return None
