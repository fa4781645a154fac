"""What systemd is told."""

import dataclasses
import socket

import pytest

from tornadolike.programs.failing import Failure
from tornadolike.workers.service_manager import ServiceManager, summary
from tornadolike.workers.state import Status, WorkerState, WorkerStatus

STATUS = Status("a:b", ("http://x",), "1", 6, 1.0, 1, 3, False, False, 0, "", ())


def worker(state):
    return WorkerStatus(1, 7, 1, state, 1.5, 2, 3, 1, 0.25, 4096, 2.5)


@pytest.fixture
def told(tmp_path, monkeypatch):
    """What it was told since this was called last."""
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(tmp_path / "notify"))
    manager.setblocking(False)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))

    def read():
        found = []
        while True:
            try:
                found.append(manager.recv(4096).decode())
            except BlockingIOError:
                return found

    with manager:
        yield read


def test_the_times_of_a_life(told):
    manager = ServiceManager()
    manager.ready()
    manager.reloading()
    manager.stopping()
    ready, reloading, stopping = told()
    assert (ready, stopping) == ("READY=1", "STOPPING=1")
    assert reloading.startswith("RELOADING=1\nMONOTONIC_USEC=")


def test_how_it_is_is_told_when_it_changes(told):
    manager = ServiceManager()
    manager.look(STATUS, True)
    manager.look(STATUS, True)
    assert told() == ["STATUS=0 of 3 workers ready"]
    manager.look(dataclasses.replace(STATUS, workers=(worker(WorkerState.READY),)), True)
    assert told() == ["STATUS=1 of 3 workers ready"]


def test_the_watchdog_hears_of_who_is_well(told, monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "3000")
    manager = ServiceManager()
    manager.look(STATUS, False)
    assert "WATCHDOG=1" not in told()
    manager.look(STATUS, True)
    assert "WATCHDOG=1" in told()
    monkeypatch.setenv("WATCHDOG_USEC", "3000000000")
    manager = ServiceManager()
    manager.look(STATUS, True)
    manager.look(STATUS, True)
    assert told().count("WATCHDOG=1") == 1


def test_what_makes_no_sense(monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "soon")
    with pytest.raises(Failure, match="WATCHDOG_USEC is 'soon'"):
        ServiceManager()


def test_a_line_for_people():
    workers = tuple(worker(state) for state in WorkerState)
    status = dataclasses.replace(STATUS, workers=workers, restarts=4)
    assert summary(status) == (
        "1 of 3 workers ready, 1 starting, 1 draining, 4 replaced behind a failure"
    )
