"""redis-py's asyncio client on our loop, against a real server."""

import asyncio
import uuid

import redis.asyncio as redis


async def test_commands(redis_url: str) -> None:
    key = f"tornadolike:{uuid.uuid4()}"
    async with redis.from_url(redis_url) as client:
        try:
            await asyncio.gather(*(client.incr(key) for _ in range(100)))
            assert await client.get(key) == b"100"
            async with client.pipeline(transaction=True) as pipeline:
                pipeline.set(key, "x" * 1_000_000).strlen(key)
                assert await pipeline.execute() == [True, 1_000_000]
        finally:
            await client.delete(key)


async def test_publish_and_subscribe(redis_url: str) -> None:
    channel = f"tornadolike:{uuid.uuid4()}"
    async with redis.from_url(redis_url) as client, client.pubsub() as subscription:
        await subscription.subscribe(channel)
        received: list[bytes] = []

        async def listen() -> None:
            async for message in subscription.listen():
                if message["type"] == "subscribe":
                    for number in range(10):
                        await client.publish(channel, number)
                else:
                    received.append(message["data"])
                if len(received) == 10:
                    return

        await listen()
        assert received == [b"%d" % number for number in range(10)]


async def test_a_blocking_command_is_given_up(redis_url: str) -> None:
    async with redis.from_url(redis_url) as client:
        try:
            async with asyncio.timeout(0.05):
                await client.blpop(f"tornadolike:{uuid.uuid4()}", timeout=30)
        except TimeoutError:
            assert await client.ping()
        else:
            raise AssertionError("nobody has pushed anything")
