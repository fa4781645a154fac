""":class:`PartialContent`: sends a file, or the parts of it that the client asks for (RFC 9110 section 14)."""

import asyncio
import datetime
from collections.abc import Iterable
from contextlib import closing, nullcontext
from functools import partial
from typing import Any, Final

from ...ioloop.transports.files import UnreadableFile
from ..files.paths import Opened
from ..handler import RequestHandler
from .content import CHUNK_SIZE, StaticContent

CHUNKS_IN_A_ROW: Final = 16
"""After so many chunks it is the other requests' turn, however fast the client takes them."""


class PartialContent(StaticContent, RequestHandler):
    """Sends what was found, once it is known that it is wanted."""

    absolute_path: str
    modified: datetime.datetime | None
    _opened: Opened | None = None
    """What is sent, if it comes from a file that is open."""

    def get_content_size(self) -> int:
        """The size of the content in bytes."""
        raise NotImplementedError

    async def _answer(self, include_body: bool) -> None:
        """Send the file, or the parts of it that are asked for."""
        size = self.get_content_size()
        send = partial(self._send, size) if include_body else None
        await self._send_parts(size, self.modified, send)

    async def _send(self, size: int, start: int, end: int) -> None:
        """Send a part of the file, as fast as the client takes it."""
        opened = self._opened
        if opened is None:
            whole = (start, end) == (0, size)
            content = (
                self.get_content(self.absolute_path)
                if whole
                else self.get_content(self.absolute_path, start, end)
            )
            await self._send_content(content, end - start)
        else:
            await self._send_opened(opened.file, start, end)

    async def _send_content(self, content: Iterable[bytes] | bytes, remaining: int) -> None:
        """Send what :meth:`get_content` gave."""
        chunks: Any = (content,) if isinstance(content, bytes) else content
        in_pieces = remaining > CHUNK_SIZE
        # However this ends, by an exception or a cancelled task too, the file is closed at once.
        with closing(chunks) if hasattr(chunks, "close") else nullcontext():
            for number, chunk in enumerate(chunks, 1):
                self.write(chunk[:remaining])  # a file that has grown meanwhile ends where it did
                remaining -= len(chunk)
                if remaining <= 0:
                    return
                if in_pieces:
                    await self.flush()
                    # To compress a chunk takes as long as to send many.
                    if self._transforms or number % CHUNKS_IN_A_ROW == 0:
                        await asyncio.sleep(0)
        if remaining:
            path = self.absolute_path
            self._part_failed(UnreadableFile(f"{path!r} became shorter while it was sent"))
