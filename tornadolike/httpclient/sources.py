"""Where the bytes of a body come from: bytes, a path, a file that is open, an iterable.

Files are read by threads: a disk may take its time, and the loop has others to serve.
"""

import io
import os
import stat
from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Any, BinaryIO, Final

from ..concurrent import in_thread

Content = bytes | os.PathLike[str] | BinaryIO | Iterable[bytes] | AsyncIterable[bytes]
"""What :func:`source_of` takes."""

READ_SIZE: Final = 256 * 1024
"""Bytes of a file that are read at a time: each read is a thread's errand."""


class Source(ABC):
    """Gives bytes, in pieces."""

    size: int | None = None
    """How many they will be, if that is known."""
    name: str | None = None
    """The name of the file that they are from, if there is one."""
    repeatable: bool = True
    """Whether they can be given once more."""

    @abstractmethod
    def pieces(self) -> AsyncIterator[bytes]:
        """Give all, from the beginning."""


def source_of(content: Content) -> Source:
    """What gives the bytes of ``content``.

    Text is refused with :exc:`TypeError`: it might be the path of a file or the content of one, and who takes a path
    for content, or content of a stranger's for a path, gives away what they did not want to. A path that cannot be
    read raises :exc:`OSError` at once.
    """
    if isinstance(content, bytes | bytearray | memoryview):
        return BytesSource(bytes(content))
    if isinstance(content, str):
        raise TypeError(
            "text is no content of a file: give bytes (text.encode()), or a path as pathlib.Path"
        )
    if isinstance(content, os.PathLike):
        return PathSource(content)
    if isinstance(content, io.TextIOBase):
        raise TypeError("a file has to be open for bytes: open(path, 'rb')")
    if hasattr(content, "read"):
        return FileSource(content)
    if isinstance(content, AsyncIterable):
        return AsyncSource(content)
    if isinstance(content, Iterable):
        return IterableSource(content)
    raise TypeError(
        "what is sent is bytes, a pathlib.Path, a file that is open for bytes or an iterable of bytes,"
        f" not {type(content).__name__}"
    )


class BytesSource(Source):
    """Bytes that are there."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)

    async def pieces(self) -> AsyncIterator[bytes]:
        yield self.data


class FileSource(Source):
    """A file that somebody has opened, from where it stands to its end. It stays open."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._start: int | None = None
        self._used = False
        if getattr(file, "seekable", lambda: False)():
            self._start = file.tell()
            self.size = max(file.seek(0, os.SEEK_END) - self._start, 0)
            file.seek(self._start)
        self.repeatable = self._start is not None
        path = getattr(file, "name", None)
        if isinstance(path, str) and not path.startswith("<"):
            self.name = os.path.basename(path)

    async def pieces(self) -> AsyncIterator[bytes]:
        self._used = _once(self._used, self.repeatable)
        if self._start is not None:
            await in_thread(self._file.seek, self._start)
        async for piece in _read(self._file, self.size):
            yield piece


class PathSource(Source):
    """A file at a path, opened anew each time."""

    def __init__(self, path: os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        found = os.stat(self._path)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(f"{self._path!r} is a directory: a file was expected")
        if stat.S_ISREG(found.st_mode):
            self.size = found.st_size
        if not os.access(self._path, os.R_OK):
            raise PermissionError(f"{self._path!r} may not be read")
        self.name = os.path.basename(self._path)

    async def pieces(self) -> AsyncIterator[bytes]:
        file = await in_thread(open, self._path, "rb")
        try:
            async for piece in _read(file, self.size):
                yield piece
        finally:
            await in_thread(file.close)


class AsyncSource(Source):
    """An asynchronous iterable, such as an asynchronous generator."""

    def __init__(self, iterable: AsyncIterable[bytes]) -> None:
        self._iterable = iterable
        self._used = False
        self.repeatable = iterable.__aiter__() is not iterable

    async def pieces(self) -> AsyncIterator[bytes]:
        self._used = _once(self._used, self.repeatable)
        iterator = self._iterable.__aiter__()
        try:
            async for piece in iterator:
                yield piece
        finally:
            close = getattr(iterator, "aclose", None)
            if close is not None:
                await close()


class IterableSource(Source):
    """An iterable whose next piece is quick to get: it is asked in the loop's thread."""

    def __init__(self, iterable: Iterable[bytes]) -> None:
        self._iterable = iterable
        self._used = False
        self.repeatable = iter(iterable) is not iterable

    async def pieces(self) -> AsyncIterator[bytes]:
        self._used = _once(self._used, self.repeatable)
        for piece in self._iterable:
            yield piece


def _once(used: bool, repeatable: bool) -> bool:
    """Whether it has been used now. Raises :exc:`RuntimeError` where it was, and can be only once."""
    if used and not repeatable:
        raise RuntimeError("this body can be given only once, and has been given")
    return True


async def _read(file: Any, size: int | None) -> AsyncIterator[bytes]:
    """Give what is in a file; if ``size`` was promised, so much of it and no less (:exc:`EOFError`)."""
    left = size
    while left is None or left > 0:
        piece = await in_thread(file.read, READ_SIZE if left is None else min(left, READ_SIZE))
        if not piece:
            if left is not None:
                raise EOFError(f"a file that is being sent has become shorter: {left} bytes less")
            return
        if left is not None:
            left -= len(piece)
        yield piece
