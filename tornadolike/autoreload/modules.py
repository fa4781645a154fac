"""The files of the program that runs: what it has imported, and what it was told to watch."""

import os
import sys
from types import ModuleType

Stamp = tuple[int, int, int]

_watched: set[str] = set()


def watch(filename: str | os.PathLike[str]) -> None:
    """Restart when this file changes, too. The files of imported modules are watched anyway."""
    _watched.add(os.fspath(filename))


def files() -> set[str]:
    """The paths of all files that the program is made of."""
    found = set(_watched)
    for module in list(sys.modules.values()):
        # Not only modules are there, and what else is may answer strangely.
        path = module.__dict__.get("__file__") if isinstance(module, ModuleType) else None
        if isinstance(path, str):
            found.add(path.removesuffix("c") if path.endswith(".pyc") else path)
    return found


def stamp_of(path: str) -> Stamp | None:
    """What tells a file from what it was before; None if there is none.

    An editor that writes a new file and gives it the old one's name changes the number of the file, and so is seen
    even where its clock is not.
    """
    try:
        state = os.stat(path)
    except (OSError, ValueError):
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino


class Files:
    """The files of the program as they were when they were first seen."""

    def __init__(self) -> None:
        self._stamps: dict[str, Stamp] = {}

    def changed(self) -> set[str]:
        """Those that are not what they were the last time. One that is gone is not told: it may come again."""
        changed = set()
        for path in files():
            stamp = stamp_of(path)
            if stamp is not None and self._stamps.setdefault(path, stamp) != stamp:
                self._stamps[path] = stamp
                changed.add(path)
        return changed
