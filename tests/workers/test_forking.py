"""A template, and those who are forked from it."""

import asyncio
import logging
import signal

import pytest

from tests.programs.commands import ROOT, write
from tests.running import run_on, turns
from tornadolike.ioloop import IOLoop
from tornadolike.netutil import bind_sockets
from tornadolike.programs.failing import Failure
from tornadolike.workers import Settings
from tornadolike.workers.forking import Forks
from tornadolike.workers.hiring import settled

pytestmark = [pytest.mark.once, pytest.mark.production, pytest.mark.timeout(180)]


@pytest.fixture
def forks(tmp_path, monkeypatch):
    write(tmp_path / "a.py", "from tornadolike.web import Application\napp = Application()\n")
    monkeypatch.chdir(tmp_path)
    return Forks(Settings(application="a:app"), 1, {"PYTHONPATH": str(ROOT)})


def run(main):
    run_on(lambda: IOLoop(make_current=False), asyncio.wait_for(main(), 150))


async def over(forks):
    template = forks._template
    forks.retire()
    await asyncio.wait([template._process.ended])
    await turns()


def test_who_is_given_up_while_he_is_forked_is_not_taken_for_the_next(forks):
    async def main():
        await forks.prepare()
        sockets = bind_sockets(0, "127.0.0.1")
        given_up = asyncio.create_task(forks.hire(1, sockets, lambda worker: None))
        await asyncio.sleep(0)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        worker = await forks.hire(2, sockets, lambda worker: None)
        assert await settled(worker, 60.0)
        worker.drain(5.0)
        assert await worker.ended == 0
        for sock in sockets:
            sock.close()
        await over(forks)  # who was given up has found nobody, and has ended

    run(main)


def test_a_template_that_dies_while_it_is_asked(forks, expect_log):
    async def main():
        await forks.prepare()
        forks._template._process.send_signal(signal.SIGSTOP)
        hiring = asyncio.create_task(forks.hire(1, [], lambda worker: None))
        await asyncio.sleep(0)
        forks._template._process.send_signal(signal.SIGKILL)
        with pytest.raises(Failure, match="the template was killed by SIGKILL"):
            await hiring

    with expect_log("tornadolike.general", "the template was killed by SIGKILL", logging.ERROR):
        run(main)


def test_what_cannot_be_loaded(forks, tmp_path):
    write(tmp_path / "a.py", "1 / 0")

    async def main():
        with pytest.raises(Failure, match="ZeroDivisionError") as raised:
            await forks.prepare()
        assert raised.value.status == 1

    run(main)
