"""Files below a directory, opened so that nothing outside of it can be had.

A path is judged twice: as it is written, before the file system is asked for anything, and as it is, because links may
lead to where ``../`` may not. The second judgement is about the file that was opened, where the system can tell its
path: what is exchanged for something else meanwhile is not served.
"""

import errno
import io
import os
import stat
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO, Final

from ..errors import HTTPError

Directory = str | os.PathLike[str]

NAMES_HAVE_STREAMS: Final = os.name == "nt"
"""Whether ``file:name`` is something else that belongs to ``file``, as on Windows."""

OPEN_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOINHERIT", 0)
)

NO_MORE_DESCRIPTORS: Final = frozenset({errno.EMFILE, errno.ENFILE})

MAX_REMEMBERED_DIRECTORIES: Final = 1000

DELETED: Final = " (deleted)"
"""What Linux says behind the path of a file that has none any more."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A regular file that is open.

    :ivar path: its real path, without links.
    :ivar state: what the system says of it.
    """

    file: BinaryIO
    path: str
    state: os.stat_result


def absolute(directory: Directory) -> str:
    """:func:`os.path.abspath`, which is not needed again and again for a path that does not depend on where we are."""
    path = os.fspath(directory)
    return _normalized(path) if os.path.isabs(path) else os.path.abspath(path)


_normalized = lru_cache(MAX_REMEMBERED_DIRECTORIES)(os.path.abspath)


def is_inside(directory: str, path: str) -> bool:
    """Whether ``path`` is ``directory`` or below, by their names."""
    inside = directory if directory.endswith(os.path.sep) else directory + os.path.sep
    return (path + os.path.sep).startswith(inside)


def check_inside(directories: Iterable[str], path: str, shown: str) -> str:
    """``path`` if it is one of ``directories`` or below; raises :exc:`HTTPError` (403) if not."""
    for directory in directories:
        if is_inside(directory, path):
            if NAMES_HAVE_STREAMS and ":" in path[len(directory) :]:
                raise HTTPError(403, "%r is not a file", shown)
            return path
    raise not_inside(shown)


def not_inside(shown: str) -> HTTPError:
    """What answers a path that leads elsewhere."""
    return HTTPError(403, "%r is not in root static directory", shown)


def leads_out(path: str) -> bool:
    """Whether a relative path leads out of where it begins, by its names. One that is absolute does."""
    if not path.startswith(("/", os.path.sep)) and ".." not in path:
        return False
    first = os.path.normpath(path).split(os.path.sep, 1)[0]
    return first in ("", "..")


def resolved(path: str) -> str:
    """:func:`os.path.realpath`, which would ask the system about each name behind the first that is not there.

    A client can send thousands of those.
    """
    names = os.path.normpath(path).split(os.path.sep)
    steps = range(1, len(names) + 1)
    there = bisect_left(
        steps, True, lo=1, key=lambda step: not os.path.lexists(os.path.sep.join(names[:step]))
    )
    real = os.path.realpath(os.path.sep.join(names[:there]) or os.path.sep)
    return os.path.join(real, *names[there:])


def can_be_a_path(path: str) -> bool:
    """Whether the operating system can be asked for it at all."""
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def open_below(directories: list[str], path: str) -> Opened | None:
    """Open a regular file; None for what is none, is not there, or is not in one of ``directories``.

    The directories are paths that may have links themselves. Raises :exc:`HTTPError`: 403 for a file that is not
    ours to read, 404 for one that has gone meanwhile, 503 if too many files are open.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
    except (OSError, ValueError):
        return None
    file, state = _open_stated(path)
    try:
        real = real_path_of(file, path)
        if is_below(directories, real):
            return Opened(file, real, state)
    except BaseException:
        file.close()
        raise
    file.close()
    return None


def open_regular(path: str) -> BinaryIO:
    """Open a file. Raises :exc:`HTTPError`: 404 if it is not there, 403 if it is no file or not ours to read.

    And 503 if too many files are open.
    """
    try:
        # To open a device or a FIFO may have consequences.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise HTTPError(403, "%r is not a file", path)
    except (OSError, ValueError):
        raise HTTPError(404) from None
    return _open_stated(path)[0]


def _open_stated(path: str) -> tuple[BinaryIO, os.stat_result]:
    """Open what was a regular file a moment ago; what took its place meanwhile cannot block us."""
    try:
        file = io.FileIO(path, "rb", opener=_open)
    except (FileNotFoundError, NotADirectoryError):
        raise HTTPError(404) from None
    except PermissionError:
        raise HTTPError(403, "%r is not readable", path) from None
    except IsADirectoryError:
        raise HTTPError(403, "%r is not a file", path) from None
    except OSError as error:
        if error.errno not in NO_MORE_DESCRIPTORS:
            raise
        raise HTTPError(503, "%r is not opened: %s", path, error.strerror) from None
    try:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode):
            raise HTTPError(403, "%r is not a file", path)
    except BaseException:
        file.close()
        raise
    return file, state


def _open(path: str, flags: int) -> int:
    return os.open(path, OPEN_FLAGS)


def real_path_of(file: BinaryIO, path: str) -> str:
    """Where an open file is. Raises :exc:`HTTPError` (404) if it is nowhere any more.

    On Linux the system knows. Elsewhere this is where ``path`` leads now.
    """
    try:
        real = os.readlink(f"/proc/self/fd/{file.fileno()}")
    except OSError:
        return os.path.realpath(path)
    if real.endswith(DELETED) and not os.fstat(file.fileno()).st_nlink:
        raise HTTPError(404)
    return real


def is_below(directories: list[str], real: str) -> bool:
    """Whether the real path ``real`` is in one of the directories, wherever these really are."""
    for directory in directories:
        if is_inside(_directories.find(directory), real):
            return True
    # One that has been moved is the same directory at another place.
    return any(is_inside(os.path.realpath(directory), real) for directory in directories)


class _RealDirectories:
    """The real paths of directories, which take long to find; asked anew when a path leads to another directory."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, int, str]] = {}

    def find(self, directory: str) -> str:
        try:
            state = os.stat(directory)
        except OSError:
            return os.path.realpath(directory)
        known = self._known.get(directory)
        if known is None or known[:2] != (state.st_dev, state.st_ino):
            if len(self._known) >= MAX_REMEMBERED_DIRECTORIES:
                self._known.clear()
            known = (state.st_dev, state.st_ino, os.path.realpath(directory))
            self._known[directory] = known
        return known[2]


_directories = _RealDirectories()
