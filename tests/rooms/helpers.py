"""Members that are no WebSockets, and a server between processes that may be away."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from tornadolike.pubsub import MemoryPubSub, PubSubError, Subscription
from tornadolike.rooms import MemoryPresence, PresenceError, Rooms
from tornadolike.rooms.members import Attendance
from tornadolike.rooms.presence import Move


class Peer:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.heard: list[str | bytes] = []

    def write_message(self, message: str | bytes, binary: bool = False) -> None:
        assert binary is isinstance(message, bytes)
        self.heard.append(message)


async def until(condition: Callable[[], object]) -> None:
    """Until it is so."""
    async with asyncio.timeout(100):
        while not condition():
            await asyncio.sleep(0.005)


class Server:
    """What two :class:`Rooms` of one process have between them. It may be away, and may lose its memory."""

    def __init__(self) -> None:
        self.is_away = False
        self.pubsub = _PubSub(self)
        self.presence = _Presence(self)

    def rooms(self, **options: Any) -> Rooms:
        options.setdefault("presence_seconds", 15.0)
        return Rooms(self.pubsub, self.presence, **options)

    def lose_all(self) -> None:
        self.presence._ends.clear()
        self.presence._of_processes.clear()

    def come_back(self) -> None:
        """As with a real server, who listens is told that something may be missing."""
        self.is_away = False
        for subscription in self.pubsub.subscriptions:
            subscription.gap()


class _PubSub(MemoryPubSub):
    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server
        self.subscriptions: list[Subscription] = []

    async def publish(self, channel: str, message: bytes) -> None:
        if self.server.is_away:
            raise PubSubError("publishing: the server is away")
        await super().publish(channel, message)

    async def begin(self, subscription: Subscription, wait: bool) -> None:
        if self.server.is_away:
            raise PubSubError("listening: the server is away")
        await super().begin(subscription, wait)
        self.subscriptions.append(subscription)

    def end(self, subscription: Subscription) -> None:
        super().end(subscription)
        if subscription in self.subscriptions:
            self.subscriptions.remove(subscription)


class _Presence(MemoryPresence):
    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server

    def _check(self) -> None:
        if self.server.is_away:
            raise PresenceError("presence: the server is away")

    async def note(
        self, process: str, seconds: float, moves: Sequence[Move], *, begin: bool = False
    ) -> bool:
        self._check()
        return await super().note(process, seconds, moves, begin=begin)

    async def beat(self, process: str, seconds: float, *, sweep: bool) -> frozenset[str]:
        self._check()
        return await super().beat(process, seconds, sweep=sweep)

    async def attending(self, room: str) -> list[Attendance]:
        self._check()
        return await super().attending(room)

    async def forget(self, process: str) -> None:
        self._check()
        await super().forget(process)
