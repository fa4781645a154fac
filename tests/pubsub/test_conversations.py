"""What is said on one connection to a server, and on the next, in orders that a real server seldom takes."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from tests.running import on_every_loop, turns
from tornadolike.pubsub import MemoryPubSub, PubSubError, Subscription, listening
from tornadolike.pubsub.listening import Listener
from tornadolike.redis_connections import RedisConnections


class Connection:
    """Keeps what is asked; the test says what is answered."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.answers: asyncio.Queue[Any] = asyncio.Queue()
        self.gone = False

    async def connect(self) -> None:
        pass

    async def send_command(self, *command: Any, check_health: bool) -> None:
        self.asked.append(command)

    async def read_response(self, **options: Any) -> Any:
        answer = await self.answers.get()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def disconnect(self, nowait: bool) -> None:
        self.gone = True

    async def says(self, *answers: Any) -> None:
        for answer in answers:
            self.answers.put_nowait(answer)
        await turns(5)


class Scene:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(listening, "FIRST_PAUSE", 0.0)
        connections = RedisConnections("redis://x", user="RedisPubSub", error=PubSubError)
        self.connections: list[Connection] = []
        pool = SimpleNamespace(make_connection=self._make)
        monkeypatch.setattr(connections, "client", lambda: SimpleNamespace(connection_pool=pool))
        self.listener = Listener(connections, 60.0)

    def _make(self) -> Connection:
        self.connections.append(Connection())
        return self.connections[-1]

    def subscription(self) -> Subscription:
        return MemoryPubSub().subscribe("a")

    async def begins(self, subscription: Subscription, name: bytes) -> "asyncio.Future[None]":
        begun = asyncio.ensure_future(self.listener.begin(subscription, name, True))
        await turns(5)
        return begun


def subscribed(name: bytes) -> list[Any]:
    return [b"subscribe", name, 1]


def message(name: bytes, content: bytes) -> list[Any]:
    return [b"message", name, content]


@on_every_loop
async def test_what_comes_before_the_beginning_is_not_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is left from one who listened to the channel before."""
    scene = Scene(monkeypatch)
    before, one = scene.subscription(), scene.subscription()
    begun = await scene.begins(before, b"a")
    connection = scene.connections[0]
    await connection.says(subscribed(b"a"))
    await begun
    scene.listener.end(before, b"a")
    await turns(5)
    begun = await scene.begins(one, b"a")
    assert connection.asked == [("SUBSCRIBE", b"a"), ("UNSUBSCRIBE", b"a"), ("SUBSCRIBE", b"a")]
    await connection.says(message(b"a", b"old"), [b"unsubscribe", b"a", 0], subscribed(b"a"))
    await begun
    await connection.says(message(b"b", b"whose"), message(b"a", b"new"))
    assert list(one._waiting) == [b"new"]
    assert not before._waiting
    await scene.listener.close()
    assert connection.gone


@on_every_loop
async def test_an_answer_is_that_of_its_own_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who gives up and comes back while the first answer is on its way begins with the second."""
    scene = Scene(monkeypatch)
    first = await scene.begins(scene.subscription(), b"a")
    first.cancel()
    (gone,) = scene.listener._channels[b"a"].subscriptions
    scene.listener.end(gone, b"a")
    await turns(5)
    second = await scene.begins(scene.subscription(), b"a")
    connection = scene.connections[0]
    await connection.says(subscribed(b"a"))
    assert not second.done()
    await connection.says([b"unsubscribe", b"a", 0], subscribed(b"a"))
    await second
    await scene.listener.close()


@on_every_loop
async def test_a_new_connection_owes_no_old_answers(
    monkeypatch: pytest.MonkeyPatch, expect_log: Any
) -> None:
    scene = Scene(monkeypatch)
    old, patient = scene.subscription(), scene.subscription()
    begun = await scene.begins(old, b"a")
    await scene.connections[0].says(subscribed(b"a"))
    await begun
    await scene.listener.begin(patient, b"b", False)
    with expect_log("tornadolike.general", "missed until|is back", count=2):
        await turns(5)
        lost = await scene.begins(scene.subscription(), b"c")
        await scene.connections[0].says(ConnectionError("cut"))
        with pytest.raises(PubSubError, match="cut"):
            await lost
        while len(scene.connections) < 2 or not scene.connections[1].asked:
            await asyncio.sleep(0)
        assert scene.connections[0].gone
        new = scene.connections[1]
        assert new.asked == [("SUBSCRIBE", b"a", b"b", b"c")]
        await new.says(subscribed(b"a"), message(b"a", b"x"), message(b"b", b"too early"))
        assert list(old._waiting) == [None, b"x"]
        assert not patient._waiting
        await new.says(subscribed(b"b"), message(b"b", b"y"))
        assert list(patient._waiting) == [None, b"y"]
    await scene.listener.close()


@on_every_loop
async def test_many_channels_are_asked_for_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "NAMES_AT_ONCE", 2)
    scene = Scene(monkeypatch)
    for name in (b"a", b"b", b"c"):
        await scene.listener.begin(scene.subscription(), name, False)
    begun = await scene.begins(scene.subscription(), b"c")
    connection = scene.connections[0]
    assert connection.asked == [("SUBSCRIBE", b"a", b"b"), ("SUBSCRIBE", b"c")]
    await connection.says(subscribed(b"a"), subscribed(b"b"))
    assert not begun.done()
    await connection.says(subscribed(b"c"))
    await begun
    await scene.listener.close()


@on_every_loop
async def test_who_comes_during_a_pause_is_told_how_it_is_now(
    monkeypatch: pytest.MonkeyPatch, expect_log: Any
) -> None:
    scene = Scene(monkeypatch)
    monkeypatch.setattr(listening, "LONGEST_PAUSE", 3600.0)
    scene.listener._pause = 3600.0
    with expect_log("tornadolike.general", "missed until|is back", count=2):
        lost = await scene.begins(scene.subscription(), b"a")
        await scene.connections[0].says(ConnectionError("cut"))
        with pytest.raises(PubSubError, match="cut"):
            await lost
        begun = await scene.begins(scene.subscription(), b"a")
        await scene.connections[1].says(subscribed(b"a"))
        await begun
    await scene.listener.close()


@on_every_loop
async def test_a_listening_that_somebody_has_cancelled_begins_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = Scene(monkeypatch)
    old = scene.subscription()
    begun = await scene.begins(old, b"a")
    await scene.connections[0].says(subscribed(b"a"))
    await begun
    assert scene.listener._task is not None
    scene.listener._task.cancel()
    await asyncio.wait([scene.listener._task])
    assert scene.connections[0].gone
    begun = await scene.begins(scene.subscription(), b"a")
    await scene.connections[1].says(subscribed(b"a"))
    await begun
    assert list(old._waiting) == [None]
    await scene.listener.close()
    assert len(scene.listener._channels) == 0
