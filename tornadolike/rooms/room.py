""":class:`Room`: what one process knows of a room, and its own connections in it."""

import asyncio
from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ..escape import json_encode
from ..log import app_log
from ..websocket.broadcasting import HIGH_WATER, LIMIT, Broadcast, SlowReaders, broadcast
from ..websocket.prepared import encoded
from .members import Attendance, Change, Member, Roll

Message = str | bytes | dict[str, Any]
Announcer = Callable[["Room", Member], Message | None]


class Connection(Protocol):
    """What comes into a room: a :class:`.WebSocketHandler`, a client's connection, or something of one's own.

    A WebSocket leaves its rooms by itself when it is closed. Something else has to be taken out by
    :meth:`.Rooms.leave`, and sees to it itself that what it does not take at once does not pile up.
    """

    def write_message(self, message: str | bytes, binary: bool = False) -> object: ...


@dataclass(frozen=True, slots=True)
class Manner:
    """How the rooms of one :class:`.Rooms` send and announce."""

    on_join: Announcer | None = None
    on_update: Announcer | None = None
    on_leave: Announcer | None = None
    slow: SlowReaders = SlowReaders.QUEUE
    high_water: int = HIGH_WATER
    limit: int = LIMIT

    def announcer(self, change: Change) -> Announcer | None:
        """Who is to be told of a change."""
        if change is Change.JOINED:
            return self.on_join
        return self.on_leave if change is Change.LEFT else self.on_update


class Room:
    """A room, as this process knows it while connections of its own are in it. :meth:`.Rooms.join` gives it."""

    def __init__(self, name: str, manner: Manner) -> None:
        self.name = name
        self._manner = manner
        self._here: dict[Any, str] = {}
        """Connections of this process, and their tokens."""
        self.visitors = 0
        """How many are about to come in."""
        self.opened: asyncio.Future[None] | None = None
        """When it is known who is here in other processes; None if nobody has to be asked."""
        self._roll = Roll()

    def __repr__(self) -> str:
        return f"<Room {self.name!r}: {len(self._here)} of {len(self._roll)} connections here>"

    @property
    def size(self) -> int:
        """How many connections are in the room, in all processes."""
        return len(self._roll)

    @property
    def here(self) -> list[Any]:
        """The connections of this process, in the order in which they have come."""
        return list(self._here)

    @property
    def is_here(self) -> bool:
        """Whether there are connections of this process."""
        return bool(self._here)

    @property
    def members(self) -> list[Member]:
        """Who is in the room, in all processes, in the order in which they have come."""
        return self._roll.members()

    def tell(
        self, message: Message, *, but: Connection | None = None, binary: bool = False
    ) -> Broadcast:
        """Send a message to the connections of this process only. Arguments and errors as :meth:`.Rooms.send`."""
        return self.deliver(plain_message(message, binary), but)

    # What Rooms and what connects it with other processes call.

    def token_of(self, connection: Connection) -> str | None:
        """The token of a connection of this process, if it is here."""
        return self._here.get(connection)

    def own_entries(self) -> list[Attendance]:
        """The connections of this process."""
        return [self._roll.entry(token) for token in self._here.values()]

    def add(self, connection: Connection, entry: Attendance) -> None:
        """A connection of this process has come."""
        self._here[connection] = entry.token
        self.put(entry, but=connection)

    def discard(self, connection: Connection) -> str | None:
        """A connection of this process goes; returns its token, if it was here."""
        token = self._here.pop(connection, None)
        if token is not None:
            self.remove(token)
        return token

    def update(self, connection: Connection, info: dict[str, Any], now: float) -> Attendance:
        """Something else is known of a connection of this process."""
        known = self._roll.entry(self._here[connection])
        # The clock may have been put back.
        entry = replace(known, info=info, changed=max(now, known.changed))
        self.put(entry, but=connection)
        return entry

    def move_to(self, process: str) -> None:
        """The connections of this process are under another name now."""
        for entry in self.own_entries():
            self._roll.put(replace(entry, process=process))

    def remove_processes(self, gone: Set[str]) -> None:
        """Processes are gone, with all that were there."""
        if not gone.isdisjoint(self._roll.processes):
            for entry in self._roll.entries():
                if entry.process in gone:
                    self.remove(entry.token)

    @property
    def roll(self) -> Roll:
        """Who is here, in all processes."""
        return self._roll

    def put(self, entry: Attendance, but: Connection | None = None) -> None:
        """Somebody is here, or is known otherwise."""
        self._announce(self._roll.put(entry), but)

    def remove(self, token: str) -> None:
        """Somebody is gone."""
        self._announce(self._roll.remove(token), None)

    def _announce(self, news: tuple[Change, Member] | None, but: Connection | None) -> None:
        if news is None:
            return
        change, member = news
        announcer = self._manner.announcer(change)
        if announcer is None:
            return
        try:
            message = announcer(self, member)
            if message is not None:
                self.deliver(plain_message(message, isinstance(message, bytes)), but)
        except Exception:
            app_log.exception(
                "Exception in %r, which is told who is in the room %r", announcer, self.name
            )

    def deliver(self, message: str | bytes, but: Connection | None = None) -> Broadcast:
        """As :meth:`tell`; bytes are binary. What is a WebSocket gets it framed once for all."""
        websockets: list[Any] = []
        others: list[Connection] = []
        for connection in self._here:
            if connection is not but:
                (websockets if is_websocket(connection) else others).append(connection)
        manner, binary = self._manner, isinstance(message, bytes)
        done = broadcast(
            websockets,
            message,
            binary,
            slow=manner.slow,
            high_water=manner.high_water,
            limit=manner.limit,
        )
        sent = sum(_write(other, message, binary) for other in others)
        gone = done.gone + len(others) - sent
        return Broadcast(done.sent + sent, done.skipped, done.closed, gone)


def check_connection(connection: Connection) -> None:
    """Raise :exc:`TypeError` for what cannot be given a message."""
    if not callable(getattr(connection, "write_message", None)) or isinstance(connection, type):
        raise TypeError(
            f"what comes into a room is a WebSocketHandler, or has a write_message(), and is not {connection!r}"
        )


def is_websocket(connection: Connection) -> bool:
    """Whether it is a WebSocket handler or a client's connection."""
    return hasattr(connection, "ws_connection")


def plain_message(message: Message, binary: bool) -> str | bytes:
    """What is sent: text is a str, and what is binary is bytes.

    Raises :exc:`TypeError` and :exc:`ValueError` for what is no message.
    """
    if isinstance(message, dict):
        message = json_encode(message)
    if isinstance(message, str):
        return message.encode() if binary else message
    payload = encoded(message, binary)
    return payload if binary else payload.decode()


def _write(connection: Connection, message: str | bytes, binary: bool) -> bool:
    try:
        connection.write_message(message, binary)
    except Exception:
        app_log.exception("a message to a room could not be given to %r", connection)
        return False
    return True
