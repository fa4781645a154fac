"""Who is connected to a server: to be asked to leave, waited for, and cut."""

import asyncio
from typing import Any


class Connections:
    """All that a server has going on. A subclass knows what that is."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []
        self._ends = 0

    def going_on(self) -> set[Any]:
        """All that is open, but for the caller's own, if it is a handler. Each has ``abort()``."""
        raise NotImplementedError

    def count(self) -> int:
        """How many connections are open: to be known often, and so quickly."""
        raise NotImplementedError

    def start_draining(self, seconds: float) -> None:
        """Nobody should stay longer than he needs; after ``seconds`` all that is left is cut."""

    async def wait_for_ends(self) -> None:
        """Wait until nothing goes on."""
        while going_on := self.going_on():
            # To look at all of them whenever one ends would take the square of their number.
            enough = self._ends + max(1, len(going_on) // 2)
            while self._ends < enough:
                await self._next_end()

    async def abort(self) -> None:
        """End all that goes on, and wait until it has ended."""
        ending = self.going_on()
        for one in ending:
            one.abort()
        while not ending.isdisjoint(self.going_on()):
            await self._next_end()

    def one_has_ended(self) -> None:
        """Wake who waits for that. To be called when it is no more among what goes on."""
        self._ends += 1
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def _next_end(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future
