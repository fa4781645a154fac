"""All clients of a scenario together, for as long as it takes."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from .clients import Client, Course, Fresh, Patient, Uploading
from .service import NotInTime
from .websockets import Speaker
from .wire import PATIENCE

GLANCE = 0.01
"""Seconds between two looks at the counts."""


@dataclass(frozen=True, slots=True)
class Mix:
    """How many there are of each kind."""

    kept: int = 8
    fresh: int = 4
    slow: int = 3
    uploads: int = 2
    speakers: int = 4

    def of(self, course: Course) -> list[Client | Speaker]:
        return [
            *(Client(course) for _ in range(self.kept)),
            *(Fresh(course) for _ in range(self.fresh)),
            *(Patient(course) for _ in range(self.slow)),
            *(Uploading(course) for _ in range(self.uploads)),
            *(Speaker(course) for _ in range(self.speakers)),
        ]


class Traffic:
    """An asynchronous context manager: it begins, and at the end everybody has his last answer.

    An exception of a client, which is a fault of these programs, comes out there.
    """

    def __init__(self, course: Course, clients: Sequence[Client | Speaker]) -> None:
        self.course = course
        self.clients = clients
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(client.run()) for client in self.clients]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.course.stopping.set()
        await asyncio.gather(*self._tasks)

    async def flow(self, seconds: float = 0.0, answers: int = 50) -> None:
        """Let it go on for so long, and until there are so many more good answers."""
        tally = self.course.tally
        began, wanted = time.monotonic(), tally.good + answers
        while tally.good < wanted or time.monotonic() < began + seconds:
            if time.monotonic() > began + seconds + PATIENCE:
                raise NotInTime(f"{answers} good answers: there are {tally.answered}")
            self._look_after()
            await asyncio.sleep(GLANCE)

    async def gone_home(self) -> None:
        """Wait until everybody was refused, after the course was told that the service is about to end."""
        await asyncio.wait_for(asyncio.gather(*self._tasks), PATIENCE)

    def _look_after(self) -> None:
        for task in self._tasks:
            if task.done():
                task.result()
