""":class:`FiguresFolder`: where the workers count: for :mod:`tornadolike.metrics`, so that what was counted outlives
them, and for each other, so that none has more connections than another for long."""

import asyncio
import fcntl
import mmap
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from ..log import gen_log
from ..process import SHARED_SIZE, nobody_is
from .tasks import SHARED_VARIABLE

VARIABLE: Final = "TORNADOLIKE_METRICS_DIR"
"""By which workers find it. If it is set already, that folder is used, and left as it is at the end."""

LIBRARYS_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The same for what the program itself counts by ``prometheus_client``."""

SHARED_PREFIX: Final = "shared-"

PREFIX: Final = "tornadolike-metrics-"

SECONDS_OF_A_BEGINNING: Final = 60.0
"""For which a folder is left alone that nobody has locked: somebody may be about to."""


class FiguresFolder:
    """A folder for as long as the supervisor runs."""

    def __init__(self) -> None:
        self._lock: int | None = None
        given = os.environ.get(VARIABLE)
        if given:
            self._path = given
        else:
            remove_forgotten()
            self._path = tempfile.mkdtemp(prefix=PREFIX)
            self._lock = locked(self._path)
        self._shared = os.path.join(self._path, f"{SHARED_PREFIX}{os.getpid()}")
        with open(self._shared, "w+b") as file:
            file.write(bytes(SHARED_SIZE))
            file.flush()
            self._memory = mmap.mmap(file.fileno(), SHARED_SIZE)

    @property
    def environment(self) -> dict[str, str]:
        """What workers are to have in theirs."""
        return {
            VARIABLE: self._path,
            LIBRARYS_VARIABLE: os.environ.get(LIBRARYS_VARIABLE) or self._path,
            SHARED_VARIABLE: self._shared,
        }

    @property
    def is_used(self) -> bool:
        with os.scandir(self._path) as entries:
            return any(not entry.name.startswith(SHARED_PREFIX) for entry in entries)

    def forget(self, pid: int) -> None:
        """A worker has ended: what it has counted is added to what others have that are gone."""
        if not self.is_used:
            return  # nobody counts, and what is needed for it may not even be installed
        from ..metrics import forget_process

        try:
            forget_process(pid, self._path)
        except (OSError, ValueError) as error:
            gen_log.error("The figures of process %d cannot be added up: %s", pid, error)

    def nobody_in(self, number: int) -> None:
        """There is no worker in a slot: the others need not wait for it."""
        nobody_is(number - 1, self._memory)

    async def scrape(self) -> tuple[str, bytes]:
        """The content type and the text of all figures."""
        if not self.is_used:
            return "text/plain; charset=utf-8", b""
        from ..metrics import scrape

        answer: Any = await asyncio.to_thread(scrape, folder=self._path)
        return str(answer[0]), bytes(answer[1])

    def remove(self) -> None:
        self._memory.close()
        Path(self._shared).unlink(missing_ok=True)
        if self._lock is not None:
            shutil.rmtree(self._path, ignore_errors=True)
            os.close(self._lock)
            self._lock = None


def remove_forgotten() -> None:
    """Remove what supervisors have left behind that were killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            if time.time() - path.stat().st_mtime < SECONDS_OF_A_BEGINNING:
                continue
            lock = locked(path)
        except OSError:
            continue  # another user's, or already gone
        if lock is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


def locked(folder: str | os.PathLike[str]) -> int | None:
    """A descriptor that keeps the folder from being taken for forgotten; None if somebody else has one."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
