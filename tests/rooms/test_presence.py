"""Who is where: the same in memory and on a real server."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import redis.asyncio

from tests.running import on_every_loop
from tornadolike.rooms import MemoryPresence, Presence, PresenceError, RedisPresence
from tornadolike.rooms.members import Attendance

Make = Callable[[], Any]


@pytest.fixture(params=["memory", "redis"])
def made(request: pytest.FixtureRequest) -> Make:
    @contextlib.asynccontextmanager
    async def make() -> AsyncIterator[Presence]:
        if request.param == "memory":
            yield MemoryPresence()
            return
        url = request.getfixturevalue("redis_url")
        prefix = f"tornadolike-{uuid.uuid4()}:"
        presence = RedisPresence(url, prefix=prefix)
        yield presence
        await presence.close()
        async with redis.asyncio.from_url(url) as client:
            assert await client.keys(f"{prefix}*") == [], "something is left there for good"

    request.getfixturevalue("redis_url") if request.param == "redis" else None
    return make


def entry(token: str, process: str) -> Attendance:
    return Attendance(token, process, "ännä", 1.5, 2.5, {"name": f"of {token}"})


async def tokens(presence: Presence, room: str) -> set[str]:
    return {f"{entry.process}/{entry.token}" for entry in await presence.attending(room)}


@on_every_loop
async def test_coming_and_going(made: Make) -> None:
    async with made() as presence:
        assert await presence.attending("k") == []
        assert not await presence.note("a.1", 60, [("k", "t", entry("t", "a.1"))])
        assert await presence.attending("k") == []
        assert await presence.note("a.1", 60, [("k", "t", entry("t", "a.1"))], begin=True)
        assert await presence.attending("k") == [entry("t", "a.1")]
        moves = [("k", "u", entry("u", "a.1")), ("l ü", "t", entry("t", "a.1")), ("k", "t", None)]
        assert await presence.note("a.1", 60, moves)
        assert await presence.note("b.1", 60, [("k", "t", entry("t", "b.1"))], begin=True)
        assert await tokens(presence, "k") == {"a.1/u", "b.1/t"}
        assert await tokens(presence, "l ü") == {"a.1/t"}
        assert await presence.note("a.1", 60, [("k", "never", None)])
        await presence.forget("a.1")
        await presence.forget("a.1")
        assert await tokens(presence, "k") == {"b.1/t"}
        assert await presence.attending("l ü") == []
        await presence.forget("b.1")


@on_every_loop
async def test_a_connection_in_several_rooms_leaves_them_one_by_one(made: Make) -> None:
    async with made() as presence:
        await presence.note(
            "a.1", 60, [(room, "t", entry("t", "a.1")) for room in "xyz"], begin=True
        )
        await presence.note("a.1", 60, [("y", "t", None)])
        assert [await tokens(presence, room) for room in "xyz"] == [{"a.1/t"}, set(), {"a.1/t"}]
        await presence.forget("a.1")
        assert [await tokens(presence, room) for room in "xyz"] == [set(), set(), set()]


@on_every_loop
async def test_beginning_anew(made: Make) -> None:
    async with made() as presence:
        await presence.note("a.9", 60, [("k", "t", entry("t", "a.9"))], begin=True)
        assert await presence.note("a.10", 60, [("l", "u", entry("u", "a.10"))], begin=True)
        assert await presence.attending("k") == []
        assert await presence.beat("a.9", 60, sweep=True) == {"a.10"}
        assert not await presence.note("a.9", 60, [("k", "t", entry("t", "a.9"))], begin=True)
        assert await presence.attending("k") == [], "what comes too late is not done"
        assert await tokens(presence, "l") == {"a.10/u"}
        await presence.forget("a.10")


@on_every_loop
async def test_whose_time_is_over(made: Make) -> None:
    async with made() as presence:
        await presence.note("a.1", 60, [("k", "t", entry("t", "a.1"))], begin=True)
        await presence.note("b.1", 60, [("k", "u", entry("u", "b.1"))], begin=True)
        await presence.note("c.1", 60, [("k", "v", entry("v", "c.1"))], begin=True)
        assert await presence.beat("b.1", 60, sweep=True) == {"a.1", "b.1", "c.1"}
        await presence.note("b.1", 0.01, [])
        await presence.note("c.1", 0.01, [])
        await presence.beat("b.1", 60, sweep=False)
        await asyncio.sleep(0.02)
        assert await tokens(presence, "k") == {"a.1/t", "b.1/u"}
        assert await presence.beat("a.1", 60, sweep=False) == {"a.1", "b.1"}
        assert await presence.note("c.1", 0.01, []), "late, but nobody has swept"
        await asyncio.sleep(0.02)
        assert await presence.beat("a.1", 60, sweep=True) == {"a.1", "b.1"}
        assert not await presence.note("c.1", 60, [])
        assert await presence.beat("c.1", 60, sweep=True) == {"a.1", "b.1"}
        for process in ("a.1", "b.1"):
            await presence.forget(process)


@on_every_loop
async def test_no_server(tmp_path: Any) -> None:
    presence = RedisPresence(f"unix://secret@{tmp_path}/none.sock", timeout=1)
    with pytest.raises(PresenceError, match=r"none\.sock: .*look whether") as caught:
        await presence.attending("k")
    assert "secret" not in str(caught.value)
    await presence.close()


@on_every_loop
async def test_what_others_have_put_there(redis_url: str, expect_log: Any) -> None:
    prefix = f"tornadolike-{uuid.uuid4()}:"
    presence = RedisPresence(redis_url, prefix=prefix)
    await presence.note("a.1", 60, [("k", "t", entry("t", "a.1"))], begin=True)
    async with redis.asyncio.from_url(redis_url) as client:
        await client.hset(f"{prefix}room:k", "a.1/x", "nonsense")
        await client.hset(f"{prefix}room:k", "a.1/y", "[" * 100_000)
        with expect_log("tornadolike.general", "not understood", count=2):
            assert await tokens(presence, "k") == {"a.1/t"}
        await client.hdel(f"{prefix}room:k", "a.1/x", "a.1/y")
        # Dead processes of which nobody can make sense do not stand in the way of others.
        await client.zadd(f"{prefix}alive", {"no number": 1, "b.1": 1, b"\xff.1": 1e15})
        await client.sadd(f"{prefix}in:b.1", "no slash")
        assert "a.1" in await presence.beat("a.1", 60, sweep=True)
        assert await client.zcard(f"{prefix}alive") == 2
        await client.zrem(f"{prefix}alive", b"\xff.1")
    await presence.forget("a.1")
    await presence.close()
