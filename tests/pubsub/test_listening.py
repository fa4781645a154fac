"""The server goes and comes back, is frozen, talks nonsense, refuses: what those who listen are told."""

import asyncio
import contextlib
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio

from tests.running import on_every_loop
from tests.stores import servers
from tornadolike.pubsub import PubSub, PubSubError, RedisPubSub

pytestmark = pytest.mark.skipif(
    not shutil.which("redis-server"), reason="redis-server is not installed"
)

GENERAL = "tornadolike.general"


async def until(condition: Callable[[], object]) -> None:
    """For what is behind a socket; the test's own time is the limit."""
    while not condition():
        await asyncio.sleep(0.002)


async def heard(pubsub: PubSub, channel: str, called: list[bytes]) -> None:
    """Publish until somebody hears it."""
    called.clear()
    while not called:
        with contextlib.suppress(PubSubError):
            await pubsub.publish(channel, b"x")
        await asyncio.sleep(0.002)


@on_every_loop
async def test_the_server_is_killed_and_comes_back(tmp_path: Path, expect_log: Any) -> None:
    gaps: list[str] = []
    called: dict[str, list[bytes]] = {"a": [], "b": [], "c": []}
    pubsub = RedisPubSub(servers.address_in(tmp_path))
    async with pubsub.lifetime():
        with servers.running(tmp_path):
            for name in "ab":
                await pubsub.listen(
                    name, called[name].append, on_gap=lambda name=name: gaps.append(name)
                )
                await heard(pubsub, name, called[name])
        with expect_log(GENERAL, "missed until there is a connection|is back", count=2) as log:
            await until(lambda: log.matched)
            with pytest.raises(PubSubError, match="whether the server is running"):
                await pubsub.publish("a", b"")
            with pytest.raises(PubSubError, match="whether the server is running"):
                async with pubsub.subscribe("a"):
                    pass
            patient = await pubsub.listen(
                "c", called["c"].append, on_gap=lambda: gaps.append("c"), wait=False
            )
            assert gaps == []
            with servers.running(tmp_path):
                await until(lambda: len(gaps) == 3)
                for name in "abc":
                    await heard(pubsub, name, called[name])
                await pubsub.close()
    assert sorted(gaps) == ["a", "b", "c"]
    assert patient.gaps == 1
    assert patient.closed


@on_every_loop
async def test_a_server_that_is_frozen_is_noticed(tmp_path: Path, expect_log: Any) -> None:
    with servers.process(tmp_path) as server:
        pubsub = RedisPubSub(servers.address_in(tmp_path), timeout=0.2, ping_seconds=0.05)
        async with pubsub.lifetime(), pubsub.subscribe("a") as subscription:
            await asyncio.sleep(0.15)  # it is quiet, and the server gives signs of life
            await pubsub.publish("a", b"1")
            assert await anext(subscription) == b"1"
            assert subscription.gaps == 0
            began = asyncio.get_running_loop().time()
            with expect_log(GENERAL, "missed until there is a connection|is back", count=2) as log:
                server.send_signal(signal.SIGSTOP)
                publishing = [asyncio.ensure_future(pubsub.publish("a", b"x")) for _ in range(600)]
                told = await asyncio.gather(*publishing, return_exceptions=True)
                assert {str(error) for error in told} == {str(told[0])}
                assert "has not answered within 0.2 s" in str(told[0])
                await until(lambda: log.matched)
                with pytest.raises(PubSubError, match=r"not answered within 0\.2 s"):
                    async with pubsub.subscribe("b"):
                        pass
                assert asyncio.get_running_loop().time() - began < 2
                server.send_signal(signal.SIGCONT)
                await until(lambda: len(log.matched) == 2)
                await pubsub.publish("a", b"end")
                await until(lambda: subscription._waiting and subscription._waiting[-1] == b"end")
                # Some of what was given up may have arrived, but nothing twice.
                assert len([message async for message in all_but_the_end(subscription)]) <= 600
                assert subscription.gaps == 1


async def all_but_the_end(subscription: Any) -> Any:
    while (message := await anext(subscription)) != b"end":
        yield message


@on_every_loop
async def test_a_connection_that_is_cut(redis_url: str, expect_log: Any) -> None:
    """By the server's administrator, say, or because we read too slowly for it."""
    pubsub = RedisPubSub(redis_url, prefix=f"tornadolike-{id(object())}:")
    async with (
        pubsub.lifetime(),
        redis.asyncio.from_url(redis_url) as client,
        pubsub.subscribe("a") as first,
        pubsub.subscribe("b") as second,
    ):
        with expect_log(GENERAL, "missed until there is a connection|is back", count=2) as log:
            await client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            await until(lambda: len(log.matched) == 2)
        for subscription in (first, second):
            await pubsub.publish(subscription.channel, b"x")
            assert await anext(subscription) == b"x"
            assert subscription.gaps == 1


@on_every_loop
async def test_the_connection_is_given_back_when_nobody_listens(redis_url: str) -> None:
    pubsub = RedisPubSub(redis_url, ping_seconds=0.02)
    async with pubsub.lifetime():
        async with pubsub.subscribe("a"):
            task = pubsub._listeners.get()._task
            assert task is not None
            assert not task.done()
        await task
        async with pubsub.subscribe("a") as subscription:
            await pubsub.publish("a", b"x")
            assert await anext(subscription) == b"x"
            assert subscription.gaps == 0


@on_every_loop
async def test_what_we_may_not_hear(tmp_path: Path, expect_log: Any) -> None:
    with servers.running(tmp_path) as address:
        async with redis.asyncio.from_url(address) as client:
            await client.acl_setuser(
                "guest", enabled=True, nopass=True, commands=["+@all"], channels=["open:*"]
            )
        guest = address.replace("unix://", "unix://guest:none@")
        pubsub = RedisPubSub(guest, prefix="")
        async with pubsub.lifetime(), pubsub.subscribe("open:a") as subscription:
            for _ in range(2):
                with (
                    expect_log(GENERAL, "subscription is refused", count=1),
                    pytest.raises(PubSubError, match="lets us in"),
                ):
                    await pubsub.listen("closed:a", print)
            with pytest.raises(PubSubError, match="lets us in") as caught:
                await pubsub.publish("closed:a", b"x")
            assert "none@" not in str(caught.value)
            await pubsub.publish("open:a", b"x")
            assert await anext(subscription) == b"x"
            assert subscription.gaps == 0
        wrong = RedisPubSub(address.replace("unix://", "unix://nobody:none@"))
        with (
            expect_log(GENERAL, "missed until there is a connection", count=1),
            pytest.raises(PubSubError, match="lets us in"),
        ):
            await wrong.listen("a", print)
        await wrong.close()


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"*x\r\n", b"", None])
@on_every_loop
async def test_a_server_that_is_none(tmp_path: Path, expect_log: Any, answer: bytes | None) -> None:
    """It talks nonsense, hangs up, or says nothing at all."""
    path = tmp_path / "nonsense.sock"
    ended = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        if answer is None:
            await ended.wait()
        else:
            writer.write(answer)
        writer.close()

    async with await asyncio.start_unix_server(talk, path):
        pubsub = RedisPubSub(f"unix://{path}", timeout=0.1)
        async with pubsub.lifetime():
            with expect_log(GENERAL, "missed until there is a connection", count=1):
                for _ in range(2):
                    with pytest.raises(PubSubError):
                        await pubsub.listen("a", print)
                    with pytest.raises(PubSubError):
                        await pubsub.publish("a", b"")
        ended.set()


@on_every_loop
async def test_who_closes_while_it_begins(tmp_path: Path, expect_log: Any) -> None:
    with servers.process(tmp_path) as server:
        pubsub = RedisPubSub(servers.address_in(tmp_path))
        async with pubsub.lifetime():
            server.send_signal(signal.SIGSTOP)
            beginning = [asyncio.ensure_future(pubsub.listen(name, print)) for name in "abc"]
            await asyncio.sleep(0.01)
            beginning[0].cancel()
            await asyncio.wait(beginning[:1])
            assert len(pubsub._listeners.get()) == 2
        for task in beginning[1:]:
            with pytest.raises(PubSubError, match="closed before it began"):
                await task
        server.send_signal(signal.SIGCONT)


@on_every_loop
async def test_many_who_come_and_go(redis_url: str) -> None:
    """Channels are asked for and given up in all orders; who has begun hears, always."""
    pubsub = RedisPubSub(redis_url, prefix=f"tornadolike-{id(object())}:")

    async def visit(number: int) -> None:
        for turn in range(10):
            channel = f"{(number * 7 + turn) % 5}"
            async with pubsub.subscribe(channel) as subscription:
                mine = b"%d %d" % (number, turn)
                await pubsub.publish(channel, mine)
                while await anext(subscription) != mine:
                    pass
                assert subscription.gaps == 0

    async with pubsub.lifetime():
        await asyncio.gather(*(visit(number) for number in range(20)))
        listener = pubsub._listeners.get()
        assert len(listener) == 0
        await until(lambda: not listener._channels)
