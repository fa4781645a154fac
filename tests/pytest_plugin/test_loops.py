"""The loop of a test, and its end."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tornadolike.ioloop import IOLoop
from tornadolike.pytest_plugin import new_loop


def test_it_is_current_and_closed() -> None:
    with new_loop() as loop:
        assert IOLoop.current() is loop
        assert loop.run_until_complete(asyncio.sleep(0, "slept")) == "slept"
    assert loop.is_closed()
    assert IOLoop.current(instance=False) is not loop


def test_what_is_left_is_ended() -> None:
    left: list[asyncio.Task[Any]] = []
    told: list[str] = []

    async def numbers() -> Any:
        try:
            yield 1
            yield 2
        finally:
            told.append("generator")

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            told.append("task")

    async def main() -> None:
        task = asyncio.create_task(wait())
        told.append(task.get_name())
        values = numbers()
        told.append(str(await anext(values)))
        kept.append(values)

    kept: list[Any] = []
    with new_loop(left) as loop:
        loop.run_until_complete(main())
        loop.run_until_complete(asyncio.sleep(0))
    assert [task.get_name() for task in left] == told[:1]
    assert told[1:] == ["1", "task", "generator"]


def test_what_fails_in_the_end_is_told(expect_log: Callable[..., Any]) -> None:
    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ZeroDivisionError from None

    with (
        expect_log("asyncio", "a task failed when the loop of the test ended"),
        new_loop() as loop,
    ):
        task = loop.create_task(stubborn())
        loop.run_until_complete(asyncio.sleep(0))
    assert isinstance(task.exception(), ZeroDivisionError)


def test_it_is_closed_when_the_test_failed() -> None:
    with pytest.raises(ZeroDivisionError), new_loop() as loop:
        raise ZeroDivisionError
    assert loop.is_closed()


def test_a_test_may_close_it_itself() -> None:
    with new_loop() as loop:
        loop.close()
