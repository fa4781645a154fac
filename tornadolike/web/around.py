"""Middleware: what stands around handlers.

.. code-block:: python

    async def watch(handler, call_next):
        started = time.perf_counter()
        try:
            await call_next(handler)
        finally:
            log(handler.request.path, time.perf_counter() - started)

It has one shape: a coroutine function (or an object with such a ``__call__``) that takes the handler and the next one
to call, which is another middleware or the handler's own life from :meth:`~.RequestHandler.prepare` to
:meth:`~.RequestHandler.finish`. The first stands outside. All of it is one task and one context: what it sets in a
context variable is seen by the handler, what the handler raises it can catch.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

Next = Callable[[Any], Awaitable[None]]
"""What is called for the rest: a handler's life, and what stands around that."""

Middleware = Callable[[Any, Next], Awaitable[None]]
"""Takes the handler and what to call next."""


def checked(middleware: Any) -> tuple[Middleware, ...]:
    """A tuple of these. Raises :exc:`TypeError` for what is no middleware."""
    is_list = isinstance(middleware, Iterable) and not isinstance(middleware, (str, bytes))
    if callable(middleware) or not is_list:
        raise TypeError(f"middleware is a list of functions, not {middleware!r}")
    found = tuple(middleware)
    for one in found:
        if isinstance(one, type):
            raise TypeError(f"middleware is an object, not a class: write {one.__name__}(...)")
        if not callable(one):
            raise TypeError(
                f"middleware is a coroutine function that takes (handler, call_next), not {one!r}"
            )
    return found


def composed(middleware: Iterable[Middleware]) -> Next | None:
    """What to call for a handler with this around it; None if there is nothing around it."""
    around: Next | None = None
    for one in reversed(tuple(middleware)):
        around = _link(one, around or run_handler)
    return around


def _link(middleware: Middleware, call_next: Next) -> Next:
    def call(handler: Any) -> Awaitable[None]:
        return middleware(handler, call_next)

    return call


async def run_handler(handler: Any) -> None:
    """What the innermost middleware calls: the handler's own life."""
    rest = handler._run_inside()
    if rest is not None:
        await rest
