"""When the next request is due."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Pace:
    """What all connections of a run have in common: how much is still to be asked, and when.

    :arg time: a clock, in seconds.
    :arg count: of requests, None for as many as there is time for.
    :arg rate: requests in a second, None for as many as are answered.
    """

    time: Callable[[], float]
    count: int | None = None
    rate: float | None = None
    asked: int = 0
    start: float = 0.0

    def begin(self) -> None:
        """The time runs."""
        self.start = self.time()

    def take(self) -> float | None:
        """When the next request is due; None if all have been taken. Without a rate each is due when it is taken."""
        if self.count is not None and self.asked >= self.count:
            return None
        due = self.time() if self.rate is None else self.start + self.asked / self.rate
        self.asked += 1
        return due
