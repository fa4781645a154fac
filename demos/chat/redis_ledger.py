"""The ledger of a chat that is several processes: on a Redis or Valkey server.

Each decision is one call of a script (`ledger.lua`), which also publishes it. So all processes hear the
same in the same order, and see by the versions whether they have missed anything.

A session is *carried* by one process, which says so every few seconds; whoever is not heard of for
`Limits.lease`, because that process was killed, has left. A process that stops in good order leaves its
sessions the grace that a reload has: tabs that come up elsewhere meanwhile are no news.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Collection
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from tornadolike.pubsub import PubSubError, RedisPubSub, Subscription
from tornadolike.redis_connections import RedisConnections

from .ledger import Ledger, Lost, RoomList, Unavailable, View
from .limits import Limits, Refused
from .sessions import Event, Session, encode
from .text import same_name, unique_name

SCRIPT = Path(__file__).with_name("ledger.lua").read_text()

SESSIONS_PER_CALL = 500
"""Lua takes only so many arguments."""

NAMES_TRIED = 20
"""How often somebody else may snatch a name while we choose one."""


class RedisLedger(Ledger):
    """Rooms that several processes share.

    :arg connections: to the server, with `Unavailable` as their error.
    :arg pubsub: of the same server. Its prefix is that of the ledger's keys, too.
    """

    def __init__(
        self,
        limits: Limits,
        connections: RedisConnections,
        pubsub: RedisPubSub,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits
        self.clock = clock
        self.process = secrets.token_hex(8)
        """What the other processes know this one by."""
        self._connections = connections
        self._pubsub = pubsub
        self._numbers = count(1)
        self._subscriptions: dict[str, Subscription] = {}
        self._renewed = clock()
        self._versions: dict[str, int] = {}
        """Of the rooms, when the leases were renewed last: by the next time all should have heard these."""
        self._lease = round(limits.lease * 1000)
        self._grace = round(limits.grace * 1000)
        self._empty_for = round(limits.empty_room * 1000)

    async def claim(self, session: Session) -> None:
        # Another one each time: what was begun before this hello must not end what follows it.
        session.carrier = f"{self.process}.{next(self._numbers)}"
        await self._call("claim", session.key, session.carrier, self._lease)

    async def enter(self, session: Session, room: str, name: str) -> tuple[str, View]:
        await self._listen(room)
        limits = (self.limits.members, self.limits.rooms, self._empty_for)
        epoch = secrets.token_hex(8)
        given, answer = await self._under_a_name(session, "enter", room, name, epoch, *limits)
        match answer:
            case [b"in", epoch_, seq, version, members, messages, rooms]:
                members = [json.loads(member) for member in members]
                messages = [json.loads(message) for message in messages]
                return given, View(
                    epoch_.decode(), seq, version, members, messages, _room_list(rooms)
                )
            case [b"room-full"]:
                raise Refused("room-full", retry=10.0, room=f"#{room}")
            case _:
                raise Refused("too-many-rooms")

    async def rename(self, session: Session, name: str) -> str:
        given, _ = await self._under_a_name(session, "rename", session.room, name)
        return given

    async def say(self, session: Session, message_id: str, text: str) -> bool:
        message = {
            "id": message_id,
            "author": session.id,
            "name": session.name,
            "text": text,
            "time": round(time.time() * 1000),
        }
        rest = encode(message).removeprefix("{")
        limits = (self.limits.history, self.limits.remembered_ids)
        answer = await self._call_for(session, "say", session.room, message_id, rest, *limits)
        return bool(answer[0] == b"said")

    async def leave(self, session: Session) -> None:
        await self._call("leave", session.key, session.carrier, self._empty_for)

    async def tend(self, sessions: Collection[Session]) -> RoomList:
        await self._stop_listening()
        if self.clock() - self._renewed >= self.limits.lease / 3:
            self._renewed = self.clock()
            self._catch_up(sessions)
            await self._renew(sessions)
        return _room_list(await self._call("sweep", self._empty_for))

    async def release(self, sessions: Collection[Session]) -> None:
        await self._extend(sessions, self._grace)

    async def ask(self, key: str, question: str) -> str | None:
        """Send something to the process that carries a session: its name, or None if there is none."""
        process: bytes | None = await self._call("ask", key, question)
        return None if process is None else process.decode()

    # --- the script ---

    async def _call(self, *args: object) -> Any:
        client = self._connections.client()
        return await self._connections.within(
            client.register_script(SCRIPT)(keys=[self._pubsub.prefix], args=args)
        )

    async def _call_for(self, session: Session, action: str, *args: object) -> list[Any]:
        answer: list[Any] = await self._call(action, session.key, session.carrier, *args)
        if answer[0] == b"lost":
            raise Lost(answer[1].decode())
        return answer

    async def _under_a_name(
        self, session: Session, action: str, room: str, wanted: str, *args: object
    ) -> tuple[str, list[Any]]:
        """Call for the session with a name that nobody else has in that room."""
        taken: list[str] = []
        for _ in range(NAMES_TRIED):
            name = unique_name(wanted, taken, self.limits.name_length)
            public: Event = {"id": session.id, "name": name}
            answer = await self._call_for(
                session, action, room, same_name(name), encode(public), *args
            )
            if answer[0] != b"taken":
                return name, answer
            taken = [other.decode() for other in answer[1:]]
        raise Unavailable("names are taken faster than they can be chosen")

    # --- leases ---

    async def _renew(self, sessions: Collection[Session]) -> None:
        fates, self._versions = await self._extend(sessions, self._lease)
        for session in sessions:
            if session.key in fates:
                self.hub.forget(session, fates[session.key])

    async def _extend(
        self, sessions: Collection[Session], milliseconds: int
    ) -> tuple[dict[str, str], dict[str, int]]:
        """Sessions that are not ours any more, with the reason; and the versions of the others' rooms."""
        pairs = [(session.key, session.carrier) for session in sessions if session.carrier]
        fates: dict[str, str] = {}
        versions: dict[str, int] = {}
        for start in range(0, len(pairs), SESSIONS_PER_CALL):
            some = pairs[start : start + SESSIONS_PER_CALL]
            flat = [part for pair in some for part in pair]
            lost, rooms = await self._call("renew", milliseconds, *flat)
            fates |= {key.decode(): fate.decode() for key, fate in _pairs(lost)}
            versions |= {room.decode(): version for room, version in _pairs(rooms)}
        return fates, versions

    def _catch_up(self, sessions: Collection[Session]) -> None:
        for session in sessions:
            if session.has_missed(self._versions.get(session.room, 0)):
                session.fall_behind()

    # --- what the rooms tell ---

    async def _listen(self, room: str) -> None:
        if room not in self._subscriptions:
            try:
                subscription = await self._pubsub.listen(f"room:{room}", partial(self._hear, room))
            except PubSubError as error:
                raise Unavailable(str(error)) from error
            former = self._subscriptions.setdefault(room, subscription)
            if former is not subscription:
                await subscription.close()  # another has begun at the same time

    async def _stop_listening(self) -> None:
        here = self.hub.rooms_here()
        for room in [room for room in self._subscriptions if room not in here]:
            await self._subscriptions.pop(room).close()

    def _hear(self, room: str, message: bytes) -> None:
        version, _, frame = message.decode().partition(" ")
        self.hub.tell(room, int(version), frame)


def _pairs(flat: list[Any]) -> list[tuple[Any, Any]]:
    return list(zip(flat[::2], flat[1::2], strict=True))


def _room_list(flat: list[bytes]) -> RoomList:
    return [(room.decode(), int(people)) for room, people in _pairs(flat)]
