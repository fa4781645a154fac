"""Where something is: the stack of a thread, and the places where a task waits."""

import asyncio
import gc
import sys
import traceback
from types import AsyncGeneratorType, CoroutineType
from typing import Any, Final

DEEPEST: Final = 30
"""Calls that are shown of a stack: those that were made last."""

WAITS: Final = 30
"""Coroutines within each other that are shown of a task."""

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
        return "".join(traceback.format_stack(frame, DEEPEST)).rstrip()
    finally:
        del frame  # it would keep what is in it


def stack_of_task(task: "asyncio.Task[Any]") -> str:
    """Where a task waits: its coroutine, what that awaits, and so on inwards, as in a traceback."""
    return "".join(traceback.format_list(_waits(task.get_coro()))).rstrip()


def _waits(waiting: Any) -> list[traceback.FrameSummary]:
    # Task.get_stack() knows only the outermost coroutine.
    found: list[traceback.FrameSummary] = []
    for _ in range(WAITS):
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
