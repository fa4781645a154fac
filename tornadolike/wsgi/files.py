"""``wsgi.file_wrapper``: an application gives a file, and the server sends it as quickly as it can."""

import io
import os
import stat
from typing import Any, BinaryIO, Final, NamedTuple, Self

BLOCK_SIZE: Final = 64 * 1024


class OpenFile(NamedTuple):
    """A part of a file on the disk that a connection can send by itself."""

    file: BinaryIO
    offset: int
    size: int


class FileWrapper:
    """An iterable of the blocks of a file; ``close()`` closes the file, if that can be closed.

    :arg filelike: has ``read(size)``, which gives bytes.
    :arg block_size: bytes that are read at once.
    """

    def __init__(self, filelike: Any, block_size: int = BLOCK_SIZE) -> None:
        self.filelike = filelike
        self.block_size = block_size
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        block: bytes = self.filelike.read(self.block_size)
        if not block:
            raise StopIteration
        return block

    def on_disk(self) -> OpenFile | None:
        """What is to come of it, if it is a file on the disk as it is: not compressed, not of text, no pipe."""
        file = self.filelike
        raw = file.raw if type(file) in (io.BufferedReader, io.BufferedRandom) else file
        if type(raw) is not io.FileIO:  # others have a fileno() of what they make something else of
            return None
        status = os.fstat(raw.fileno())
        if not stat.S_ISREG(status.st_mode):
            return None
        offset = file.tell()
        return OpenFile(file, offset, max(status.st_size - offset, 0))
