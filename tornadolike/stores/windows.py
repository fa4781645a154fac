"""Counting what comes within a time.

It is the sliding window that two counters make, one for the window of time that runs now, one for that before. Of the
latter those count that came within the last so many seconds, as if they had come evenly, the first as it began:

.. code-block:: text

         |------ before: 80 ------|------ now: 30 ---...
                   |<------- the last minute ------->|
                   |-- 47 of 80 --|----- 30 ---------|     77

They are whole requests, so that who waits as long as the limit's own time finds the first of them gone, however early
they came. What this guesses wrong lets through at most twice as many within such a time, and around the end of a window
one more than may come; one that did not slide would let through twice as many there at once.

The counters are a :class:`~tornadolike.stores.Store`'s, so that several processes can count together. What is refused
is not counted: who goes on asking is let in as soon as who waited. Times are whole microseconds: with them who is told
to wait and who is let in are reckoned alike, to the last digit.
"""

import hashlib
import math
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ..util import check_numbers
from .base import Store

_UNITS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_TEXT = re.compile(r"([0-9]{1,15})/(?:([0-9]{1,6}) )?(second|minute|hour|day)s?")
LONGEST: Final = 366 * 86400
"""Seconds."""
SECOND: Final = 1_000_000
"""Microseconds."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How much may come within how many seconds. Raises :exc:`ValueError` for what is no limit."""

    requests: int
    seconds: float

    def __post_init__(self) -> None:
        if not isinstance(self.requests, int) or self.requests < 1:
            raise ValueError(f"a limit is at least 1, not {self.requests!r}")
        check_numbers(seconds=self.seconds)
        if not 0 < self.seconds <= LONGEST:
            raise ValueError(f"a limit is for a time up to a year, not {self.seconds!r} seconds")

    @classmethod
    def parse(cls, text: "str | Limit") -> "Limit":
        """The limit that is written as ``"100/minute"``, ``"5/second"`` or ``"20/10 seconds"``."""
        if isinstance(text, Limit):
            return text
        matched = _TEXT.fullmatch(text) if isinstance(text, str) else None
        if matched is None:
            raise ValueError(
                f"{text!r} is no limit: write it like '100/minute' or '20/10 seconds' (second, minute, hour, day), "
                "or as Limit(100, 60.0)"
            )
        return cls(int(matched[1]), int(matched[2] or 1) * _UNITS[matched[3]])

    def __str__(self) -> str:
        return f"{self.requests}/{self.seconds:g}s"


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands with a limit, after having asked."""

    limit: Limit
    allowed: bool
    remaining: int
    """How many more may come now."""
    seconds: float
    """Of who is refused, until one may come; else until the window ends."""


class Window:
    """Counts for one limit.

    :arg prefix: of the keys in the store.
    """

    def __init__(self, store: Store, limit: Limit, prefix: str) -> None:
        self._store = store
        self.limit = limit
        self._prefix = f"{prefix}{limit}:"
        self._length = max(1, round(limit.seconds * SECOND))

    async def take(self, key: str, now: int) -> Standing:
        """Count one more for ``key``, if it may come. Raises :exc:`.StoreError`.

        :arg now: the time of the day, in microseconds: that on which all who count can agree.
        """
        limit = self.limit
        number, passed = divmod(now, self._length)
        used, _ = await self._count(key, number, 1)
        # Beyond the limit are only those that are about to be refused, or whose process ended before that.
        before = min(
            int(await self._store.get(self._counter(key, number - 1)) or 0), limit.requests
        )
        left = limit.requests - used - _within(before, passed, self._length)
        if left >= 0:
            return Standing(limit, True, left, (self._length - passed) / SECOND)
        await self._count(key, number, -1)
        until = _until(limit.requests, self._length, passed, before, used - 1)
        return Standing(limit, False, 0, until / SECOND)

    async def give_back(self, key: str, now: int) -> None:
        """Do not count what :meth:`take` has counted at this time. Raises :exc:`.StoreError`."""
        await self._count(key, now // self._length, -1)

    async def forget(self, key: str, now: int) -> None:
        """Count from the beginning for ``key``. Raises :exc:`.StoreError`."""
        number = now // self._length
        for one in (number - 1, number):
            await self._store.delete(self._counter(key, one))

    async def _count(self, key: str, number: int, by: int) -> tuple[int, float]:
        # The next window asks for it until its own end.
        return await self._store.count(self._counter(key, number), 2 * self.limit.seconds, by)

    def _counter(self, key: str, number: int) -> str:
        return f"{self._prefix}{key}:{number}"


class Windows:
    """Counts for several limits, all of which hold.

    :arg limits: one or more, each as :meth:`Limit.parse` takes it.
    :arg prefix: of the keys in the store.
    """

    def __init__(self, store: Store, limits: Iterable[str | Limit], prefix: str) -> None:
        self._windows = [Window(store, Limit.parse(limit), prefix) for limit in limits]
        self.limits = tuple(window.limit for window in self._windows)

    async def take(self, key: str, now: int) -> list[Standing]:
        """Count one more for ``key``; how that stands with each limit, up to one that refuses it. Then none counts it.

        Raises :exc:`.StoreError`.
        """
        standings: list[Standing] = []
        for window in self._windows:
            standings.append(await window.take(key, now))
            if not standings[-1].allowed:
                for other in self._windows[: len(standings) - 1]:
                    await other.give_back(key, now)
                break
        return standings

    async def give_back(self, key: str, now: int) -> None:
        """Do not count what :meth:`take` has counted at this time. Raises :exc:`.StoreError`."""
        for window in self._windows:
            await window.give_back(key, now)

    async def forget(self, key: str, now: int) -> None:
        """Count from the beginning for ``key``. Raises :exc:`.StoreError`."""
        for window in self._windows:
            await window.forget(key, now)


def _within(before: int, passed: int, length: int) -> int:
    """Of so many in the window before, those that came within the last ``length`` microseconds.

    The one of them with the number k, from 0, came k/before of a window after its beginning; who came exactly
    ``length`` ago came before that time.
    """
    return max(0, before - 1 - passed * before // length)


def _until(requests: int, length: int, passed: int, before: int, used: int) -> int:
    """The microseconds until one more may come, if nothing else does: at most ``length``.

    :arg passed: of the window that runs.
    :arg before: what came in the one before it, at most ``requests``.
    :arg used: what came in this one.
    """
    if used >= requests:  # in the next one: then the first of these came as long ago as a window is
        return length - passed
    # In this one, as soon as so many of the one before are out of sight: the first time that _within says so, which is
    # a division rounded up where that rounds down.
    gone = before + used - requests
    return -(-gone * length // before) - passed


def whole_seconds(seconds: float) -> int:
    """The same in whole seconds, and at least one: who comes again any sooner is too early."""
    return max(1, math.ceil(seconds))


def microseconds() -> int:
    """The time of the day."""
    return time.time_ns() // 1000


def hashed(key: str) -> str:
    """A key of a known size, from which what is secret in the other cannot be read. Raises :exc:`TypeError`."""
    if not isinstance(key, str):
        raise TypeError(f"the key of who is counted is a str, not {key!r}")
    return hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=16).hexdigest()
