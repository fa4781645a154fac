"""Who is in a room: one entry for each connection, one member for each person."""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from ..escape import json_decode, json_encode
from ..util import checked_text

MAX_INFO_DEPTH: Final = 20
"""How deep lists and objects may be in each other, in what is known of a member."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a room, with as many connections as it may be."""

    identity: str
    """Who it is: what :meth:`.Rooms.join` was told, or a text of the connection's own."""
    info: dict[str, Any]
    """What is known of the member: what the connection that came, or was updated, last has told."""
    connections: int
    """How many connections the member has in this room, in all processes together."""
    since: float
    """When the first of those that are here now has come, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Attendance:
    """One connection in a room, as all processes know it."""

    token: str
    """Which connection: a random text, made when it comes into the room."""
    process: str
    """Where it is."""
    identity: str
    since: float
    changed: float
    """When ``info`` was told, in seconds since 1970."""
    info: dict[str, Any]

    def encode(self) -> bytes:
        """As bytes, to be kept or published."""
        return json_encode(self.fields()).encode()

    def fields(self) -> list[Any]:
        """As a list that JSON has."""
        return [self.token, self.process, self.identity, self.since, self.changed, self.info]

    @classmethod
    def decode(cls, data: bytes) -> "Attendance":
        """What :meth:`encode` has made. Raises :exc:`ValueError` for anything else."""
        return cls.of(decoded(data))

    @classmethod
    def of(cls, fields: Any) -> "Attendance":
        """What :meth:`fields` has made. Raises :exc:`ValueError` for anything else."""
        match fields:
            case [
                str(token),
                str(process),
                str(identity),
                int() | float() as since,
                int() | float() as changed,
                dict(info),
            ]:
                return cls(token, process, identity, since, changed, info)
        raise ValueError("this is nobody's attendance")


def decoded(data: bytes) -> Any:
    """JSON of another process, of another version perhaps. Raises :exc:`ValueError` for anything else."""
    try:
        return json_decode(data)
    except RecursionError:
        raise ValueError("too deep") from None


def checked_info(info: dict[str, Any], most: int) -> dict[str, Any]:
    """What is known of a member as everybody will see it: what has gone through JSON.

    It may be what a client has sent, and is to be read by all the others, and by other processes: so it is also refused
    what Python calls JSON and others do not (NaN), what cannot be sent (lone surrogates), and what is deeply nested.

    :arg most: how many bytes it may have.

    Raises :exc:`TypeError` and :exc:`ValueError`.
    """
    what = "what is known of a member"
    if not isinstance(info, dict):
        raise TypeError(f"{what} is a dict, not {info!r}")
    try:
        text = json_encode(info)
    except RecursionError:
        raise ValueError(f"{what} is nested too deeply") from None
    if len(text) > most:  # ASCII
        raise ValueError(
            f"{what} has at most {most} bytes as JSON (max_info_size), not {len(text)}"
        )
    seen: dict[str, Any] = json_decode(text)
    _check_value(what, seen, MAX_INFO_DEPTH)
    return seen


def _check_value(what: str, value: Any, depth: int) -> None:
    if isinstance(value, str):
        checked_text(what, value)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{what} has no {value} in it: that is no JSON")
    elif isinstance(value, dict | list):
        if not depth:
            raise ValueError(f"{what} is nested at most {MAX_INFO_DEPTH} deep")
        for inside in value:
            _check_value(what, inside, depth - 1)
        for inside in value.values() if isinstance(value, dict) else ():
            _check_value(what, inside, depth - 1)


class Change(Enum):
    """What has happened to a member."""

    JOINED = "joined"
    UPDATED = "updated"
    LEFT = "left"


class _Person:
    """The connections of a member: at least one."""

    __slots__ = ("entries", "first", "latest")

    def __init__(self, entry: Attendance) -> None:
        self.entries = {entry.token: entry}
        self.first = self.latest = entry

    def put(self, entry: Attendance) -> None:
        self.entries[entry.token] = entry
        if self.latest.token == entry.token or _told(entry) > _told(self.latest):
            self.latest = entry
        if entry.since < self.first.since:
            self.first = entry

    def remove(self, entry: Attendance) -> None:
        """Others are left."""
        del self.entries[entry.token]
        if self.latest is entry:
            self.latest = max(self.entries.values(), key=_told)
        if self.first.token == entry.token:
            self.first = min(self.entries.values(), key=_since)

    def member(self) -> Member:
        latest = self.latest
        return Member(latest.identity, latest.info, len(self.entries), self.first.since)


def _told(entry: Attendance) -> tuple[float, str]:
    return entry.changed, entry.token


def _since(entry: Attendance) -> float:
    return entry.since


class Roll:
    """The list of who is in a room, in all processes, as far as this one has heard."""

    def __init__(self) -> None:
        self.processes: dict[str, int] = {}
        """How many connections each process has here."""
        self._entries: dict[str, Attendance] = {}
        self._people: dict[str, _Person] = {}
        """By identity."""

    def __len__(self) -> int:
        """How many connections there are."""
        return len(self._entries)

    def entries(self) -> list[Attendance]:
        """All connections."""
        return list(self._entries.values())

    def entry(self, token: str) -> Attendance:
        """One connection. Raises :exc:`KeyError` if it is not here."""
        return self._entries[token]

    def process_of(self, token: str) -> str | None:
        """Where a connection is; None if it is not here."""
        entry = self._entries.get(token)
        return None if entry is None else entry.process

    def members(self) -> list[Member]:
        """All members, in the order in which they have come."""
        found = [person.member() for person in self._people.values()]
        return sorted(found, key=lambda member: (member.since, member.identity))

    def put(self, entry: Attendance) -> tuple[Change, Member] | None:
        """Note that a connection is here, or what is known of it now. Returns what that means for its member."""
        known = self._entries.get(entry.token)
        if known is not None:
            if known.changed > entry.changed or known.identity != entry.identity:
                return None  # the news of yesterday
            self._uncount(known.process)
        self.processes[entry.process] = self.processes.get(entry.process, 0) + 1
        self._entries[entry.token] = entry
        person = self._people.get(entry.identity)
        if person is None:
            person = self._people[entry.identity] = _Person(entry)
            return Change.JOINED, person.member()
        before = person.latest.info
        person.put(entry)
        return _updated(person, before)

    def remove(self, token: str) -> tuple[Change, Member] | None:
        """Note that a connection is gone. Returns what that means for its member."""
        entry = self._entries.pop(token, None)
        if entry is None:
            return None
        self._uncount(entry.process)
        person = self._people[entry.identity]
        if len(person.entries) == 1:
            del self._people[entry.identity]
            return Change.LEFT, person.member()
        before = person.latest.info
        person.remove(entry)
        return _updated(person, before)

    def _uncount(self, process: str) -> None:
        self.processes[process] -= 1
        if not self.processes[process]:
            del self.processes[process]


def _updated(person: _Person, before: dict[str, Any]) -> tuple[Change, Member] | None:
    return None if person.latest.info == before else (Change.UPDATED, person.member())


def members_of(entries: list[Attendance]) -> list[Member]:
    """The members whose connections these are."""
    roll = Roll()
    for entry in entries:
        roll.put(entry)
    return roll.members()
