""":class:`Watch`: looks once a second how workers are, and whether they have served for long enough."""

import asyncio
import os
from collections.abc import Callable
from typing import Final, Protocol

from .processes import reap_strangers
from .service_manager import ServiceManager
from .settings import Settings
from .slot import Slot
from .state import Status, WorkerState
from .worker import Worker

INTERVAL: Final = 1.0
"""Seconds between two looks."""

LATE: Final = 2.0
"""Seconds that this may be late itself. If it is later nobody was listened to, and nobody can be said to be silent."""


class House(Protocol):
    """What is asked of the supervisor."""

    settings: Settings
    slots: dict[int, Slot]
    workers: set[Worker]
    manager: ServiceManager

    @property
    def status(self) -> Status:
        """All that is known."""
        ...

    @property
    def is_well(self) -> bool:
        """Whether somebody serves, or nobody should."""
        ...


class Watch:
    """Has workers replaced by what their beats tell, or that there are none.

    :arg recycle: called for a slot whose worker is to be replaced, with why.
    """

    def __init__(self, house: House, recycle: Callable[[Slot, str], object]) -> None:
        self._house = house
        self._recycle = recycle

    async def run(self) -> None:
        """Do so until this is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + INTERVAL
            await asyncio.sleep(INTERVAL)
            now = loop.time()
            if now - due > LATE:
                for worker in self._house.workers:
                    worker.heard_at = now
            self._look(now)
            if os.getpid() == 1:
                reap_strangers()
            self._house.manager.look(self._house.status, self._house.is_well)

    def _look(self, now: float) -> None:
        limit = self._house.settings.worker_timeout
        for worker in list(self._house.workers):
            silent = now - worker.heard_at
            if limit and silent > limit and worker.state is not WorkerState.STARTING:
                worker.give_up(f"has said nothing for {silent:.0f} seconds")
        for slot in list(self._house.slots.values()):
            if slot.current is not None and slot.is_served and now >= slot.spare_until:
                why = self._enough(slot.current, slot.lottery)
                if why:
                    self._recycle(slot, why)

    def _enough(self, worker: Worker, lottery: float) -> str:
        """Why a worker has served for long enough; empty if it has not."""
        settings = self._house.settings
        if 0 < settings.max_requests * lottery <= worker.requests:
            return f"has answered {worker.requests} requests"
        if 0 < settings.max_age * lottery <= worker.served_for:
            return f"has served for {worker.served_for:.0f} seconds"
        if 0 < settings.max_memory * lottery <= worker.memory:
            return f"uses {worker.memory / 2**20:.0f} MiB of memory"
        return ""
