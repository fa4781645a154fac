"""Files are written by threads: a disk may take its time, and the loop has others to serve."""

import os
import secrets
from types import TracebackType
from typing import Final

from ...concurrent import in_thread

WRITE_SIZE: Final = 512 * 1024
"""Bytes that are collected before they are written: each write is a thread's errand."""


class NewFile:
    """A file that is there when it is whole, and not before.

    ``async with NewFile(path) as file`` writes to a file beside ``path``, which takes its place at the end of
    the block, and that of a file that was there. If the block ends by an exception nothing is left of it.
    """

    def __init__(self, path: "str | os.PathLike[str]") -> None:
        self._path = os.path.abspath(path)
        folder = os.path.dirname(self._path)
        self._planned = os.path.join(folder, f".upload-{secrets.token_hex(8)}.part")
        self._part = ""
        """Where it is, as long as it is not in its place."""
        self._descriptor = -1
        self._waiting = bytearray()
        self.size = 0

    async def write(self, data: bytes) -> None:
        """Add to the file."""
        self._waiting += data
        self.size += len(data)
        if len(self._waiting) >= WRITE_SIZE:
            await in_thread(self._write_out)

    async def __aenter__(self) -> "NewFile":
        try:
            await in_thread(self._open)
        except BaseException:
            self._discard()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                await in_thread(self._put_in_place)
        finally:
            self._discard()

    def _open(self) -> None:
        # With the rights that any new file of this process gets.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._descriptor = os.open(self._planned, flags, 0o666)
        self._part = self._planned

    def _write_out(self) -> None:
        data, self._waiting = self._waiting, bytearray()
        write_all(self._descriptor, data)

    def _put_in_place(self) -> None:
        self._write_out()
        os.close(self._descriptor)
        self._descriptor = -1
        os.replace(self._part, self._path)
        self._part = ""

    def _discard(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        if self._part:
            try:
                os.unlink(self._part)
            except FileNotFoundError:
                pass


def write_all(descriptor: int, data: bytes | bytearray) -> None:
    """Write to a file, which may take less than all at a time."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
