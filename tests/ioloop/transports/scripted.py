"""A loop and a protocol for transports that have no descriptor."""

from collections.abc import Callable
from typing import Any


class ReportingLoop:
    """Keeps what its exception handler is told."""

    def __init__(self) -> None:
        self.reports: list[dict[str, Any]] = []

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.reports.append(context)


class Writer:
    """A protocol that writes down what it is told. ``actions`` are run by name of the call."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.actions: dict[str, Callable[[], object]] = {}

    def _hear(self, name: str) -> None:
        self.heard.append(name)
        action = self.actions.get(name)
        if action is not None:
            action()

    def pause_writing(self) -> None:
        self._hear("pause")

    def resume_writing(self) -> None:
        self._hear("resume")
