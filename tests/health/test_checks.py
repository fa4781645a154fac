"""Functions that tell whether something is well."""

import asyncio
from typing import Any

import pytest

from tests.running import on_every_loop, on_jumping_clock, turns
from tornadolike.health import checks
from tornadolike.health.checks import GRACE, MEMORY, Check
from tornadolike.ioloop import IOLoop


def check(function: Any, timeout: float = 5.0, every: float | None = None) -> Check:
    return Check("it", function, timeout, True, every)


class Clock:
    """A time that the test moves, in the place of time.monotonic()."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1000.0 + self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(checks, "time", clock)
    return clock


async def well() -> None:
    await asyncio.sleep(0)


async def of_no_avail() -> None:
    raise OSError("no route")


async def cancelled() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


async def impatient() -> None:
    raise TimeoutError


@on_every_loop
@pytest.mark.parametrize(
    ("function", "error"),
    [
        (well, ""),
        (lambda: None, ""),
        (lambda: 0, ""),
        (lambda: False, "it says no"),
        (of_no_avail, "OSError: no route"),
        (cancelled, "CancelledError"),
        (impatient, "TimeoutError"),
        (lambda: {}["a"], "KeyError: 'a'"),
    ],
)
async def test_what_functions_say(function, error, caplog):
    result = await check(function).result()
    assert (result.passed, result.error) == (not error, error)
    assert [record.getMessage() for record in caplog.records] == (
        [f"The health check it fails: {error}"] if error else []
    )


class Counted:
    """A check that the test answers."""

    def __init__(self) -> None:
        self.called = 0
        self.cancelled = 0
        self.answers: Any = None
        self.go_on = asyncio.Event()

    async def __call__(self) -> Any:
        self.called += 1
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return self.answers


@on_every_loop
async def test_all_who_ask_at_once_wait_for_the_same(clock):
    counted = Counted()
    one = check(counted)
    asking = [asyncio.create_task(one.result()) for _ in range(10)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asking[0].cancel()  # a client that leaves does not disturb the others
    counted.go_on.set()
    results = await asyncio.gather(*asking, return_exceptions=True)
    assert counted.called == 1
    assert not counted.cancelled
    assert isinstance(results[0], asyncio.CancelledError)
    assert all(result is results[1] for result in results[1:])


@on_every_loop
async def test_what_was_found_out_is_good_for_a_moment(clock):
    counted = Counted()
    counted.go_on.set()
    one = check(counted)
    first = await one.result()
    assert first.when == 1100.0
    clock.now += MEMORY - 0.01
    assert await one.result() is first
    clock.now += 0.01
    assert await one.result() is not first
    assert counted.called == 2


@on_jumping_clock
async def test_its_time_out(clock, caplog):
    counted = Counted()
    result = await check(counted, timeout=3).result()
    assert result.error == "it took longer than 3 seconds"
    assert counted.cancelled == 1


@on_jumping_clock
async def test_one_that_does_not_end(clock, caplog):
    """It is not begun a second time, and who asks is answered; when it has ended it is begun anew."""
    loop = asyncio.get_running_loop()
    stubborn = loop.create_future()
    called = 0

    async def never_ending() -> None:
        nonlocal called
        called += 1
        if called > 1:
            return
        while not stubborn.done():
            try:
                await asyncio.shield(stubborn)
            except asyncio.CancelledError:
                pass

    one = check(never_ending, timeout=3)
    began = loop.time()
    for _ in range(3):
        result = await one.result()
        assert result.error == f"it does not end, {3 + GRACE:g} seconds after it began"
        clock.now += 10
    assert loop.time() - began == 3 * (3 + GRACE)
    assert called == 1
    stubborn.set_result(None)
    await asyncio.sleep(1)
    clock.now += 10
    assert (await one.result()).passed
    assert called == 2


@on_every_loop
async def test_the_log_is_told_of_news_only(clock, caplog):
    counted = Counted()
    counted.go_on.set()
    one = check(counted)
    for answer in (None, None, False, False, None, None, False):
        counted.answers = answer
        await one.result()
        clock.now += 10
    fails, passes = "The health check it fails: it says no", "The health check it passes again"
    assert [record.getMessage() for record in caplog.records] == [fails, passes, fails]


@on_jumping_clock
async def test_one_that_is_repeated(clock):
    counted = Counted()
    counted.go_on.set()
    one = check(counted, every=10)
    repeating = asyncio.create_task(one.repeat())
    await asyncio.sleep(35)
    assert counted.called == 4
    for _ in range(10):  # who asks is told what is known
        await one.result()
    assert counted.called == 4
    repeating.cancel()
    await asyncio.gather(repeating, return_exceptions=True)
    clock.now += 10 + 5 + GRACE  # nobody repeats it any more
    await one.result()
    assert counted.called == 5


@on_every_loop
async def test_its_end(clock):
    counted = Counted()
    one = check(counted)
    await one.end()  # there is nothing to end
    asking = asyncio.create_task(one.result())
    while not counted.called:
        await asyncio.sleep(0)
    await one.end()
    assert counted.cancelled == 1
    with pytest.raises(asyncio.CancelledError):
        await asking
    counted.go_on.set()
    assert (await one.result()).passed


def test_in_another_loop(clock, caplog):
    """What one loop has left behind is nobody's in the next."""
    loops = [IOLoop(make_current=False) for _ in range(2)]
    counted = Counted()
    one = check(counted)
    loops[0].create_task(one.result())
    loops[0].run_until_complete(turns())
    assert counted.called == 1
    counted.go_on = asyncio.Event()
    counted.go_on.set()
    assert loops[1].run_until_complete(one.result()).passed
    for loop in loops:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
