"""Who runs when: the program, or the page that says why it does not."""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, NamedTuple

from ...autoreload.folders import is_of_the_program
from ...autoreload.watching import FolderWatch
from ...programs.failing import Failure
from ...programs.places import Place
from ...programs.reports import Report
from ...programs.terminal import say
from .pages import ErrorSite
from .programs import Program

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)

MOST_NAMES = 3
"""How many changed files are named."""


class Wishes(NamedTuple):
    """What the command line says about watching."""

    folders: Sequence[str]
    patterns: Sequence[str]
    """Of names of files for which the program starts anew."""
    polls: bool
    reloads_browsers: bool


class Supervisor:
    """Runs a program, and runs it again when its files have changed, until it is told to stop.

    :arg sockets: listen already. They stay the caller's.
    :arg served: called once, when the program serves for the first time.
    """

    def __init__(
        self,
        name: str,
        place: Place,
        sockets: Sequence[socket.socket],
        wishes: Wishes,
        served: Callable[[], object],
    ) -> None:
        self._name = name
        self._place = place
        self._sockets = sockets
        self._wishes = wishes
        self._served: Callable[[], object] | None = served
        self._changed = asyncio.Event()
        self._stop = asyncio.Event()
        self._program: Program | None = None
        self._is_down = False
        self._is_first = True

    async def run(self) -> None:
        """Do so until SIGINT or SIGTERM comes. Raises :exc:`.Failure` if there is nothing that could be run."""
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self._signalled)
        watch = FolderWatch(
            self._wishes.folders, self._files_changed, self._cannot_watch, self._wishes.polls
        )
        try:
            if watch.polls and not self._wishes.polls:
                say(
                    "looking for changes twice a second; pip install 'tornadolike[desk]' spares that"
                )
            with watch:
                while not self._stop.is_set():
                    report = await self._run_once()
                    if report is not None:
                        await self._be_down(report)
        finally:
            for number in STOP_SIGNALS:
                loop.remove_signal_handler(number)

    async def _run_once(self) -> Report | None:
        """Run the program until it has ended, or has to. If it ended by itself: why."""
        self._changed.clear()
        program = self._program = Program(
            self._name, self._place, self._sockets, self._wishes.reloads_browsers
        )
        try:
            ready = asyncio.ensure_future(self._tell_when_ready(program))
            ended = asyncio.ensure_future(program.wait())
            await first_of(ended, self._changed.wait(), self._stop.wait(), beside=ready)
            if ended.done() and not ended.cancelled():
                return ended.result()
            self._is_first = False
            await program.end()
        except BaseException:
            program.kill()
            await program.end()
            raise
        finally:
            self._program = None
            program.close()
        return None

    async def _tell_when_ready(self, program: Program) -> None:
        await program.ready.wait()
        if self._served is not None:
            self._served()
            self._served = None
        elif self._is_down:
            say("it runs again", "green")
        self._is_down = False

    async def _be_down(self, report: Report) -> None:
        """Have browsers and the terminal told what is wrong, until a file changes."""
        if self._stop.is_set():
            return
        if report.is_wrong_use and self._is_first:
            raise Failure(report.headline)
        self._is_first = False
        self._is_down = True
        say(report.summary, "red", details=report.way)
        say("waiting for a change")
        async with ErrorSite(report, self._sockets, self._place.tls):
            await first_of(self._changed.wait(), self._stop.wait())

    # What happens meanwhile

    def _signalled(self) -> None:
        if self._stop.is_set() and self._program is not None:
            self._program.kill()  # the second time somebody is in a hurry
        self._stop.set()

    def _files_changed(self, paths: set[str]) -> None:
        restarting = {path for path in paths if is_of_the_program(path, self._wishes.patterns)}
        if self._program is None or restarting:
            say(f"{named(restarting or paths)} changed: restarting", "yellow")
            self._changed.set()
        else:
            say(f"{named(paths)} changed")
            self._program.tell_of_changes()

    def _cannot_watch(self, error: Exception) -> None:
        say(
            f"the system does not tell of changed files ({error}): looking for them every half second"
        )


async def first_of(*awaited: Awaitable[Any], beside: asyncio.Future[Any] | None = None) -> None:
    """Wait until one of them is done, and cancel all others, and what ran ``beside`` them."""
    tasks = [asyncio.ensure_future(one) for one in awaited]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        left = [task for task in [*tasks, *([beside] if beside else [])] if not task.done()]
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)


def named(paths: Iterable[str]) -> str:
    """Some files, for people."""
    names = sorted(os.path.relpath(path) for path in paths)
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
