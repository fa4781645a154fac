"""The rooms of several processes, in one: what they hear of each other, and of each other's misfortunes."""

import asyncio
import logging
from typing import Any

import pytest

from tests.rooms.helpers import Peer, Server, until
from tests.running import on_every_loop, on_jumping_clock, turns
from tornadolike.rooms import PresenceError, RoomFull, Rooms, sharing
from tornadolike.rooms.envelopes import News, Sent, seal
from tornadolike.rooms.members import Attendance
from tornadolike.websocket import WebSocketClosedError

LOG = "tornadolike.application"
ALONE, AGAIN = "members of this process alone", "reach the other processes again"


def names(rooms: Rooms, room: str = "k") -> list[str]:
    found = rooms.get(room)
    return [] if found is None else [member.identity for member in found.members]


class Diary:
    """What one process was told of members."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.options = {
            word: self._writer(word.removeprefix("on_"))
            for word in ("on_join", "on_update", "on_leave")
        }

    def _writer(self, word: str) -> Any:
        return lambda room, member: self.lines.append(f"{word} {member.identity}")


@on_every_loop
async def test_who_hears_what() -> None:
    server, diary = Server(), Diary()
    one, two, three = server.rooms(**diary.options), server.rooms(), server.rooms(name="others")
    ann, bob, eve = Peer(), Peer(), Peer()
    await one.join("k", ann, identity="ann")
    await two.join("k", bob, identity="bob")
    await three.join("k", eve, identity="eve")
    assert names(one) == names(two) == ["ann", "bob"]
    await one.send("k", "hello", but=ann)
    await two.send("k", b"\xff", binary=True)
    await two.send("k", {"a": 1}, but=bob)
    await turns()
    assert bob.heard == ["hello", b"\xff"]
    assert ann.heard == [b"\xff", '{"a": 1}']
    assert eve.heard == []
    await two.update("k", bob, {"name": "Bob"})
    await two.leave("k", bob)
    await until(lambda: names(one) == ["ann"])
    assert diary.lines == ["join ann", "join bob", "update bob", "leave bob"]
    assert [member.identity for member in await two.members("k")] == ["ann"]
    await two.send("k", "from outside")
    await turns()
    assert ann.heard[-1] == "from outside"
    for rooms in (one, two, three):
        await rooms.close()
    assert not server.pubsub.subscriptions
    assert not server.presence._ends
    assert diary.lines[4:] == []


@on_jumping_clock
async def test_one_person_in_two_processes() -> None:
    server, diary = Server(), Diary()
    one, two = server.rooms(**diary.options), server.rooms()
    tabs = [Peer(), Peer()]
    await one.join("k", Peer(), identity="bob")
    await one.join("k", tabs[0], identity="ann")
    await two.join("k", tabs[1], identity="ann")
    found = one.get("k")
    assert found is not None
    assert [member.connections for member in found.members] == [1, 2]
    await one.leave("k", tabs[0])
    await two.leave("k", tabs[1])
    await until(lambda: names(one) == ["bob"])
    assert diary.lines == ["join bob", "join ann", "leave ann"]
    await one.close()
    await two.close()


@on_jumping_clock
async def test_the_most_in_a_room_are_those_of_all_processes() -> None:
    server = Server()
    one, two = server.rooms(max_members=2), server.rooms(max_members=2)
    await one.join("k", Peer())
    await one.join("k", Peer())
    with pytest.raises(RoomFull):
        await two.join("k", Peer())
    assert two.get("k") is None
    await two.close()
    await one.close()


@on_every_loop
async def test_coming_and_going_at_the_same_time() -> None:
    server = Server()
    one, two = server.rooms(), server.rooms()
    watcher = Peer()
    await two.join("k", watcher, identity="watcher")
    peers = [Peer() for _ in range(60)]

    async def visit(number: int) -> None:
        rooms = (one, two)[number % 2]
        for _ in range(number % 4):
            await asyncio.sleep(0)
        joining = asyncio.ensure_future(rooms.join("k", peers[number], identity=str(number)))
        for _ in range(number % 5):
            await asyncio.sleep(0)
        if number % 3 == 0:
            joining.cancel()
        elif number % 3 == 1:
            await joining
        await rooms.leave("k", peers[number])
        await asyncio.gather(joining, return_exceptions=True)
        if number % 7:
            await rooms.leave("k", peers[number])

    await asyncio.gather(*(visit(number) for number in range(60)))
    stayed = {str(number) for number in range(0, 60, 7) if number % 3 == 2}
    await one.join("k", Peer(), identity="last")
    wanted = {"watcher", "last"} | {who for who in stayed if who in names((one, two)[int(who) % 2])}
    await until(lambda: set(names(one)) == set(names(two)) == wanted)
    assert {entry.identity for entry in await server.presence.attending("rooms:k")} == wanted
    await one.close()
    await two.close()
    assert not server.pubsub.subscriptions
    assert not server.presence._of_processes


@on_jumping_clock
async def test_who_leaves_while_coming_in_is_told_so() -> None:
    server = Server()
    rooms, ann = server.rooms(), Peer()
    await rooms.join("k", Peer())
    joining = asyncio.ensure_future(rooms.join("k", ann))
    while ann not in rooms.here("k"):
        await asyncio.sleep(0)
    await rooms.leave("k", ann)
    with pytest.raises(WebSocketClosedError):
        await joining
    await rooms.close()


@on_jumping_clock
async def test_a_process_that_is_gone() -> None:
    server, diary = Server(), Diary()
    one, two = server.rooms(**diary.options), server.rooms()
    await one.join("k", Peer(), identity="ann")
    await two.join("k", Peer(), identity="bob")
    assert names(one) == ["ann", "bob"]
    kill(two)
    await until(lambda: names(one) == ["ann"])
    assert diary.lines == ["join ann", "join bob", "leave bob"]
    await until(lambda: len(server.presence._ends) == 1)
    await one.close()


@on_jumping_clock
async def test_who_was_taken_for_gone_comes_back() -> None:
    """It was stopped for longer than its time: the others have let it go."""
    server, diary = Server(), Diary()
    one, two = server.rooms(**diary.options), server.rooms()
    await one.join("k", Peer(), identity="ann")
    await two.join("k", Peer(), identity="bob")
    assert two._sharing is not None
    await server.presence.forget(two._sharing.process)
    await until(lambda: "leave bob" in diary.lines)
    await until(lambda: names(one) == ["ann", "bob"])
    assert diary.lines[2:] == ["leave bob", "join bob"]
    await one.close()
    await two.close()


@on_jumping_clock
async def test_while_the_server_is_away(expect_log: Any) -> None:
    server, diary = Server(), Diary()
    one, two = server.rooms(**diary.options), server.rooms()
    ann, bob, eve, joe = Peer(), Peer(), Peer(), Peer()
    await one.join("k", ann, identity="ann")
    await one.join("k", eve, identity="eve")
    await two.join("k", bob, identity="bob")
    server.is_away = True
    with (
        expect_log(LOG, ALONE, logging.WARNING, count=2),
        expect_log(LOG, AGAIN, logging.INFO, count=2),
    ):
        await one.send("k", "are you there?")
        await one.send("k", "hello?", but=ann)
        assert eve.heard == ["are you there?", "hello?"]
        await two.join("k", joe, identity="joe")
        await two.join("new", joe, identity="joe")
        await two.leave("k", bob)
        await one.leave("k", eve)
        with pytest.raises(PresenceError):
            await one.members("new")
        await asyncio.sleep(100)
        assert names(one) == ["ann", "bob"]
        assert names(two) == ["ann", "eve", "joe"]
        server.come_back()
        before = asyncio.get_running_loop().time()
        await until(lambda: names(one) == names(two) == ["ann", "joe"])
        # They are told: nobody has to find out.
        assert asyncio.get_running_loop().time() - before < 3
        await one.send("new", "good to hear you")
        await until(lambda: joe.heard == ["good to hear you"])
    assert sorted(diary.lines[3:]) == ["join joe", "leave bob", "leave eve"]
    await one.close()
    await two.close()


@on_jumping_clock
async def test_a_server_that_has_forgotten_all() -> None:
    """Nobody is told that anybody has left, as nobody has."""
    server, diary, other = Server(), Diary(), Diary()
    one, two = server.rooms(**diary.options), server.rooms(**other.options)
    bob = Peer()
    await one.join("k", Peer(), identity="ann")
    await two.join("k", bob, identity="bob")
    server.lose_all()
    for subscription in server.pubsub.subscriptions:
        subscription.gap()
    await until(lambda: len(server.presence._of_processes) == 2)
    await asyncio.sleep(60)
    assert names(one) == names(two) == ["ann", "bob"]
    assert diary.lines == ["join ann", "join bob"]
    assert other.lines[2:] == []
    await two.leave("k", bob)
    await until(lambda: names(one) == ["ann"])
    await one.close()
    await two.close()


@on_jumping_clock
async def test_who_was_forgotten_does_not_judge_others() -> None:
    server, diary = Server(), Diary()
    one, two = server.rooms(**diary.options), server.rooms(presence_seconds=40)
    await one.join("k", Peer(), identity="ann")
    await two.join("k", Peer(), identity="bob")
    server.lose_all()
    await until(lambda: len(server.presence._ends) == 2)
    await asyncio.sleep(60)
    assert diary.lines == ["join ann", "join bob"]
    await one.close()
    await two.close()


@on_jumping_clock
async def test_who_gives_up_coming_in() -> None:
    """While it is asked who is there, and while others are told."""
    server = Server()
    rooms, ann, entered = server.rooms(), Peer(), asyncio.Event()
    await rooms.join("other", Peer())
    begin, note = server.pubsub.begin, server.presence.note

    async def slow_begin(subscription: Any, wait: bool) -> None:
        await begin(subscription, wait)
        entered.set()
        await asyncio.sleep(1)

    async def slow_note(*args: Any, **options: Any) -> bool:
        entered.set()
        await asyncio.sleep(1)
        return await note(*args, **options)

    for slow in (slow_begin, slow_note):
        server.pubsub.begin = slow_begin if slow is slow_begin else begin  # type: ignore[method-assign]
        server.presence.note = slow_note if slow is slow_note else note  # type: ignore[method-assign]
        entered.clear()
        joining = asyncio.ensure_future(rooms.join("k", ann, identity="ann"))
        await entered.wait()
        joining.cancel()
        with pytest.raises(asyncio.CancelledError):
            await joining
        assert rooms.here("k") == []
        assert rooms.get("k") is None
        await asyncio.sleep(5)
        assert [subscription.channel for subscription in server.pubsub.subscriptions] == [
            "rooms:other"
        ]
        assert await server.presence.attending("rooms:k") == []
    await rooms.close()


@on_jumping_clock
async def test_news_that_were_missed() -> None:
    server = Server()
    one, two = server.rooms(), server.rooms()
    bob = Peer()
    await one.join("k", Peer(), identity="ann")
    await two.join("k", bob, identity="bob")
    (subscription,) = (
        s for s in server.pubsub.subscriptions if s._callback.args[0] is one.get("k")
    )
    callback, subscription._callback = subscription._callback, lambda message: None
    await two.leave("k", bob)
    await two.join("k", Peer(), identity="joe")
    assert names(one) == ["ann", "bob"]
    subscription._callback = callback
    subscription.gap()
    await until(lambda: names(one) == ["ann", "joe"])
    await one.close()
    await two.close()


@on_jumping_clock
async def test_who_leaves_while_it_is_asked_who_is_there() -> None:
    """The answer has him, and the news that he has left comes before it is looked at."""
    server = Server()
    one, two = server.rooms(), server.rooms()
    bob, asked = Peer(), asyncio.Event()
    await two.join("k", bob, identity="bob")
    attending = server.presence.attending

    async def slow_attending(room: str) -> list[Attendance]:
        found = await attending(room)
        asked.set()
        await asyncio.sleep(5)
        return found

    server.presence.attending = slow_attending  # type: ignore[method-assign]
    joining = asyncio.ensure_future(one.join("k", Peer(), identity="ann"))
    await asked.wait()
    await two.leave("k", bob)
    await two.join("k", Peer(), identity="joe")
    await joining
    assert names(one) == ["joe", "ann"]
    await one.close()
    await two.close()


@on_jumping_clock
async def test_many_are_told_of_in_parts(monkeypatch: pytest.MonkeyPatch, expect_log: Any) -> None:
    monkeypatch.setattr(sharing, "AT_ONCE", 7)
    monkeypatch.setattr(sharing, "AT_A_TIME", 4)
    server = Server()
    one, two = server.rooms(), server.rooms()
    peers = [Peer() for _ in range(40)]
    for room in "abcdefghi":
        await two.join(room, Peer(), identity="watcher")
    joins = [one.join(room, peer) for room in "abcdefghi" for peer in peers[:20]]
    await asyncio.gather(*joins)
    assert {room.size for room in two.of(two.here("a")[0])} == {21}
    with expect_log(LOG, ALONE, count=2):
        server.is_away = True
        await one.send("a", "x")
        for room in "abcdefghi":
            await one.leave(room, peers[0])
        await until(lambda: two._sharing is not None and two._sharing._down)
        server.come_back()
        await until(lambda: all(two.get(room).size == 20 for room in "abcdefghi"))  # type: ignore[union-attr]
    await one.close()
    await until(lambda: names(two, "a") == ["watcher"])
    await two.close()


@on_jumping_clock
async def test_what_nobody_should_have_published(expect_log: Any) -> None:
    server = Server()
    rooms, ann = server.rooms(), Peer()
    await rooms.join("k", ann, identity="ann")
    assert rooms._sharing is not None
    ours, others = rooms._sharing.sender, "f" * 16
    (token,) = (entry.token for entry in rooms.get("k").roll.entries())  # type: ignore[union-attr]
    forged = Attendance("x", f"{ours}.1", "eve", 1.0, 1.0, {})
    with expect_log("tornadolike.general", "not understood", count=1):
        await server.pubsub.publish("rooms:k", b"nonsense")
        await server.pubsub.publish("rooms:k", seal(ours, Sent("our own")))
        await server.pubsub.publish("rooms:k", seal(others, News([forged], [token])))
        await server.pubsub.publish("rooms:k", seal(others, Sent("fine")))
        await turns()
    assert names(rooms) == ["ann"]
    assert ann.heard == ["fine"]
    await rooms.close()


@on_jumping_clock
async def test_the_end_while_the_server_is_away(expect_log: Any) -> None:
    server = Server()
    rooms = server.rooms()
    await rooms.join("k", Peer())
    server.is_away = True
    with expect_log("tornadolike.general", "find out that this one is gone"):
        await rooms.close()
    server.is_away = False
    await rooms.join("k", Peer())
    await rooms.close()


@on_jumping_clock
async def test_a_presence_of_ones_own_that_fails_otherwise(
    expect_log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server()
    rooms = server.rooms()
    monkeypatch.setattr(server.presence, "beat", None)
    with (
        expect_log(LOG, "has failed"),
        expect_log(LOG, ALONE),
    ):
        await rooms.join("k", Peer())
        await until(lambda: rooms._sharing is not None and rooms._sharing._down)
    monkeypatch.undo()
    await until(lambda: rooms._sharing is not None and not rooms._sharing._down)
    await rooms.close()


def test_one_loop_after_another() -> None:
    server = Server()
    rooms = server.rooms()
    ann = Peer()
    asyncio.run(into(rooms, ann))
    asyncio.run(into(rooms, ann))

    async def elsewhere() -> None:
        await into(rooms, ann)
        with pytest.raises(RuntimeError, match="another event loop"):
            await asyncio.to_thread(asyncio.run, rooms.send("k", "x"))
        await rooms.close()

    asyncio.run(elsewhere())


async def into(rooms: Rooms, peer: Peer) -> None:
    await rooms.join("k", peer)
    assert rooms.here("k") == [peer]


def kill(rooms: Rooms) -> None:
    """As if the process had been killed."""
    assert rooms._sharing is not None
    rooms._sharing._task.cancel()
    rooms._sharing = None
