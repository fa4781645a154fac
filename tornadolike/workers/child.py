"""A worker, from inside: it loads the application, and serves it on sockets that were bound before.

``python -m tornadolike.workers.child`` is what the supervisor starts, with a :class:`.Task` in the environment.
"""

import asyncio
import faulthandler
import mmap
import os
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any, Final

from .. import autoreload, ioloop
from ..log import gen_log
from ..log.reopening import reopen_log_files
from ..process import SHARED_SIZE, be_task
from ..programs.channel import Channel, Message
from ..programs.loading import load_in_loop
from ..programs.reports import report_of
from ..programs.serving import Site, log_to_terminal
from .beating import Heart, end_if_stuck
from .tasks import SHARED_VARIABLE, Task

INTERRUPTED: Final = 130
FAILED: Final = 1


def main() -> int:
    """Do the task, and return the exit status."""
    task = Task.from_environment()
    sys.argv = [task.application]  # what a program that reads its command line finds: no arguments
    return work(task)


def work(task: Task, application: Any = None) -> int:
    """Serve until the supervisor, or a signal, says that it is enough; return the exit status.

    :arg application: what was loaded before; None: it is loaded.
    """
    if sys.stderr is not None:
        faulthandler.enable()
    be_task(task.number - 1, shared_memory())
    end_if_stuck(task.start_seconds)
    channel = Channel(_adopted(task.channel))
    sockets = [_adopted(number) for number in task.sockets]
    try:
        return ioloop.run(_serve(task, channel, sockets, application))
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        for sock in sockets:
            sock.close()


def shared_memory() -> mmap.mmap | None:
    """What the workers have in common. Taken out of the environment: the program's own children have no part in it."""
    path = os.environ.pop(SHARED_VARIABLE, None)
    if path is None:
        return None
    with open(path, "r+b") as file:
        return mmap.mmap(file.fileno(), SHARED_SIZE)


def _adopted(descriptor: int) -> socket.socket:
    sock = socket.socket(fileno=descriptor)
    sock.set_inheritable(False)
    return sock


async def _serve(
    task: Task, channel: Channel, sockets: Sequence[socket.socket], application: Any
) -> int:
    worker = None
    try:
        _listen_to_signals()
        if application is None:
            autoreload.disable()
            application = await load_in_loop(task.application)
        log_to_terminal(task.log_format)
        worker = Worker(task, channel, application)
        await worker.serve(sockets)
    except (Exception, SystemExit) as error:
        channel.send(tells="failed", report=report_of(error).as_dict())
        return FAILED
    finally:
        if worker is not None:
            worker.heart.stop()
        channel.close()
    return 0


def _listen_to_signals() -> None:
    """Those that are meant for the supervisor, and would end a process that does not listen."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, _ignored)
    loop.add_signal_handler(signal.SIGUSR1, reopen_log_files)


def _ignored() -> None:
    pass


class Worker:
    """Serves, does what the supervisor says, and tells it how it is."""

    def __init__(self, task: Task, channel: Channel, application: Any) -> None:
        self._task = task
        self._channel = channel
        self._site = Site(
            application, task.server_options(), self._ready, self._stopping, speaks=False
        )
        self.heart = Heart(channel, lambda: self._site.counts, task.silent_seconds)

    async def serve(self, sockets: Sequence[socket.socket]) -> None:
        await self._site.serve(sockets, self._task.drain_seconds)

    def _ready(self) -> None:
        self._channel.listen(self._heard)
        self._channel.send(tells="ready")
        self.heart.start()

    def _stopping(self) -> None:
        self._channel.send(tells="draining")

    def _heard(self, message: Message | None) -> None:
        if message is None:
            gen_log.warning("The supervisor is gone: worker %d drains", self._task.number)
            self._site.stop(self._task.drain_seconds)
        elif message["tells"] == "stop":
            self._site.stop(message["seconds"])
        elif message["tells"] == "reopen":
            reopen_log_files()


if __name__ == "__main__":
    sys.exit(main())
