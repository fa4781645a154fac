"""Who does what when, with workers that are not there. Processes are in test_running."""

import asyncio
import logging
import os
import signal

import pytest

from tests.running import on_jumping_clock, turns
from tests.workers.fakes import FakeSource, fails, hangs, ready
from tornadolike.programs.failing import Failure
from tornadolike.workers import Settings
from tornadolike.workers.figures import FiguresFolder
from tornadolike.workers.state import WorkerState
from tornadolike.workers.supervisor import SECONDS_OF_ONE_WISH, Supervisor


class NoListening:
    addresses = ("http://127.0.0.1:8888",)

    def __init__(self):
        self.left = []
        self.is_closed = False

    def of_slot(self, number):
        return ()

    def leave(self, number):
        self.left.append(number)

    def close(self):
        self.is_closed = True


class Supervised(Supervisor):
    """Its workers are fakes."""

    def __init__(self, *deeds, workers=2):
        self.hirer = FakeSource(deeds=deeds)
        self.listening = NoListening()
        self.figures = FiguresFolder()
        settings = Settings(application="a:b", workers=workers)
        super().__init__(settings, self.listening, self.figures)
        self.running = asyncio.create_task(self.run())

    def new_source(self, generation):
        return self.hirer

    async def over(self):
        """End all workers, and wait for the end."""
        while not self.running.done():
            await asyncio.sleep(0.1)
            for worker in list(self.workers):
                worker.process.end(0)
        self.figures.remove()


@pytest.fixture(autouse=True)
def signals():
    """What signals did before they do again."""
    numbers = (*(signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP),)
    numbers += (signal.SIGUSR1, signal.SIGTTIN, signal.SIGTTOU)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@on_jumping_clock
async def test_from_the_first_worker_to_the_last():
    supervisor = Supervised()
    await asyncio.sleep(5.0)
    status = supervisor.status
    assert [worker.number for worker in status.workers] == [1, 2]
    assert (status.wanted, status.restarts, status.stopping) == (2, 0, False)
    assert supervisor.is_well
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(0.1)
    assert supervisor.status.stopping
    assert supervisor.listening.is_closed
    assert {worker.state for worker in supervisor.workers} == {WorkerState.DRAINING}
    assert [worker.channel.sent[-1]["seconds"] for worker in supervisor.workers] == [30.0, 30.0]
    await supervisor.over()
    assert supervisor.running.exception() is None


@on_jumping_clock
async def test_the_second_wish_is_another_one_only_behind_a_moment(expect_log):
    with expect_log("tornadolike.general", "Ending all workers at once", logging.WARNING):
        supervisor = Supervised()
        await asyncio.sleep(1.0)
        workers = list(supervisor.workers)
        supervisor.stop()
        supervisor.stop()
        await asyncio.sleep(SECONDS_OF_ONE_WISH + 0.1)
        assert [worker.process.signals for worker in workers] == [[], []]
        supervisor.stop()
        assert [worker.process.signals for worker in workers] == [[signal.SIGKILL]] * 2
        await supervisor.over()


@on_jumping_clock
async def test_quickly():
    supervisor = Supervised()
    await asyncio.sleep(1.0)
    supervisor.stop()
    await turns(10)
    supervisor.stop_quickly()
    said = [[order["seconds"] for order in one.channel.sent] for one in supervisor.workers]
    assert said == [[30.0, 0.0]] * 2
    await supervisor.over()


@on_jumping_clock
async def test_if_nobody_can_start_there_is_no_site():
    supervisor = Supervised(fails, fails)
    with pytest.raises(Failure, match="has ended by itself, with status 1"):
        await supervisor.running
    assert supervisor.listening.is_closed
    supervisor.figures.remove()


@on_jumping_clock
async def test_if_one_can_the_other_is_tried_again(expect_log):
    with expect_log("tornadolike.general", "has ended by itself, with status 1", logging.ERROR):
        supervisor = Supervised(ready, fails)
        await asyncio.sleep(5.0)
        assert [worker.state for worker in supervisor.status.workers] == [WorkerState.READY] * 2
        supervisor.stop()
        await supervisor.over()


@on_jumping_clock
async def test_who_has_crashed_is_told_of(expect_log):
    with expect_log("tornadolike.general", "was killed by SIGSEGV", logging.ERROR):
        supervisor = Supervised()
        await asyncio.sleep(1.0)
        next(iter(supervisor.workers)).process.end(-signal.SIGSEGV)
        await asyncio.sleep(1.0)
        assert supervisor.status.restarts == 1
        assert supervisor.status.last_end.endswith("was killed by SIGSEGV")
        assert len(supervisor.workers) == 2
        supervisor.stop()
        await supervisor.over()


@on_jumping_clock
async def test_one_more_and_one_less(expect_log):
    with expect_log("tornadolike.general", "The last worker stays", logging.WARNING):
        supervisor = Supervised(workers=1)
        await asyncio.sleep(1.0)
        supervisor.add_worker()
        await asyncio.sleep(1.0)
        assert supervisor.status.wanted == 2
        assert len(supervisor.workers) == 2
        supervisor.remove_worker()
        assert supervisor.listening.left == [2]
        [draining] = [one for one in supervisor.workers if one.state is WorkerState.DRAINING]
        draining.process.end(0)
        supervisor.remove_worker()
        await asyncio.sleep(20.0)
        assert [worker.number for worker in supervisor.workers] == [1]
        supervisor.stop()
        await supervisor.over()


@on_jumping_clock
async def test_the_end_comes_while_it_begins():
    supervisor = Supervised(hangs, hangs)
    await asyncio.sleep(1.0)
    workers = list(supervisor.workers)
    supervisor.stop()
    await asyncio.sleep(0.1)
    assert [worker.process.signals[0] for worker in workers] == [signal.SIGTERM] * 2
    await supervisor.over()
    assert supervisor.running.exception() is None


@on_jumping_clock
async def test_a_fault_of_its_own_ends_it(expect_log, monkeypatch):
    with expect_log("tornadolike.general", "The supervisor has a fault", logging.CRITICAL):
        supervisor = Supervised()
        await asyncio.sleep(1.0)
        monkeypatch.setattr(supervisor.manager, "look", None)
        await asyncio.sleep(2.0)
        assert {worker.state for worker in supervisor.workers} == {WorkerState.DRAINING}
        await supervisor.over()
        assert isinstance(supervisor.running.exception(), TypeError)
