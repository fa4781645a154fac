"""What is sent to a server: in order, in few goes, and given up in time."""

import asyncio
from typing import Any

import pytest

from tests.running import on_every_loop, turns
from tornadolike.pubsub import PubSubError, publishing
from tornadolike.pubsub.publishing import Publisher
from tornadolike.redis_connections import RedisConnections


class Pipeline:
    """Keeps what is published, and answers when it is let."""

    def __init__(self, server: "Server") -> None:
        self.server = server
        self.messages: list[bytes] = []

    def publish(self, name: bytes, message: bytes) -> None:
        self.messages.append(message)

    async def execute(self, raise_on_error: bool) -> list[Any]:
        self.server.batches.append(self.messages)
        await self.server.answers.wait()
        return [self.server.answer] * len(self.messages)


class Server:
    def __init__(self) -> None:
        self.batches: list[list[bytes]] = []
        self.answers = asyncio.Event()
        self.answer: Any = 1

    def pipeline(self, transaction: bool) -> Pipeline:
        return Pipeline(self)


def scene(monkeypatch: pytest.MonkeyPatch, **options: Any) -> tuple[Server, Publisher]:
    connections = RedisConnections("redis://x", user="RedisPubSub", error=PubSubError, **options)
    server = Server()
    monkeypatch.setattr(connections, "client", lambda: server)
    return server, Publisher(connections, 1000)


@on_every_loop
async def test_what_gathers_goes_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "BATCH", 4)
    monkeypatch.setattr(publishing, "BATCH_BYTES", 10)
    server, publisher = scene(monkeypatch)
    messages = [b"1", b"2", b"3", b"4", b"5", b"x" * 100, b"7", b"123456789", b"9"]
    tasks = [asyncio.ensure_future(publisher.publish(b"a", message)) for message in messages]
    await turns()
    tasks[4].cancel()  # it was not sent
    tasks[0].cancel()  # it was
    closing = asyncio.ensure_future(publisher.close())
    await turns()
    assert not closing.done()
    server.answers.set()
    await closing
    await asyncio.wait(tasks)
    assert server.batches == [
        [b"1", b"2", b"3", b"4"],
        [b"x" * 100],
        [b"7", b"123456789"],
        [b"9"],
    ]
    await publisher.publish(b"a", b"again")
    await publisher.close()


@on_every_loop
async def test_what_waits_behind_a_time_out_does_not_wait_for_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publishing, "BATCH", 1)
    server, publisher = scene(monkeypatch, timeout=0.01)
    told = await asyncio.gather(
        *(publisher.publish(b"a", b"x") for _ in range(9)), return_exceptions=True
    )
    assert len(server.batches) == 1
    assert len(set(map(id, told))) == 9
    assert all("not answered within" in str(error) for error in told)


@on_every_loop
async def test_each_is_told_of_its_own_error(monkeypatch: pytest.MonkeyPatch) -> None:
    server, publisher = scene(monkeypatch)
    server.answers.set()
    server.answer = ArithmeticError("whatever it may be")
    for _ in range(2):
        with pytest.raises(PubSubError, match="redis://x: whatever it may be"):
            await publisher.publish(b"a", b"x")
    server.pipeline = None  # type: ignore[method-assign, assignment]
    with pytest.raises(PubSubError, match="not callable"):
        await publisher.publish(b"a", b"x")


@on_every_loop
async def test_the_end_of_the_sending_is_the_end_of_the_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, publisher = scene(monkeypatch)
    waiting = asyncio.ensure_future(publisher.publish(b"a", b"x"))
    await turns()
    assert publisher._task is not None
    publisher._task.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
