"""What is known of workers at a moment: for the status page, and for whoever else asks."""

import dataclasses
from dataclasses import dataclass
from enum import Enum
from typing import Any


class WorkerState(Enum):
    """Where in its life a worker is."""

    STARTING = "starting"
    """It loads the application, and accepts nothing yet."""
    READY = "ready"
    DRAINING = "draining"
    """It accepts nothing any more, and finishes what it has begun."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """A worker, as it was when it was last heard of."""

    number: int
    """Its slot, from 1 on."""
    pid: int
    generation: int
    """Of the program: 1, then one more by each reload."""
    state: WorkerState
    started: float
    """As :func:`time.time` has it."""
    requests: int
    """That it has answered."""
    connections: int
    """That are open, with those of WebSockets."""
    websockets: int
    lag: float
    """Seconds that its loop was late, at the worst, in the last interval."""
    memory: int
    """Bytes that are resident."""
    heard: float
    """When it was last heard of, as :func:`time.time` has it."""


@dataclass(frozen=True, slots=True)
class Status:
    """A supervisor and its workers."""

    application: str
    addresses: tuple[str, ...]
    version: str
    """Of tornadolike."""
    pid: int
    started: float
    """As :func:`time.time` has it."""
    generation: int
    wanted: int
    """How many workers there should be."""
    reloading: bool
    stopping: bool
    restarts: int
    """Workers that have ended by themselves and were replaced, all in all."""
    last_end: str
    """How the last of these did: ``"worker 2 (pid 77) was killed by SIGKILL"``; empty if there was none."""
    workers: tuple[WorkerStatus, ...]

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON can have it."""
        values = dataclasses.asdict(self)
        for worker in values["workers"]:
            worker["state"] = worker["state"].value
        return values
