"""Processes of workers: how the supervisor holds them, and how a fresh one is started."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import ClassVar, Final, Protocol

from ..process import Subprocess

CHILD: Final = "tornadolike.workers.child"


def how_it_ended(who: str, status: int | None) -> str:
    """For people, by a return code, if it is known."""
    if status is None:
        return f"{who} has ended"
    if status >= 0:
        return f"{who} has ended by itself, with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"{who} was killed by {name}"


def is_over(pid: int) -> bool:
    """Whether a process has ended, though nobody may have asked yet how."""
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[0] == b"Z"
    except ProcessLookupError:
        return True
    except OSError:
        return False  # there is no /proc


def reap_strangers() -> None:
    """Let those go that have ended, and were nobody's of ours: as the first process of a container we inherit all whose
    parents have ended before them."""
    while True:
        try:
            # Only a look: one that is ours tells its holder how it has ended.
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid in Spawned.running:
            return
        os.waitpid(ended.si_pid, os.WNOHANG)


class Process(Protocol):
    """One that was started, by whichever way."""

    pid: int
    ended: "asyncio.Future[int | None]"
    """Its return code (a signal's is negative) when it has ended; None if nobody knows it."""

    def send_signal(self, number: signal.Signals) -> None:
        """Nothing happens if it has ended."""
        ...


class Spawned:
    """A fresh interpreter with a module.

    :arg arguments: the module's, which has no use for them: they tell who looks at all processes what this one is.
    :arg environment: what is to be in there beside our own.
    :arg descriptors: those that it inherits, under their numbers.
    """

    running: ClassVar[set[int]] = set()

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        environment: dict[str, str],
        descriptors: Sequence[int],
    ) -> None:
        self._process = Subprocess(
            # The interpreter's options (-X, -W, -O, ...) hold for the program, too.
            [
                sys.executable,
                *subprocess._args_from_interpreter_flags(),  # type: ignore[attr-defined]
                "-m",
                module,
                *arguments,
            ],
            env={**os.environ, **environment},
            pass_fds=descriptors,
            stdin=subprocess.DEVNULL,
            process_group=0,  # Ctrl-C is for the supervisor alone
        )
        self.pid = self._process.pid
        self.running.add(self.pid)
        self.ended: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._process.set_exit_callback(self._has_ended)

    def _has_ended(self, status: int) -> None:
        self.running.discard(self.pid)
        if not self.ended.done():
            self.ended.set_result(status)

    def send_signal(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            os.kill(self.pid, number)
