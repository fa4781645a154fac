""":class:`LoopLag`: how late a loop is, for a few microseconds each second."""

import asyncio
from typing import Final, Self

from ..util import check_numbers

INTERVAL: Final = 0.25
"""Seconds from one look at the clock to the next."""


class LoopLag:
    """Measures how late the running loop gets to what is due: a timer that looks how late it is called itself.

    It sees what keeps the loop (code that computes, or waits for something without ``await``), and what keeps the
    process from running at all. What keeps the loop for less than ``interval`` it may miss, in part or entirely, as
    that may lie between two of its looks. :meth:`.IOLoop.stats` measures each turn, and costs each turn something.

    :arg interval: seconds between two looks.

    Raises :exc:`ValueError` for what is no time, and :exc:`RuntimeError` where no loop is running.
    """

    def __init__(self, interval: float = INTERVAL) -> None:
        check_numbers(interval=interval)
        if not 0.001 <= interval < 3600:
            raise ValueError(f"the interval is 0.001 to 3600 seconds, not {interval!r}")
        self._loop = asyncio.get_running_loop()
        self._interval = interval
        self._worst = 0.0
        self._wait()

    def worst(self) -> float:
        """How late the loop was at worst since this was last called, in seconds; what goes on yet counts as well."""
        worst = max(self._worst, self._late())
        self._worst = 0.0
        return worst

    def close(self) -> None:
        """Measure no more. Idempotent."""
        self._timer.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _late(self) -> float:
        return max(0.0, self._loop.time() - self._due)

    def _look(self) -> None:
        self._worst = max(self._worst, self._late())
        self._wait()

    def _wait(self) -> None:
        self._due = self._loop.time() + self._interval
        self._timer = self._loop.call_at(self._due, self._look)
