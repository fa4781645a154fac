"""The units: systemd finds nothing wrong in them, and the site does under them what they say of it."""

from __future__ import annotations

import configparser
import contextlib
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import read_all
from tests.deploy import programs
from tests.deploy.programs import FILES, PATIENCE, TORNADOLIKE, Program

pytestmark = [pytest.mark.once, pytest.mark.production, pytest.mark.timeout(240)]

UNITS = FILES / "systemd"
BECOME = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Hands a socket on as descriptor 3, as systemd does."""
REQUEST = b"GET / HTTP/1.1\r\nHost: site.example\r\nConnection: close\r\n\r\n"


def unit(name: str, section: str) -> configparser.SectionProxy:
    """A section of a unit, in which each key stands once."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((UNITS / name).read_text())
    return parser[section]


@pytest.fixture
def copies(tmp_path: Path) -> list[Path]:
    """The units, with a program that is on this machine."""
    for source in UNITS.iterdir():
        text = source.read_text().replace("/srv/site/env/bin/tornadolike", "/bin/true")
        (tmp_path / source.name).write_text(text)
    return sorted(tmp_path.iterdir())


def analyze(*arguments: object) -> str:
    """What systemd says."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed: on Debian it is in the package systemd")
    done = subprocess.run(
        [program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        env={**os.environ, "SYSTEMD_PAGER": ""},
    )
    return f"{done.stdout}{done.stderr}status {done.returncode}"


def test_systemd_finds_nothing_wrong(copies: list[Path]) -> None:
    assert analyze("verify", "--man=no", *copies) == "status 0"
    copies[0].write_text(copies[0].read_text() + "\n[Service]\nNoSuchThing=yes\n")
    assert "NoSuchThing" in analyze("verify", "--man=no", copies[0])


def test_there_is_little_that_the_site_may_do(copies: list[Path]) -> None:
    service = next(path for path in copies if path.suffix == ".service")
    said = analyze("security", "--offline=true", "--no-pager", service)
    found = re.search(r"Overall exposure level for site.service: ([\d.]+)", said)
    assert found, said
    assert float(found[1]) < 2  # of 10


def test_no_time_limit_of_the_service_manager_comes_first() -> None:
    service = unit("site.service", "Service")
    assert int(service["TimeoutStopSec"]) > 30  # drain_seconds
    assert service["KillMode"] == "mixed"


class Manager:
    """What systemd does for the site: it listens, starts it, and hears what it says."""

    def __init__(self, folder: Path, log: Path) -> None:
        self._folder = folder
        self._log = log
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(self.path)
        self.listening.listen()
        self._notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notified.bind(str(folder / "notify"))

    @property
    def path(self) -> str:
        return str(self._folder / "site.sock")

    def start(self) -> Program:
        """By the line of the unit, with the socket as descriptor 3."""
        line = unit("site.service", "Service")["ExecStart"]
        line = line.replace("/run/site/admin.sock", str(self._folder / "admin.sock"))
        program, *arguments = shlex.split(line)
        assert program.endswith("/tornadolike")
        seconds = int(unit("site.service", "Service")["WatchdogSec"])
        environment = {
            "LISTEN_FDS": "1",
            "NOTIFY_SOCKET": str(self._folder / "notify"),
            "WATCHDOG_USEC": str(seconds * 1_000_000),
        }
        return Program(
            [sys.executable, "-c", BECOME, str(self.listening.fileno()), *TORNADOLIKE, *arguments],
            self._log,
            [self.listening],
            environment,
        )

    def hear(self, wanted: str, site: Program) -> None:
        """Wait until the site says this."""
        heard: list[str] = []
        self._notified.setblocking(False)

        def is_heard() -> bool:
            with contextlib.suppress(BlockingIOError):
                heard.extend(self._notified.recv(4096).decode().splitlines())
            return wanted in heard

        site.wait_until(is_heard)

    def close(self) -> None:
        self.listening.close()
        self._notified.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    with (
        programs.short_folder() as folder,
        contextlib.closing(Manager(folder, tmp_path / "log")) as manager,
    ):
        yield manager


def test_the_site_under_the_service_manager(manager: Manager) -> None:
    with contextlib.closing(asking(manager)) as early, manager.start() as site:
        manager.hear("READY=1", site)
        assert b"200 OK" in read_all(early)
        with contextlib.closing(asking(manager)) as sock:
            assert b"200 OK" in read_all(sock)
        assert unit("site.service", "Service")["ExecReload"] == "kill -HUP $MAINPID"
        site.signal(signal.SIGHUP)
        manager.hear("RELOADING=1", site)
        manager.hear("READY=1", site)
        site.signal(signal.SIGTERM)
        manager.hear("STOPPING=1", site)
        assert site.process.wait(PATIENCE) == 0
    # Who comes while there is no site is served by the next one.
    with contextlib.closing(asking(manager)) as waiting, manager.start():
        assert b"200 OK" in read_all(waiting)


def asking(manager: Manager) -> socket.socket:
    """A connection on which a request is sent."""
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(PATIENCE)
    sock.connect(manager.path)
    sock.sendall(REQUEST)
    return sock
