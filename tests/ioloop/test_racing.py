"""Attempts that race."""

import asyncio
import functools
from typing import Any

import pytest

from tornadolike.ioloop.racing import first_to_succeed


class Attempt:
    """Takes ``seconds``, then gives ``result`` or raises it."""

    def __init__(self, seconds, result):
        self.seconds = seconds
        self.result = result
        self.started = None
        self.ended = None

    async def __call__(self):
        loop = asyncio.get_running_loop()
        self.started = loop.time()
        try:
            await asyncio.sleep(self.seconds)
            if isinstance(self.result, BaseException):
                raise self.result
            return self.result
        finally:
            self.ended = loop.time()


def race(loop, attempts, delay=1.0):
    """The result, when it came, and what was discarded."""
    discarded: list[Any] = []

    async def main():
        start = loop.time()
        result = await first_to_succeed(loop, attempts, delay, discarded.append)
        took = loop.time() - start
        for attempt in attempts:
            if attempt.started is not None:
                attempt.started -= start
                attempt.ended -= start
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return result, took

    result, took = loop.run_until_complete(main())
    return result, pytest.approx(took), discarded


@pytest.mark.parametrize(
    ("attempts", "result", "took", "started"),
    [
        ([], None, 0, []),
        ([(5, "a")], "a", 5, [0]),
        ([(0.5, "a"), (0, "b")], "a", 0.5, [0, None]),
        ([(5, "a"), (0.5, "b")], "b", 1.5, [0, 1]),
        ([(1.5, "a"), (5, "b")], "a", 1.5, [0, 1]),
        ([(0.2, OSError()), (0.2, "b")], "b", 0.4, [0, 0.2]),
        ([(0, OSError()), (0, OSError()), (0, "c")], "c", 0, [0, 0, 0]),
        ([(5, OSError()), (9, "b"), (0, "c")], "c", 2, [0, 1, 2]),
        # The failure of one that is not the latest starts nobody.
        ([(1.5, OSError()), (3, "b"), (9, "c")], "b", 4, [0, 1, 2]),
        ([(1.2, OSError()), (0.5, OSError()), (3, "c")], "c", 4.5, [0, 1, 1.5]),
        ([(0, OSError())], None, 0, [0]),
        ([(5, OSError()), (0.5, OSError())], None, 5, [0, 1]),
        ([(9, OSError()), (0.5, "b")], "b", 1.5, [0, 1]),
    ],
)
def test_races(virtual, attempts, result, took, started):
    running = [Attempt(*each) for each in attempts]
    assert race(virtual, running) == (result, took, [])
    assert [each.started for each in running] == [pytest.approx(at) for at in started]


def test_two_that_succeed_at_once(virtual):
    discarded = []

    async def main():
        result = virtual.create_future()

        async def attempt(name):
            return name + await result

        attempts = [functools.partial(attempt, name) for name in "ab"]
        virtual.call_later(2, result.set_result, "!")
        won = await first_to_succeed(virtual, attempts, 1, discarded.append)
        assert sorted([won, *discarded]) == ["a!", "b!"]

    virtual.run_until_complete(main())


@pytest.mark.parametrize("error", [ZeroDivisionError, asyncio.CancelledError])
def test_an_unforeseen_exception_ends_the_race(virtual, error):
    attempts = [Attempt(9, "a"), Attempt(0, error())]
    with pytest.raises(error):
        race(virtual, attempts)
    assert attempts[0].ended is not None
    assert attempts[0].ended - attempts[0].started == pytest.approx(1)


def test_cancelling_cancels_all(virtual):
    attempts = [Attempt(9, "a"), Attempt(9, "b"), Attempt(9, "c")]

    async def main():
        task = asyncio.create_task(first_to_succeed(virtual, attempts, 1, pytest.fail))
        await asyncio.sleep(1.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [each.ended is not None for each in attempts] == [True, True, False]

    virtual.run_until_complete(main())


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_cancelling_around_the_moment_of_success_loses_nothing(virtual, turns):
    """What was won and not handed over is discarded."""
    discarded = []

    async def main():
        won = virtual.create_future()

        async def attempt():
            return await won

        task = asyncio.create_task(first_to_succeed(virtual, [attempt], 1, discarded.append))
        await asyncio.sleep(0.5)
        won.set_result("a")
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        try:
            assert await task == "a"
        except asyncio.CancelledError:
            assert discarded == ["a"]
        else:
            assert discarded == []

    virtual.run_until_complete(main())


def test_cancelling_twice(virtual):
    """Somebody in a hurry does not wait for attempts that end slowly; they are not lost."""
    discarded = []

    async def stubborn():
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            await asyncio.sleep(5)
        return "late"

    async def main():
        task = asyncio.create_task(first_to_succeed(virtual, [stubborn], 1, discarded.append))
        for _ in range(2):
            await asyncio.sleep(1)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert discarded == []
        await asyncio.sleep(6)
        assert discarded == ["late"]

    virtual.run_until_complete(main())
