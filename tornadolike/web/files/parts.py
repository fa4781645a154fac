"""A content of which the size is known, and the client may have a part (RFC 9110 sections 13 and 14)."""

import asyncio
import datetime
import os
from collections.abc import Awaitable, Callable
from typing import BinaryIO, Final

from ...httputil import parse_date
from ...httputil.ranges import Range, parse_ranges
from ...ioloop.transports.files import cut_short
from ..errors import HTTPError
from .byteranges import MAX_RANGES, ByteRanges, content_range
from .preconditions import precondition_holds, range_condition_holds
from .sending import PIECE_SIZE, Sending

SendPart = Callable[[int, int], Awaitable[None]]
"""Sends a content from this byte to before that one."""


PRECONDITIONS: Final = frozenset({"If-Match", "If-Unmodified-Since"})
QUESTIONS: Final = frozenset({"If-None-Match", "If-Modified-Since"})


class Parts(Sending):
    """Sends as much of a content as the client wants."""

    def _check_preconditions(self, modified: datetime.datetime | None) -> None:
        """Raise :exc:`HTTPError` (412) if the content is not in the state that the request is about."""
        request = self.request
        if not PRECONDITIONS.isdisjoint(request._fields) and not precondition_holds(
            request.headers, self._headers.get("Etag"), modified
        ):
            raise HTTPError(412, detail="The file is not what the request says that it was.")

    def _client_has_it(self, modified: datetime.datetime | None) -> bool:
        """Whether the client's copy is good (RFC 9110 section 13.2.2: Etag first, then the date)."""
        request = self.request
        if QUESTIONS.isdisjoint(request._fields):
            return False
        if request.headers.get("If-None-Match"):
            return self.check_etag_header()
        since = request.headers.get("If-Modified-Since")
        date = None if since is None else parse_date(since)
        return date is not None and modified is not None and date >= modified

    async def _send_parts(
        self, size: int, modified: datetime.datetime | None, send: SendPart | None
    ) -> None:
        """Send the content, or the parts of it that are asked for; only the head without a ``send``.

        :arg modified: when the content was, for a client that has a part already.
        """
        parts = self._select_ranges(size, modified)
        if len(parts) > 1:
            around = ByteRanges(parts, size, self._headers.get("Content-Type", ""))
            self.set_header("Content-Type", around.content_type)
            self.set_header("Content-Length", around.size)
            if send is not None:
                for head, (start, end) in zip(around.heads, parts, strict=True):
                    self.write(head)
                    await send(start, end)
                    if sum(map(len, self._write_buffer)) > PIECE_SIZE:
                        await self.flush()  # or many small parts would wait here together
                        await asyncio.sleep(0)  # however fast the client takes them
                self.write(around.foot)
        elif parts:
            ((start, end),) = parts
            self.set_header("Content-Length", end - start)
            if send is not None:
                await send(start, end)

    def _select_ranges(self, size: int, modified: datetime.datetime | None) -> list[Range]:
        """What to send, after the status for it was set; empty for ranges that are not there."""
        whole = [(0, size)]
        if "Range" not in self.request._fields:
            return whole
        headers = self.request.headers
        if not range_condition_holds(headers, self._headers.get("Etag"), modified):
            return whole
        parts = parse_ranges(headers["Range"], size, MAX_RANGES)
        if parts is None or parts == whole:
            return whole
        if not parts:
            self.set_status(416)
            self.set_header("Content-Range", f"bytes */{size}")
            self.set_header("Content-Type", "text/plain")
            self.clear_header("Content-Encoding")
            return parts
        self.set_status(206)
        if len(parts) == 1:
            self.set_header("Content-Range", content_range(parts[0], size))
        return parts

    async def _send_opened(self, file: BinaryIO, start: int, end: int) -> None:
        """Send a part of a regular file that is open."""
        if end - start <= PIECE_SIZE:
            content = os.pread(file.fileno(), end - start, start)
            if len(content) < end - start:
                self._part_failed(cut_short(file, start + len(content)))
            self.write(content)
        else:
            size_now = os.fstat(file.fileno()).st_size
            if size_now < end:
                self._part_failed(cut_short(file, size_now))
            await self._send_part(file, start, end - start)
