"""Rooms in the memory of one process. No socket, no loop, not even a clock of its own."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass

from .ledger import Ledger, Listener, RoomList, View
from .limits import Limits, Refused
from .sessions import Event, Session, encode
from .text import unique_name


@dataclass(frozen=True, slots=True)
class Message:
    """Something that was said in a room."""

    seq: int
    id: str
    author: str
    name: str
    text: str
    time: int
    """Milliseconds since 1970, as JavaScript counts."""


class Room:
    """Members, the last messages, and the numbers that keep everybody's copy complete."""

    def __init__(self, name: str, limits: Limits, now: float, hub: Listener) -> None:
        self.name = name
        self.limits = limits
        self.epoch = secrets.token_hex(8)
        self.seq = 0
        self.version = 0
        self.members: dict[str, Event] = {}
        self.history: deque[Message] = deque(maxlen=limits.history)
        self.empty_since = now
        self._hub = hub
        self._ids: dict[str, None] = {}  # in order of arrival, so the oldest can go

    def broadcast(self, event: Event) -> None:
        """Tell every member."""
        self.version += 1
        self._hub.tell(self.name, self.version, encode(event))

    def enter(self, id: str, name: str) -> str:
        """Make `id` a member under that name, or under one close to it, which is returned."""
        name = self._free_name(id, name)
        member = self.members[id] = {"id": id, "name": name}
        self.broadcast({"type": "joined", "member": member})
        return name

    def leave(self, id: str, now: float) -> None:
        """Take `id` off the list of members."""
        member = self.members.pop(id)
        if not self.members:
            self.empty_since = now
        self.broadcast({"type": "left", "member": member})

    def rename(self, id: str, name: str) -> str:
        """Give `id` that name or one close to it; tell all members if that changed it."""
        name = self._free_name(id, name)
        if name != self.members[id]["name"]:
            member = self.members[id] = {"id": id, "name": name}
            self.broadcast({"type": "renamed", "member": member})
        return name

    def _free_name(self, id: str, wanted: str) -> str:
        others = (member["name"] for member in self.members.values() if member["id"] != id)
        return unique_name(wanted, others, self.limits.name_length)

    def knows(self, message_id: str) -> bool:
        """Whether that message was said already."""
        return message_id in self._ids

    def say(self, id: str, message_id: str, text: str, time_ms: int) -> None:
        """Number a message, keep it, and tell everybody."""
        self.seq += 1
        message = Message(self.seq, message_id, id, self.members[id]["name"], text, time_ms)
        self.history.append(message)
        self._ids[message_id] = None
        if len(self._ids) > self.limits.remembered_ids:
            del self._ids[next(iter(self._ids))]
        self.broadcast({"type": "message", **asdict(message)})

    def view(self, rooms: RoomList) -> View:
        """The room as it is now."""
        return View(
            epoch=self.epoch,
            seq=self.seq,
            version=self.version,
            members=list(self.members.values()),
            messages=[asdict(message) for message in self.history],
            rooms=rooms,
        )


class MemoryLedger(Ledger):
    """The rooms of a chat that is one process. Its methods never wait for anything."""

    def __init__(
        self,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.limits = limits
        self.clock = clock
        self.wall_clock = wall_clock
        self.rooms: dict[str, Room] = {}

    async def claim(self, session: Session) -> None:
        pass  # who else could carry it?

    async def enter(self, session: Session, room: str, name: str) -> tuple[str, View]:
        entered = self.rooms.get(room)
        if entered is not None and session.room == room:
            given = entered.rename(session.id, name)
        else:
            entered = entered or self._make_room(room)
            if len(entered.members) >= self.limits.members:
                raise Refused("room-full", retry=10.0, room=f"#{room}")
            await self.leave(session)
            given = entered.enter(session.id, name)
        return given, entered.view(self._list())

    async def rename(self, session: Session, name: str) -> str:
        return self.rooms[session.room].rename(session.id, name)

    async def say(self, session: Session, message_id: str, text: str) -> bool:
        room = self.rooms[session.room]
        if room.knows(message_id):
            return False
        room.say(session.id, message_id, text, round(self.wall_clock() * 1000))
        return True

    async def leave(self, session: Session) -> None:
        if session.room:
            self.rooms[session.room].leave(session.id, self.clock())

    async def tend(self, sessions: Collection[Session]) -> RoomList:
        now = self.clock()
        for room in list(self.rooms.values()):
            if not room.members and now - room.empty_since > self.limits.empty_room:
                del self.rooms[room.name]
        return self._list()

    async def release(self, sessions: Collection[Session]) -> None:
        pass  # all is over with the process

    def _make_room(self, name: str) -> Room:
        if len(self.rooms) >= self.limits.rooms:
            empty = [room for room in self.rooms.values() if not room.members]
            if not empty:
                raise Refused("too-many-rooms")
            del self.rooms[min(empty, key=lambda room: room.empty_since).name]
        room = self.rooms[name] = Room(name, self.limits, self.clock(), self.hub)
        return room

    def _list(self) -> RoomList:
        return [(room.name, len(room.members)) for room in self.rooms.values()]
