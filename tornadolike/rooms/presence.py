"""Who is where in all processes: the interface, and the one for a single process.

A process *notes* who comes and goes, and *beats* now and then to say that it is alive. Of one that has not done so for
its time, nobody is there any more. The list in each process is made of what the processes tell each other
(:mod:`.sharing`); what is kept here is for those that have not heard all of it.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence

from .members import Attendance

Move = tuple[str, str, Attendance | None]
"""A room, the token of a connection (without slashes), and what is known of it now; None: it has left."""


class Presence(ABC):
    """Keeps who is where. The interface; one of one's own overrides all that is abstract.

    Each operation is atomic, and raises :exc:`.PresenceError` for every failure of what is behind it.
    """

    @abstractmethod
    async def note(
        self, process: str, seconds: float, moves: Sequence[Move], *, begin: bool = False
    ) -> bool:
        """Keep ``moves`` of connections of ``process``, and that it is alive for ``seconds`` from now on.

        Returns False, and keeps nothing, if the process is not known: because its time was over. Then it has to
        ``begin`` anew, and to tell of all its connections.

        :arg process: a name, a dot and a number.
        :arg begin: the process takes the place of those with the same name and a smaller number. If there is one with
            a larger number, this has come too late: nothing is done.
        """

    @abstractmethod
    async def beat(self, process: str, seconds: float, *, sweep: bool) -> frozenset[str]:
        """Let a process be alive for ``seconds`` from now on, if it is known. Returns all that are alive.

        :arg sweep: forget those that are not.
        """

    @abstractmethod
    async def forget(self, process: str) -> None:
        """Forget a process and its connections. Nothing happens if it is not known."""

    @abstractmethod
    async def attending(self, room: str) -> list[Attendance]:
        """The connections in a room, of processes that are alive."""

    async def close(self) -> None:  # noqa: B027 - there may be nothing to close
        """Let go of connections to servers."""


class MemoryPresence(Presence):
    """Keeps who is where in the memory of this process, for several :class:`.Rooms` in it."""

    def __init__(self) -> None:
        self._ends: dict[str, float] = {}
        self._of_processes: dict[str, dict[tuple[str, str], Attendance]] = {}
        """By process; then by room and token."""

    async def note(
        self, process: str, seconds: float, moves: Sequence[Move], *, begin: bool = False
    ) -> bool:
        if begin:
            name, number = name_and_number(process)
            for other in [other for other in self._ends if other.startswith(f"{name}.")]:
                if name_and_number(other)[1] > number:
                    return False
                await self.forget(other)
        elif process not in self._ends:
            return False
        self._ends[process] = asyncio.get_running_loop().time() + seconds
        kept = self._of_processes.setdefault(process, {})
        for room, token, entry in moves:
            if entry is None:
                kept.pop((room, token), None)
            else:
                kept[room, token] = entry
        return True

    async def beat(self, process: str, seconds: float, *, sweep: bool) -> frozenset[str]:
        if process in self._ends:
            self._ends[process] = asyncio.get_running_loop().time() + seconds
        alive = self._alive()
        if sweep:
            for other in self._ends.keys() - alive:
                await self.forget(other)
        return alive

    async def forget(self, process: str) -> None:
        self._ends.pop(process, None)
        self._of_processes.pop(process, None)

    async def attending(self, room: str) -> list[Attendance]:
        return [
            entry
            for process in self._alive()
            for (name, _), entry in self._of_processes[process].items()
            if name == room
        ]

    def _alive(self) -> frozenset[str]:
        now = asyncio.get_running_loop().time()
        return frozenset(process for process, end in self._ends.items() if end > now)


def name_and_number(process: str) -> tuple[str, int]:
    """The two parts of a process."""
    name, _, number = process.rpartition(".")
    return name, int(number)
