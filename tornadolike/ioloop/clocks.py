"""What a loop asks of a clock that is not the real one."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol

Events = list[tuple[int, int]]
Poll = Callable[[float, int], Events]


class Clock(Protocol):
    """A loop that was given one (:meth:`.reactor.Reactor.set_clock`) waits as the clock has it."""

    def time(self) -> float:
        """The time in seconds. It never goes back."""
        ...

    def poll(self, poll: Poll, timeout: float, max_events: int, /) -> Events:
        """What is ready within ``timeout`` of the clock's seconds (negative: for ever).

        ``poll`` asks the kernel, and waits in real seconds.
        """
        ...

    def job_begun(self, job: Future[Any]) -> None:
        """A thread or process works for the loop until ``job`` is done.

        The loop has its own callback at ``job`` already: what it wakes the loop with comes first.
        """
        ...
