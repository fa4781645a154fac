""":class:`Sharing`: what makes the rooms of several processes one.

A single task does all that concerns the other processes, one thing after another, so nothing overtakes anything:

* It listens to the channel of a room, from the first connection of ours in it until the last has gone, and asks who is
  there already.
* It notes who of ours comes and goes (:class:`.Presence`), and then publishes it: what is not noted nobody hears. What
  has come together meanwhile goes together.
* It beats, three times within the time that a process has, and learns who is alive. The connections of others are gone.

Whatever fails makes us *stale*: the task tries to *renew*, once a second, until it has told all that is true of this
process under a new name, which takes the place of the old. Nothing of what was meant to be told before that has to be
kept. While the server is away the rooms go on within this process.

Who was away, or forgotten, may be wrong about the others, and so may they: for the time that a process has, nobody is
taken for gone. Then each list is compared with what is kept.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextvars import Context
from functools import partial
from typing import Final, TypeVar

from ..log import app_log, gen_log
from ..pubsub import PubSub, PubSubError, Subscription
from .envelopes import SENDER_LENGTH, News, Sent, seal, sender_of, unseal
from .errors import PresenceError
from .members import Attendance
from .presence import Move, Presence
from .room import Room

R = TypeVar("R", Room, str)

RETRY_SECONDS: Final = 1.0
"""How long it waits behind a failure, before it tries again."""
AT_ONCE: Final = 500
"""How many connections are told of in one operation."""
AT_A_TIME: Final = 20
"""How many rooms something is done for at a time."""
_FAILURES: Final = (PubSubError, PresenceError)


class Sharing:
    """Connects the rooms of this process with those of others. It belongs to the running loop.

    :arg rooms: those that have connections of this process.
    :arg name: what channels begin with.
    :arg seconds: how long a process that says nothing is taken to be alive.
    """

    def __init__(
        self,
        pubsub: PubSub,
        presence: Presence,
        rooms: Mapping[str, Room],
        name: str,
        seconds: float,
    ) -> None:
        self.sender = secrets.token_hex(SENDER_LENGTH // 2)
        """Who we are, for good."""
        self._pubsub = pubsub
        self._presence = presence
        self._rooms = rooms
        self._prefix = f"{name}:"
        self._seconds = seconds
        self._names = 0
        self.process = self._new_name()
        """Under which name our connections are noted now."""

        self._loop = asyncio.get_running_loop()
        self._moves: list[Move] = []
        self._opening: list[Room] = []
        self._told: list[asyncio.Future[None]] = []
        """Who waits until what is to be done has been done, or has failed."""
        self._subscriptions: dict[Room, Subscription] = {}
        self._left_meanwhile: dict[Room, set[str]] = {}
        """While it is asked who is in a room: tokens of which is heard that they are not."""

        self._stale = True
        """Whether we have to renew."""
        self._down = False
        """Whether the last attempt has failed."""
        self._keeping = True
        """Whether what happens is to be told: not if the next renewal tells of it anyway."""
        self._ending = False
        self._next_beat = 0.0
        self._lenient_until = 0.0
        self._look_for_more = False
        """Whether to compare the lists at once, only for who is missing there."""
        self._compare_at: float | None = None
        """When to compare them in all."""
        self._something = asyncio.Event()
        # It lives on when who has begun it, in some handler's context, is long gone.
        self._task = self._loop.create_task(self._run(), name="rooms", context=Context())

    # What Rooms calls

    async def open(self, room: Room) -> None:
        """Listen to a room, and learn who is there. Returns also if that cannot be done now."""
        if self._keeping:
            self._opening.append(room)
            await self._done()

    def close_room(self, room: Room) -> None:
        """Nobody of ours is in the room any more."""
        subscription = self._subscriptions.pop(room, None)
        if subscription is not None:
            subscription.stop()

    async def enter(self, room: str, entry: Attendance) -> None:
        """Tell the others of a connection of ours. Returns when they are told, or cannot be now."""
        if self._keeping:
            self._moves.append((self._prefix + room, entry.token, entry))
            await self._done()

    def leave(self, room: str, token: str) -> None:
        """Tell the others, soon, that a connection of ours has left."""
        if self._keeping:
            self._moves.append((self._prefix + room, token, None))
            self._something.set()

    async def send(self, room: str, message: str | bytes) -> None:
        """Publish a message. What cannot be published now is lost to the other processes."""
        if self._down:
            return
        try:
            await self._pubsub.publish(self._prefix + room, seal(self.sender, Sent(message)))
        except PubSubError as error:
            self._failed(error)

    async def attending(self, room: str) -> list[Attendance]:
        """Who is in a room in which nobody of ours is. Raises :exc:`.PresenceError`."""
        return await self._presence.attending(self._prefix + room)

    async def end(self) -> None:
        """Tell the others that all of ours are gone, and stop listening."""
        for room in self._known_rooms():
            self._moves += [
                (self._prefix + room.name, entry.token, None) for entry in room.own_entries()
            ]
        self._ending = True
        self._something.set()
        await self._task
        for subscription in self._subscriptions.values():
            subscription.stop()
        self._subscriptions.clear()

    async def _done(self) -> None:
        """Wait until the task has done what it finds now."""
        self._something.set()
        if not self._down and not self._task.done():
            done = self._loop.create_future()
            self._told.append(done)
            await done

    # The task

    async def _run(self) -> None:
        try:
            while True:
                await self._wait()
                if self._ending:
                    break
                await self._attempt()
            while self._moves and not self._stale:
                await self._attempt()
            await self._presence.forget(self.process)
        except _FAILURES as error:
            gen_log.info("The other processes have to find out that this one is gone: %s", error)
        finally:
            self._release(self._told)

    async def _wait(self) -> None:
        """Until there is something to do. While we are down only time helps."""
        while not self._ending and not (self._stale and not self._down):
            until = self._next_beat
            if self._compare_at is not None and not self._down:
                until = min(until, self._compare_at)
            try:
                async with asyncio.timeout(until - self._loop.time()):
                    await self._something.wait()
            except TimeoutError:
                return
            self._something.clear()
            if not self._down:
                return

    async def _attempt(self) -> None:
        told, self._told = self._told, []
        try:
            await self._work()
        except _FAILURES as error:
            self._failed(error)
        except Exception as error:
            app_log.exception("What connects the rooms with other processes has failed")
            self._failed(error)
        finally:
            self._release(told)

    async def _work(self) -> None:
        if self._stale:
            await self._renew()
        while self._opening:
            rooms, self._opening = self._opening, []
            await _for_all(rooms, self._listen)
        while self._moves and not self._stale:
            await self._tell()
        if self._loop.time() >= self._next_beat:
            await self._beat()
        if self._look_for_more:
            self._look_for_more = False
            await _for_all(self._known_rooms(), partial(self._compare, whole=False))
        if self._compare_at is not None and self._loop.time() >= self._compare_at:
            self._compare_at = None
            await _for_all(self._known_rooms(), partial(self._compare, whole=True))

    @staticmethod
    def _release(told: list[asyncio.Future[None]]) -> None:
        for done in told:
            if not done.done():
                done.set_result(None)
        told.clear()

    def _failed(self, error: Exception) -> None:
        """The server is away, or does not do what it should."""
        self._stale = True
        self._keeping = False
        self._moves.clear()
        self._opening.clear()
        self._next_beat = self._loop.time() + RETRY_SECONDS
        self._something.set()
        self._release(self._told)
        if not self._down:
            self._down = True
            app_log.warning(
                "Rooms are for the members of this process alone until other processes can be reached again: %s",
                error,
            )

    # What it does

    async def _renew(self) -> None:
        """Tell all that is true of this process, under a new name."""
        self.process = self._new_name()
        self._keeping = True
        self._moves.clear()
        moves: list[Move] = []
        for room in self._known_rooms():
            room.move_to(self.process)
            moves += [
                (self._prefix + room.name, entry.token, entry) for entry in room.own_entries()
            ]
        for start in range(0, max(1, len(moves)), AT_ONCE):
            some = moves[start : start + AT_ONCE]
            await self._presence.note(self.process, self._seconds, some, begin=not start)
        await _for_all(self._known_rooms(), self._listen)
        await self._publish(moves, whole=True)
        if not self._keeping:
            return  # something else has failed meanwhile
        if self._down:
            app_log.info("Rooms reach the other processes again")
            self._be_lenient()
        self._stale = self._down = False

    async def _listen(self, room: Room) -> None:
        if self._rooms.get(room.name) is not room or room in self._subscriptions:
            return
        subscription = await self._pubsub.listen(
            self._prefix + room.name, partial(self._receive, room), on_gap=self._gap
        )
        if self._rooms.get(room.name) is not room:  # the last has gone meanwhile
            subscription.stop()
            return
        self._subscriptions[room] = subscription
        await self._compare(room, whole=True)

    async def _tell(self) -> None:
        moves, self._moves = self._moves[:AT_ONCE], self._moves[AT_ONCE:]
        if await self._presence.note(self.process, self._seconds, moves):
            await self._publish(moves)
        else:
            self._forgotten()

    async def _publish(self, moves: list[Move], *, whole: bool = False) -> None:
        by_channel: dict[str, list[Move]] = {}
        for move in moves:
            by_channel.setdefault(move[0], []).append(move)

        async def publish(channel: str) -> None:
            here = [entry for _, _, entry in by_channel[channel] if entry is not None]
            gone = [token for _, token, entry in by_channel[channel] if entry is None]
            await self._pubsub.publish(channel, seal(self.sender, News(here, gone, whole)))

        await _for_all(list(by_channel), publish)

    async def _beat(self) -> None:
        lenient = self._loop.time() < self._lenient_until
        # Who is heard of only from now on may not be in the answer.
        others = {process for room in self._known_rooms() for process in room.roll.processes}
        alive = await self._presence.beat(self.process, self._seconds, sweep=not lenient)
        self._next_beat = self._loop.time() + self._seconds / 3
        if self.process not in alive:
            self._forgotten()
        elif not lenient:
            gone = {process for process in others - alive if not self._is_ours(process)}
            for room in self._known_rooms() if gone else ():
                room.remove_processes(gone)

    def _forgotten(self) -> None:
        """What is kept of us is lost: that of others may be, too."""
        self._stale = True
        self._be_lenient()
        self._something.set()

    def _be_lenient(self) -> None:
        """Somebody may be wrong about somebody."""
        self._lenient_until = self._compare_at = self._loop.time() + self._seconds
        self._look_for_more = True

    async def _compare(self, room: Room, *, whole: bool) -> None:
        """Make the list of who is in the room like what is kept; unless ``whole``, nobody is taken off."""
        before = room.roll.entries()
        self._left_meanwhile[room] = left = set[str]()
        try:
            kept = await self._presence.attending(self._prefix + room.name)
        finally:
            del self._left_meanwhile[room]
        for entry in kept:
            if not self._is_ours(entry.process) and entry.token not in left:
                room.put(entry)
        if whole:
            tokens = {entry.token for entry in kept}
            for entry in before:
                if entry.token not in tokens and not self._is_ours(entry.process):
                    room.remove(entry.token)

    def _gap(self) -> None:
        """Something was missed."""
        self._be_lenient()
        self._next_beat = min(self._next_beat, self._loop.time())
        self._something.set()

    def _receive(self, room: Room, data: bytes) -> None:
        sender = sender_of(data)
        if sender == self.sender:
            return
        try:
            content = unseal(data)
        except ValueError as error:
            gen_log.warning("not understood, in the channel of the room %r: %s", room.name, error)
            return
        if isinstance(content, Sent):
            room.deliver(content.message)
        else:
            self._take(room, sender, content)

    def _take(self, room: Room, sender: str, news: News) -> None:
        for entry in news.here:
            if not self._is_ours(entry.process):
                room.put(entry)
        gone = set(news.gone)
        if news.whole:
            here = {entry.token for entry in news.here}
            gone.update(
                entry.token
                for entry in room.roll.entries()
                if entry.process.startswith(sender) and entry.token not in here
            )
        for token in gone:
            process = room.roll.process_of(token)
            if process is not None and not self._is_ours(process):
                room.remove(token)
        if room in self._left_meanwhile:
            self._left_meanwhile[room] |= gone

    def _known_rooms(self) -> list[Room]:
        return list(self._rooms.values())

    def _new_name(self) -> str:
        self._names += 1
        return f"{self.sender}.{self._names}"

    def _is_ours(self, process: str) -> bool:
        return process.startswith(self.sender)


async def _for_all(rooms: list[R], do: Callable[[R], Awaitable[None]]) -> None:
    """Do something for each room, some at a time. Raises what one of them has raised when its batch is over."""
    for start in range(0, len(rooms), AT_A_TIME):
        some = rooms[start : start + AT_A_TIME]
        for result in await asyncio.gather(*map(do, some), return_exceptions=True):
            if result is not None:
                raise result
