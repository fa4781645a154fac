""":class:`Rooms`: who hears whom."""

import asyncio
import inspect
import math
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

from ..pubsub import PubSub, RedisPubSub
from ..util import check_numbers, check_whole_numbers, checked_text
from ..websocket import WebSocketClosedError
from ..websocket.broadcasting import HIGH_WATER, LIMIT, Broadcast, SlowReaders
from .errors import RoomFull, TooManyRooms
from .members import Attendance, Member, checked_info, members_of
from .presence import Presence
from .redis_presence import RedisPresence
from .room import (
    Announcer,
    Connection,
    Manner,
    Message,
    Room,
    check_connection,
    is_websocket,
    plain_message,
)
from .sharing import Sharing

MAX_ROOMS: Final = 10_000
MAX_MEMBERS: Final = 10_000
MAX_NAME_LENGTH: Final = 256
MAX_INFO_SIZE: Final = 4096
PRESENCE_SECONDS: Final = 15.0


class Rooms:
    """Rooms in which WebSockets hear each other, and know who else is there.

    .. code-block:: python

        rooms = Rooms()

        class Talk(WebSocketHandler):
            async def open(self, name):
                self.room = await rooms.join(name, self)

            async def on_message(self, message):
                await rooms.send(self.room.name, message, but=self)

    A room is there while somebody is in it. Without arguments all is in this process, and nothing is waited for. With
    the address of a Redis or Valkey server the rooms of all processes that have it are one. While that server is away
    each process goes on for itself, which is logged, and catches up afterwards.

    :arg pubsub: the address of a server (``redis://host:6379/0``), for both what is said and who is there; or a
        :class:`.PubSub` of one's own, which is not closed, and with it a ``presence``.
    :arg presence: who is where in all processes that have the same ``pubsub``.
    :arg name: what the channels of these rooms begin with, without a colon: others with another name have nothing to do
        with them.
    :arg max_rooms: the most rooms that connections of this process are in.
    :arg max_members: the most connections in a room, in all processes. Those that come at the very same time to
        different processes may be some more.
    :arg max_name_length: of a room and an identity, in characters.
    :arg max_info_size: of what is known of a member, as JSON, in bytes.
    :arg presence_seconds: how long a process that says nothing is taken to be alive. Who was in a process that was
        killed is gone for the others a third of that later, at the latest. At least 0.1.
    :arg on_join: called with a :class:`Room` and a :class:`Member` who has come, in each process with connections in
        that room. What it returns is sent to those connections, but not to the one that has come; None to none.
    :arg on_update: the same when what is known of a member has changed.
    :arg on_leave: the same when the last connection of a member is gone.
    :arg slow: what is done about those who read slowly, with ``high_water`` and ``limit``, as for :func:`.broadcast`.

    It belongs to the event loop in which it is first used, until :meth:`close`. Raises :exc:`TypeError` and
    :exc:`ValueError` for arguments that do not fit, and :exc:`ImportError` for an address without the library
    ``redis``.
    """

    def __init__(
        self,
        pubsub: PubSub | str | None = None,
        presence: Presence | None = None,
        *,
        name: str = "rooms",
        max_rooms: int = MAX_ROOMS,
        max_members: int = MAX_MEMBERS,
        max_name_length: int = MAX_NAME_LENGTH,
        max_info_size: int = MAX_INFO_SIZE,
        presence_seconds: float = PRESENCE_SECONDS,
        on_join: Announcer | None = None,
        on_update: Announcer | None = None,
        on_leave: Announcer | None = None,
        slow: SlowReaders = SlowReaders.QUEUE,
        high_water: int = HIGH_WATER,
        limit: int = LIMIT,
    ) -> None:
        check_whole_numbers(
            max_rooms=max_rooms,
            max_members=max_members,
            max_name_length=max_name_length,
            max_info_size=max_info_size,
            high_water=high_water,
            limit=limit,
        )
        check_numbers(presence_seconds=presence_seconds)
        if min(max_rooms, max_members, max_name_length, max_info_size, high_water, limit) < 1:
            raise ValueError("every limit of rooms is at least 1")
        if not 0.1 <= presence_seconds < math.inf:
            raise ValueError(f"presence_seconds is at least 0.1, not {presence_seconds!r}")
        for announcer in (on_join, on_update, on_leave):
            _check_announcer(announcer)
        if not isinstance(slow, SlowReaders):
            raise TypeError(f"slow is one of SlowReaders, not {slow!r}")
        if ":" in checked_text("the name of rooms", name):
            # It is what parts the name from that of a room, which a client may have chosen.
            raise ValueError(f"the name of rooms has no colon: {name!r}")
        self.name = name
        self.max_rooms = max_rooms
        self.max_members = max_members
        self.max_name_length = max_name_length
        self.max_info_size = max_info_size
        self.presence_seconds = presence_seconds
        self._manner = Manner(on_join, on_update, on_leave, slow, high_water, limit)
        self._is_ours = isinstance(pubsub, str)
        """Whether we have made both, and close them."""
        self._pubsub, self._presence = _both(pubsub, presence)
        self._sharing: Sharing | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._rooms: dict[str, Room] = {}
        self._rooms_of: dict[Connection, set[Room]] = {}
        self._lives = 0

    # Coming and going

    async def join(
        self,
        room: str,
        connection: Connection,
        member: dict[str, Any] | None = None,
        *,
        identity: str | None = None,
    ) -> Room:
        """Let a connection into a room: from now on it hears what is sent there, until it leaves or is closed.

        Who is in the room already is not told to others again; with ``member`` it is what :meth:`update` does.

        :arg member: what others may know of the member, as JSON has it: a name, say.
        :arg identity: who it is. All connections of one are one member, and come and go as one. By default each is one
            of its own.

        Returns when the other processes know of it, or cannot be reached. Raises :exc:`.RoomFull` and
        :exc:`.TooManyRooms`, :exc:`.WebSocketClosedError` if the connection is closed, now or meanwhile, and
        :exc:`TypeError` and :exc:`ValueError` for what is no name, connection, identity or member.
        """
        name = self._checked_name("the name of a room", room)
        check_connection(connection)
        info = checked_info({} if member is None else member, self.max_info_size)
        if identity is not None:
            self._checked_name("an identity", identity)
        sharing = self._shared()
        found = self._rooms.get(name)
        if found is None:
            found = self._make(name, sharing)
        found.visitors += 1
        try:
            if found.opened is not None:
                await asyncio.shield(found.opened)
            if found.token_of(connection) is not None:
                if member is not None:
                    await self.update(room, connection, member)
                return found
            entry = self._enter(found, connection, info, identity, sharing)
        finally:
            found.visitors -= 1
            self._forget_if_empty(found)
        if sharing is not None:
            try:
                await sharing.enter(found.name, entry)
            except BaseException:
                self._leave(found, connection)
                raise
            if found.token_of(connection) != entry.token:
                raise WebSocketClosedError("the connection has left the room while it came in")
        return found

    async def leave(self, room: str, connection: Connection) -> bool:
        """Let a connection out of a room; returns whether it was in it. The other processes hear of it soon.

        A WebSocket that is closed leaves all its rooms by itself.
        """
        found = self._rooms.get(room)
        return found is not None and self._leave(found, connection)

    async def update(self, room: str, connection: Connection, member: dict[str, Any]) -> None:
        """Have others know something else of a member: what this connection has told last counts.

        Raises :exc:`KeyError` if the connection is not in the room, otherwise as :meth:`join`.
        """
        info = checked_info(member, self.max_info_size)
        found = self._rooms.get(room)
        if found is None or found.token_of(connection) is None:
            raise KeyError(f"the connection is not in the room {room!r}: join() first")
        entry = found.update(connection, info, time.time())
        if self._sharing is not None:
            await self._sharing.enter(found.name, entry)

    # Speaking

    async def send(
        self, room: str, message: Message, *, but: Connection | None = None, binary: bool = False
    ) -> Broadcast:
        """Send a message to all in a room, in all processes; nobody has to be in it to do so.

        Those in this process get it first. What one process sends arrives everywhere in this order; of what two
        processes send at a time each may hear its own first. Nobody is waited for but the server on the way.

        :arg message: text, a dict as JSON, or bytes.
        :arg but: a connection of this process that does not get it.
        :arg binary: whether bytes are sent as binary; otherwise they have to be UTF-8.

        Returns what became of it in this process. Raises :exc:`TypeError` and :exc:`ValueError` for what is no message
        and no name.
        """
        name = self._checked_name("the name of a room", room)
        plain = plain_message(message, binary)
        sharing = self._shared()
        found = self._rooms.get(name)
        done = found.deliver(plain, but) if found is not None else Broadcast(0, 0, 0, 0)
        if sharing is not None:
            await sharing.send(name, plain)
        return done

    # Looking

    def get(self, room: str) -> Room | None:
        """The room, if connections of this process are in it."""
        return self._rooms.get(room)

    def here(self, room: str) -> list[Any]:
        """The connections of this process in a room, in the order in which they have come."""
        found = self.get(room)
        return [] if found is None else found.here

    def of(self, connection: Connection) -> list[Room]:
        """The rooms that a connection is in."""
        return sorted(self._rooms_of.get(connection, ()), key=lambda room: room.name)

    async def members(self, room: str) -> list[Member]:
        """Who is in a room, in all processes, in the order in which they have come.

        If connections of this process are in it nobody has to be asked. Otherwise :exc:`.PresenceError` is raised when
        the server does not answer.
        """
        found = self.get(room)
        if found is not None and found.is_here:
            return found.members
        sharing = self._shared()
        if sharing is None:
            return []
        return members_of(await sharing.attending(self._checked_name("the name of a room", room)))

    # The life of all this

    async def close(self) -> None:
        """Let all connections of this process out of their rooms, and the other processes know. Can be used again."""
        sharing, self._sharing = self._sharing, None
        if sharing is not None:
            await sharing.end()
        self._rooms.clear()
        self._rooms_of.clear()
        if self._is_ours and self._pubsub is not None and self._presence is not None:
            await self._pubsub.close()
            await self._presence.close()

    @asynccontextmanager
    async def lifetime(self, application: Any = None) -> AsyncIterator[None]:
        """Closes the rooms at the end of the ``async with``: ``application.lifetime(rooms.lifetime)``.

        Of the last one, if there are several at a time.
        """
        self._lives += 1
        try:
            yield
        finally:
            self._lives -= 1
            if not self._lives:
                await self.close()

    def _shared(self) -> Sharing | None:
        if self._pubsub is None or self._presence is None:
            return None
        loop = asyncio.get_running_loop()
        if self._sharing is not None and self._loop is not loop:
            if self._loop is not None and not self._loop.is_closed():
                raise RuntimeError(
                    "these rooms are open in another event loop: close() them there first"
                )
            self._sharing = None
            self._rooms.clear()
            self._rooms_of.clear()
        if self._sharing is None:
            self._loop = loop
            self._sharing = Sharing(
                self._pubsub, self._presence, self._rooms, self.name, self.presence_seconds
            )
        return self._sharing

    def _make(self, name: str, sharing: Sharing | None) -> Room:
        if len(self._rooms) >= self.max_rooms:
            raise TooManyRooms(
                f"there are {len(self._rooms)} rooms, as many as may be: refuse this one, or raise max_rooms"
            )
        room = self._rooms[name] = Room(name, self._manner)
        if sharing is not None:
            room.opened = asyncio.ensure_future(sharing.open(room))
        return room

    def _enter(
        self,
        room: Room,
        connection: Connection,
        info: dict[str, Any],
        identity: str | None,
        sharing: Sharing | None,
    ) -> Attendance:
        if room.size >= self.max_members:
            raise RoomFull(
                f"there are {room.size} connections in the room {room.name!r}, as many as may be: refuse this one, "
                "or raise max_members"
            )
        self._watch(connection)
        token, now = secrets.token_hex(8), time.time()
        process = "here" if sharing is None else sharing.process
        entry = Attendance(token, process, token if identity is None else identity, now, now, info)
        self._rooms_of[connection].add(room)
        room.add(connection, entry)
        return entry

    def _watch(self, connection: Connection) -> None:
        """See to it that a WebSocket leaves when it is closed."""
        if is_websocket(connection):
            inside: Any = connection
            if inside.ws_connection is None or inside.ws_connection.is_closing():
                raise WebSocketClosedError("a WebSocket that is not open comes into no room")
            if connection not in self._rooms_of:
                inside.ws_connection.call_at_end(partial(self._has_ended, connection))
        self._rooms_of.setdefault(connection, set())

    def _has_ended(self, connection: Connection) -> None:
        for room in self._rooms_of.pop(connection, ()):
            self._take_out(room, connection)

    def _leave(self, room: Room, connection: Connection) -> bool:
        inside = self._rooms_of.get(connection)
        if inside is not None:
            inside.discard(room)
            if not inside and not is_websocket(connection):  # that stays until its end
                del self._rooms_of[connection]
        return self._take_out(room, connection)

    def _take_out(self, room: Room, connection: Connection) -> bool:
        token = room.discard(connection)
        if token is None:
            return False
        if self._sharing is not None:
            self._sharing.leave(room.name, token)
        self._forget_if_empty(room)
        return True

    def _forget_if_empty(self, room: Room) -> None:
        if not room.is_here and not room.visitors and self._rooms.get(room.name) is room:
            del self._rooms[room.name]
            if self._sharing is not None:
                self._sharing.close_room(room)

    def _checked_name(self, what: str, name: str) -> str:
        if len(checked_text(what, name)) > self.max_name_length:
            raise ValueError(
                f"{what} has at most {self.max_name_length} characters (max_name_length), not {len(name)}"
            )
        return name


def _both(
    pubsub: PubSub | str | None, presence: Presence | None
) -> tuple[PubSub | None, Presence | None]:
    if isinstance(pubsub, str):
        if presence is not None:
            raise ValueError(
                "with an address presence is made, too: give RedisPubSub(address) and a presence, or none"
            )
        return RedisPubSub(pubsub), RedisPresence(pubsub)
    if pubsub is None:
        if presence is not None:
            raise ValueError("presence goes with a pubsub: without one, rooms are of one process")
        return None, None
    if not isinstance(pubsub, PubSub):
        raise TypeError(f"rooms take the address of a server or a PubSub, not {pubsub!r}")
    if presence is None:
        raise ValueError(
            "with a pubsub goes a presence for the same processes: Rooms(RedisPubSub(address), RedisPresence(address))"
        )
    if not isinstance(presence, Presence):
        raise TypeError(f"presence is a Presence, not {presence!r}")
    return pubsub, presence


def _check_announcer(announcer: Announcer | None) -> None:
    if announcer is None:
        return
    if not callable(announcer) or inspect.iscoroutinefunction(announcer):
        raise TypeError(
            f"who is told of members is a plain function of a room and a member, not {announcer!r}: what takes longer "
            "is for a task of its own"
        )
