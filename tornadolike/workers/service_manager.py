""":class:`ServiceManager`: what systemd is told of a supervisor, if it has started it (sd_notify(3))."""

import time

from ..netutil.notify import notify_service_manager, watchdog_seconds
from ..programs.failing import Failure
from .state import Status, WorkerState


class ServiceManager:
    """Tells it what has changed. Nothing happens where there is none."""

    def __init__(self) -> None:
        try:
            self._watchdog = watchdog_seconds()
        except ValueError as error:
            raise Failure(str(error)) from error
        self._tell_again = 0.0
        self._said = ""

    def ready(self) -> None:
        """All serve, for the first time or again."""
        notify_service_manager(READY="1")

    def reloading(self) -> None:
        notify_service_manager(RELOADING="1", MONOTONIC_USEC=str(time.monotonic_ns() // 1000))

    def stopping(self) -> None:
        notify_service_manager(STOPPING="1")

    def look(self, status: Status, is_well: bool) -> None:
        """Tell how it is, if that has changed; and if all is well, that it is."""
        said = summary(status)
        if said != self._said:
            self._said = said
            notify_service_manager(STATUS=said)
        now = time.monotonic()
        if self._watchdog is not None and is_well and now >= self._tell_again:
            self._tell_again = now + self._watchdog / 3
            notify_service_manager(WATCHDOG="1")


def summary(status: Status) -> str:
    """A line for people."""
    counts = dict.fromkeys(WorkerState, 0)
    for worker in status.workers:
        counts[worker.state] += 1
    parts = [f"{counts[WorkerState.READY]} of {status.wanted} workers ready"]
    parts += [
        f"{counts[state]} {state.value}"
        for state in (WorkerState.STARTING, WorkerState.DRAINING)
        if counts[state]
    ]
    if status.restarts:
        parts.append(f"{status.restarts} replaced behind a failure")
    return ", ".join(parts)
