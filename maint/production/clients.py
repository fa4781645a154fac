"""The traffic of HTTP: clients that ask one thing after another, and know of each what became of it."""

import asyncio
import itertools
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from .tally import Loss, Tally
from .wire import Address, Answer, Gone, Refused, Wire

PAUSE_WHEN_REFUSED = 0.05
"""Seconds until somebody who was refused tries again."""
UPLOAD = bytes(range(256)) * 64
"""A piece of what is uploaded."""
PIECES = 8
"""So many of them are one upload."""


@dataclass
class Course:
    """What all clients of a scenario share."""

    address: Address
    tally: Tally = field(default_factory=Tally)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    """No two requests have the same."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """The traffic ends: nothing new is begun."""
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    """The service is about to end: who is refused from now on goes home, and counts nothing."""


@dataclass
class Client:
    """Keeps its connection as long as the server does; what had no answer is sent again, under its number."""

    course: Course
    pause: float = 0.01
    """Seconds between an answer and the next request."""
    wire: Wire | None = None

    kind: ClassVar[str] = "kept"
    keeps: ClassVar[bool] = True
    """Whether the connection serves for the next request."""
    spread: ClassVar[float] = 0.0
    """Seconds between the pieces of a request."""
    quick: ClassVar[bool] = True
    """Whether an answer should come at once."""

    async def run(self) -> None:
        """Ask until the traffic ends, or the service has."""
        try:
            while not self.course.stopping.is_set():
                if not await self.until_answered(next(self.course.numbers)):
                    break
                await asyncio.sleep(self.pause)
        finally:
            await self.hang_up()

    async def until_answered(self, number: int) -> bool:
        """Ask, and ask again; False if that is given up."""
        tally, began, lost = self.course.tally, time.monotonic(), False
        while True:
            try:
                wire = await self.connected()
                tally.retried += lost
                answer = await self.ask(wire, number)
            except Refused:
                if self.course.leaving.is_set():
                    return False
                tally.refused += 1
                await asyncio.sleep(PAUSE_WHEN_REFUSED)
            except Gone as error:
                lost = True
                tally.sent += 1
                port = self.wire.port if self.wire else 0
                tally.lost.append(Loss(time.monotonic(), self.kind, number, port, str(error)))
                self.throw_away()
            else:
                tally.sent += 1
                tally.answer(self.kind, answer.status, began if self.quick else None)
                self.look_at(number, answer)
                return True
            if self.course.stopping.is_set():
                return False

    async def connected(self) -> Wire:
        """A connection that the server has not closed yet."""
        if self.wire is not None and self.wire.over:
            await self.hang_up()
        if self.wire is None:
            self.wire = await Wire.open(self.course.address)
            if self.course.address.tls is not None:
                self.course.tally.certificates[self.wire.certificate] += 1
        return self.wire

    async def ask(self, wire: Wire, number: int) -> Answer:
        answer = await wire.ask(*self.request(number), pause=self.spread)
        if answer.closing or not self.keeps:
            await self.hang_up()
        return answer

    def request(self, number: int) -> Sequence[bytes]:
        """What is sent, in pieces."""
        return [self.head(f"GET /number/{number}")]

    def expected(self, number: int) -> bytes:
        """The body of a good answer."""
        return b"%d" % number

    def head(self, line: str, *fields: str) -> bytes:
        lines = [f"{line} HTTP/1.1", "Host: site.example", *fields]
        if not self.keeps:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode()

    def look_at(self, number: int, answer: Answer) -> None:
        """Is it what was asked for, and who has answered?"""
        tally = self.course.tally
        if answer.status == 200 and answer.body != self.expected(number):
            tally.wrong.append(f"{self.kind} {number}: {answer.body[:60]!r}")
        if "x-worker" in answer.fields:
            pid, version = answer.fields["x-worker"].split()
            tally.workers[int(pid)] += 1
            tally.versions[version] += 1

    async def hang_up(self) -> None:
        if self.wire is not None:
            wire, self.wire = self.wire, None
            await wire.close()

    def throw_away(self) -> None:
        if self.wire is not None:
            self.wire.abort()
            self.wire = None


@dataclass
class Fresh(Client):
    """A connection for each request."""

    kind: ClassVar[str] = "fresh"
    keeps: ClassVar[bool] = False


@dataclass
class Patient(Client):
    """Asks for what takes its time, and comes in pieces."""

    kind: ClassVar[str] = "slow"
    quick: ClassVar[bool] = False

    def request(self, number: int) -> Sequence[bytes]:
        return [self.head(f"GET /slow/{number}")]

    def expected(self, number: int) -> bytes:
        return b"." * 10 + b"%d" % number


@dataclass
class Uploading(Client):
    """Sends bodies slowly, piece by piece."""

    kind: ClassVar[str] = "upload"
    spread: ClassVar[float] = 0.05
    quick: ClassVar[bool] = False

    def request(self, number: int) -> Sequence[bytes]:
        length = f"Content-Length: {len(UPLOAD) * PIECES}"
        return [self.head(f"POST /upload/{number}", length), *[UPLOAD] * PIECES]

    def expected(self, number: int) -> bytes:
        return b"%d %d" % (number, zlib.crc32(UPLOAD * PIECES))
