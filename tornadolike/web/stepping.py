"""Doing something before a wait, if there is one."""

import types
from collections.abc import Awaitable, Callable, Generator
from typing import Any, TypeVar

T = TypeVar("T")


@types.coroutine
def before_waiting(awaitable: Awaitable[T], do: Callable[[], Any]) -> Generator[Any, Any, T]:
    """Await ``awaitable``; call ``do`` first if that takes a turn of the loop, and not at all if it does not.

    What ``do`` raises is raised where ``awaitable`` waits, which can clean up then, and not be lost if it is caught
    there: it is raised here when the awaitable has come to its end.
    """
    steps = awaitable.__await__()
    has_waited = False
    failure: BaseException | None = None
    proceed: Callable[[Any], Any] = steps.send
    value: Any = None
    while True:
        try:
            waited_for = proceed(value)
        except StopIteration as done:
            if failure is not None:
                raise failure from None
            result: T = done.value
            return result
        try:
            if not has_waited:
                has_waited = True
                try:
                    do()
                except BaseException as error:
                    failure = error
                    raise
            value = yield waited_for
            proceed = steps.send
        except BaseException as error:
            value = error
            proceed = steps.throw
