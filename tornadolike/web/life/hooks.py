"""Hooks: functions of the author that are called at the ends of an application's life."""

import inspect
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from ...util import name_of


def check_hook(kind: str, function: Any) -> None:
    """Raise :exc:`TypeError` for what could not be called at its time."""
    name = name_of(function)
    if not callable(function):
        raise TypeError(f"{kind}() takes a function, not {function!r}")
    if kind == "lifetime":
        if inspect.iscoroutinefunction(function):
            raise TypeError(
                f"lifetime({name}) needs a yield between what is begun and what is ended; else it is for on_startup()"
            )
    elif inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
        raise TypeError(f"{kind}({name}) would not be run, as it has a yield: use lifetime()")
    required = [one for one in _positional(function) if one.default is one.empty]
    if len(required) > 1:
        raise TypeError(f"{kind}({name}) gets the application and nothing else")


def _positional(function: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some that are written in C have none
        return []
    return [one for one in parameters if one.kind <= one.POSITIONAL_OR_KEYWORD]


def call_hook(function: Callable[..., Any], application: Any) -> Any:
    """Call a hook with the application, if it wants it."""
    wants = any(one.default is one.empty for one in _positional(function))
    return function(application) if wants else function()


def context_of(made: Any, name: str) -> AbstractAsyncContextManager[Any]:
    """The context that a hook has given, which may be one as a generator. Raises :exc:`TypeError` for another thing."""
    if inspect.isasyncgen(made):
        return asynccontextmanager(lambda: made)()
    if hasattr(type(made), "__aenter__") and hasattr(type(made), "__aexit__"):
        context: AbstractAsyncContextManager[Any] = made
        return context
    if inspect.iscoroutine(made):
        made.close()
    raise TypeError(
        f"lifetime({name}) has to give an asynchronous context manager, or be a coroutine function with one yield; "
        f"it gave {made!r}"
    )
