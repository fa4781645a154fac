"""What a test may leave behind: nothing, if the configuration or a mark says so."""

import contextlib
import gc
import logging
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import asyncio

DESCRIPTORS = "/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"


class Errors(logging.Handler):
    """Keeps what is logged at ERROR, or above it, and was not expected by :class:`~tornadolike.testing.ExpectLog`."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name != "tornadolike.access":  # which says again what whoever failed has said
            self.seen.append(f"{record.name}: {record.getMessage()}")


@contextlib.contextmanager
def checked(wanted: set[str], left: "list[asyncio.Task[Any]]") -> Iterator[None]:
    """Fail at the end of the block if something of what is ``wanted`` was left by what happened in it.

    :arg left: where the tasks are that had to be cancelled.
    """
    before = open_descriptors() if "descriptors" in wanted else {}
    errors = Errors()
    if "errors" in wanted:
        logging.getLogger().addHandler(errors)
    try:
        yield
        if wanted:
            gc.collect()  # what was dropped unfinished complains then, and closes what it has
    finally:
        logging.getLogger().removeHandler(errors)
    found = [f"logged: {text}" for text in errors.seen]
    if "tasks" in wanted:
        found += [f"still running: {_told(task)}" for task in left]
    if "descriptors" in wanted:
        now = open_descriptors()
        found += [
            f"still open: descriptor {number}, {what}"
            for number, what in sorted(now.items())
            if before.get(number) != what
        ]
    if found:
        pytest.fail("the test has left something behind\n" + "\n".join(found), pytrace=False)


def _told(task: "asyncio.Task[Any]") -> str:
    coroutine: Any = task.get_coro()
    code = getattr(coroutine, "cr_code", None) or getattr(coroutine, "gi_code", None)
    place = f" ({code.co_filename}:{code.co_firstlineno})" if code else ""
    return f"task {task.get_name()}, {getattr(coroutine, '__qualname__', coroutine)}{place}"


def open_descriptors() -> dict[int, str]:
    """What is open in this process, but for the three that every process has: pytest exchanges those."""
    found = {}
    for name in os.listdir(DESCRIPTORS):
        if int(name) > 2:
            with contextlib.suppress(OSError):
                found[int(name)] = os.readlink(f"{DESCRIPTORS}/{name}")
    return found
