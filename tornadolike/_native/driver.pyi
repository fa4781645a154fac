import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context
from types import ModuleType
from typing import Any

def install(the_asyncio: ModuleType) -> None: ...

class Starter:
    loop: asyncio.AbstractEventLoop

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None: ...
    def begin(
        self, coro: Coroutine[Any, Any, Any], context: Context | None = None
    ) -> asyncio.Task[Any] | None: ...
    def begin_then(
        self,
        coro: Coroutine[Any, Any, Any],
        context: Context | None,
        ended: Callable[[Any], object],
        rest: Callable[[Awaitable[Any]], Coroutine[Any, Any, Any]],
    ) -> asyncio.Task[Any] | None: ...
    def drop(self) -> None: ...
