"""One who listens: what waits, what is left out, who takes it."""

import asyncio
import itertools
from typing import Any

import pytest

from tests.running import on_every_loop, turns
from tornadolike.log import Seldom, app_log
from tornadolike.pubsub import MemoryPubSub, Subscription, subscription


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription, "_too_slow", Seldom(app_log))


async def begun(**options: Any) -> Subscription:
    listening = MemoryPubSub().subscribe("a", **options)
    await listening.begin()
    return listening


async def taken(listening: Subscription) -> list[bytes]:
    """What waits, and then the end."""
    await listening.close()
    return [message async for message in listening]


@on_every_loop
async def test_the_oldest_are_left_out(expect_log: Any) -> None:
    gaps = []
    listening = await begun(max_waiting=3, on_gap=lambda: gaps.append(listening.left_out))
    with expect_log("tornadolike.application", "'a' reads too slowly", count=1):
        for number in range(10):
            listening.deliver(b"%d" % number)
    assert listening.gaps == 0
    assert await taken(listening) == [b"7", b"8", b"9"]
    assert (listening.gaps, listening.left_out, gaps) == (1, 7, [7])


@on_every_loop
async def test_the_bytes_that_wait_are_bounded(expect_log: Any) -> None:
    with expect_log("tornadolike.application", "reads too slowly", count=1):
        listening = await begun(max_waiting_bytes=100)
        for number in range(10):
            listening.deliver(bytes([number]) * 40)
        assert not listening.gaps
        assert listening.crowded
        listening.deliver(b"x" * 1000)  # it is alone then
    assert await taken(listening) == [b"x" * 1000]
    assert (listening.gaps, listening.left_out) == (1, 10)
    assert not listening.crowded


@on_every_loop
async def test_one_place_is_enough() -> None:
    listening = await begun(max_waiting=1)
    for number in range(3):
        listening.deliver(b"%d" % number)
    assert await anext(listening) == b"2"
    assert (listening.gaps, listening.left_out) == (1, 2)
    listening.deliver(b"3")
    assert await taken(listening) == [b"3"]
    assert listening.gaps == 1


@on_every_loop
async def test_gaps_are_told_in_their_place() -> None:
    said: list[Any] = []

    async def gap() -> None:
        await asyncio.sleep(0)
        said.append("gap")

    listening = await begun(on_gap=gap)
    listening.deliver(b"1")
    listening.gap()
    listening.gap()  # nothing came between: it is the same
    listening.deliver(b"2")
    listening.gap()
    listening.stop()
    listening.deliver(b"too late")
    listening.gap()
    async for message in listening:
        said += [message]
    assert said == [b"1", "gap", b"2", "gap"]
    assert listening.gaps == 2
    await listening.close()


@on_every_loop
async def test_gaps_are_told_to_functions_in_their_place(expect_log: Any) -> None:
    pubsub = MemoryPubSub()
    said: list[Any] = []
    done = asyncio.Event()

    async def call(message: bytes) -> None:
        await asyncio.sleep(0)
        said.append(message)
        if message == b"4":
            done.set()

    def gap() -> None:
        said.append("gap")
        raise ZeroDivisionError

    with expect_log(
        "tornadolike.application", "Exception in what listens to the channel 'a'", count=2
    ):
        listening = await pubsub.listen("a", call, on_gap=gap, max_waiting=2)
        listening.gap()
        for number in range(5):
            listening.deliver(b"%d" % number)  # the first is at work, 1 and 2 are left out
        await done.wait()
    assert said == ["gap", b"0", "gap", b"3", b"4"]
    assert (listening.gaps, listening.left_out) == (2, 2)
    with pytest.raises(RuntimeError, match="given to a function"):
        await anext(listening)
    await pubsub.close()


@on_every_loop
async def test_a_function_at_work_is_cancelled_at_the_end() -> None:
    pubsub = MemoryPubSub()
    said = []

    async def call(message: bytes) -> None:
        said.append(message)
        try:
            await asyncio.Event().wait()
        finally:
            said.append(b"cancelled")

    await pubsub.listen("a", call)
    for message in (b"1", b"2"):
        await pubsub.publish("a", message)
    await turns()
    await pubsub.close()
    assert said == [b"1", b"cancelled"]
    listening = await pubsub.listen("a", call)
    await pubsub.publish("a", b"3")
    await listening.close()  # it has not even begun
    assert said == [b"1", b"cancelled"]


@on_every_loop
async def test_who_gives_up_loses_nothing_and_leaves_nothing() -> None:
    listening = await begun()
    for _ in range(5):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await anext(listening)
    assert not listening._takers
    first, second = (asyncio.ensure_future(anext(listening)) for _ in range(2))
    await turns()
    listening.deliver(b"1")  # this wakes the first
    first.cancel()
    assert await second == b"1"
    listening.deliver(b"2")
    assert await taken(listening) == [b"2"]


@on_every_loop
async def test_several_share_and_all_come_to_the_end() -> None:
    listening = await begun()

    async def take() -> list[bytes]:
        return [message async for message in listening]

    takers = [asyncio.ensure_future(take()) for _ in range(3)]
    await turns()
    for number in range(9):
        listening.deliver(b"%d" % number)
        await turns()
    await listening.close()
    shares = await asyncio.gather(*takers)
    assert sorted(itertools.chain(*shares)) == [b"%d" % number for number in range(9)]
    assert all(shares)


@on_every_loop
async def test_beginning() -> None:
    listening = MemoryPubSub().subscribe("a")
    assert repr(listening) == "<Subscription to 'a' (not begun)>"
    with pytest.raises(RuntimeError, match="async with pubsub"):
        await anext(listening)
    async with listening:
        assert repr(listening) == "<Subscription to 'a' (open)>"
        with pytest.raises(RuntimeError, match="begins once"):
            await listening.begin()
        assert not listening.closed
    assert repr(listening) == "<Subscription to 'a' (closed)>"
    never = MemoryPubSub().subscribe("a")
    await never.close()
    with pytest.raises(RuntimeError, match="begins once"):
        await never.begin()
