"""What a callback or a coroutine may hand over to be waited for, and how it becomes a future.

:func:`convert_yielded` knows futures and awaitables; a library that has something else to wait for
registers it (:mod:`tornadolike.gen` does so for lists, dictionaries and ``None``).
"""

import asyncio
import concurrent.futures
import functools
from collections.abc import Awaitable
from inspect import isawaitable
from typing import Any

FUTURES = (concurrent.futures.Future, asyncio.Future)


class BadYieldError(Exception):
    """Something was given to wait for that cannot be waited for."""


@functools.singledispatch
def convert_yielded(yielded: Any) -> asyncio.Future[Any]:
    """Make a future of anything that can be waited for; an awaitable starts running as a task.

    A future, also one of :mod:`concurrent.futures`, is returned as it is. Raises :exc:`BadYieldError`
    for what is no such thing. To teach it another type, register a function that makes a future::

        @convert_yielded.register
        def _(deferred: Deferred) -> asyncio.Future:
            return deferred.asFuture(asyncio.get_running_loop())
    """
    if isinstance(yielded, FUTURES):
        return yielded  # type: ignore[return-value]
    if isawaitable(yielded):
        return _start(yielded)
    raise BadYieldError(
        f"yielded unknown object {yielded!r}; yield a future, an awaitable, a list or dict of them, or None"
    )


def _start(awaitable: Awaitable[Any]) -> asyncio.Future[Any]:
    task = asyncio.ensure_future(awaitable)
    # asyncio itself knows its tasks by weak references only. Those of this kind may have nobody else:
    # they live on their loop, and die with it.
    loop: Any = task.get_loop()
    try:
        running: set[asyncio.Future[Any]] = loop._yielded_tasks
    except AttributeError:
        running = loop._yielded_tasks = set()
    running.add(task)
    task.add_done_callback(running.discard)
    return task
