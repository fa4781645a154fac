""":class:`Supervisor`: starts the workers, and looks after them until somebody says that it is enough."""

import asyncio
import os
import signal
import time
from collections.abc import Coroutine
from typing import Any, Final

from tornadolike import __version__

from ..log import gen_log
from ..log.reopening import reopen_log_files
from .figures import FiguresFolder
from .forking import Forks
from .hiring import FreshProcesses, Source, failure_of
from .listening import Listening
from .service_manager import ServiceManager
from .settings import Settings
from .slot import Slot
from .state import Status, WorkerState
from .turnover import Turnover
from .watching import Watch
from .worker import Worker

SECONDS_OF_ONE_WISH: Final = 0.5
"""Within which a second signal to stop is the first one again: timeout(1), for one, sends it to us and to our group."""


class Supervisor:
    """Serves an application by workers.

    :arg listening: what they serve on; it is closed at the end.
    :arg figures: where they count.
    """

    def __init__(self, settings: Settings, listening: Listening, figures: FiguresFolder) -> None:
        self.settings = settings
        self.manager = ServiceManager()
        self._figures = figures
        self.slots: dict[int, Slot] = {}
        self.workers: set[Worker] = set()
        """All that have not ended."""
        self.source: Source = self.new_source(1)
        self._listening = listening
        self._addresses = listening.addresses
        self._keeping: dict[int, asyncio.Task[None]] = {}
        self._stop = asyncio.Event()
        self._drain_seconds = settings.drain_seconds
        self._stop_at = 0.0
        self._fault: BaseException | None = None
        self._started = time.time()
        self._restarts = 0
        self._last_end = ""
        self._turnover = Turnover(self)

    async def run(self) -> None:
        """Do so until a signal comes. Raises :exc:`.Failure` if no worker can be started."""
        self._listen_to_signals()
        watching = self._begin(Watch(self, self._turnover.recycle).run())
        turning = self._begin(self._turnover.run())
        try:
            if await self._unless_stopped(self._start()):
                self._tell_served()
                await self._stop.wait()
        finally:
            self.manager.stopping()
            await _cancelled(turning, *self._keeping.values())
            await self._end()
            await _cancelled(watching)
        if self._fault is not None:
            raise self._fault

    # The beginning

    async def _start(self) -> None:
        await self.source.prepare()
        self.slots = {
            number: self._new_slot(number)
            for number in range(1, self.settings.number_of_workers + 1)
        }
        slots = list(self.slots.values())
        async with asyncio.TaskGroup() as group:
            tries = [group.create_task(self._try(slot)) for slot in slots]
        if not any(one.result() for one in tries):
            report = slots[0].failure
            assert report is not None
            raise failure_of(report)
        for slot in slots:
            self._keep(slot)

    async def _try(self, slot: Slot) -> bool:
        if not await slot.renew(self.source):
            return False
        self._keep(slot)
        return True

    async def _unless_stopped(self, work: Coroutine[Any, Any, None]) -> bool:
        """Whether it came to its end before somebody wanted this one's."""
        working = asyncio.create_task(work)
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
                return True
            return False
        finally:
            working.cancel()
            stopping.cancel()
            await asyncio.wait([working, stopping])

    def _tell_served(self) -> None:
        gen_log.info(
            "%s is served on %s by %d workers",
            self.settings.application,
            ", ".join(self._addresses),
            len(self.slots),
        )
        self.manager.ready()

    def new_source(self, generation: int) -> Source:
        """Where workers of a generation come from."""
        kind = Forks if self.settings.preload else FreshProcesses
        return kind(self.settings, generation, self._figures.environment)

    def _new_slot(self, number: int) -> Slot:
        return Slot(number, self, self.settings.start_timeout, self.settings.drain_seconds)

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do this beside all else. It ends when it is cancelled; a fault of ours must not end it quietly."""
        task = asyncio.create_task(work)
        task.add_done_callback(self._is_over)
        return task

    def _is_over(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (fault := task.exception()) is not None:
            gen_log.critical("The supervisor has a fault, and stops", exc_info=fault)
            self._fault = fault
            self._stop.set()

    def _keep(self, slot: Slot) -> None:
        if slot.number not in self._keeping:
            self._keeping[slot.number] = self._begin(slot.keep())

    async def hire(self, source: Source, number: int) -> Worker:
        """Start a worker for a slot. Raises :exc:`.Failure` or :exc:`OSError` if there can be none."""
        worker = await source.hire(number, self._listening.of_slot(number), self._gone)
        self.workers.add(worker)
        return worker

    # The end

    async def _end(self) -> None:
        # Before the workers close theirs: behind the last of them nobody can be waiting who is not answered.
        self._listening.close()
        for worker in self.workers:
            worker.drain(self._drain_seconds)
        while self.workers:
            await asyncio.wait([worker.ended for worker in self.workers])
        self.source.retire()

    def _gone(self, worker: Worker) -> None:
        self.workers.discard(worker)
        self._figures.forget(worker.pid)
        slot = self.slots.get(worker.number)
        if slot is None or slot.current in (None, worker):
            self._figures.nobody_in(worker.number)
        if worker.was_told_to_end and not worker.trouble:
            gen_log.info("worker %d (pid %d) has ended", worker.number, worker.pid)
            return
        if not self._keeping:
            return  # why there is nobody is told once, as the reason why there can be no site
        self._restarts += 1
        self._last_end = worker.how_it_ended
        details = worker.failure.way if worker.failure is not None else ""
        gen_log.error("%s%s", self._last_end, f"\n{details.rstrip()}" if details else "")

    # Signals

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number, function in {
            signal.SIGTERM: self.stop,
            signal.SIGINT: self.stop,
            signal.SIGQUIT: self.stop_quickly,
            signal.SIGHUP: self._turnover.reload,
            signal.SIGUSR1: self.reopen,
            signal.SIGTTIN: self.add_worker,
            signal.SIGTTOU: self.remove_worker,
        }.items():
            loop.add_signal_handler(number, function)

    def stop(self) -> None:
        """Drain all workers, and end. The second time: end them at once."""
        now = asyncio.get_running_loop().time()
        if not self._stop.is_set():
            gen_log.info("Stopping: %d workers drain", len(self.workers))
            self._stop_at = now
            self._stop.set()
        elif now - self._stop_at > SECONDS_OF_ONE_WISH:
            gen_log.warning("Ending all workers at once")
            for worker in self.workers:
                worker.kill()

    def stop_quickly(self) -> None:
        """End, without waiting for requests."""
        self._drain_seconds = 0.0
        if self._stop.is_set():
            for worker in self.workers:
                worker.drain(0.0)
        else:
            gen_log.info("Stopping quickly")
            self._stop_at = asyncio.get_running_loop().time()
            self._stop.set()

    def reopen(self) -> None:
        """Have all processes open their log files anew."""
        gen_log.info("Opening log files anew")
        reopen_log_files()
        self.source.reopen()
        for worker in self.workers:
            worker.tell("reopen")

    def add_worker(self) -> None:
        """Have one more."""
        number = max(self.slots, default=0) + 1
        self.slots[number] = self._new_slot(number)
        self._keep(self.slots[number])
        gen_log.info("%d workers are wanted", len(self.slots))

    def remove_worker(self) -> None:
        """Have one less, if there are several."""
        if len(self.slots) < 2:
            gen_log.warning("The last worker stays")
            return
        number, slot = max(self.slots.items())
        del self.slots[number]
        self._keeping.pop(number).cancel()
        self._listening.leave(number)
        if slot.current is not None:
            slot.current.drain(self.settings.drain_seconds)
        gen_log.info("%d workers are wanted", len(self.slots))

    # What is known

    @property
    def is_stopping(self) -> bool:
        return self._stop.is_set()

    @property
    def is_well(self) -> bool:
        """Whether somebody serves, or nobody should."""
        return self.is_stopping or any(worker.state is WorkerState.READY for worker in self.workers)

    @property
    def status(self) -> Status:
        """All that is known."""
        workers = sorted(self.workers, key=lambda worker: (worker.number, worker.started_at))
        return Status(
            self.settings.application,
            self._addresses,
            __version__,
            os.getpid(),
            self._started,
            self.source.generation,
            len(self.slots),
            self._turnover.is_reloading,
            self.is_stopping,
            self._restarts,
            self._last_end,
            tuple(worker.snapshot for worker in workers),
        )


async def _cancelled(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
