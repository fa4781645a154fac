"""Where workers come from."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from ..programs.channel import Channel
from ..programs.failing import Failure
from ..programs.reports import Report
from .processes import CHILD, Spawned
from .settings import Settings
from .tasks import VARIABLE, Task
from .worker import Worker

FAILED: Final = 1
"""The exit status when there can be no workers because of the program."""

Gone = Callable[[Worker], object]


class Source(Protocol):
    """Makes the workers of one generation."""

    generation: int

    async def prepare(self) -> None:
        """Do what has to be done once. Raises :exc:`.Failure` if that cannot be: there are no workers then."""
        ...

    async def hire(self, number: int, sockets: Sequence[socket.socket], gone: Gone) -> Worker:
        """Start one for this slot. Raises :exc:`OSError` if the system refuses."""
        ...

    def reopen(self) -> None:
        """Have log files opened anew by whatever is there beside the workers."""
        ...

    def retire(self) -> None:
        """There is no more to be made. Workers that there are go on."""
        ...


class FreshProcesses:
    """Each worker is an interpreter of its own, which loads the application."""

    def __init__(self, settings: Settings, generation: int, environment: dict[str, str]) -> None:
        self.generation = generation
        self._settings = settings
        self._environment = environment

    async def prepare(self) -> None:
        """There is nothing to be done."""

    async def hire(self, number: int, sockets: Sequence[socket.socket], gone: Gone) -> Worker:
        ours, theirs = socket.socketpair()
        descriptors = tuple(sock.fileno() for sock in sockets)
        with theirs:
            task = Task.of(self._settings, number, self.generation).with_descriptors(
                theirs.fileno(), descriptors
            )
            try:
                process = Spawned(
                    CHILD,
                    [self._settings.application, f"worker {number}"],
                    {**self._environment, VARIABLE: task.to_json()},
                    [theirs.fileno(), *descriptors],
                )
            except BaseException:
                ours.close()
                raise
        return Worker(number, self.generation, process, Channel(ours), gone)

    def reopen(self) -> None:
        """There is nothing."""

    def retire(self) -> None:
        """There is nothing to be ended."""


def failure_of(report: Report) -> Failure:
    """Why there are no workers, for who has started the supervisor."""
    if report.is_wrong_use:
        return Failure(report.headline)
    return Failure(report.summary, report.way, FAILED)


async def settled(worker: Worker, seconds: float) -> bool:
    """Whether it serves, as soon as that is known. It is given up if it is not within this time (0: it may take any).

    Who is cancelled meanwhile has it end.
    """
    try:
        async with asyncio.timeout(seconds or None):
            await worker.settled.wait()
    except TimeoutError:
        worker.give_up(f"did not start within {seconds:g} seconds")
        await asyncio.wait([worker.ended])
    except asyncio.CancelledError:
        worker.drain(0)
        raise
    return worker.ready_at > 0 and not worker.leaving.is_set()
