"""What the service manager is told, as sd_notify(3) has it."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tornadolike.log import Seldom, gen_log
from tornadolike.netutil import notify, notify_service_manager, watchdog_seconds


@pytest.fixture(params=["file", "abstract"])
def manager(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The socket of a service manager."""
    name = str(tmp_path / "notify")
    if request.param == "abstract":
        name = f"@tornadolike-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(name.replace("@", "\0"))
        sock.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        yield sock


def test_what_is_told_arrives_in_one_datagram(manager: socket.socket) -> None:
    assert notify_service_manager(READY="1", STATUS="Serving on port 8888, née")
    assert manager.recv(1000).decode() == "READY=1\nSTATUS=Serving on port 8888, née"
    assert notify_service_manager(STOPPING="1")
    assert manager.recv(1000) == b"STOPPING=1"


def test_without_a_manager_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify_service_manager(READY="1")
    monkeypatch.setenv("NOTIFY_SOCKET", "")
    assert not notify_service_manager(READY="1")


@pytest.mark.parametrize("name", ["nobody", "n" * 200])
def test_a_manager_that_is_not_there(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expect_log: Any
) -> None:
    """The program goes on; what it tells often is no reason for a line each time."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / name))
    monkeypatch.setattr(notify, "_troubles", Seldom(gen_log))
    with expect_log("tornadolike.general", "service manager at .* is not to be reached", count=1):
        assert not notify_service_manager(READY="1")
        assert not notify_service_manager(WATCHDOG="1")


def test_a_manager_that_has_no_room(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch, expect_log: Any
) -> None:
    monkeypatch.setattr(notify, "SEND_TIMEOUT", 0.01)
    monkeypatch.setattr(notify, "_troubles", Seldom(gen_log))
    told = 0
    with expect_log("tornadolike.general", "not to be reached: timed out", count=1):
        while notify_service_manager(STATUS="x" * 1000):
            told += 1
            assert told < 100_000
    assert told


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "nothing to tell"),
        ({"ready": "1"}, "'ready' is no name of a field"),
        ({"A=B": "1"}, "'A=B' is no name of a field"),
        ({"READY": ""}, "the value of READY is one line of text, not ''"),
        ({"STATUS": "a\nREADY=1"}, "the value of STATUS is one line"),
    ],
)
def test_what_cannot_be_told(fields: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        notify_service_manager(**fields)


@pytest.fixture
def watchdog(monkeypatch: pytest.MonkeyPatch) -> Any:
    def set_variables(interval: str | None, process: str | None = None) -> None:
        for name, value in {"WATCHDOG_USEC": interval, "WATCHDOG_PID": process}.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)

    return set_variables


def test_the_watchdog(watchdog: Any) -> None:
    watchdog("2500000")
    assert watchdog_seconds() == 2.5
    watchdog("30000000", str(os.getpid()))
    assert watchdog_seconds() == 30.0


def test_no_watchdog(watchdog: Any) -> None:
    watchdog(None)
    assert watchdog_seconds() is None
    watchdog("2500000", str(os.getppid()))  # it watches another process
    assert watchdog_seconds() is None


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        (("soon",), "WATCHDOG_USEC is 'soon'"),
        (("0",), "WATCHDOG_USEC is '0'"),
        (("-1",), "WATCHDOG_USEC is '-1'"),
        (("1000000", "me"), "WATCHDOG_PID is 'me'"),
    ],
)
def test_a_watchdog_that_makes_no_sense(watchdog: Any, variables: Any, text: str) -> None:
    watchdog(*variables)
    with pytest.raises(ValueError, match=text):
        watchdog_seconds()
