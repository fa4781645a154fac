"""Changes as one sees them by looking again and again: it needs nothing, and costs a look at each file."""

import os
import threading
from collections.abc import Iterator, Sequence
from typing import Final

from .folders import files_in
from .modules import Stamp

SECONDS: Final = 0.5
"""Between two looks."""

SETTLING_SECONDS: Final = 0.05
"""Within which a change is followed by another one, if there are several."""

MOST_LOOKS: Final = 10
"""After how many changes they are told, though they go on."""


def changes(folders: Sequence[str], stop: threading.Event) -> Iterator[set[str]]:
    """The paths of files that have changed, come or gone, as often as there are some, until ``stop`` is set."""
    before = _look(folders)
    while not stop.wait(SECONDS):
        now = _look(folders)
        changed = _differences(before, now)
        if not changed:
            continue
        for _ in range(MOST_LOOKS):
            before = now
            if stop.wait(SETTLING_SECONDS):
                return
            now = _look(folders)
            more = _differences(before, now)
            if not more:
                break
            changed |= more
        before = now
        yield changed


def _look(folders: Sequence[str]) -> dict[str, Stamp]:
    found = {}
    for folder in folders:
        for entry in files_in(folder):
            try:
                state = os.stat(entry)
            except OSError:
                continue  # gone again, or a link that leads nowhere
            found[entry.path] = state.st_mtime_ns, state.st_size, state.st_ino
    return found


def _differences(before: dict[str, Stamp], now: dict[str, Stamp]) -> set[str]:
    return {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}
