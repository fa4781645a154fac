""":class:`Turnover`: workers are replaced while others serve, one at a time."""

import asyncio
from typing import Protocol

from ..log import gen_log
from ..programs.failing import Failure
from .hiring import Source
from .service_manager import ServiceManager
from .slot import Slot
from .worker import Worker

SECONDS_BEFORE_ANOTHER_TRY = 30.0
"""How long a worker whose replacement has failed is left alone."""


class House(Protocol):
    """What is asked of the supervisor."""

    source: Source
    slots: dict[int, Slot]
    manager: ServiceManager

    def new_source(self, generation: int) -> Source:
        """Where workers of a generation come from."""
        ...


class Turnover:
    """Replaces workers: all of them by those of a new generation, or single ones that have served for long enough."""

    def __init__(self, house: House) -> None:
        self.is_reloading = False
        self._house = house
        self._wanted = asyncio.Event()
        self._wants_reload = False
        self._due: dict[Slot, tuple[Worker, str]] = {}
        self._generation = house.source.generation

    def reload(self) -> None:
        """Have all replaced. If that goes on already: once more behind it."""
        self._wants_reload = True
        self._wanted.set()

    def recycle(self, slot: Slot, why: str) -> None:
        """Have the worker replaced that is there."""
        if slot.current is not None:
            self._due[slot] = slot.current, why
            self._wanted.set()

    async def run(self) -> None:
        """Do what is wanted, until this is cancelled."""
        while True:
            await self._wanted.wait()
            if self._wants_reload:
                self._wants_reload = False
                await self._reload()
            elif self._due:
                slot, (worker, why) = self._due.popitem()
                await self._recycle(slot, worker, why)
            else:
                self._wanted.clear()

    async def _recycle(self, slot: Slot, worker: Worker, why: str) -> None:
        if slot.current is not worker or slot.number not in self._house.slots:
            return  # it was replaced meanwhile, or is not wanted any more
        gen_log.info("worker %d (pid %d) %s: it is replaced", slot.number, worker.pid, why)
        if not await slot.renew(self._house.source):
            slot.spare_until = asyncio.get_running_loop().time() + SECONDS_BEFORE_ANOTHER_TRY
            gen_log.error("worker %d goes on, as no other can be started", slot.number)

    async def _reload(self) -> None:
        house = self._house
        self._generation += 1
        gen_log.info("Reloading: generation %d", self._generation)
        self.is_reloading = True
        house.manager.reloading()
        before, source = house.source, house.new_source(self._generation)
        try:
            await source.prepare()
            await self._replace_all(source)
        except Failure as failure:
            gen_log.error("The reload has failed, and what was there goes on: %s", failure.text)
        finally:
            self.is_reloading = False
            house.manager.ready()
            (source if house.source is before else before).retire()

    async def _replace_all(self, source: Source) -> None:
        """Raises :exc:`.Failure` if none could be replaced."""
        house = self._house
        slots = list(house.slots.values())
        for done, slot in enumerate(slots):
            if house.slots.get(slot.number) is not slot:
                continue  # it is not wanted any more
            if not await slot.renew(source):
                assert slot.failure is not None
                if house.source is not source:
                    raise Failure(slot.failure.summary)
                gen_log.error(
                    "The reload has stopped after %d of %d workers: %s",
                    done,
                    len(slots),
                    slot.failure.summary,
                )
                return
            house.source = source
        gen_log.info("All workers are of generation %d", source.generation)
