"""What everybody in the chat has to agree on, whichever process they talk to.

Who is in which room, under which name, and what was said there in which order: that is decided in one
place, the ledger. All else (connections, outboxes, what a guest may do how often) is each process's
own, and in `hub.py`.

    MemoryLedger  (rooms.py)         for one process: rooms are objects
    RedisLedger   (redis_ledger.py)  for many: rooms are on a Redis or Valkey server

Whatever changes in a room has a number there, its *version*: 1, 2, 3... What a ledger tells has it, and
so has the view that a newcomer gets. By it a hub sees what a view has already, and what it has missed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from .sessions import Event, Session

RoomList = list[tuple[str, int]]
"""Names of rooms, and how many people each has."""


@dataclass(frozen=True, slots=True)
class View:
    """A room at one moment."""

    epoch: str
    """Which life of the room this is."""
    seq: int
    """The number of the last message."""
    version: int
    members: list[Event]
    """In the order in which they came."""
    messages: list[Event]
    """The last ones, the oldest first."""
    rooms: RoomList


class Listener(Protocol):
    """What a ledger wants from the hub."""

    def tell(self, room: str, version: int, frame: str) -> None:
        """This happened in a room in which somebody here is, or about to be."""

    def forget(self, session: Session, reason: str) -> None:
        """That session is no longer carried here."""

    def rooms_here(self) -> set[str]:
        """The rooms of which something is to be told."""


class Unavailable(Exception):
    """The ledger can't be reached just now."""


class Lost(Exception):
    """The ledger does not know that this process carries the session (any more).

    :arg reason: what the tab is told; `replaced` when it is carried elsewhere.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Ledger(ABC):
    """All methods may raise :exc:`Unavailable`, and those that take a session :exc:`Lost`.

    What a guest may not do is a :exc:`~demos.chat.limits.Refused`, as everywhere.
    """

    hub: Listener
    """Who is told. The hub sets it."""

    @abstractmethod
    async def claim(self, session: Session) -> None:
        """From now on it is this process that carries the session."""

    @abstractmethod
    async def enter(self, session: Session, room: str, name: str) -> tuple[str, View]:
        """Make it a member of that room only, under that name or one close to it: the name, and what is there."""

    @abstractmethod
    async def rename(self, session: Session, name: str) -> str:
        """Give the member that name, or one close to it, which is returned."""

    @abstractmethod
    async def say(self, session: Session, message_id: str, text: str) -> bool:
        """Number a message, keep it, and tell everybody; False if a message with that id was said already."""

    @abstractmethod
    async def leave(self, session: Session) -> None:
        """The guest is gone."""

    @abstractmethod
    async def tend(self, sessions: Collection[Session]) -> RoomList:
        """Forget what is over, for instance empty rooms. To be called twice a second with all that are carried here.

        Returns the rooms that there are."""

    @abstractmethod
    async def release(self, sessions: Collection[Session]) -> None:
        """This process stops, and its sessions may come up in another."""
