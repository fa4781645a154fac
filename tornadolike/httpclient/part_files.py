"""Files that are written while they come, and take their place when they are whole.

Threads write: a disk may take its time, and the loop has others to serve.
"""

import errno
import fcntl
import json
import os
import secrets
import stat
from typing import IO, Any, Final

from ..concurrent import in_thread

WRITE_SIZE: Final = 512 * 1024
"""Bytes that are collected before they are written: each write is a thread's errand."""

_MAX_STATE: Final = 256 * 1024
"""Bytes of what is remembered."""

State = dict[str, str]
"""What is remembered beside a part: what it is the beginning of."""


class PartFile:
    """What becomes the file at ``path``: a file beside it until it is whole.

    What is there at the end of :meth:`finish` is the whole file, with the rights of the one that was there before. Of a
    path that is something else than a file (``/dev/null``, a pipe) it cannot take the place: that is written to.

    :arg keep: whether a part that is not finished stays, as ``path`` with ``.part`` behind it, and what :meth:`begin`
        was told in ``.part.json``. Then the next one with ``keep`` finds both.

    What stands there under these names and is no file, is a link, or is somebody else's, is not touched: in a folder
    where others write (``/tmp``) they could otherwise have us write where they may not, or give us the beginning.

    Use it as ``async with``. It raises :exc:`OSError` at once where nothing can be written, :exc:`PermissionError` for
    what is somebody else's, and with ``keep`` :exc:`BlockingIOError` while another process writes the same.
    """

    def __init__(self, path: "str | os.PathLike[str]", keep: bool = False) -> None:
        self._path = os.fspath(path)
        self._keep = keep
        self._part = ""
        self._file: IO[bytes] | None = None
        self._waiting = bytearray()
        self._direct = False
        self._finished = False
        self.size = 0
        """Bytes that it has."""
        self.state: State | None = None
        """What it is the beginning of; None if that is not known, and nothing can be added."""

    async def __aenter__(self) -> "PartFile":
        try:
            await in_thread(self._open)
        except BaseException:
            # Who is cancelled gets this when it is open.
            await in_thread(self._leave)
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await in_thread(self._leave)

    async def begin(self, state: State | None) -> None:
        """Forget what there is, and begin anew with something of which this is known."""
        self.state, self.size = state, 0
        self._waiting.clear()
        await in_thread(self._truncate)

    async def write(self, data: bytes) -> None:
        """Add to it."""
        self._waiting += data
        self.size += len(data)
        if len(self._waiting) >= WRITE_SIZE:
            await in_thread(self._write_out)

    async def finish(self) -> None:
        """It is whole: put it in its place."""
        await in_thread(self._put_in_place)

    @property
    def _kept(self) -> bool:
        return self._keep and not self._direct and self.state is not None

    # In a thread

    def _open(self) -> None:
        mode = _mode_of(self._path)
        if mode is not None and stat.S_ISDIR(mode):
            raise IsADirectoryError(
                f"{self._path!r} is a directory: the name of a file was expected"
            )
        self._direct = mode is not None and not stat.S_ISREG(mode)
        if self._direct:
            self._file = open(self._path, "wb", buffering=0)  # noqa: SIM115 - _leave() closes it
            return
        # What a symbolic link points to is meant: the link stays.
        self._path = os.path.realpath(self._path)
        ending = "" if self._keep else f".{secrets.token_hex(4)}"
        self._part = f"{self._path}{ending}.part"
        if self._keep:
            self._file = _open_locked(self._part)
            self.size = os.fstat(self._file.fileno()).st_size
            self.state = _read_state(f"{self._part}.json") if self.size else None
        else:
            self._file = open(self._part, "xb")  # noqa: SIM115 - the same
        if mode is not None:
            os.fchmod(self._file.fileno(), stat.S_IMODE(mode))

    def _truncate(self) -> None:
        assert self._file is not None
        if not self._direct:
            self._file.truncate(0)
        if self._kept:
            with _open_own(f"{self._part}.json", os.O_WRONLY | os.O_CREAT) as file:
                file.truncate(0)
                file.write(json.dumps(self.state).encode())

    def _write_out(self) -> None:
        assert self._file is not None
        data, self._waiting = self._waiting, bytearray()
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]

    def _put_in_place(self) -> None:
        assert self._file is not None
        self._write_out()
        self._file.flush()
        if not self._direct:
            os.replace(self._part, self._path)
        self._finished = True

    def _leave(self) -> None:
        if self._file is None:
            return
        kept = self._kept and not self._finished
        try:
            if kept:
                self._write_out()
        finally:
            if not kept and not self._direct:
                # While the lock is still held.
                _remove(f"{self._part}.json")
                if not self._finished:
                    _remove(self._part)
            self._file.close()


def _open_locked(path: str) -> IO[bytes]:
    """Open a file to add to it, which nobody else does meanwhile."""
    while True:
        file = _open_own(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it may have put it in its place since it was opened here.
            if _number_of(path) == os.fstat(file.fileno()).st_ino:
                return file
            file.close()
        except BaseException as error:
            file.close()
            if isinstance(error, BlockingIOError):
                raise BlockingIOError(
                    error.errno, "another download is writing this", path
                ) from None
            raise


def _open_own(path: str, flags: int) -> IO[bytes]:
    """Open a file that is ours and nobody else's, without a buffer.

    Raises :exc:`OSError`, which for a link has the number ELOOP, and :exc:`PermissionError` for what is not ours.
    """
    # (Without O_NONBLOCK to open a pipe could take for ever.)
    number = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o666)
    try:
        found = os.fstat(number)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_nlink > 1:
            raise PermissionError(
                errno.EPERM,
                "a part of a download would be kept here, but this is something else",
                path,
            )
        return os.fdopen(number, "rb" if flags & os.O_ACCMODE == os.O_RDONLY else "wb", 0)
    except BaseException:
        os.close(number)
        raise


def _number_of(path: str) -> int | None:
    try:
        return os.lstat(path).st_ino
    except FileNotFoundError:
        return None


def _mode_of(path: str) -> int | None:
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None


def _read_state(path: str) -> State | None:
    try:
        with _open_own(path, os.O_RDONLY) as file:
            state: Any = json.loads(file.read(_MAX_STATE))
    except (OSError, ValueError):
        return None
    if not isinstance(state, dict) or not all(isinstance(v, str) for v in state.values()):
        return None
    return state


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
