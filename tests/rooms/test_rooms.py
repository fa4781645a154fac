"""Rooms of one process: who hears what, who is there, who may not come in."""

import asyncio
from typing import Any

import pytest

from tests.rooms.helpers import Peer, until
from tests.running import on_every_loop
from tests.websocket.helpers import TEXT, close, frame
from tests.websocket.peer import Peer as Client
from tornadolike.pubsub import MemoryPubSub
from tornadolike.rooms import MemoryPresence, Room, RoomFull, Rooms, TooManyRooms
from tornadolike.web import Application
from tornadolike.websocket import WebSocketClosedError, WebSocketHandler


@on_every_loop
async def test_who_hears_what() -> None:
    rooms, ann, bob, eve = Rooms(), Peer(), Peer(), Peer()
    room = await rooms.join("kitchen", ann)
    assert await rooms.join("kitchen", bob) is room
    await rooms.join("hall", eve)
    done = await rooms.send("kitchen", "hello", but=ann)
    assert (done.sent, done.gone) == (1, 0)
    await rooms.send("kitchen", {"a": [1]})
    await rooms.send("kitchen", b"t\xc3\xa9xt")
    await rooms.send("kitchen", b"\xff", binary=True)
    room.tell("text as bytes", binary=True)
    await rooms.send("cellar", "nobody")
    assert ann.heard == ['{"a": [1]}', "téxt", b"\xff", b"text as bytes"]
    assert bob.heard == ["hello", *ann.heard]
    assert eve.heard == []
    assert (room.here, rooms.here("kitchen"), rooms.here("cellar")) == ([ann, bob], [ann, bob], [])
    assert await rooms.leave("kitchen", ann)
    assert not await rooms.leave("kitchen", ann)
    assert not await rooms.leave("cellar", ann)
    await rooms.send("kitchen", "bye")
    assert ann.heard[-1] == b"text as bytes"
    assert await rooms.leave("kitchen", bob)
    assert rooms.get("kitchen") is None
    assert await rooms.members("kitchen") == []
    assert len(rooms._rooms) == len(rooms._rooms_of) == 1


@on_every_loop
async def test_members_and_who_is_told_of_them() -> None:
    def told(word: str) -> Any:
        def tell(room: Room, member: Any) -> dict[str, Any]:
            return {word: member.identity, "known": member.info, "size": room.size}

        return tell

    rooms = Rooms(on_join=told("came"), on_update=told("now"), on_leave=told("left"))
    first, second, bob = Peer(), Peer(), Peer()
    room = await rooms.join("k", bob, identity="bob")
    await rooms.join("k", first, {"name": "Ann"}, identity="ann")
    await rooms.join("k", second, {"name": "Ann"}, identity="ann")
    assert [(m.identity, m.info, m.connections) for m in room.members] == [
        ("bob", {}, 1),
        ("ann", {"name": "Ann"}, 2),
    ]
    assert await rooms.members("k") == room.members
    await rooms.update("k", first, {"name": ("An", "na")})
    await rooms.join("k", first)
    await rooms.join("k", second, {"name": "Anne"})
    await rooms.leave("k", second)
    await rooms.leave("k", first)
    assert bob.heard == [
        '{"came": "ann", "known": {"name": "Ann"}, "size": 2}',
        '{"now": "ann", "known": {"name": ["An", "na"]}, "size": 3}',
        '{"now": "ann", "known": {"name": "Anne"}, "size": 3}',
        '{"now": "ann", "known": {"name": ["An", "na"]}, "size": 2}',
        '{"left": "ann", "known": {"name": ["An", "na"]}, "size": 1}',
    ]
    assert first.heard[0] == '{"now": "ann", "known": {"name": "Anne"}, "size": 3}'


@on_every_loop
async def test_a_failing_announcer_or_connection_costs_nobody_else(expect_log: Any) -> None:
    class Broken(Peer):
        def write_message(self, message: str | bytes, binary: bool = False) -> None:
            raise OSError("broken")

    def on_join(room: Room, member: Any) -> Any:
        return 1 / 0 if member.info else object()

    rooms, ann, broken = Rooms(on_join=on_join), Peer(), Broken()
    with expect_log("tornadolike.application", "who is told|which is told", count=3):
        for peer, info in ((ann, {"a": 1}), (broken, {"a": 1}), (Peer(), {})):
            await rooms.join("k", peer, info)
    with expect_log("tornadolike.application", "could not be given", count=1):
        done = await rooms.send("k", "hello")
    assert (done.sent, done.gone) == (2, 1)
    assert ann.heard == ["hello"]


@on_every_loop
async def test_limits() -> None:
    rooms = Rooms(max_rooms=2, max_members=2, max_name_length=5, max_info_size=20)
    for room in "ab":
        await rooms.join(room, Peer())
    with pytest.raises(TooManyRooms, match="max_rooms"):
        await rooms.join("c", Peer())
    await rooms.join("a", Peer())
    with pytest.raises(RoomFull, match="max_members"):
        await rooms.join("a", Peer())
    rooms = Rooms(max_members=1, max_name_length=5, max_info_size=20)
    ann = Peer()
    for name in (1, None, "\ud800", "sixsix"):
        with pytest.raises((TypeError, ValueError), match="name of a room"):
            await rooms.join(name, ann)  # type: ignore[arg-type]
        with pytest.raises((TypeError, ValueError), match="name of a room"):
            await rooms.send(name, "x")  # type: ignore[arg-type]
        if name is not None:
            with pytest.raises((TypeError, ValueError), match="identity"):
                await rooms.join("a", ann, identity=name)  # type: ignore[arg-type]
    for member in ([], "x", {"name": "x" * 20}, {"x": object()}, {1: {2}}):
        with pytest.raises((TypeError, ValueError), match=r"."):
            await rooms.join("a", ann, member)  # type: ignore[arg-type]
    for message in (1, None, b"\xff"):
        with pytest.raises((TypeError, ValueError), match=r"message|binary"):
            await rooms.send("a", message)  # type: ignore[arg-type]
    with pytest.raises(KeyError, match="join"):
        await rooms.update("a", ann, {})
    assert not rooms._rooms
    assert not rooms._rooms_of


def test_what_does_not_fit() -> None:
    async def later(room: Room, member: Any) -> None:
        pass

    for options in (
        {"max_rooms": 0},
        {"max_members": 1.5},
        {"max_info_size": True},
        {"presence_seconds": 0},
        {"presence_seconds": float("nan")},
        {"presence_seconds": float("inf")},
        {"presence_seconds": "1"},
        {"on_join": later},
        {"on_leave": 1},
        {"name": 1},
        {"name": "a:b"},
        {"slow": "skip"},
        {"pubsub": 1, "presence": MemoryPresence()},
        {"pubsub": MemoryPubSub()},
        {"pubsub": MemoryPubSub(), "presence": 1},
        {"presence": MemoryPresence()},
        {"pubsub": "redis://127.0.0.1", "presence": MemoryPresence()},
        {"pubsub": "127.0.0.1"},
    ):
        with pytest.raises((TypeError, ValueError), match=r"."):
            Rooms(**options)  # type: ignore[arg-type]


@on_every_loop
async def test_what_hears_nothing_comes_in_nowhere() -> None:
    rooms = Rooms()
    for connection in (None, 5, "ann", object(), Peer, {}):
        with pytest.raises(TypeError, match="what comes into a room is a WebSocketHandler"):
            await rooms.join("kitchen", connection)  # type: ignore[arg-type]
    assert rooms.get("kitchen") is None


class Talk(WebSocketHandler):
    def initialize(self, rooms: Rooms) -> None:
        self.rooms = rooms

    async def open(self, room: str) -> None:  # type: ignore[override]
        self.room = await self.rooms.join(room, self, {"name": self.get_argument("name")})
        self.write_message({"here": [member.info["name"] for member in self.room.members]})

    async def on_message(self, message: str | bytes) -> None:
        if message == "leave":
            await self.rooms.leave(self.room.name, self)
        elif message == "move":
            await self.rooms.join("other", self)
        else:
            await self.rooms.send(self.room.name, message, but=self)


def told_that_they_left(room: Room, member: Any) -> str:
    return f"{member.info.get('name')} has left"


def test_websockets_leave_by_themselves(serve: Any) -> None:
    rooms = Rooms(on_leave=told_that_they_left)
    server = serve(Application([(r"/(\w+)", Talk, {"rooms": rooms})]))
    with Client(server, "/k?name=Ann") as ann:
        assert ann.text() == '{"here": ["Ann"]}'
        bob = Client(server, "/k?name=Bob")
        assert bob.text() == '{"here": ["Ann", "Bob"]}'
        ann.send(frame(TEXT, b"hello"))
        assert bob.text() == "hello"
        bob.send(frame(TEXT, b"move"))
        bob.send(frame(TEXT, b"moved"))
        assert ann.text() == "moved"
        assert server.call(lambda: [room.name for room in rooms.of(rooms.here("other")[0])]) == [
            "k",
            "other",
        ]
        bob.reset()
        assert ann.text() == "Bob has left"
        assert server.call(lambda: (rooms.get("other"), len(rooms._rooms_of))) == (None, 1)
        for _ in range(3):
            ann.send(frame(TEXT, b"leave"), frame(TEXT, b"move"))
        ann.send(close(1000))
        ann.close_code()
    server.call(lambda: until(lambda: not rooms._rooms and not rooms._rooms_of))


def test_who_is_closed_comes_in_nowhere(serve: Any) -> None:
    outcome: list[Any] = []

    class Closed(WebSocketHandler):
        async def open(self) -> None:
            self.close()
            try:
                await rooms.join("k", self)
            except WebSocketClosedError as error:
                outcome.append(error)

    rooms = Rooms()
    server = serve(Application([("/", Closed)]))
    with Client(server) as client:
        client.close_code()
        server.call(lambda: until(lambda: outcome))
    assert not rooms._rooms
    assert not rooms._rooms_of


@on_every_loop
async def test_a_lifetime() -> None:
    rooms = Rooms()
    async with rooms.lifetime():
        async with rooms.lifetime(object()):
            await rooms.join("k", Peer())
        assert rooms.here("k")
    assert not rooms._rooms
    await rooms.join("k", Peer())


@on_every_loop
async def test_many_at_a_time() -> None:
    """In one process nothing is waited for: not one turn of the loop."""
    rooms = Rooms()
    peers = [Peer() for _ in range(200)]
    steps = [rooms.join("k", peer, identity=str(i % 10)) for i, peer in enumerate(peers)]
    for step in steps:
        with pytest.raises(StopIteration):
            step.send(None)
    assert len(await rooms.members("k")) == 10
    await asyncio.gather(*(rooms.leave("k", peer) for peer in peers))
    assert not rooms._rooms
