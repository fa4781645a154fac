""":class:`Kept`: what a provider publishes, kept for a while, and asked for once for all who wait.

.. code-block:: text

   never asked  --->  good  --- its time is over --->  old  --- the provider answers --->  good
                                                        |
                                                        +--- the provider fails --->  old, and still used: STALE

However many want it, the provider is asked once at a time, and not again before a pause is over: neither while it
fails, nor when strangers bring tokens with keys that nobody has heard of.
"""

import asyncio
import copy
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final, Generic, TypeVar

from ...httputil import HTTPHeaders
from ...log import gen_log
from ..errors import AuthError

T = TypeVar("T")

_MAX_AGE: Final = re.compile(r'(?:^|[\s,])max-age="?([0-9]{1,10})(?![0-9])', re.IGNORECASE)
_NOT_KEPT: Final = re.compile(r"(?:^|[\s,])no-(?:store|cache)(?![\w=-])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how long what a provider publishes is kept. All in seconds."""

    default: float = 3600.0
    """If it does not say itself (``Cache-Control: max-age``)."""
    shortest: float = 300.0
    """However short it says."""
    longest: float = 86400.0
    """However long it says."""
    stale: float = 86400.0
    """Behind that, while the provider cannot be asked."""
    pause: float = 30.0
    """Between two questions, at least, while there is an answer to go on with."""
    patience: float = 1.0
    """For another answer, while there is an old one. Then the old one is used, and the other may come later."""
    failure_pause: float = 1.0
    """Between two questions, at least, while there is none."""

    def lifetime(self, headers: HTTPHeaders) -> float:
        """For how long an answer with these headers is kept."""
        said = headers.get("Cache-Control", "")
        if _NOT_KEPT.search(said):
            return self.shortest
        matched = _MAX_AGE.search(said)
        if matched is None:
            return self.default
        return min(max(float(matched[1]), self.shortest), self.longest)


@dataclass(frozen=True, slots=True)
class _Answer(Generic[T]):
    value: T
    until: float


class Kept(Generic[T]):
    """A value that is asked for when it is first needed, and again when it has become old.

    It may be used from several loops. What they know they share; each asks by itself.

    :arg ask: gives the value, and the headers it came with. It raises :exc:`.AuthError`.
    :arg what: it is, for the log.
    """

    def __init__(
        self, ask: Callable[[], Awaitable[tuple[T, HTTPHeaders]]], keeping: Keeping, what: str
    ) -> None:
        self._ask = ask
        self._keeping = keeping
        self._what = what
        self._answer: _Answer[T] | None = None
        self._failure: AuthError | None = None
        self._asked = 0.0
        self._flights: dict[asyncio.AbstractEventLoop, _Flight] = {}

    async def get(self) -> T:
        """The value. Raises :exc:`.AuthError` if there is none."""
        if self._answer is None or self._answer.until <= monotonic():
            await self._ask_again(self._keeping.patience if self._is_usable() else None)
        return self._current()

    async def get_anew(self) -> T:
        """The value, asked for again, unless it has been a moment ago. Raises :exc:`.AuthError` if there is none."""
        await self._ask_again()
        return self._current()

    def _current(self) -> T:
        if self._answer is not None and self._is_usable():
            return self._answer.value
        assert self._failure is not None  # or it would have been asked for
        raise copy.copy(self._failure)  # not itself: it would collect the frames of all who ask

    def _is_usable(self) -> bool:
        answer = self._answer
        return answer is not None and monotonic() < answer.until + self._keeping.stale

    def _pause(self) -> float:
        if self._is_usable():
            return self._keeping.pause
        return 0.0 if self._failure is None else self._keeping.failure_pause

    async def _ask_again(self, patience: float | None = None) -> None:
        loop = asyncio.get_running_loop()
        flight = self._flights.get(loop)
        if flight is None or flight.is_over:
            if monotonic() < self._asked + self._pause():
                return
            self._asked = monotonic()
            flight = self._begin(loop)
        await flight.landing(patience)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> "_Flight":
        def forget(_: object) -> None:
            if self._flights.get(loop) is flight:
                del self._flights[loop]

        for closed in [each for each in list(self._flights) if each.is_closed()]:
            self._flights.pop(closed, None)  # nobody has told them the end
        flight = self._flights[loop] = _Flight(loop.create_task(self._learn()))
        flight.task.add_done_callback(forget)
        return flight

    async def _learn(self) -> None:
        try:
            value, headers = await self._ask()
        except AuthError as error:
            self._failure = copy.copy(error)
            if self._is_usable():
                gen_log.warning("%s cannot be asked for again: %s", self._what, error)
        else:
            self._answer = _Answer(value, monotonic() + self._keeping.lifetime(headers))
            self._failure = None


class _Flight:
    """A question on its way, for all who wait."""

    def __init__(self, task: asyncio.Task[None]) -> None:
        self.task = task
        self._waiting = 0
        self._is_left_alone = False

    @property
    def is_over(self) -> bool:
        """Whether nobody can wait for it any more: it has ended, or the last who waited has given up."""
        return self.task.done() or self.task.cancelling() > 0

    async def landing(self, patience: float | None) -> None:
        """Wait for it, or for so many seconds. Who is cancelled leaves the others waiting."""
        self._waiting += 1
        try:
            landed, _ = await asyncio.wait([self.task], timeout=patience)
        except asyncio.CancelledError:
            if self._waiting == 1 and not self._is_left_alone:
                self.task.cancel()
            raise
        finally:
            self._waiting -= 1
        if landed:
            self.task.result()
        else:
            self._is_left_alone = True  # it goes on for whoever comes next
