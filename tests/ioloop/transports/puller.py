"""A protocol that pulls, for tests of every transport that can be pulled."""

import asyncio
from collections.abc import Callable
from typing import Any

from tornadolike.ioloop.poller import READ
from tornadolike.ioloop.transports.pulling import PullProtocol


class Puller(PullProtocol):
    """Notes what it is told, and wakes who waits for it."""

    def __init__(self) -> None:
        self.told: list[int] = []
        self.lost: list[Any] = []
        self.transport: Any
        self.action: Callable[[int], object] = lambda events: None
        self.next: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def on_ready(self, events: int) -> None:
        self.told.append(events)
        self.action(events)
        if self.next is not None and not self.next.done():
            self.next.set_result(events)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.append(exc)
        if self.next is not None and not self.next.done():
            self.next.set_result(0)

    async def ready(self, events: int) -> int:
        """Want ``events`` until one of them is possible."""
        self.next = asyncio.get_running_loop().create_future()
        self.transport.want(events)
        try:
            async with asyncio.timeout(10):
                return await self.next
        finally:
            self.transport.want(0)

    def take(self, size: int = 65536) -> bytes | None:
        buffer = bytearray(size)
        count = self.transport.receive_into(buffer)
        return None if count is None else bytes(buffer[:count])

    async def read(self, size: int = 65536) -> bytes:
        """What comes next."""
        while (data := self.take(size)) is None:
            await self.ready(READ)
        return data
