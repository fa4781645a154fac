"""One handler at work for all who ask the same meanwhile."""

import asyncio
import time
from collections import OrderedDict
from enum import Enum
from typing import Any, Final

from .entries import Entry

MAX_PASSING: Final = 1000


class Outcome(Enum):
    """What comes of a handler's work, if it is no response that was kept."""

    NOT_KEPT = "everybody's own handler has to answer"
    FAILED = "the same, but it may be otherwise next time"
    LOST = "somebody else has to try"


class Flight:
    """A handler at work."""

    def __init__(self, handler: Any) -> None:
        self.handler = handler
        self.began = time.monotonic()
        self.generation: str | None = None
        """That of the cache when it began; None until it does."""
        self.landed: asyncio.Future[Entry | Outcome] = asyncio.get_running_loop().create_future()

    def land(self, outcome: Entry | Outcome) -> None:
        """Tell all who wait for it, unless they know."""
        if not self.landed.done():
            self.landed.set_result(outcome)
            self.handler = None  # the result may be held by those who wait longer than it lives

    async def wait(self, seconds: float) -> Entry | Outcome:
        """What comes of it. Who has waited for so long does his own work."""
        done, _ = await asyncio.wait([self.landed], timeout=seconds)
        return self.landed.result() if done else Outcome.NOT_KEPT


class Flights:
    """The handlers at work, and what is known not to be worth waiting for.

    :arg wait_seconds: how long a handler may be at work for others to wait for it.
    """

    def __init__(self, wait_seconds: float) -> None:
        self._wait_seconds = wait_seconds
        self._flights: dict[str, Flight] = {}
        self._passing: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._flights)

    def find(self, key: str, generation: str | None) -> Flight | None:
        """Who is at work for this key, and did not begin before the last time that something was invalidated."""
        flight = self._flights.get(key)
        if flight is None or time.monotonic() > flight.began + self._wait_seconds:
            return None
        began_before = flight.generation not in (None, generation or "")
        return None if began_before else flight

    def begin(self, key: str, handler: Any) -> Flight:
        """``handler`` is at work for this key."""
        flight = self._flights[key] = Flight(handler)
        return flight

    def end(self, key: str, flight: Flight, outcome: Entry | Outcome) -> None:
        """Tell all who wait for it; those who come later have to look for themselves."""
        if self._flights.get(key) is flight:
            del self._flights[key]
        flight.land(outcome)

    def passes(self, key: str) -> bool:
        """Whether it was found lately that responses for this key are not kept: nobody waits for one."""
        until = self._passing.get(key)
        if until is None:
            return False
        if until > time.monotonic():
            return True
        del self._passing[key]
        return False

    def let_pass(self, key: str, seconds: float) -> None:
        """Have nobody wait for this key for so long."""
        self._passing[key] = time.monotonic() + seconds
        self._passing.move_to_end(key)
        if len(self._passing) > MAX_PASSING:
            self._passing.popitem(last=False)

    def stop_passing(self, key: str) -> None:
        """It is worth waiting for after all."""
        self._passing.pop(key, None)
