""":class:`Forks`: workers that are forked from a process that has loaded the application."""

import asyncio
import itertools
import json
import os
import signal
import socket
from collections.abc import Sequence
from typing import Final

from ..log import gen_log
from ..programs.channel import Channel, Message
from ..programs.failing import Failure
from ..programs.reports import Report
from .hiring import FAILED, Gone, failure_of
from .processes import Spawned, how_it_ended, is_over
from .settings import Settings
from .tasks import Task
from .template import VARIABLE
from .worker import SECONDS_TO_TELL, Worker

TEMPLATE: Final = "tornadolike.workers.template"

LOOK_AGAIN: Final = 0.25
"""Seconds between two looks whether a process is there that nobody tells of any more."""


class Forked:
    """A worker that the template has forked, and tells of."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.ended: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    def has_ended(self, status: int | None) -> None:
        if not self.ended.done():
            self.ended.set_result(status)

    def send_signal(self, number: signal.Signals) -> None:
        if not self.ended.done():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                pass  # which is told of soon

    def look(self) -> None:
        """Find out by oneself whether it has ended, from time to time."""
        if not self.ended.done():
            if is_over(self.pid):
                self.has_ended(None)
            else:
                asyncio.get_running_loop().call_later(LOOK_AGAIN, self.look)


class Forks:
    """Each worker is a fork of a template, which has loaded the application.

    If the template ends by itself, another is made when a worker is wanted next.
    """

    def __init__(self, settings: Settings, generation: int, environment: dict[str, str]) -> None:
        self.generation = generation
        self._settings = settings
        self._environment = environment
        self._template: RunningTemplate | None = None
        self._one_at_a_time = asyncio.Lock()

    async def prepare(self) -> None:
        """Load the application. Raises :exc:`.Failure` if that fails."""
        self._template = await _started(self._settings, self.generation, self._environment)

    async def hire(self, number: int, sockets: Sequence[socket.socket], gone: Gone) -> Worker:
        task = Task.of(self._settings, number, self.generation)
        async with self._one_at_a_time:
            if self._template is None or self._template.has_ended:
                await self.prepare()
            assert self._template is not None
            process, channel = await self._template.fork(task, sockets)
        return Worker(number, self.generation, process, channel, gone)

    def reopen(self) -> None:
        if self._template is not None:
            self._template.tell("reopen")

    def retire(self) -> None:
        if self._template is not None:
            self._template.tell("retire")


async def _started(
    settings: Settings, generation: int, environment: dict[str, str]
) -> "RunningTemplate":
    template = RunningTemplate(settings, generation, environment)
    try:
        async with asyncio.timeout(settings.start_timeout or None):
            await template.settled.wait()
    except TimeoutError:
        template.end(signal.SIGABRT)  # by which it says where it is
        raise Failure(
            f"{settings.application} was not loaded within {settings.start_timeout:g} seconds",
            status=FAILED,
        ) from None
    except asyncio.CancelledError:
        template.end(signal.SIGTERM)
        raise
    if template.failure is not None:
        raise failure_of(template.failure)
    return template


class RunningTemplate:
    """The template, from outside. It was started by whoever makes this."""

    def __init__(self, settings: Settings, generation: int, environment: dict[str, str]) -> None:
        self.settled = asyncio.Event()
        """It has loaded the application, or has ended."""
        self.failure: Report | None = None
        self._wanted: dict[int, asyncio.Future[Forked]] = {}
        self._orders = itertools.count()
        self._children: dict[int, Forked] = {}
        self._is_retired = False
        ours, theirs = socket.socketpair()
        self._channel = Channel(ours)
        with theirs:
            task = {
                "application": settings.application,
                "channel": theirs.fileno(),
                "start_seconds": settings.start_timeout,
            }
            self._process = Spawned(
                TEMPLATE,
                [settings.application, f"template {generation}"],
                {**environment, VARIABLE: json.dumps(task)},
                [theirs.fileno()],
            )
        self._channel.listen(self._heard)
        self._process.ended.add_done_callback(self._ended)

    @property
    def has_ended(self) -> bool:
        return self._process.ended.done()

    def tell(self, what: str) -> None:
        """A message without anything in it."""
        self._is_retired = self._is_retired or what == "retire"
        self._channel.send(tells=what)

    async def fork(self, task: Task, sockets: Sequence[socket.socket]) -> tuple[Forked, Channel]:
        """A new process for a task, and our end of its channel. Raises :exc:`.Failure` if the template ends."""
        ours, theirs = socket.socketpair()
        with theirs:
            descriptors = [theirs.fileno(), *(sock.fileno() for sock in sockets)]
            order = next(self._orders)
            forked = self._wanted[order] = asyncio.get_running_loop().create_future()
            self._channel.send(descriptors, tells="fork", order=order, task=task.to_json())
        try:
            # Who is cancelled meanwhile leaves a worker behind that finds nobody at its channel, and ends.
            return await forked, Channel(ours)
        except BaseException:
            ours.close()
            raise
        finally:
            del self._wanted[order]

    def end(self, number: signal.Signals) -> None:
        """End it by this signal, or, if it does not care, by another."""
        self._is_retired = True
        self._process.send_signal(number)
        asyncio.get_running_loop().call_later(
            SECONDS_TO_TELL, self._process.send_signal, signal.SIGKILL
        )

    def _heard(self, message: Message | None) -> None:
        if message is None:
            return
        match message["tells"]:
            case "ready":
                self.settled.set()
            case "failed":
                self.failure = Report.from_dict(message["report"])
            case "forked":
                process = self._children[message["pid"]] = Forked(message["pid"])
                forked = self._wanted.get(message["order"])
                if forked is not None and not forked.done():
                    forked.set_result(process)
            case "ended":
                self._children.pop(message["pid"]).has_ended(message["status"])

    def _ended(self, ended: "asyncio.Future[int | None]") -> None:
        if ended.cancelled():
            return
        self._channel.read()
        self._channel.close()
        said = how_it_ended("the template", ended.result())
        if not self.settled.is_set():
            self.failure = self.failure or Report(said)
            self.settled.set()
        elif not self._is_retired:
            gen_log.error("%s: another will be made when a worker is wanted", said)
        for forked in self._wanted.values():
            if not forked.done():
                forked.set_exception(Failure(said))
        for child in self._children.values():
            child.look()
