"""Which line of whose program a callback, a handler or a task comes from: for reports."""

import asyncio
import functools
import inspect
import os
from contextvars import Context
from types import CodeType, FrameType
from typing import Any

OUR_HOUSES = tuple(
    os.path.dirname(path) + os.sep for path in (asyncio.__file__, os.path.dirname(__file__))
)
"""Whose coroutines are not where a program waits: asyncio's and this package's."""


def origin_of(what: object) -> tuple[str, str]:
    """The qualified name of what the loop ran, and its ``file:line`` (empty if it is not Python).

    ``what`` is a handle, a task or any callable. Wrappers are looked through: partials, contexts, the
    loop's own methods that run what they are given. Of a task that waits it is the line where it
    does, in the innermost coroutine that is neither asyncio's nor ours.
    """
    if isinstance(what, asyncio.Task):
        return _origin_of_coroutine(what.get_coro())
    function = _unwrapped(what)
    code = getattr(function, "__code__", None)
    name = getattr(function, "__qualname__", None) or repr(function)
    return name, _line(code, code.co_firstlineno) if isinstance(code, CodeType) else ""


def _unwrapped(what: object) -> Any:
    function: Any = what
    args: tuple[Any, ...] = ()
    if isinstance(what, asyncio.Handle):
        function, args = what._callback, tuple(what._args or ())  # type: ignore[attr-defined]
        if function is None:
            return what  # it has cancelled itself
    while True:
        if isinstance(function, functools.partial):
            function, args = function.func, function.args + args
        elif (
            isinstance(getattr(function, "__self__", None), (asyncio.AbstractEventLoop, Context))
            and args
            and callable(args[0])
        ):
            function, args = args[0], args[1:]
        else:
            break
    function = inspect.unwrap(function)
    if not hasattr(function, "__code__") and not hasattr(function, "__qualname__"):
        function = type(function).__call__  # an object that can be called
    return getattr(function, "__func__", function)


def _origin_of_coroutine(coroutine: Any) -> tuple[str, str]:
    code = getattr(coroutine, "cr_code", None) or getattr(coroutine, "gi_code", None)
    if code is None:
        return repr(coroutine), ""
    frame = _frame_of(coroutine)
    if frame is None:  # it has ended
        return coroutine.__qualname__, _line(code, code.co_firstlineno)
    name = coroutine.__qualname__
    while (coroutine := _awaited_by(coroutine)) is not None:
        inner = _frame_of(coroutine)
        if inner is None:
            break
        if not inner.f_code.co_filename.startswith(OUR_HOUSES):
            frame, name = inner, coroutine.__qualname__
    return name, _line(frame.f_code, frame.f_lineno)


def _frame_of(coroutine: Any) -> FrameType | None:
    frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
    return frame if isinstance(frame, FrameType) else None


def _awaited_by(coroutine: Any) -> Any:
    return getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)


def _line(code: CodeType, number: int) -> str:
    return f"{code.co_filename}:{number}"
