"""Files on their way into sockets."""

import asyncio
import contextlib
import errno
import io
import os
import stat
from typing import Any, Final

from ..core import Core

STEP: Final = 1024 * 1024
"""Bytes of a file that one system call sends at the most: then it is the turn of others."""

BLOCK_SIZE: Final = 64 * 1024
"""Bytes that are read at once where the kernel cannot send the file by itself."""

_UNSENDABLE: Final = frozenset(
    {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSOCK, errno.ESPIPE, errno.EOVERFLOW}
)
"""What kernels say of descriptors that :func:`os.sendfile` is not for."""

_UNREADABLE: Final = frozenset({errno.EBADF, errno.EIO, errno.ESTALE})
"""What they say when the file is to blame, and not the socket."""


class FileSending:
    """A part of a file that the kernel sends by itself, without its bytes coming to us.

    :arg file: a file object over a regular file.
    :arg offset: where in the file to begin, in bytes.
    :arg count: how many bytes; None: all to the file's end.

    Raises :exc:`asyncio.SendfileNotAvailableError` for another kind of file, and where the system
    cannot do it. It holds a descriptor of its own until :meth:`end`: closing the file meanwhile does
    no harm.
    """

    __slots__ = ("_fd", "_file", "_left", "_offset", "sent")

    def __init__(self, file: Any, offset: int, count: int | None) -> None:
        if not hasattr(os, "sendfile"):
            raise asyncio.SendfileNotAvailableError("os.sendfile() is not available")
        try:
            fd = file.fileno()
            regular = stat.S_ISREG(os.fstat(fd).st_mode)
        except (AttributeError, OSError):  # io.UnsupportedOperation is one too
            regular = False
        if not regular:
            raise asyncio.SendfileNotAvailableError(f"{file!r} is not a regular file")
        self._fd = os.dup(fd)
        self._file = file
        self._offset = offset
        self._left = count
        self.sent = 0

    def step(self, sock_fd: int) -> bool:
        """Send what the socket takes now; return whether that was the end of it.

        Raises :exc:`asyncio.SendfileNotAvailableError` if the kernel cannot send this file, which it
        says before it has sent anything, and :exc:`OSError` for any other failure.
        """
        size = STEP if self._left is None else min(STEP, self._left)
        try:
            sent = os.sendfile(sock_fd, self._fd, self._offset, size)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            if error.errno in _UNSENDABLE and not self.sent:
                raise asyncio.SendfileNotAvailableError("os.sendfile() call failed") from error
            if error.errno == errno.ENOTCONN and self.sent:
                raise ConnectionError(errno.ENOTCONN, "the connection was closed") from error
            raise
        self.sent += sent
        self._offset += sent
        if self._left is not None:
            self._left -= sent
        return not sent or self._left == 0

    def end(self) -> None:
        """Let go of the file, its position set behind what was sent."""
        os.close(self._fd)
        if self.sent:
            set_position(self._file, self._offset)


class UnreadableFile(Exception):
    """A file that is being sent has ended too early, or could not be read: what was announced cannot come."""


class FilePart:
    """A part of a file that waits among bytes to be sent; its ``len()`` is how much of it is left.

    :arg file: opened in binary mode, with a position that can be set.
    :arg offset: where in the file to begin, in bytes.
    :arg count: how many bytes.

    Of a regular file it holds a descriptor of its own until :meth:`end`: closing the file meanwhile does no harm. Other
    files, and all when there are no more descriptors to be had, have to stay open. It does not matter where their
    position is, and who moves it meanwhile.
    """

    __slots__ = ("_fd", "_file", "_left", "_offset", "sendable")

    def __init__(self, file: Any, offset: int, count: int) -> None:
        self._fd = _own_descriptor_of(file)
        self._file = file
        self._offset = offset
        self._left = count
        self.sendable = self._fd is not None and hasattr(os, "sendfile")
        """Whether :meth:`send` may be tried."""

    def __len__(self) -> int:
        return self._left

    def send(self, sock_fd: int) -> int:
        """Have the kernel send what the socket takes now; how much that was.

        Raises :exc:`UnreadableFile`, and :exc:`OSError` for what is wrong with the socket. If the kernel cannot send
        such a file by itself it is not :attr:`sendable` any more, and 0 the answer.
        """
        assert self._fd is not None
        try:
            sent = os.sendfile(sock_fd, self._fd, self._offset, min(STEP, self._left))
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            if error.errno in _UNSENDABLE:
                self.sendable = False
                return 0
            if error.errno in _UNREADABLE:
                raise UnreadableFile(f"{self._file!r} could not be read: {error}") from error
            raise
        if not sent:
            raise cut_short(self._file, self._offset)
        self._pass(sent)
        return sent

    def take(self, size: int) -> bytes:
        """Read the next ``size`` bytes, or those that are left. Raises :exc:`UnreadableFile`."""
        block = _read(self._file, self._fd, self._offset, min(size, self._left))
        self._pass(len(block))
        return block

    def _pass(self, size: int) -> None:
        self._offset += size
        self._left -= size

    def end(self) -> None:
        """Let go of the file. To be called once."""
        if self._fd is not None:
            os.close(self._fd)


def read_part(file: Any, offset: int, count: int) -> bytes:
    """What would be sent of a :class:`FilePart` of the same arguments. Raises :exc:`UnreadableFile`."""
    return _read(file, descriptor_of(file), offset, count)


def descriptor_of(file: Any) -> int | None:
    """That of a regular file whose content is what ``file`` reads; None if there is none.

    It takes more than a ``fileno()``: files that unpack others have theirs, for one.
    """
    raw = file.raw if isinstance(file, (io.BufferedReader, io.BufferedRandom)) else file
    if not isinstance(raw, io.FileIO) or raw.closed:
        return None
    if isinstance(file, io.BufferedRandom):
        file.flush()
    fd = raw.fileno()
    return fd if stat.S_ISREG(os.fstat(fd).st_mode) else None


def _own_descriptor_of(file: Any) -> int | None:
    fd = descriptor_of(file)
    try:
        return None if fd is None else os.dup(fd)
    except OSError:
        return None  # there are too many: then it is read as files are that have none


def _read(file: Any, fd: int | None, offset: int, count: int) -> bytes:
    pieces: list[bytes] = []
    try:
        if fd is None:
            file.seek(offset)
        while count:
            piece = file.read(count) if fd is None else os.pread(fd, count, offset)
            if not piece:
                raise cut_short(file, offset)
            pieces.append(piece)
            offset += len(piece)
            count -= len(piece)
        return b"".join(pieces)
    except UnreadableFile:
        raise
    except Exception as error:  # those of other people's files may be of any kind
        raise UnreadableFile(f"{file!r} could not be read: {error}") from error


def cut_short(file: Any, size: int) -> UnreadableFile:
    """What to raise when ``file`` has no more than ``size`` bytes, and should."""
    return UnreadableFile(
        f"{file!r} became shorter while it was sent: it ends at {size} bytes or before"
    )


class FileReading:
    """A part of a file that is read in threads, block by block.

    For the same arguments as :class:`FileSending`, but any kind of file object that can be read.
    """

    __slots__ = ("_file", "_left", "_loop", "_offset", "sent")

    def __init__(self, loop: Core, file: Any, offset: int, count: int | None) -> None:
        if offset:
            file.seek(offset)
        else:
            set_position(file, 0)
        self._loop = loop
        self._file = file
        self._offset = offset
        self._left = count
        self.sent = 0
        """Bytes of the blocks that whoever sends them has sent; it is for him to count."""

    async def block(self) -> bytes:
        """The next bytes, ``b""`` at the end."""
        size = BLOCK_SIZE if self._left is None else min(BLOCK_SIZE, self._left)
        if not size:
            return b""
        reading = self._loop.run_in_executor(None, self._file.read, size)
        try:
            block: bytes = await asyncio.shield(reading)
        except asyncio.CancelledError:
            # The thread moves the file's position, which is to be right when the caller gets it back.
            # (Whatever cannot be moved may as well not answer for ever.)
            if can_be_moved(self._file):
                await asyncio.wait([reading])
            raise
        if self._left is not None:
            self._left -= len(block)
        return block

    def end(self) -> None:
        """Set the file's position behind what was sent."""
        set_position(self._file, self._offset + self.sent)


def check_part(file: Any, offset: object, count: object) -> None:
    """Refuse a file that was opened as text, and what is no part of a file.

    Raises :exc:`TypeError` or :exc:`ValueError`.
    """
    if "b" not in getattr(file, "mode", "b"):
        raise ValueError("file should be opened in binary mode")
    if not isinstance(offset, int):
        raise TypeError(f"offset must be a non-negative integer (got {offset!r})")
    if offset < 0:
        raise ValueError(f"offset must be a non-negative integer (got {offset!r})")
    if count is None:
        return
    if not isinstance(count, int):
        raise TypeError(f"count must be a positive integer (got {count!r})")
    if count <= 0:
        raise ValueError(f"count must be a positive integer (got {count!r})")


def can_be_moved(file: Any) -> bool:
    """Whether the file has a position that can be set."""
    seekable = getattr(file, "seekable", None)
    return hasattr(file, "seek") if seekable is None else bool(seekable())


def set_position(file: Any, position: int) -> None:
    """Move ``file`` to ``position`` if it can be moved and is not closed."""
    with contextlib.suppress(ValueError):  # closed
        if can_be_moved(file):
            file.seek(position)
