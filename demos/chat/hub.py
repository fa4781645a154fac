"""The chat itself: what guests may do, and who is told of it. No socket, and no clock of its own.

    browser tab --- link --- Session --- Hub --- Ledger --- Hub --- Session --- link --- browser tab

A session is one browser tab. Whatever it is told goes into its outbox; the link, a WebSocket or
a long poll, is only woken and takes it from there. That is all the two transports have in common,
and all that the chat knows of them. The hub has the sessions of one process. The rooms are in the
ledger, which several processes may share (`ledger.py`).

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
restart of the ledger, or when an empty room was forgotten, the epoch differs and the guest gets
the whole history. The guest makes up the `id` of a message, so that a message which is sent
again, because nobody can know whether it arrived, is recognised and not said twice.

The `text` of an error is English and for who reads the protocol. The page has its own texts, in
its reader's language, one for each `code`, and fills them in with the `values`.
"""

from __future__ import annotations

import logging
import math
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import islice

from .ledger import Ledger, Lost, RoomList, Unavailable, View
from .limits import Limits, Refused
from .rooms import MemoryLedger
from .sessions import Event, Link, Session, encode, key_of
from .text import clean_message, clean_name, clean_room_name

log = logging.getLogger(__name__)

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")
ROOMS_LISTED = 50

LONGEST_ECHO = 64
"""Characters of what a guest is told of his own event: what waits for those who do not read is small."""

UNAVAILABLE_SECONDS = 2.0
"""When to ask again for what the ledger could not be asked for."""


class Hub:
    """Every session that one process carries, and the rules for making and forgetting them.

    :arg ledger: where the rooms are; None: in the memory of this process.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        ledger: Ledger | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits or Limits()
        self.clock = clock
        self.ledger = ledger or MemoryLedger(self.limits)
        self.ledger.hub = self
        self.sessions: dict[str, Session] = {}
        self.closed = False
        self._here: dict[str, set[Session]] = {}  # by room
        self._rooms: list[Event] = []
        self._reachable = True
        self._actions: dict[str, Callable[[Session, Event], Awaitable[None]]] = {
            "join": self._join,
            "say": self._say,
            "rename": self._rename,
            "ping": self._ping,
        }

    # --- for the transports ---

    async def open_session(self, client: object) -> Session:
        """The tab with this secret says hello: its session, old or new."""
        if not isinstance(client, str) or not _TOKEN.fullmatch(client):
            raise Refused("bad-client")
        if self.closed:
            raise Refused("closing")
        key = key_of(client)
        session = self.sessions.get(key)
        if session is None:
            if len(self.sessions) >= self.limits.sessions:
                raise Refused("full", retry=30.0)
            session = self.sessions[key] = Session(key, self.limits, self.clock())
        try:
            async with session.busy:
                await self.ledger.claim(session)
        except Unavailable:
            raise Refused("unavailable", retry=UNAVAILABLE_SECONDS) from None
        if self.closed or self.sessions.get(key) is not session:
            raise Refused("closing")
        session.begin()
        return session

    def find_session(self, client: object) -> Session | None:
        """The session of the tab with this secret, if it is carried here."""
        return self.sessions.get(key_of(client)) if isinstance(client, str) else None

    def detach(self, session: Session, link: Link) -> None:
        """`link` carries `session` no longer."""
        session.detach(link, self.clock())

    async def receive(self, session: Session, event: object) -> None:
        """Do what a guest asks for. What cannot be done is answered, never raised."""
        about = message_id = None
        try:
            if not isinstance(event, dict):
                raise Refused("bad-event", "That was not an event.")
            about, message_id = event.get("type"), event.get("id")
            action = self._actions.get(about) if isinstance(about, str) else None
            if action is None:
                raise Refused("bad-event", "This server does not know that kind of event.")
            async with session.busy:
                await action(session, event)
        except Refused as refused:
            session.push(refusal(refused, about, message_id))
        except Unavailable:
            sorry = Refused("unavailable", retry=UNAVAILABLE_SECONDS)
            session.push(refusal(sorry, about, message_id))
        except Lost as lost:
            self.forget(session, lost.reason)

    # --- for the ledger ---

    def tell(self, room: str, version: int, frame: str) -> None:
        """Something happened in a room: to all members who are carried here."""
        # A copy: a push may drop a slow link, and what that sets off is not ours to know.
        for session in tuple(self._here.get(room, ())):
            session.hear(room, version, frame)

    def rooms_here(self) -> set[str]:
        """The rooms that somebody here is in, or about to enter."""
        return set(self._here)

    def forget(self, session: Session, reason: str) -> None:
        """The session is no longer carried here, and its link is told so."""
        if self.sessions.get(session.key) is session:
            del self.sessions[session.key]
        self._is_out(session, session.room)
        session.room = ""
        if session.link is not None:
            session.link.drop(reason)

    # --- housekeeping ---

    async def tick(self) -> None:
        """Let go of what nobody came back for. To be called about twice a second."""
        try:
            await self._let_go()
            rooms = await self.ledger.tend(list(self.sessions.values()))
        except Unavailable as error:
            if self._reachable:
                log.warning("Nobody can join or talk for now: %s", error)
            self._reachable = False
            return
        if not self._reachable:
            self._reachable = True
            log.info("The ledger can be reached again")
        listed = _listed(rooms)
        if listed != self._rooms:
            # At most once a tick: people coming and going costs one list, not one each.
            self._rooms = listed
            frame = encode({"type": "rooms", "rooms": listed})
            for session in list(self.sessions.values()):
                session.push(frame)

    async def _let_go(self) -> None:
        now = self.clock()
        for session in list(self.sessions.values()):
            if session.link is None and now - session.detached_at > self.limits.grace:
                async with session.busy:
                    await self.ledger.leave(session)
                if session.link is None:
                    self.forget(session, "gone")

    def close(self) -> None:
        """Say goodbye to every tab and take no new ones."""
        self.closed = True
        for session in list(self.sessions.values()):
            if session.link is not None:
                session.link.drop("closing")

    async def release(self) -> None:
        """Nobody is served any more: others may carry on what was carried here."""
        with suppress(Unavailable):  # then they learn of it a little later
            await self.ledger.release(list(self.sessions.values()))

    # --- what guests can ask for ---

    async def _join(self, session: Session, event: Event) -> None:
        name = clean_name(_field(event, "name"), self.limits.name_length)
        room = clean_room_name(_field(event, "room"), self.limits.room_name_length)
        # In the same room, too: others are told of another name, and a welcome is long.
        session.allowance.spend(self.clock())
        # Who waits to be let in hears what goes on there already; what the view has too is left out.
        self._here.setdefault(room, set()).add(session)
        session.hold()
        try:
            name, view = await self.ledger.enter(session, room, name)
        except BaseException:
            if room != session.room:
                self._is_out(session, room)
            session.release()
            raise
        if room != session.room:
            self._is_out(session, session.room)
        session.room, session.name = room, name
        session.start_over()
        session.push(encode(self._welcome(session, view, event)))
        session.push(encode({"type": "rooms", "rooms": _listed(view.rooms)}))
        session.release(view.version)

    async def _say(self, session: Session, event: Event) -> None:
        room = _room_of(session)
        if _field(event, "room") != room:
            raise Refused("elsewhere")
        message_id = _field(event, "id")
        if not _TOKEN.fullmatch(message_id):
            raise Refused("bad-event", "That message has no proper id.")
        session.allowance.spend(self.clock())
        text = clean_message(_field(event, "text"), self.limits.message_length)
        if not await self.ledger.say(session, message_id, text):
            session.allowance.give_back()
            session.push(encode({"type": "accepted", "id": message_id}))

    async def _rename(self, session: Session, event: Event) -> None:
        _room_of(session)
        session.allowance.spend(self.clock())
        name = clean_name(_field(event, "name"), self.limits.name_length)
        before = session.name
        session.name = await self.ledger.rename(session, name)
        if session.name == before:
            # Nobody else needs to hear that nothing changed, but who asked wants an answer.
            session.push(encode({"type": "renamed", "member": session.public}))

    async def _ping(self, session: Session, event: Event) -> None:
        session.push(encode({"type": "pong"}))

    def _welcome(self, session: Session, view: View, event: Event) -> Event:
        """All that a member needs to know on arrival, without what it knows already."""
        since = event.get("since")
        had = since if event.get("epoch") == view.epoch and isinstance(since, int) else None
        return {
            "type": "welcome",
            "you": session.public,
            "room": session.room,
            "epoch": view.epoch,
            "seq": view.seq,
            "resumed": had is not None,
            "members": view.members,
            "messages": [message for message in view.messages if message["seq"] > (had or 0)],
            "limits": {
                "message": self.limits.message_length,
                "name": self.limits.name_length,
                "room": self.limits.room_name_length,
            },
        }

    def _is_out(self, session: Session, room: str) -> None:
        here = self._here.get(room)
        if here is not None:
            here.discard(session)
            if not here:
                del self._here[room]


def _room_of(session: Session) -> str:
    if not session.room:
        raise Refused("nowhere")
    return session.room


def _listed(rooms: RoomList) -> list[Event]:
    """The busiest rooms, as guests are told of them."""
    busiest = sorted(rooms, key=lambda room: (-room[1], room[0]))
    return [{"name": name, "people": people} for name, people in islice(busiest, ROOMS_LISTED)]


def refusal(refused: Refused, about: object = None, message_id: object = None) -> str:
    """The event that tells a guest why not."""
    event: Event = {
        "type": "error",
        "about": about if isinstance(about, str) and len(about) <= LONGEST_ECHO else "",
        "code": refused.code,
        "text": refused.text,
        "values": refused.values,
    }
    if isinstance(message_id, str) and len(message_id) <= LONGEST_ECHO:
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
