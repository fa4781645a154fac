"""Redis is restarted behind the sessions of the site."""

import asyncio
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ..clients import Client, Course
from ..reports import Report
from ..service import GLANCE, PATIENCE, NotInTime
from ..wire import Answer
from .stage import Stage

VISITORS = 4


@dataclass
class Visitor(Client):
    """Comes again and again: the site counts his visits in his session."""

    cookie: str = ""
    visits: int = 0
    unsure: int = 0
    """Visits since the last answer of which nobody knows whether they were counted."""

    kind: ClassVar[str] = "visitor"
    quick: ClassVar[bool] = False

    def request(self, number: int) -> Sequence[bytes]:
        return [self.head("GET /visits", f"Cookie: {self.cookie}")]

    def look_at(self, number: int, answer: Answer) -> None:
        if answer.status != 200:
            self.unsure += 1
            return
        said = int(answer.body)
        if not self.visits < said <= self.visits + 1 + self.unsure:
            self.course.tally.wrong.append(
                f"visit {said} behind {self.visits} ({self.unsure} unsure)"
            )
        self.visits, self.unsure = said, 0
        if "set-cookie" in answer.fields:
            self.cookie = answer.fields["set-cookie"].partition(";")[0]


async def redis_restarted(stage: Stage) -> Report:
    """It keeps what it was told, and is gone for a moment: sessions are answered with 503, all else goes on."""
    server = Redis(stage.folder)
    await server.start()
    try:
        environment = {"SITE_REDIS": server.address}
        async with stage.play(environment=environment, more=_visitors) as (_, traffic):
            report = stage.report("Redis restarted, sessions in it", traffic)
            report.may_fail = frozenset({503})
            for _ in range(stage.rounds):
                server.stop()
                await traffic.flow(stage.seconds / 2)
                await server.start()
                visited = traffic.course.tally.answered_to["visitor", 200]
                while traffic.course.tally.answered_to["visitor", 200] < visited + 10 * VISITORS:
                    await traffic.flow(answers=1)
                await stage.flow(traffic)
    finally:
        server.stop()
    return report


def _visitors(course: Course) -> list[Client]:
    return [Visitor(course) for _ in range(VISITORS)]


class Redis:
    """A server that writes down all it is told before it says so, and can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "redis.sock"
        self.address = f"unix://{self.path}"
        self._log = folder / "redis.log"
        self._command = ["redis-server", "--port", "0", "--unixsocket", str(self.path)]
        self._command += ["--save", "", "--appendonly", "yes", "--appendfsync", "always"]
        self._command += ["--dir", str(folder)]
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Return when it answers."""
        self._launch()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if b"+PONG" in await self._ping():
                return
            await asyncio.sleep(GLANCE)
        raise NotInTime(f"an answer of Redis; its log:\n{self._log.read_text()}")

    def _launch(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)

    async def _ping(self) -> bytes:
        try:
            reader, writer = await asyncio.open_unix_connection(str(self.path))
        except (FileNotFoundError, ConnectionRefusedError):
            return b""
        writer.write(b"PING\r\n")
        try:
            return await reader.readline()
        except ConnectionError:
            return b""
        finally:
            writer.close()

    def stop(self) -> None:
        """Return when it has ended."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
