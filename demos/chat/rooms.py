"""The chat itself: rooms and the hub. No socket, no loop, not even a clock of its own.

    browser tab --- link --- Session --- Room --- Session --- link --- browser tab
                                         |
                                        Hub: finds rooms and sessions, forgets them in time

A session is one browser tab. Whatever it is told goes into its outbox; the link, a WebSocket or
a long poll, is only woken and takes it from there. That is all the two transports have in common,
and all that the chat knows of them.

Guests send *events*, JSON objects with a type, and are sent events:

    join  {room, name, epoch?, since?}   -> welcome {you, room, epoch, seq, members, messages, ...}
    say   {room, id, text}               -> message {seq, id, author, name, text, time}  (to all)
                                         -> accepted {id}      (to a sender who repeats himself)
    rename {name}                        -> renamed {member}   (to all)
    ping  {}                             -> pong {}
    anything that cannot be done         -> error {about, code, text, values, retry?, id?}
    and, unasked:                        joined {member}, left {member}, rooms {rooms}, bye {reason}

Messages are numbered within a room, `seq` 1, 2, 3... A guest who comes back says "since 41" and
is sent 42 and later. Numbers only mean something within one life of a room, its *epoch*: after a
restart of the server, or when an empty room was forgotten, the epoch differs and the guest gets
the whole history. The guest makes up the `id` of a message, so that a message which is sent
again, because nobody can know whether it arrived, is recognised and not said twice.

The `text` of an error is English and for who reads the protocol. The page has its own texts, in
its reader's language, one for each `code`, and fills them in with the `values`.
"""

from __future__ import annotations

import math
import re
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import islice

from .limits import Limits, Refused
from .sessions import Event, Link, Session, encode
from .text import clean_message, clean_name, clean_room_name, unique_name

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")
ROOMS_LISTED = 50


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

    def __init__(self, name: str, limits: Limits, now: float) -> None:
        self.name = name
        self.limits = limits
        self.epoch = secrets.token_hex(8)
        self.seq = 0
        self.members: dict[str, Session] = {}
        self.history: deque[Message] = deque(maxlen=limits.history)
        self.empty_since = now
        self._ids: dict[str, None] = {}  # in order of arrival, so the oldest can go

    def broadcast(self, event: Event, but: Session | None = None) -> None:
        """Tell every member, except `but`."""
        frame = encode(event)
        # A copy: a push may drop a slow link, and what that sets off is not ours to know.
        for member in list(self.members.values()):
            if member is not but:
                member.push(frame)

    def enter(self, session: Session, name: str) -> None:
        """Make `session` a member under that name, or under one close to it."""
        self.members[session.id] = session
        session.room = self.name
        session.name = self._free_name(session, name)
        self.broadcast({"type": "joined", "member": session.public}, but=session)

    def leave(self, session: Session, now: float) -> None:
        """Take `session` off the list of members."""
        del self.members[session.id]
        session.room = ""
        if not self.members:
            self.empty_since = now
        self.broadcast({"type": "left", "member": session.public})

    def rename(self, session: Session, name: str) -> None:
        """Give `session` that name or one close to it; tell all members if that changed it."""
        name = self._free_name(session, name)
        if name != session.name:
            session.name = name
            self.broadcast({"type": "renamed", "member": session.public})

    def _free_name(self, session: Session, wanted: str) -> str:
        others = (member.name for member in self.members.values() if member is not session)
        return unique_name(wanted, others, self.limits.name_length)

    def knows(self, message_id: str) -> bool:
        """Whether that message was said already."""
        return message_id in self._ids

    def say(self, session: Session, message_id: str, text: str, time_ms: int) -> None:
        """Number a message, keep it, and tell everybody."""
        self.seq += 1
        message = Message(self.seq, message_id, session.id, session.name, text, time_ms)
        self.history.append(message)
        self._ids[message_id] = None
        if len(self._ids) > self.limits.remembered_ids:
            del self._ids[next(iter(self._ids))]
        self.broadcast({"type": "message", **asdict(message)})

    def welcome(self, session: Session, epoch: object, since: object) -> Event:
        """All that a member needs to know on arrival, without what it knows already."""
        had = since if epoch == self.epoch and isinstance(since, int) else None
        return {
            "type": "welcome",
            "you": session.public,
            "room": self.name,
            "epoch": self.epoch,
            "seq": self.seq,
            "resumed": had is not None,
            "members": [member.public for member in self.members.values()],
            "messages": [asdict(m) for m in self.history if m.seq > (had or 0)],
            "limits": {
                "message": self.limits.message_length,
                "name": self.limits.name_length,
                "room": self.limits.room_name_length,
            },
        }


class Hub:
    """Every room and every session of one server, and the rules for making and forgetting them."""

    def __init__(
        self,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.limits = limits or Limits()
        self.clock = clock
        self.wall_clock = wall_clock
        self.rooms: dict[str, Room] = {}
        self.sessions: dict[str, Session] = {}
        self.closed = False
        self._rooms_changed = False
        self._actions: dict[str, Callable[[Session, Event], None]] = {
            "join": self._join,
            "say": self._say,
            "rename": self._rename,
            "ping": self._ping,
        }

    # --- for the transports ---

    def open_session(self, client: object) -> Session:
        """The tab with this secret says hello: its session, old or new."""
        if not isinstance(client, str) or not _TOKEN.fullmatch(client):
            raise Refused("bad-client")
        if self.closed:
            raise Refused("closing")
        session = self.sessions.get(client)
        if session is None:
            if len(self.sessions) >= self.limits.sessions:
                raise Refused("full", retry=30.0)
            session = self.sessions[client] = Session(client, self.limits, self.clock())
        session.begin()
        return session

    def find_session(self, client: object) -> Session | None:
        """The session of the tab with this secret, if it is still known."""
        return self.sessions.get(client) if isinstance(client, str) else None

    def detach(self, session: Session, link: Link) -> None:
        """`link` carries `session` no longer."""
        session.detach(link, self.clock())

    def receive(self, session: Session, event: object) -> None:
        """Do what a guest asks for. What cannot be done is answered, never raised."""
        about = message_id = None
        try:
            if not isinstance(event, dict):
                raise Refused("bad-event", "That was not an event.")
            about, message_id = event.get("type"), event.get("id")
            action = self._actions.get(about) if isinstance(about, str) else None
            if action is None:
                raise Refused("bad-event", "This server does not know that kind of event.")
            action(session, event)
        except Refused as refused:
            session.push(refusal(refused, about, message_id))

    def tick(self) -> None:
        """Let go of what nobody came back for. To be called about once a second."""
        now = self.clock()
        for session in list(self.sessions.values()):
            if session.link is None and now - session.detached_at > self.limits.grace:
                del self.sessions[session.client]
                self._leave(session)
        for room in list(self.rooms.values()):
            if not room.members and now - room.empty_since > self.limits.empty_room:
                del self.rooms[room.name]
                self._rooms_changed = True
        if self._rooms_changed:
            # At most once a tick: people coming and going costs one list, not one each.
            self._rooms_changed = False
            frame = encode(self._rooms_event())
            for session in list(self.sessions.values()):
                session.push(frame)

    def close(self) -> None:
        """Say goodbye to every tab and take no new ones."""
        self.closed = True
        for session in list(self.sessions.values()):
            if session.link is not None:
                session.link.drop("closing")

    # --- what guests can ask for ---

    def _join(self, session: Session, event: Event) -> None:
        name = clean_name(_field(event, "name"), self.limits.name_length)
        room_name = clean_room_name(_field(event, "room"), self.limits.room_name_length)
        room = self.rooms.get(room_name)
        if room is not None and session.room == room.name:
            room.rename(session, name)
        else:
            session.allowance.spend(self.clock())
            room = room or self._make_room(room_name)
            if len(room.members) >= self.limits.members:
                raise Refused("room-full", retry=10.0, room=f"#{room_name}")
            self._leave(session)
            room.enter(session, name)
            self._rooms_changed = True
        session.start_over()
        session.push(encode(room.welcome(session, event.get("epoch"), event.get("since"))))
        session.push(encode(self._rooms_event()))

    def _say(self, session: Session, event: Event) -> None:
        room = self._room_of(session)
        if _field(event, "room") != room.name:
            raise Refused("elsewhere")
        message_id = _field(event, "id")
        if not _TOKEN.fullmatch(message_id):
            raise Refused("bad-event", "That message has no proper id.")
        if room.knows(message_id):
            session.push(encode({"type": "accepted", "id": message_id}))
            return
        session.allowance.spend(self.clock())
        text = clean_message(_field(event, "text"), self.limits.message_length)
        room.say(session, message_id, text, round(self.wall_clock() * 1000))

    def _rename(self, session: Session, event: Event) -> None:
        room = self._room_of(session)
        session.allowance.spend(self.clock())
        name = clean_name(_field(event, "name"), self.limits.name_length)
        before = session.name
        room.rename(session, name)
        if session.name == before:
            # Nobody else needs to hear that nothing changed, but who asked wants an answer.
            session.push(encode({"type": "renamed", "member": session.public}))

    def _ping(self, session: Session, event: Event) -> None:
        session.push(encode({"type": "pong"}))

    # --- housekeeping ---

    def _room_of(self, session: Session) -> Room:
        room = self.rooms.get(session.room)
        if room is None:
            raise Refused("nowhere")
        return room

    def _make_room(self, name: str) -> Room:
        if len(self.rooms) >= self.limits.rooms:
            empty = [room for room in self.rooms.values() if not room.members]
            if not empty:
                raise Refused("too-many-rooms")
            del self.rooms[min(empty, key=lambda room: room.empty_since).name]
        room = self.rooms[name] = Room(name, self.limits, self.clock())
        return room

    def _leave(self, session: Session) -> None:
        room = self.rooms.get(session.room)
        if room is not None:
            room.leave(session, self.clock())
            self._rooms_changed = True

    def _rooms_event(self) -> Event:
        busiest = sorted(self.rooms.values(), key=lambda room: (-len(room.members), room.name))
        listed = [{"name": r.name, "people": len(r.members)} for r in islice(busiest, ROOMS_LISTED)]
        return {"type": "rooms", "rooms": listed}


def refusal(refused: Refused, about: object = None, message_id: object = None) -> str:
    """The event that tells a guest why not."""
    event: Event = {
        "type": "error",
        "about": about if isinstance(about, str) else "",
        "code": refused.code,
        "text": refused.text,
        "values": refused.values,
    }
    if isinstance(message_id, str):
        event["id"] = message_id
    if refused.retry is not None:
        # Rounded up: sooner is too soon, and 0 would say that it is no question of time.
        event["retry"] = math.ceil(refused.retry * 100) / 100
    return encode(event)


def _field(event: Event, name: str) -> str:
    value = event.get(name)
    if not isinstance(value, str):
        raise Refused("bad-event", f"That event needs a text called {name!r}.")
    return value
