"""Watching folders for a loop, in a thread: by watchfiles where it is installed, or else by looking again and again."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self

from ..ioloop import IOLoop
from . import polled

Changes = Callable[[Sequence[str], threading.Event], Iterator[set[str]]]

try:
    from . import notified
except ImportError:
    HAS_NOTIFICATIONS = False
else:
    HAS_NOTIFICATIONS = True


class FolderWatch:
    """Inside of this context ``told`` is called, from the current loop, with the paths of files that have changed.

    :arg folders: these, and all that are in them; of what is in more than one only once.
    :arg failed: called with the reason when the system does not tell of changes any more, and looking goes on by
        polling.
    :arg polls: look again and again though the system would tell of changes: it does not where files are another
        system's (in a container, on a network).
    """

    def __init__(
        self,
        folders: Iterable[str],
        told: Callable[[set[str]], object],
        failed: Callable[[Exception], object],
        polls: bool = False,
    ) -> None:
        self.polls = polls or not HAS_NOTIFICATIONS
        self.folders = outermost(folders)
        self._told = told
        self._failed = failed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="folder watch", daemon=True)

    def __enter__(self) -> Self:
        self._loop = IOLoop.current()
        self._thread.start()
        return self

    def __exit__(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        if not self.polls:
            try:
                self._tell(notified.changes)
            except (OSError, RuntimeError) as error:
                self._loop.add_callback(self._failed, error)
        self._tell(polled.changes)  # returns at once when all is over

    def _tell(self, changes: Changes) -> None:
        for changed in changes(self.folders, self._stop):
            self._loop.add_callback(self._told, changed)


def outermost(folders: Iterable[str]) -> list[str]:
    """Absolute paths, without those that are within another one."""
    found: list[str] = []
    for folder in sorted({os.path.realpath(folder) for folder in folders}):
        if not any(folder.startswith(os.path.join(other, "")) for other in found):
            found.append(folder)
    return found
