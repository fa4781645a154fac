"""Both ledgers behind a hub in this process: the same rules, wherever the rooms are."""

import asyncio
import contextlib
import shutil
import signal
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from demos.chat.app import shared as chat_on_redis
from demos.chat.hub import Hub
from demos.chat.ledger import Unavailable
from demos.chat.limits import Limits, Refused
from demos.chat.redis_ledger import RedisLedger
from tests.running import on_every_loop
from tests.stores.servers import address_in, process
from tornadolike.pubsub import RedisPubSub
from tornadolike.redis_connections import RedisConnections

from .chat_guests import Event, Tab, message_id

pytestmark = pytest.mark.once

MakeHub = Callable[..., AbstractAsyncContextManager[Hub]]


class Guest(Tab):
    """A tab that waits for what it is told."""

    @classmethod
    async def at(cls, hub: Hub, name: str) -> "Guest":
        guest = cls(hub, name)
        await guest.connect()
        return guest

    async def connect(self) -> None:
        self.session = await self.hub.open_session(self.secret)
        self.session.attach(self)

    async def does(self, type: str, **fields: Any) -> None:
        await self.hub.receive(self.session, {"type": type, **fields})

    async def joins(self, room: str = "lobby", **fields: Any) -> Event:
        await self.does("join", **{"room": room, "name": self.name, **fields})
        return await self.wait("welcome", "error")

    async def says(self, text: str, room: str = "lobby") -> None:
        await self.does("say", room=room, id=message_id(text), text=text)

    async def wait(self, *types: str) -> Event:
        """The next event of these types. What comes before it is passed over."""
        async with asyncio.timeout(10):
            while True:
                while self.events:
                    if (event := self.events.pop(0))["type"] in types:
                        return event
                await asyncio.sleep(0.001)


@contextlib.asynccontextmanager
async def on_redis(address: str, prefix: str, **limits: Any) -> AsyncIterator[Hub]:
    pubsub = RedisPubSub(address, prefix=prefix)
    connections = RedisConnections(address, user="RedisLedger", error=Unavailable)
    bounds = Limits(burst=1000, **limits)
    try:
        yield Hub(bounds, RedisLedger(bounds, connections, pubsub))
    finally:
        await pubsub.close()
        await connections.close()


@contextlib.asynccontextmanager
async def in_memory(**limits: Any) -> AsyncIterator[Hub]:
    yield Hub(Limits(burst=1000, **limits))


@pytest.fixture
def shared(redis_url: str) -> MakeHub:
    """Each `shared()` is like another process of the same chat."""
    prefix = f"chat-{uuid.uuid4()}:"
    return lambda **limits: on_redis(redis_url, prefix, **limits)


@pytest.fixture(params=["memory", "redis"])
def ledger(request: pytest.FixtureRequest) -> MakeHub:
    return in_memory if request.param == "memory" else request.getfixturevalue("shared")


@on_every_loop
async def test_a_conversation(ledger: MakeHub) -> None:
    async with ledger(history=3) as hub:
        ann, bob = await Guest.at(hub, "Ann"), await Guest.at(hub, "Bob")
        epoch = (await ann.joins())["epoch"]
        welcome = await bob.joins(name="Ann")
        assert [member["name"] for member in welcome["members"]] == ["Ann", "Ann 2"]
        assert (await ann.wait("joined"))["member"] == welcome["you"]
        for number in range(5):
            await ann.says(str(number))
            heard = await ann.wait("message")
            assert heard == await bob.wait("message")
        assert (heard["seq"], heard["name"], heard["author"]) == (5, "Ann", ann.session.id)
        await ann.says("4")
        assert (await ann.wait("message", "accepted"))["type"] == "accepted"
        await bob.does("rename", name="Bob")
        assert (await ann.wait("renamed"))["member"]["name"] == "Bob"
        await bob.does("rename", name="ANN")
        assert (await ann.wait("renamed"))["member"]["name"] == "ANN 2"
        again = await ann.joins(epoch=epoch, since=3)
        assert again["resumed"]
        assert [message["text"] for message in again["messages"]] == ["3", "4"]
        assert [message["seq"] for message in (await ann.joins())["messages"]] == [3, 4, 5]
        await bob.joins("elsewhere")
        assert (await ann.wait("left"))["member"]["name"] == "ANN 2"
        await hub.tick()
        await bob.does("say", room="lobby", id="message-for-lobby", text="psst")
        assert (await bob.wait("error"))["code"] == "elsewhere"


@on_every_loop
async def test_limits(ledger: MakeHub) -> None:
    async with ledger(rooms=2, members=1, remembered_ids=2) as hub:
        ann, bob, eve = [await Guest.at(hub, name) for name in ("Ann", "Bob", "Eve")]
        await ann.joins("one")
        assert (await bob.joins("one"))["code"] == "room-full"
        await bob.joins("two")
        assert (await eve.joins("three"))["code"] == "too-many-rooms"
        assert (await bob.joins("one"))["values"] == {"room": "#one"}
        assert bob.session.room == "two"
        for text in ("a", "b", "c", "a"):
            await bob.says(text, room="two")
        assert [(await bob.wait("message", "accepted"))["type"] for _ in range(4)] == (
            ["message"] * 4
        )
        await bob.says("a", room="two")
        assert (await bob.wait("message", "accepted"))["type"] == "accepted"


@on_every_loop
async def test_the_room_that_is_empty_longest_makes_place(ledger: MakeHub) -> None:
    async with ledger(rooms=3) as hub:
        ann, bob = await Guest.at(hub, "Ann"), await Guest.at(hub, "Bob")
        await bob.joins("bobs")
        epochs = {}
        for room in ("one", "two"):
            epochs[room] = (await ann.joins(room))["epoch"]
            await ann.says(f"in {room}", room=room)
            await asyncio.sleep(0.01)
        await ann.joins("bobs")
        rooms = (await ann.wait("rooms"))["rooms"]
        assert rooms == [
            {"name": "bobs", "people": 2},
            {"name": "one", "people": 0},
            {"name": "two", "people": 0},
        ]
        await ann.joins("three")
        kept = await ann.joins("two", epoch=epochs["two"], since=0)
        assert (kept["resumed"], len(kept["messages"])) == (True, 1)
        fresh = await ann.joins("one", epoch=epochs["one"], since=0)
        assert (fresh["resumed"], fresh["messages"]) == (False, [])


@on_every_loop
async def test_an_empty_room_is_forgotten_in_time(ledger: MakeHub) -> None:
    async with ledger(empty_room=0.05) as hub:
        ann = await Guest.at(hub, "Ann")
        epoch = (await ann.joins("red"))["epoch"]
        await ann.joins("blue")
        while await named(hub) != {"blue"}:
            await asyncio.sleep(0.02)
        assert (await ann.joins("red"))["epoch"] != epoch


async def named(hub: Hub) -> set[str]:
    return {name for name, _ in await hub.ledger.tend([])}


# --- several processes ---


@on_every_loop
async def test_a_number_that_is_missing_is_noticed_by_the_next(shared: MakeHub) -> None:
    async with shared() as one, shared() as two:
        ann, bob = await Guest.at(one, "Ann"), await Guest.at(two, "Bob")
        await bob.joins()
        epoch = (await ann.joins())["epoch"]
        with deafened(one):
            await bob.says("lost")
            await bob.wait("message")
            await asyncio.sleep(0.02)
        await bob.says("noticed")
        await bob.wait("message")
        async with asyncio.timeout(10):
            while not ann.dropped:
                await asyncio.sleep(0.01)
        assert ann.dropped == ["behind"]
        await ann.connect()
        welcome = await ann.joins(epoch=epoch, since=0)
        assert [message["text"] for message in welcome["messages"]] == ["lost", "noticed"]


@on_every_loop
async def test_what_is_missing_at_the_end_is_noticed_in_time(shared: MakeHub) -> None:
    async with shared(lease=0.3) as one, shared() as two:
        ann, bob = await Guest.at(one, "Ann"), await Guest.at(two, "Bob")
        await bob.joins()
        await ann.joins()
        with deafened(one):
            await bob.says("lost")
            await bob.wait("message")
            await asyncio.sleep(0.02)
        async with asyncio.timeout(10):
            while not ann.dropped:
                await asyncio.sleep(0.01)
                await one.tick()
        assert ann.dropped == ["behind"]
        assert one.find_session(ann.secret) is ann.session  # its lease was renewed all the time


@contextlib.contextmanager
def deafened(hub: Hub) -> Iterator[None]:
    """What is published meanwhile does not arrive."""
    tell, hub.tell = hub.tell, lambda *_: None  # type: ignore[method-assign]
    yield
    hub.tell = tell  # type: ignore[method-assign]


@on_every_loop
async def test_who_was_given_up_starts_over(shared: MakeHub) -> None:
    """The process was stopped for longer than its leases: others have seen its guests leave."""
    async with shared(lease=0.05) as slow, shared(lease=60) as other:
        ann, bob = await Guest.at(slow, "Ann"), await Guest.at(other, "Bob")
        await bob.joins()
        await ann.joins()
        await bob.wait("joined")
        await asyncio.sleep(0.06)
        await other.tick()
        assert (await bob.wait("left"))["member"]["name"] == "Ann"
        await ann.says("am I still here")
        assert ann.dropped == ["behind"]
        assert slow.find_session(ann.secret) is None
        await ann.connect()
        assert len((await ann.joins())["members"]) == 2
        assert (await bob.wait("joined"))["member"]["name"] == "Ann"


@on_every_loop
async def test_a_session_is_carried_by_one(shared: MakeHub) -> None:
    async with shared() as one, shared() as two:
        first = await Guest.at(one, "Ann")
        await first.joins()
        second = await Guest.at(two, "Ann")
        await first.says("not mine any more")
        assert first.dropped == ["replaced"]
        assert len((await second.joins())["members"]) == 1


@on_every_loop
async def test_a_name_is_only_had_by_one_of_those_who_want_it_at_once(shared: MakeHub) -> None:
    async with shared() as one, shared() as two:
        guests = [await Guest.at(hub, f"guest{n}") for n, hub in enumerate([one, two] * 5)]
        welcomes = await asyncio.gather(*(guest.joins(name="Ann") for guest in guests))
        given = {welcome["you"]["name"] for welcome in welcomes}
        assert given == {"Ann", *(f"Ann {number}" for number in range(2, 11))}


@pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed")
@on_every_loop
async def test_chats_in_two_databases_are_two(tmp_path: Path) -> None:
    """Redis itself keeps only keys apart by database, and not what is published."""
    with process(tmp_path):
        address = address_in(tmp_path)
        async with (
            chat_on_redis(address, Limits()) as (one, _),
            chat_on_redis(f"{address}?db=1", Limits()) as (two, _),
        ):
            ann, bob = await Guest.at(one, "Ann"), await Guest.at(two, "Bob")
            await ann.joins()
            assert len((await bob.joins())["members"]) == 1
            await ann.says("not for Bob")
            await ann.wait("message")
            await bob.says("alone")
            assert (await bob.wait("message"))["text"] == "alone"
            assert bob.dropped == []


@pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed")
@on_every_loop
async def test_while_the_server_is_away(tmp_path: Path, expect_log: Callable[..., Any]) -> None:
    """Nothing breaks, who wants something is told to wait, and all comes back by itself."""
    async with on_redis(address_in(tmp_path), "chat:") as hub:
        with expect_log("demos.chat.hub", "Nobody can join or talk for now"):
            await hub.tick()
            await hub.tick()
        with pytest.raises(Refused, match="trouble"):
            await Guest.at(hub, "Ann")
        with process(tmp_path) as server:
            ann = await Guest.at(hub, "Ann")
            epoch = (await ann.joins())["epoch"]
            server.send_signal(signal.SIGKILL)
            server.wait()
            (tmp_path / "redis.sock").unlink()
            await ann.says("hello")
            error = await ann.wait("error")
            assert (error["code"], error["retry"]) == ("unavailable", 2.0)
            await hub.release()
        with process(tmp_path):
            await ann.says("hello")
            assert ann.dropped == ["behind"]
            await ann.connect()
            welcome = await ann.joins(epoch=epoch, since=0)
            assert (welcome["resumed"], welcome["messages"]) == (False, [])
            with expect_log("demos.chat.hub", "can be reached again"):
                await hub.tick()
