""":class:`Slot`: has a worker in it, and another one when that has ended."""

import asyncio
import random
from typing import Final, Protocol

from ..log import gen_log
from ..programs.failing import Failure
from ..programs.reports import Report
from .hiring import Source, settled
from .state import WorkerState
from .worker import Worker

FIRST_PAUSE: Final = 0.5
"""Seconds before a worker that has failed twice is tried for the third time; from then on twice as long each time."""

LONGEST_PAUSE: Final = 30.0

SECONDS_WELL: Final = 60.0
"""What a worker has to serve for, for its end to count as the first one again."""

JITTER: Final = 0.1
"""How much of each limit is left to chance, so that not all workers reach it at once."""


class Staff(Protocol):
    """What a slot asks of the supervisor."""

    @property
    def source(self) -> Source:
        """Where workers come from at this time."""
        ...

    async def hire(self, source: Source, number: int) -> Worker:
        """Start one for a slot. Raises :exc:`.Failure` or :exc:`OSError` if there can be none."""
        ...


class Slot:
    """A place for one worker, with a number.

    :arg start_seconds: what a worker may take to serve.
    :arg drain_seconds: what requests may take when it is to end.
    """

    def __init__(
        self, number: int, staff: Staff, start_seconds: float, drain_seconds: float
    ) -> None:
        self.number = number
        self.current: Worker | None = None
        """Who serves here."""
        self.lottery = 1.0
        """By which the limits of the current worker are multiplied."""
        self.failure: Report | None = None
        """Why nobody could serve here, when it was last tried."""
        self.spare_until = 0.0
        """The loop's time until which the current worker is not to be replaced though it has served for long enough."""
        self._staff = staff
        self._start_seconds = start_seconds
        self._drain_seconds = drain_seconds
        self._failures = 0
        self._renewing = asyncio.Lock()

    @property
    def is_served(self) -> bool:
        return self.current is not None and self.current.state is WorkerState.READY

    async def keep(self) -> None:
        """Have a worker here until this is cancelled. Others go on meanwhile."""
        while True:
            while self.is_served:
                assert self.current is not None
                await self.current.leaving.wait()
            await asyncio.sleep(self._pause())
            async with self._renewing:
                if not self.is_served:
                    await self._renew(self._staff.source)

    async def renew(self, source: Source) -> bool:
        """Have another worker in the place of the one that is here, which ends when the other serves.

        Returns whether that was so; if not, all is as before.
        """
        async with self._renewing:
            return await self._renew(source)

    async def _renew(self, source: Source) -> bool:
        worker = await self._new(source)
        if worker is None:
            return False
        before, self.current = self.current, worker
        self.lottery = 1.0 - random.random() * JITTER  # noqa: S311 (nothing secret)
        if before is not None:
            before.drain(self._drain_seconds)
        return True

    async def _new(self, source: Source) -> Worker | None:
        try:
            worker = await self._staff.hire(source, self.number)
        except (Failure, OSError) as error:
            self.failure = Report(str(error))
            gen_log.error("worker %d cannot be started: %s", self.number, error)
            return None
        if await settled(worker, self._start_seconds):
            took = worker.ready_at - worker.started_at
            gen_log.info("worker %d (pid %d) is ready after %.2f s", self.number, worker.pid, took)
            self.failure = None
            return worker
        self.failure = worker.failure or Report(worker.how_it_ended)
        return None

    def _pause(self) -> float:
        """How long to wait for the next one."""
        worker = self.current
        if worker is not None and worker.served_for > SECONDS_WELL:
            self._failures = 0
        self.current = None
        self._failures += 1
        if self._failures == 1:
            return 0.0
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._failures - 2, 10))
