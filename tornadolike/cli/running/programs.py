"""The program's process, from outside."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from ...process import Subprocess
from ...programs.channel import Channel, Message
from ...programs.places import Place
from ...programs.reports import Report
from .child import DRAIN_SECONDS, Task

SECONDS_TO_END: Final = DRAIN_SECONDS + 3.0
"""How long a program may take to end before it is killed."""


class Program:
    """A child that runs. It was started by whoever makes this.

    :arg name: the application, as on the command line.
    :arg sockets: what it is to serve on. They stay the caller's.
    """

    def __init__(
        self, name: str, place: Place, sockets: Sequence[socket.socket], reloads_browsers: bool
    ) -> None:
        ours, theirs = socket.socketpair()
        numbers = [sock.fileno() for sock in sockets]
        task = Task(name, theirs.fileno(), tuple(numbers), place.tls, reloads_browsers)
        self.ready = asyncio.Event()
        """It serves."""
        self.failure: Report | None = None
        """Why it has ended, if it has said so."""
        self._channel = Channel(ours)
        with theirs:
            self._process = Subprocess(
                # The interpreter's options (-X, -W, -O, ...) hold for the program, too.
                [
                    sys.executable,
                    *subprocess._args_from_interpreter_flags(),  # type: ignore[attr-defined]
                    "-m",
                    "tornadolike.cli.running.child",
                ],
                env={**os.environ, **task.to_environment()},
                pass_fds=[theirs.fileno(), *numbers],
            )
        self._channel.listen(self._heard)
        self._ended = self._process.wait_for_exit(raise_error=False)

    async def wait(self) -> Report:
        """Wait until it has ended by itself, and return why."""
        status = await asyncio.shield(self._ended)
        self._channel.read()  # what it has said at last
        if self.failure is None:
            self.failure = Report(_said_of(status))
        return self.failure

    def tell_of_changes(self) -> None:
        """Files have changed for which it need not be started anew."""
        self._channel.send(tells="changed")

    async def end(self) -> None:
        """Have it end, kill it if it does not, and return when it is gone."""
        if self.ready.is_set():
            self._channel.send(tells="stop")
        else:
            self._signal(signal.SIGTERM)  # it does not listen yet
        try:
            async with asyncio.timeout(SECONDS_TO_END):
                await asyncio.shield(self._ended)
        except TimeoutError:
            self.kill()
            await self._ended

    def kill(self) -> None:
        """End it at once."""
        self._signal(signal.SIGKILL)

    def close(self) -> None:
        """To be called when it has ended."""
        self._channel.close()

    def _signal(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            os.kill(self._process.pid, number)

    def _heard(self, message: Message | None) -> None:
        if message is None:
            return
        if message["tells"] == "ready":
            self.ready.set()
        elif message["tells"] == "failed":
            self.failure = Report.from_dict(message["report"])


def _said_of(status: int) -> str:
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        return f"the program was ended by {name}"
    return f"the program has ended by itself, with status {status}"
