""":class:`Kept`: what a provider publishes, kept for a while, and asked for once for all who wait.

.. code-block:: text

   never asked  --->  good  --- its time is over --->  old  --- the provider answers --->  good
                                                        |
                                                        +--- the provider fails --->  old, and still used: STALE

However many want it, the provider is asked once at a time, and not again before a pause is over: neither while it
fails, nor when strangers bring tokens with keys that nobody has heard of. The first of those is believed at once: the
provider may have new keys.
"""

import copy
import math
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from time import monotonic
from typing import Final, Generic, TypeVar

from ...concurrent import Flights
from ...httputil import HTTPHeaders
from ...log import gen_log
from ...util import check_not_negative
from ..errors import AuthError

T = TypeVar("T")

_MAX_AGE: Final = re.compile(r'(?:^|[\s,])max-age="?([0-9]{1,10})(?![0-9])', re.IGNORECASE)
_NOT_KEPT: Final = re.compile(r"(?:^|[\s,])no-(?:store|cache)(?![\w=-])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how long what a provider publishes is kept. All in seconds.

    Raises :exc:`TypeError` and :exc:`ValueError` for what is no time.
    """

    default: float = 3600.0
    """If it does not say itself (``Cache-Control: max-age``)."""
    shortest: float = 300.0
    """However short it says."""
    longest: float = 86400.0
    """However long it says."""
    stale: float = 86400.0
    """Behind that, while the provider cannot be asked."""
    pause: float = 30.0
    """Between two questions, at least, while there is an answer to go on with: after one that has failed, and between
    two that are asked for keys that are missing in it."""
    patience: float = 1.0
    """For another answer, while there is an old one. Then the old one is used, and the other may come later."""
    failure_pause: float = 1.0
    """Between two questions, at least, while there is none."""

    def __post_init__(self) -> None:
        check_not_negative(**asdict(self))
        if self.shortest > self.longest:
            raise ValueError("shortest is not more than longest")

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
        self._asked = self._forced = -math.inf
        self._flights = Flights[None, None]()
        self.answers = 0
        """How many there have been."""

    async def get(self) -> T:
        """The value. Raises :exc:`.AuthError` if there is none."""
        if self._answer is None or self._answer.until <= monotonic():
            patience = self._keeping.patience if self._is_usable() else None
            await self._ask_again(is_forced=False, patience=patience)
        return self._current()

    async def get_anew(self) -> T:
        """The value, asked for again, unless somebody wanted that a moment ago, or it has failed then.

        Raises :exc:`.AuthError` if there is none.
        """
        await self._ask_again(is_forced=True)
        return self._current()

    def _current(self) -> T:
        if self._answer is not None and self._is_usable():
            return self._answer.value
        assert self._failure is not None  # or it would have been asked for
        raise copy.copy(self._failure)  # not itself: it would collect the frames of all who ask

    def _is_usable(self) -> bool:
        answer = self._answer
        return answer is not None and monotonic() < answer.until + self._keeping.stale

    async def _ask_again(self, *, is_forced: bool, patience: float | None = None) -> None:
        flight = self._flights.find(None)
        if flight is None:
            now = monotonic()
            if now < self._next(is_forced):
                return
            self._asked = now
            if is_forced:
                self._forced = now
            flight = self._flights.begin(None, self._learn())
        if await flight.wait(patience):
            await flight.result()

    def _next(self, is_forced: bool) -> float:
        """When the next question may be asked."""
        if not self._is_usable():
            return (
                self._asked if self._failure is None else self._asked + self._keeping.failure_pause
            )
        begun = self._forced if is_forced and self._failure is None else self._asked
        return begun + self._keeping.pause

    async def _learn(self) -> None:
        try:
            value, headers = await self._ask()
        except AuthError as error:
            self._failure = copy.copy(error)
            if self._is_usable():
                gen_log.warning("%s cannot be asked for again: %s", self._what, error)
        else:
            self._answer = _Answer(value, monotonic() + self._keeping.lifetime(headers))
            self.answers += 1
            self._failure = None
