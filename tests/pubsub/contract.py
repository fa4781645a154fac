"""What every publish/subscribe promises: functions that get one, and a channel of their own."""

import asyncio
import contextvars
from typing import Any

import pytest

from tornadolike.pubsub import PubSub

caller: contextvars.ContextVar[str] = contextvars.ContextVar("caller", default="nobody")


async def gives_to_all(pubsub: PubSub, name: str) -> None:
    """All that listen, and none that do not; whatever the bytes."""
    await pubsub.publish(name, b"before")
    async with pubsub.subscribe(name) as one, pubsub.subscribe(f"{name}é") as other:
        called: list[bytes] = []
        listening = await pubsub.listen(name, called.append)
        for message in (b"", b"\x00\r\n\xff", b"x" * 100_000):
            await pubsub.publish(name, message)
            assert await anext(one) == message
        await pubsub.publish(f"{name}é", b"other")
        assert await anext(other) == b"other"
        while len(called) < 3:
            await asyncio.sleep(0.001)
        assert called == [b"", b"\x00\r\n\xff", b"x" * 100_000]
        await listening.close()
        await listening.close()
        assert listening.closed
        await pubsub.publish(name, b"behind")
        assert await anext(one) == b"behind"
        assert len(called) == 3
        assert one.gaps == other.gaps == listening.gaps == 0
    assert one.closed
    with pytest.raises(StopAsyncIteration):
        await anext(one)


async def keeps_the_order(pubsub: PubSub, name: str) -> None:
    """Also when nobody waits for one message before the next is published, and one who publishes gives up."""
    wanted = [b"%d" % number for number in range(500)]
    async with pubsub.subscribe(name) as subscription:
        publishing = [asyncio.ensure_future(pubsub.publish(name, message)) for message in wanted]
        await asyncio.gather(*publishing)
        assert [await anext(subscription) for _ in wanted] == wanted
        assert subscription.gaps == 0


async def listens_again(pubsub: PubSub, name: str) -> None:
    """Who stops and begins again at once hears what is published then, and nothing from between."""
    for number in range(30):
        async with pubsub.subscribe(name) as subscription:
            await pubsub.publish(name, b"%d" % number)
            assert await anext(subscription) == b"%d" % number
        await pubsub.publish(name, b"between")


async def calls_coroutine_functions(pubsub: PubSub, name: str) -> None:
    """One after another, in the context of who listens; what one raises is nobody else's trouble."""
    called: list[tuple[bytes, str]] = []
    running = 0

    async def call(message: bytes) -> None:
        nonlocal running
        assert not running
        running += 1
        await asyncio.sleep(0)
        running -= 1
        called.append((message, caller.get()))
        if message == b"1":
            raise ZeroDivisionError
        if message == b"3":
            asyncio.get_running_loop().create_future().cancel()
            gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            gone.cancel()
            await gone
        if message == b"9":
            await listening.close()
            done.set()

    done = asyncio.Event()
    caller.set("who listens")
    listening = await pubsub.listen(name, lambda message: call(message))
    caller.set("who publishes")
    for number in range(12):
        await pubsub.publish(name, b"%d" % number)
    await done.wait()
    assert called == [(b"%d" % number, "who listens") for number in range(10)]


async def refuses(pubsub: PubSub, name: str) -> None:
    wrong: Any
    for wrong in (None, b"a", 1):
        with pytest.raises(TypeError, match="a channel is a str"):
            await pubsub.publish(wrong, b"")
        with pytest.raises(TypeError, match="a channel is a str"):
            pubsub.subscribe(wrong)
    for wrong in (None, "a", 1, bytearray()):
        with pytest.raises(TypeError, match="encode it first"):
            await pubsub.publish(name, wrong)
    with pytest.raises(ValueError, match="lone surrogates"):
        await pubsub.publish("\ud800", b"")
    with pytest.raises(ValueError, match="at least 1"):
        pubsub.subscribe(name, max_waiting=0)
    with pytest.raises(TypeError, match="max_waiting_bytes"):
        await pubsub.listen(name, print, max_waiting_bytes=1.5)  # type: ignore[arg-type]
    wrong = "print"
    with pytest.raises(TypeError, match="a function is called"):
        await pubsub.listen(name, wrong)


async def opens_again(pubsub: PubSub, name: str) -> None:
    """The end of it all is the end of what listens; and then a beginning."""
    for _ in range(2):
        async with pubsub.lifetime():
            called: list[bytes] = []
            listening = await pubsub.listen(name, called.append)
            subscription = pubsub.subscribe(name)
            await subscription.begin()
            iterating = asyncio.ensure_future(anext(subscription))
            await pubsub.publish(name, b"a")
            assert await iterating == b"a"
            iterating = asyncio.ensure_future(anext(subscription))
            await asyncio.sleep(0)
        with pytest.raises(StopAsyncIteration):
            await iterating
        assert listening.closed
