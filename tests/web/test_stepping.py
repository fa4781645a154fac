"""Doing something before a wait, if there is one."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from tornadolike.web.stepping import before_waiting


@pytest.fixture
def run(io_loop: Any) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    result: Callable[[Coroutine[Any, Any, Any]], Any] = io_loop.run_until_complete
    return result


def test_without_a_wait_it_is_not_done(run: Any) -> None:
    async def at_once() -> int:
        return 7

    async def main() -> tuple[int, list[int]]:
        done: list[int] = []
        return await before_waiting(at_once(), lambda: done.append(1)), done

    assert run(main()) == (7, [])


def test_before_a_wait_it_is_done_once(run: Any) -> None:
    told: list[str] = []

    async def later() -> int:
        told.append("begun")
        await asyncio.sleep(0)
        told.append("going on")
        await asyncio.sleep(0)
        return 7

    async def main() -> int:
        return await before_waiting(later(), lambda: told.append("done"))

    assert run(main()) == 7
    assert told == ["begun", "done", "going on"]


def test_exceptions_come_through(run: Any) -> None:
    async def fail(waits: bool) -> None:
        if waits:
            await asyncio.sleep(0)
        raise LookupError

    async def numbers() -> AsyncIterator[int]:
        yield 1

    async def main() -> None:
        for waits in (False, True):
            with pytest.raises(LookupError):
                await before_waiting(fail(waits), lambda: None)
        each = numbers()
        assert await before_waiting(anext(each), lambda: None) == 1
        with pytest.raises(StopAsyncIteration):
            await before_waiting(anext(each), lambda: None)

    run(main())


def test_it_can_be_cancelled(run: Any) -> None:
    told: list[str] = []

    async def later() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            told.append("ended")

    async def wait() -> None:
        await before_waiting(later(), lambda: None)

    async def main() -> None:
        task = asyncio.ensure_future(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main())
    assert told == ["ended"]


def test_a_wait_may_go_on_behind_an_exception(run: Any) -> None:
    async def stubborn() -> str:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
        return "stayed"

    async def wait() -> str:
        return await before_waiting(stubborn(), lambda: None)

    async def main() -> str:
        task = asyncio.ensure_future(wait())
        await asyncio.sleep(0)
        task.cancel()
        return await task

    assert run(main()) == "stayed"


def test_what_it_raises_is_raised_where_it_waits(run: Any) -> None:
    told: list[str] = []

    async def later() -> None:
        try:
            await asyncio.sleep(0)
        except ZeroDivisionError:
            told.append("seen")
            raise

    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            await before_waiting(later(), lambda: 1 // 0)

    run(main())
    assert told == ["seen"]


def test_what_it_raises_is_not_lost(run: Any) -> None:
    async def later() -> str:
        try:
            await asyncio.sleep(0)
        except ZeroDivisionError:
            await asyncio.sleep(0)
        return "went on"

    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            await before_waiting(later(), lambda: 1 // 0)

    run(main())
