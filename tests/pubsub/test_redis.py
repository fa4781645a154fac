"""Messages over a real server: by clients of several kinds, in several processes, loops and forks."""

import asyncio
import os
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio

from tests.conftest import PATIENCE
from tests.forked import Forks
from tests.pubsub import contract
from tests.running import on_every_loop
from tornadolike.pubsub import PubSub, PubSubError, RedisPubSub

OTHER_PROCESS = '''
import asyncio, sys
import tornadolike
from tornadolike.pubsub import RedisPubSub

async def main():
    """Answer each number with the next one."""
    pubsub = RedisPubSub(sys.argv[1], prefix=sys.argv[2])
    async with pubsub.lifetime(), pubsub.subscribe("to") as subscription:
        await pubsub.publish("from", b"ready")
        async for message in subscription:
            if message == b"end":
                break
            await pubsub.publish("from", b"%d" % (int(message) + 1))

tornadolike.run(main())
'''


@pytest.fixture
def prefix() -> str:
    return f"tornadolike-{uuid.uuid4()}:"


@pytest.fixture
def pubsub(redis_url: str, prefix: str) -> PubSub:
    return RedisPubSub(redis_url, prefix=prefix)


@on_every_loop
async def test_the_contract(pubsub: PubSub, expect_log: Any) -> None:
    async with pubsub.lifetime():
        await contract.gives_to_all(pubsub, "a")
        await contract.keeps_the_order(pubsub, "b")
        await contract.listens_again(pubsub, "c")
        with expect_log(
            "tornadolike.application", "Exception in what listens to the channel 'd'", count=2
        ):
            await contract.calls_coroutine_functions(pubsub, "d")
        await contract.refuses(pubsub, "e")
    await contract.opens_again(pubsub, "f")


@pytest.mark.parametrize("protocol", [2, 3])
@on_every_loop
async def test_a_client_of_ones_own(redis_url: str, prefix: str, protocol: int) -> None:
    async with redis.asyncio.from_url(redis_url, protocol=protocol) as client:
        pubsub = RedisPubSub(client, prefix=prefix, ping_seconds=0.01)
        async with pubsub.lifetime():
            await contract.keeps_the_order(pubsub, "a")
            await contract.listens_again(pubsub, "b")
            async with pubsub.subscribe("c") as subscription:
                await asyncio.sleep(0.05)  # while it is quiet there are signs of life
                await client.publish(f"{prefix}c", b"from elsewhere")
                assert await anext(subscription) == b"from elsewhere"
                assert subscription.gaps == 0
        assert await client.ping()
    async with redis.asyncio.from_url(redis_url, decode_responses=True) as client:
        with pytest.raises(ValueError, match=r"RedisPubSub.*decode_responses"):
            RedisPubSub(client)


@on_every_loop
async def test_databases_do_not_hear_each_other(prefix: str, redis_url: str) -> None:
    async with redis.asyncio.from_url(redis_url, db=1) as client:
        here, there = RedisPubSub(redis_url, prefix=prefix), RedisPubSub(client, prefix=prefix)
        async with here.lifetime(), there.lifetime(), here.subscribe("c") as subscription:
            await there.publish("c", b"from another database")
            await here.publish("c", b"from this one")
            assert await anext(subscription) == b"from this one"
            async with there.subscribe("c") as other:
                await there.publish("c", b"heard")
                assert await anext(other) == b"heard"


def test_two_processes(redis_url: str, prefix: str, tmp_path: Path, forks: Forks) -> None:
    program = tmp_path / "other.py"
    program.write_text(OTHER_PROCESS)
    log = tmp_path / "log"

    async def main() -> None:
        pubsub = RedisPubSub(redis_url, prefix=prefix)
        async with pubsub.lifetime(), pubsub.subscribe("from") as subscription:
            with log.open("w") as output, open(os.devnull) as nothing:
                said = output.fileno()
                other = forks.run(
                    str(program),
                    redis_url,
                    prefix,
                    stdin=nothing.fileno(),
                    stdout=said,
                    stderr=said,
                )
            try:
                async with asyncio.timeout(PATIENCE):
                    assert await anext(subscription) == b"ready"
                    numbers = range(0, 300, 2)
                    await asyncio.gather(*(pubsub.publish("to", b"%d" % it) for it in numbers))
                    assert [int(await anext(subscription)) for _ in numbers] == [
                        number + 1 for number in numbers
                    ]
                    await pubsub.publish("to", b"end")
            finally:
                status = other.wait(PATIENCE)
            assert status == 0, log.read_text()

    asyncio.run(main())


def test_two_loops_and_one_after_another(pubsub: PubSub) -> None:
    async def hear(message: bytes) -> None:
        async with pubsub.subscribe("a") as subscription:
            await pubsub.publish("a", message)
            assert await anext(subscription) == message

    with asyncio.Runner() as one, asyncio.Runner() as other:
        for number in range(3):
            one.run(hear(b"one %d" % number))
            other.run(hear(b"other %d" % number))
        other.run(pubsub.close())
        one.run(hear(b"still there"))
        one.run(pubsub.close())


def test_a_forked_process_has_its_own_connections(pubsub: PubSub) -> None:
    async def child() -> bool:
        async with pubsub.lifetime(), pubsub.subscribe("child") as subscription:
            await pubsub.publish("child", b"x")
            await pubsub.publish("parent", b"from the child")
            return await anext(subscription) == b"x"

    with asyncio.Runner() as parent:
        subscription = pubsub.subscribe("parent")
        parent.run(subscription.begin())
        parent.run(pubsub.publish("parent", b"1"))
        pid = os.fork()
        if not pid:
            status = 1
            try:
                status = 0 if asyncio.Runner().run(child()) else 2
            finally:
                os._exit(status)
        assert os.waitpid(pid, 0)[1] == 0
        parent.run(pubsub.publish("parent", b"2"))

        async def heard() -> list[bytes]:
            return [await anext(subscription) for _ in range(3)]

        assert parent.run(heard()) == [b"1", b"from the child", b"2"]
        parent.run(pubsub.close())


def test_a_loop_that_ends_without_a_word_leaves_no_connection(pubsub: PubSub) -> None:
    """Nobody has called close(): the loop's end is that of the listening."""

    async def main() -> None:
        await pubsub.subscribe("a").begin()

    asyncio.run(main())


@on_every_loop
async def test_room_for_so_many(redis_url: str, prefix: str) -> None:
    pubsub = RedisPubSub(redis_url, prefix=prefix, max_subscriptions=1, max_publishing=2)
    async with pubsub.lifetime():
        async with pubsub.subscribe("a") as subscription:
            with pytest.raises(PubSubError, match="max_subscriptions"):
                await pubsub.listen("a", print)
            told = await asyncio.gather(
                *(pubsub.publish("a", b"%d" % number) for number in range(4)),
                return_exceptions=True,
            )
            assert told[:2] == [None, None]
            for error in told[2:]:
                assert isinstance(error, PubSubError)
                assert "max_publishing" in str(error)
            assert [await anext(subscription) for _ in range(2)] == [b"0", b"1"]
        async with pubsub.subscribe("b"):
            pass


def test_wrong_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="scheme"):
        RedisPubSub("localhost:6379")
    with pytest.raises(ValueError, match="lone surrogates"):
        RedisPubSub("redis://localhost", prefix="\ud800")
    wrong: Any
    for name in ("timeout", "ping_seconds", "max_subscriptions", "max_publishing"):
        wrong = {name: 0}
        with pytest.raises(ValueError, match="more than 0"):
            RedisPubSub("redis://localhost", **wrong)
        wrong = {name: "1"}
        with pytest.raises(TypeError, match=name):
            RedisPubSub("redis://localhost", **wrong)
    wrong = 6379
    with pytest.raises(TypeError, match=r"RedisPubSub\(\) takes an address"):
        RedisPubSub(wrong)
    missing: Any = None
    monkeypatch.setitem(sys.modules, "redis.asyncio", missing)
    with pytest.raises(ImportError, match="RedisPubSub needs the library redis"):
        RedisPubSub("redis://localhost")
