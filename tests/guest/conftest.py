"""Servers on loops of another kind."""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

NewLoop = Callable[[], asyncio.AbstractEventLoop]


@pytest.fixture
def serve(serve: Callable[..., Any], new_foreign_loop: NewLoop) -> Callable[..., Any]:
    """As ``serve`` elsewhere; the loop in the server's thread is a foreign one."""
    return functools.partial(serve, loop_factory=new_foreign_loop)


@pytest.fixture
def run(new_foreign_loop: NewLoop) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """``run(main())`` is :func:`asyncio.run` on a foreign loop."""

    def run(main: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=new_foreign_loop) as runner:
            return runner.run(main)

    return run
