""":class:`CachedResolver`: a resolver with a memory.

Each loop has a memory of its own. What one has learnt is dated by its clock, which says nothing to
another; so nothing is shared between threads.
"""

import asyncio
import copy
import socket
import threading
import weakref
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from ..concurrent import Flights
from .resolvers import Address, DefaultLoopResolver, Resolver

DEFAULT_TTL: Final = 30.0
"""Seconds for which an answer is remembered. (The system does not tell how long it is good for.)"""

DEFAULT_ERROR_TTL: Final = 1.0
"""Seconds for which it is remembered that a name had no address, or could not be resolved."""

DEFAULT_MAX_ENTRIES: Final = 1000
"""Answers that each loop remembers."""

Question = tuple[str, int, int]
"""Host, port, family. A resolver may answer each port differently, as :class:`OverrideResolver` does."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other resolver said, or raised, and until when of the loop's clock that holds."""

    addresses: tuple[Address, ...]
    error: OSError | None
    until: float


class Memory:
    """What one loop has learnt, the oldest first."""

    def __init__(self, max_entries: int) -> None:
        self._answers: OrderedDict[Question, Answer] = OrderedDict()
        self._max_entries = max_entries

    def recall(self, question: Question, now: float) -> Answer | None:
        answer = self._answers.get(question)
        return answer if answer is not None and now < answer.until else None

    def learn(self, question: Question, answer: Answer, now: float) -> None:
        self._answers[question] = answer
        self._answers.move_to_end(question)
        while self._answers:
            oldest = next(iter(self._answers))
            if now < self._answers[oldest].until and len(self._answers) <= self._max_entries:
                break
            del self._answers[oldest]


class CachedResolver(Resolver):
    """Asks another resolver, once, and remembers what it said.

    .. code-block:: python

        Resolver.configure("tornadolike.netutil.CachedResolver", ttl=10)

    :arg resolver: who is asked, a :class:`DefaultLoopResolver` by default; it is closed with this one.
    :arg ttl: seconds for which an answer is remembered, by default 30. 0: not at all, but who asks the
        same while a question is on its way still gets its answer.
    :arg error_ttl: the same for an :exc:`OSError` and for an answer without addresses, by default 1: a
        name that does not exist is not asked for a thousand times a second. Other exceptions are not
        remembered.
    :arg max_entries: answers that are remembered, by default 1000; then the oldest is forgotten.

    Who is cancelled while he waits does not disturb others who asked the same. It may be used from
    several loops at once, and remembers for each loop on its own.
    """

    def initialize(
        self,
        resolver: Resolver | None = None,
        *,
        ttl: float = DEFAULT_TTL,
        error_ttl: float = DEFAULT_ERROR_TTL,
        max_entries: int = DEFAULT_MAX_ENTRIES,
    ) -> None:
        if not (ttl >= 0 and error_ttl >= 0):
            raise ValueError(f"ttl and error_ttl are seconds from 0 on, not {ttl} and {error_ttl}")
        if max_entries < 1:
            raise ValueError(f"max_entries must be 1 or more, not {max_entries}")
        # (Resolver() would be this class again if it is the one that was configured.)
        self.resolver = DefaultLoopResolver() if resolver is None else resolver
        self.ttl = ttl
        self.error_ttl = error_ttl
        self.max_entries = max_entries
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget everything, for instance because the network is another one now. From any thread."""
        with self._lock:
            self._memories: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Memory]
            self._memories = weakref.WeakKeyDictionary()
            self._flights = Flights[Question, Answer]()

    def close(self) -> None:
        self.clear()
        self.resolver.close()

    async def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[Address]:
        loop = asyncio.get_running_loop()
        memory = self._memory_of(loop)
        question = host, port, family
        answer = memory.recall(question, loop.time())
        if answer is None:
            flights = self._flights
            answer = await flights.join(question, lambda: self._learn(loop, memory, question))
        if answer.error is not None:
            raise another(answer.error)
        return list(answer.addresses)

    def _memory_of(self, loop: asyncio.AbstractEventLoop) -> Memory:
        with self._lock:
            memory = self._memories.get(loop)
            if memory is None:
                memory = self._memories[loop] = Memory(self.max_entries)
            return memory

    async def _learn(
        self, loop: asyncio.AbstractEventLoop, memory: Memory, question: Question
    ) -> Answer:
        addresses: tuple[Address, ...] = ()
        problem: OSError | None = None
        try:
            addresses = tuple(await self.resolver.resolve(*question))  # type: ignore[arg-type]
        except OSError as error:
            problem = another(error)
        now = loop.time()
        answer = Answer(addresses, problem, now + (self.ttl if addresses else self.error_ttl))
        memory.learn(question, answer, now)
        return answer


def another(error: OSError) -> OSError:
    """An exception like ``error``. (A remembered one that is raised would hold the frames of who asked.)"""
    try:
        return copy.copy(error)
    except Exception:  # its class wants other arguments than it keeps
        return OSError(error.errno, str(error)) if error.errno else OSError(str(error))
