"""A folder in which each process of a site has its figures, so that any of them can tell of all.

.. code-block:: text

   71-1.figures      of process 71, which adds to them in its memory; the kernel keeps them, also behind a kill -9
   ended.figures     of all processes that have ended, added up, so that nothing that is counted decreases
   lock              held by who reads or adds up

The figures of a process that has ended are added up by :func:`forget_process`, or by whoever reads next.
"""

import contextlib
import fcntl
import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ..log import gen_log
from .figures import SIZE, memory_of, snapshot_of
from .tables import Snapshot, add_to, without_gauges

VARIABLE: Final = "TORNADOLIKE_METRICS_DIR"
"""What names the folder in the environment."""

ENDING: Final = ".figures"
_ENDED: Final = f"ended{ENDING}"


def usual_folder() -> "Folder | None":
    """The one that the environment names."""
    path = os.environ.get(VARIABLE)
    return Folder(path) if path else None


class Folder:
    """Figures of processes.

    :arg path: of the folder, which is there.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def new_memory(self, number: int) -> mmap.mmap:
        """Memory for figures of this process, in a file of its own. Raises :exc:`OSError` if there is no room.

        :arg number: tells several of one process apart.
        """
        pid = os.getpid()
        path = self.path / f"{pid}-{number}{ENDING}"
        if path.exists():  # of one that had the same number, long ago
            with self.locked():
                self._add_up([path])
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            # All of it, now: a disk that is full is an error here, and would be the end of the process later.
            if os.write(fd, bytes(SIZE)) != SIZE:
                raise OSError("no room for the figures")
            return mmap.mmap(fd, SIZE)
        except BaseException:
            path.unlink()
            raise
        finally:
            os.close(fd)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else adds up or reads meanwhile."""
        fd = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def forget(self, pid: int) -> None:
        """Add up the figures of a process that has ended."""
        with self.locked():
            self._add_up([path for path in self._files() if _pid_of(path) == pid])

    def snapshot(self) -> tuple[Snapshot, list[int]]:
        """The figures of all processes, ended ones too, and the numbers of those that are there."""
        with self.locked():
            files = list(self._files())
            gone = [path for path in files if not _is_there(_pid_of(path))]
            self._add_up(gone)
            whole = self._read(self.path / _ENDED)
            living = [path for path in files if path not in gone]
            for path in living:
                add_to(whole, self._read(path))
        return whole, sorted({_pid_of(path) for path in living})

    def _files(self) -> Iterator[Path]:
        for path in sorted(self.path.glob(f"*{ENDING}")):
            if path.name != _ENDED and path.name.split("-")[0].isdigit():
                yield path

    def _read(self, path: Path) -> Snapshot:
        try:
            return snapshot_of(path.read_bytes())
        except FileNotFoundError:
            return {}

    def _add_up(self, files: list[Path]) -> None:
        if not files:
            return
        whole = self._read(self.path / _ENDED)
        for path in files:
            add_to(whole, without_gauges(self._read(path)))
        new = self.path / f"{_ENDED}.new"
        try:
            new.write_bytes(memory_of(whole))
            new.replace(self.path / _ENDED)
        except OSError as error:  # as they are there still, they are counted all the same
            gen_log.warning("cannot add up the figures of processes that have ended: %s", error)
            new.unlink(missing_ok=True)
            return
        for path in files:
            path.unlink(missing_ok=True)


def _pid_of(path: Path) -> int:
    return int(path.name.split("-")[0])


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
