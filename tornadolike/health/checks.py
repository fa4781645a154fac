""":class:`Check`: a function that tells whether something is well, and is asked seldom, by however many.

Those who ask are machines that ask all the time, and mostly several of them. So what a check has found out is good for
a moment; while it is at work all wait for the same answer; and none waits longer than its time-out.
"""

import asyncio
import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ..concurrent import Flight
from ..log import app_log

MEMORY: Final = 1.0
"""Seconds for which a result is good, of a check that is not repeated by itself."""

GRACE: Final = 1.0
"""Seconds that a check may take to end when its time is over."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a check has found out."""

    passed: bool
    error: str
    """What is wrong; empty if nothing is."""
    seconds: float
    """How long it took."""
    when: float
    """When it was known, as :func:`time.time` has it."""


class Check:
    """A function that tells whether something is well.

    The arguments are those of :meth:`.Health.check`.
    """

    def __init__(
        self,
        name: str,
        function: Callable[[], Any],
        timeout: float,
        critical: bool,
        every: float | None,
    ) -> None:
        self.name = name
        self.critical = critical
        self.every = every
        self._function = function
        self._timeout = timeout
        # One that is repeated is late when it had its time and the next did, too: then nobody repeats it.
        self._good_for = MEMORY if every is None else every + timeout + GRACE
        self._flight: Flight[Result] | None = None
        """The work that was begun last."""
        self._last: Result | None = None
        self._last_time = 0.0

    async def result(self) -> Result:
        """What was found out a moment ago, or is now."""
        last = self._last
        if last is not None and time.monotonic() - self._last_time < self._good_for:
            return last
        return await self._look()

    async def repeat(self) -> None:
        """Look every so many seconds, until somebody cancels this."""
        assert self.every is not None
        while True:
            await self._look()
            await asyncio.sleep(self.every)

    async def end(self) -> None:
        """Cancel what is at work."""
        flight = self._flight
        if flight is not None:
            flight.task.cancel()
            await flight.wait(GRACE)

    async def _look(self) -> Result:
        flight = self._flight
        loop = asyncio.get_running_loop()
        if flight is None or flight.task.done() or flight.task.get_loop() is not loop:
            # It lands though nobody may wait any more: those who asked are disturbed by nobody who leaves.
            flight = self._flight = Flight(loop.create_task(self._work()), must_land=True)
        if await flight.wait(self._timeout + GRACE):
            return flight.task.result()
        # It was cancelled and does not care. It is not begun a second time beside that, and nobody waits for it.
        return self._known(f"it does not end, {self._timeout + GRACE:g} seconds after it began", 0)

    async def _work(self) -> Result:
        started = time.monotonic()
        error = ""
        try:
            async with asyncio.timeout(self._timeout) as limit:
                answer = self._function()
                if inspect.isawaitable(answer):
                    answer = await answer
            if answer is False:
                error = "it says no"
        except TimeoutError as failure:
            error = _said(failure)
            if limit.expired():
                error = f"it took longer than {self._timeout:g} seconds"
        except asyncio.CancelledError as failure:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            error = _said(failure)  # what it waited for was cancelled
        except Exception as failure:
            error = _said(failure)
        return self._known(error, time.monotonic() - started)

    def _known(self, error: str, seconds: float) -> Result:
        """Keep what is known, and tell the log if it is news."""
        before = self._last is None or self._last.passed
        self._last = result = Result(not error, error, seconds, time.time())
        self._last_time = time.monotonic()
        if before and error:
            app_log.warning("The health check %s fails: %s", self.name, error)
        elif not before and not error:
            app_log.warning("The health check %s passes again", self.name)
        return result


def _said(error: BaseException) -> str:
    """An exception, as a line says it."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
