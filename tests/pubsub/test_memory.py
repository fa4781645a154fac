"""Messages within a process."""

import asyncio
import sys
from typing import Any

import pytest

from tests.pubsub import contract
from tests.running import on_every_loop
from tornadolike.pubsub import MemoryPubSub, PubSubError


@on_every_loop
async def test_the_contract(expect_log: Any) -> None:
    pubsub = MemoryPubSub()
    await contract.gives_to_all(pubsub, "a")
    await contract.keeps_the_order(pubsub, "b")
    await contract.listens_again(pubsub, "c")
    with expect_log(
        "tornadolike.application", "Exception in what listens to the channel 'd'", count=2
    ):
        await contract.calls_coroutine_functions(pubsub, "d")
    await contract.refuses(pubsub, "e")
    await contract.opens_again(pubsub, "f")
    assert len(pubsub) == 0
    assert pubsub._channels == {}


@on_every_loop
async def test_room_for_so_many() -> None:
    pubsub = MemoryPubSub(max_subscriptions=2)
    async with pubsub.subscribe("a"):
        async with pubsub.subscribe("a"):
            for channel in "ab":
                with pytest.raises(PubSubError, match="max_subscriptions"):
                    await pubsub.listen(channel, print)
            assert len(pubsub) == 2
        async with pubsub.subscribe("b"):
            pass
    with pytest.raises(ValueError, match="at least 1"):
        MemoryPubSub(max_subscriptions=0)
    with pytest.raises(TypeError, match="max_subscriptions"):
        MemoryPubSub(max_subscriptions=None)  # type: ignore[arg-type]


@on_every_loop
async def test_who_publishes_without_a_pause_overruns_nobody_who_reads() -> None:
    pubsub = MemoryPubSub()
    async with pubsub.subscribe("a", max_waiting=10) as subscription:

        async def publish() -> None:
            for number in range(1000):
                await pubsub.publish("a", b"%d" % number)
            await subscription.close()

        publishing = asyncio.ensure_future(publish())
        heard = [int(message) async for message in subscription]
        await publishing
        assert heard == list(range(1000))
        assert (subscription.gaps, subscription.left_out) == (0, 0)


@on_every_loop
async def test_who_leaves_or_comes_while_a_message_is_given() -> None:
    pubsub = MemoryPubSub()
    called = []
    second: Any = None
    tasks = []

    def first(message: bytes) -> None:
        called.append(("first", message))
        second.stop()
        tasks.append(asyncio.ensure_future(pubsub.listen("a", called.append)))

    one = await pubsub.listen("a", first)
    second = await pubsub.listen("a", lambda message: called.append(("second", message)))
    await pubsub.publish("a", b"x")
    assert called == [("first", b"x")]
    await one.close()
    await asyncio.gather(*tasks)
    await pubsub.close()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with Python 3.12")
def test_all_hear_the_same_order_also_from_one_who_answers_at_once() -> None:
    """With eager tasks a function that is being given a message publishes another one before it returns."""

    async def main() -> None:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        pubsub = MemoryPubSub()
        answered: list[asyncio.Task[None]] = []
        heard: tuple[list[bytes], ...] = ([], [], [])

        def answer(message: bytes) -> None:
            heard[0].append(message)
            if len(message) < 3:
                answered.append(asyncio.create_task(pubsub.publish("a", message + b"!")))

        async def at_once(message: bytes) -> None:
            heard[2].append(message)

        await pubsub.listen("a", answer)
        await pubsub.listen("a", heard[1].append)
        await pubsub.listen("a", at_once)
        await pubsub.publish("a", b"x")
        await asyncio.gather(*answered)
        assert heard == ([b"x", b"x!", b"x!!"],) * 3
        await pubsub.close()

    asyncio.run(main())
