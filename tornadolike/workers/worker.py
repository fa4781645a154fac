""":class:`Worker`: a worker, from outside."""

import asyncio
import signal
import time
from collections.abc import Callable
from typing import Final

from ..log import gen_log
from ..programs.channel import Channel, Message
from ..programs.reports import Report
from .processes import Process, how_it_ended
from .state import WorkerState, WorkerStatus

SECONDS_TO_END: Final = 10.0
"""What a worker may take beyond its draining, for what it does at its end, before it is killed."""

SECONDS_TO_TELL: Final = 2.0
"""What a worker that is stuck gets to write where, before it is killed."""


class Worker:
    """A process that serves, or is to.

    :arg number: its slot.
    :arg process: which was started already.
    :arg channel: our end of it, which is the worker's from now on.
    :arg gone: called when it has ended.
    """

    def __init__(
        self,
        number: int,
        generation: int,
        process: Process,
        channel: Channel,
        gone: "Callable[[Worker], object]",
    ) -> None:
        self.number = number
        self.generation = generation
        self.pid = process.pid
        self.state = WorkerState.STARTING
        self.failure: Report | None = None
        """Why it has ended, if it has said so."""
        self.status: int | None = None
        """The return code, when it has ended and that is known."""
        self.was_told_to_end = False
        self.trouble = ""
        """Why it had to be killed."""
        self.settled = asyncio.Event()
        """It starts no more: it serves, or has ended."""
        self.leaving = asyncio.Event()
        """It serves no more, or not for long."""
        self.started_at = asyncio.get_running_loop().time()
        self.ready_at = 0.0
        self.heard_at = self.started_at
        """As the loop has it."""
        self.requests = self.memory = 0
        self._connections = self._websockets = 0
        self._lag = 0.0
        self._started = self._heard_when = time.time()
        self._process = process
        self._channel = channel
        self._gone = gone
        self._limit: asyncio.TimerHandle | None = None
        channel.listen(self._heard)
        process.ended.add_done_callback(self._has_ended)

    @property
    def ended(self) -> "asyncio.Future[int | None]":
        """Done when the process is gone."""
        return self._process.ended

    @property
    def served_for(self) -> float:
        """Seconds since it was ready; 0 if it never was."""
        return asyncio.get_running_loop().time() - self.ready_at if self.ready_at else 0.0

    @property
    def snapshot(self) -> WorkerStatus:
        """How it was when it was last heard of."""
        return WorkerStatus(
            self.number,
            self.pid,
            self.generation,
            self.state,
            self._started,
            self.requests,
            self._connections,
            self._websockets,
            self._lag,
            self.memory,
            self._heard_when,
        )

    @property
    def how_it_ended(self) -> str:
        """For people."""
        who = f"worker {self.number} (pid {self.pid})"
        if self.trouble:
            return f"{who} {self.trouble}, and was killed"
        if self.failure is not None:
            return f"{who} failed: {self.failure.summary}"
        return how_it_ended(who, self.status)

    # What it is told

    def tell(self, what: str) -> None:
        """A message without anything in it."""
        self._channel.send(tells=what)

    def drain(self, seconds: float) -> None:
        """Have it end, its requests within this time. It is killed when it takes much longer. May be said again."""
        if self.state is WorkerState.ENDED:
            return
        self.was_told_to_end = True
        if self.state is WorkerState.STARTING:
            self._process.send_signal(signal.SIGTERM)  # it does not listen yet
        self._channel.send(tells="stop", seconds=seconds)
        self._drains()
        if self._limit is not None:
            self._limit.cancel()
        self._limit = asyncio.get_running_loop().call_later(
            seconds + SECONDS_TO_END, self.give_up, "did not come to its end"
        )

    def kill(self) -> None:
        """End it at once."""
        self.was_told_to_end = True
        self._process.send_signal(signal.SIGKILL)

    def give_up(self, trouble: str) -> None:
        """End it because it does not answer: first it may write where it is."""
        if self.trouble or self.state is WorkerState.ENDED:
            return
        self.trouble = trouble
        gen_log.error(
            "worker %d (pid %d) %s: it is killed, and says before where it is",
            self.number,
            self.pid,
            trouble,
        )
        self._process.send_signal(signal.SIGABRT)
        asyncio.get_running_loop().call_later(
            SECONDS_TO_TELL, self._process.send_signal, signal.SIGKILL
        )

    # What it tells

    def _heard(self, message: Message | None) -> None:
        if message is None:
            return
        self.heard_at = asyncio.get_running_loop().time()
        self._heard_when = time.time()
        match message["tells"]:
            case "ready" if self.state is WorkerState.STARTING:
                self.state = WorkerState.READY
                self.ready_at = self.heard_at
                self.settled.set()
            case "draining":
                self._drains()
            case "failed":
                self.failure = Report.from_dict(message["report"])
            case "beat":
                self.requests = message["requests"]
                self._connections = message["connections"]
                self._websockets = message["websockets"]
                self._lag = message["lag"]
                self.memory = message["memory"]

    def _drains(self) -> None:
        self.state = WorkerState.DRAINING
        self.leaving.set()

    def _has_ended(self, ended: "asyncio.Future[int | None]") -> None:
        if ended.cancelled():
            return
        self._channel.read()  # what it has said at last
        self._channel.close()
        if self._limit is not None:
            self._limit.cancel()
        self.status = ended.result()
        self.state = WorkerState.ENDED
        self.settled.set()
        self.leaving.set()
        self._gone(self)
