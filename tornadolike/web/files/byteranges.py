"""Parts of a file in one response: ``multipart/byteranges`` (RFC 9110 section 14.6)."""

import secrets
from collections.abc import Sequence
from typing import Final

from ...httputil.ranges import Range

MAX_RANGES: Final = 100
"""A request for more ranges gets all of the file."""


def content_range(part: Range, size: int) -> str:
    """The Content-Range of a part of ``size`` bytes."""
    start, end = part
    return f"bytes {start}-{end - 1}/{size}"


class ByteRanges:
    """What stands around the parts.

    :ivar content_type: of the response.
    :ivar heads: for each part what comes before it.
    :ivar foot: what comes behind the last.
    :ivar size: the bytes of all of it, with the parts.
    """

    def __init__(self, parts: Sequence[Range], size: int, content_type: str) -> None:
        boundary = secrets.token_hex(16)  # nobody knows it, so it stands in no file
        self.content_type = f"multipart/byteranges; boundary={boundary}"
        described = f"Content-Type: {content_type}\r\n" if content_type else ""
        self.heads = [
            f"\r\n--{boundary}\r\n{described}"
            f"Content-Range: {content_range(part, size)}\r\n\r\n".encode("latin1")
            for part in parts
        ]
        self.foot = f"\r\n--{boundary}--\r\n".encode()
        self.size = (
            sum(map(len, self.heads)) + sum(end - start for start, end in parts) + len(self.foot)
        )
