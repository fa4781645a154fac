"""The service: ``tornadolike run --workers`` with the site, as a process that is looked at and given signals."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from .processes import descendants, is_alive

APPLICATION = "maint.production.site:app"
LOG = "service.log"
"""What it says, in the folder of a service."""
ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds for whatever should happen soon."""
GLANCE = 0.02
"""Seconds between two looks at the service."""
ACTIVATION = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""
"""What systemd does with a socket that it listens on: descriptor 3, and the variables that tell of it."""

Worker = dict[str, Any]


class NotInTime(Exception):
    """Something that should have happened has not."""


class Service:
    """A supervisor with its workers, from the first ready worker of all on; an asynchronous context manager.

    :arg folder: for its log, and what else it writes.
    :arg arguments: of ``tornadolike run``, behind the application.
    :arg activated: a listening socket that is handed over as systemd does it, instead of a port.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        workers: int = 2,
        environment: Mapping[str, str] | None = None,
        activated: socket.socket | None = None,
    ) -> None:
        self.folder = folder
        self.log = folder / LOG
        self.version = folder / "version"
        self.become("1")
        self._admin = folder / "admin.sock"
        self._activated = activated
        where = [] if activated else ["--port", "0"]
        self._command = [sys.executable, "-m", "tornadolike", "run", APPLICATION, *where]
        self._command += ["--workers", str(workers), "--admin", f"unix:{self._admin}", *arguments]
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SITE_VERSION": str(self.version),
            **(environment or {}),
        }
        self.process: subprocess.Popen[bytes]
        self.seen: set[int] = set()
        """All processes that were ever seen below it."""

    async def __aenter__(self) -> Self:
        self.start()
        try:
            await self.all_ready()
        except BaseException:
            self.kill()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.kill()

    def kill(self) -> None:
        """Kill all that is left of it."""
        self._look_below()
        if self.process.poll() is None:
            self.process.kill()
        for pid in self.seen:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def start(self) -> None:
        """Start it, for the first time or after it has ended."""
        command, handed = self._command, list[int]()
        if self._activated is not None:
            handed.append(self._activated.fileno())
            command = [sys.executable, "-ISc", ACTIVATION, str(handed[0]), *command]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self._environment,
                pass_fds=handed,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def become(self, version: str) -> None:
        """Put another version of the program in the place of the one before; a reload makes it the one that runs."""
        self.version.write_text(version)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the supervisor."""
        self.process.send_signal(number)

    # What it tells

    async def status(self) -> dict[str, Any] | None:
        """The status, as the admin page has it; None while there is none."""
        try:
            reader, writer = await asyncio.open_unix_connection(str(self._admin))
        except (FileNotFoundError, ConnectionError):
            return None
        try:
            writer.write(
                b"GET /status.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            )
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        except OSError:
            return None
        finally:
            writer.close()
        self._look_below()
        found: dict[str, Any] | None = json.loads(body) if b" 200 " in head else None
        return found

    async def port(self) -> int:
        """Where it listens."""
        if self._activated is not None:
            return int(self._activated.getsockname()[1])
        status = await self.until(lambda status: bool(status["addresses"]), "an address")
        return int(status["addresses"][0].rstrip("/").rpartition(":")[2])

    async def until(
        self, holds: Callable[[dict[str, Any]], bool], what: str, seconds: float = PATIENCE
    ) -> dict[str, Any]:
        """Wait until this holds of the status. Raises :exc:`NotInTime`, with the end of the log."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status = await self.status()
            if status is not None and holds(status):
                return status
            if status is None and self.process.poll() is not None:
                break
            await asyncio.sleep(GLANCE)
        raise NotInTime(f"{what}; its log ends so:\n{self.log.read_text()[-3000:]}")

    async def all_ready(self) -> dict[str, Any]:
        """Wait until there are as many ready workers as there should be, and no others."""
        return await self.until(
            lambda status: (
                not status["reloading"]
                and [worker["state"] for worker in status["workers"]]
                == ["ready"] * status["wanted"]
            ),
            "all workers ready",
        )

    async def replaced(self, pid: int) -> dict[str, Any]:
        """Wait until all workers are ready, and this one isn't among them."""
        return await self.until(
            lambda status: (
                all(worker["pid"] != pid for worker in status["workers"])
                and [worker["state"] for worker in status["workers"]]
                == ["ready"] * status["wanted"]
            ),
            f"another in the place of worker {pid}",
        )

    async def generation(self, number: int) -> dict[str, Any]:
        """Wait until all workers are of this generation, and nothing else is going on."""
        return await self.until(
            lambda status: (
                not status["reloading"]
                and len(status["workers"]) == status["wanted"]
                and all(
                    worker["generation"] == number and worker["state"] == "ready"
                    for worker in status["workers"]
                )
            ),
            f"generation {number}",
        )

    async def workers(self) -> list[Worker]:
        """Those that are ready."""
        status = await self.all_ready()
        return [worker for worker in status["workers"] if worker["state"] == "ready"]

    async def says(self, text: str, since: int) -> None:
        """Wait until this is in its log, behind so many bytes."""
        deadline = time.monotonic() + PATIENCE
        while text.encode() not in self.log.read_bytes()[since:]:
            if time.monotonic() > deadline:
                raise NotInTime(f"{text!r} in its log")
            await asyncio.sleep(GLANCE)

    async def ended(self, seconds: float = PATIENCE) -> int:
        """Wait for the end of the supervisor; its exit status."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise NotInTime(f"an end; its log ends so:\n{self.log.read_text()[-3000:]}")
            await asyncio.sleep(GLANCE)
        return self.process.returncode

    async def nobody_left(self, seconds: float = PATIENCE) -> None:
        """Wait until all processes that were ever seen below the supervisor have ended, too."""
        deadline = time.monotonic() + seconds
        while left := [pid for pid in self.seen if is_alive(pid)]:
            if time.monotonic() > deadline:
                raise NotInTime(f"processes {left} are left")
            await asyncio.sleep(GLANCE)

    def _look_below(self) -> None:
        self.seen.update(descendants(self.process.pid))
