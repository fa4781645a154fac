"""Files of a form on the disk, as long as the request lasts."""

import io
import os
import tempfile
import weakref
from functools import partial
from typing import Any, BinaryIO, Final

from ...concurrent import in_thread
from ...httputil import HTTPFile
from .disk import WRITE_SIZE, NewFile, write_all

DEFAULT_MEMORY_SIZE: Final = 1024 * 1024
"""The setting ``upload_memory_size``."""


class Spool:
    """What the files of one form hold, one behind the other: in memory, and on the disk once that is too much.

    On the disk it is one file without a name, however many there are in the form: a request costs one descriptor,
    and if the process dies nothing is left behind.

    :arg memory_size: how many bytes stay in memory.
    :arg directory: where the file is made; None for the system's directory for such files.
    """

    def __init__(self, memory_size: int, directory: "str | os.PathLike[str] | None") -> None:
        self._memory_size = memory_size
        self._directory = directory
        self._waiting = bytearray()
        """What is not on the disk."""
        self._file: Any = None
        self._memory: bytes | None = None
        """All of it, if it is whole and has stayed in memory."""
        self.size = 0

    async def write(self, data: bytes) -> None:
        """Add to it."""
        self._waiting += data
        self.size += len(data)
        if len(self._waiting) > (self._memory_size if self._file is None else WRITE_SIZE):
            await in_thread(self._write_out)

    async def finish(self) -> None:
        """That was all; from now on it can be read."""
        if self._file is None:
            self._memory = bytes(self._waiting)
            self._waiting.clear()
        elif self._waiting:
            await in_thread(self._write_out)

    def _write_out(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(buffering=0, dir=self._directory)  # noqa: SIM115 - close() does it
            # A request may be dropped without an end, when its handler waits for what never comes.
            weakref.finalize(self, self._file.close)
        data, self._waiting = self._waiting, bytearray()
        write_all(self._file.fileno(), data)

    def read_at(self, position: int, size: int) -> bytes:
        """Up to ``size`` bytes from ``position`` on. Raises :exc:`ValueError` when it is closed."""
        if self._memory is not None:
            return self._memory[position : position + size]
        if self._file is None or self._file.closed:
            raise ValueError(
                "Uploaded files are gone when their request is over; save() keeps them"
            )
        return os.pread(self._file.fileno(), size, position)

    def close(self) -> None:
        """Forget all of it."""
        self._memory = None
        self._waiting.clear()
        if self._file is not None:
            self._file.close()


class Section(io.RawIOBase):
    """A part of a spool as a file of its own."""

    def __init__(self, spool: Spool, start: int, size: int) -> None:
        self._spool = spool
        self._start = start
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = max(min(len(buffer), self._size - self._position), 0)
        data = self._spool.read_at(self._start + self._position, size) if size else b""
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def readall(self) -> bytes:
        # The inherited one reads few bytes at a time.
        return b"".join(iter(partial(self.read, WRITE_SIZE), b""))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if origin + offset < 0:
            raise ValueError(f"a position before the beginning of the file: {origin + offset}")
        self._position = origin + offset
        return self._position


class UploadedFile(HTTPFile):
    """An :class:`HTTPFile` that need not be in memory: of a handler with :func:`spool_uploads`.

    ``filename`` and ``content_type`` are what the client says. ``body`` reads the whole file into memory, anew
    each time, and holds up the loop while it does.
    """

    def __init__(self, spool: Spool, start: int, size: int, **fields: str) -> None:
        super().__init__(**fields)
        object.__setattr__(self, "_place", (spool, start, size))

    def __missing__(self, name: str) -> Any:
        if name == "body":
            return self._section().readall()
        raise KeyError(name)

    def _section(self) -> Section:
        return Section(*self._place)

    @property
    def size(self) -> int:
        """Its length in bytes."""
        size: int = self._place[2]
        return size

    @property
    def file(self) -> BinaryIO:
        """It as a binary file, to read from; a new one each time, at its beginning.

        Reading holds up the loop: large files are read in a thread, as ``asyncio.to_thread()`` gives one.
        """
        return io.BufferedReader(self._section())

    async def save(self, path: "str | os.PathLike[str]") -> int:
        """Copy it to a file, and return the number of bytes. As :meth:`FormPart.save` does."""
        section = self._section()
        async with NewFile(path) as file:
            while piece := await in_thread(section.read, WRITE_SIZE):
                await file.write(piece)
        return file.size
