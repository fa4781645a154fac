"""Processes of workers: how the supervisor holds them, and how a fresh one is started."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Final, Protocol

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
        self.ended: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._process.set_exit_callback(self._has_ended)

    def _has_ended(self, status: int) -> None:
        if not self.ended.done():
            self.ended.set_result(status)

    def send_signal(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            os.kill(self.pid, number)
