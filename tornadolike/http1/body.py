"""Bodies as they stand on the wire (RFC 9112 sections 6 and 7): by length, and chunked.

A body object is the state of one body that is being read. :meth:`read` takes the buffer, a position in it
and the size that the whole body may have, and gives what it found there: ``(piece, position behind it)`` with
a piece of the body, an :class:`EndOfMessage`, or None when more bytes are needed. A body that is larger, or
says that it will be, raises :exc:`~tornadolike.httputil.HTTPInputError` with status 413; the size may be
another one at each call.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from ..httputil import HTTPHeaders, HTTPInputError
from ..httputil.headers import NAME
from .fields import CONTROL_IN_PART, parse_fields
from .limits import Limits


@dataclass(frozen=True)
class EndOfMessage:
    """The body is whole. ``trailers`` are the fields behind a chunked one."""

    trailers: HTTPHeaders = field(default_factory=HTTPHeaders)


Step = tuple[bytes | EndOfMessage | None, int]

END: Final = EndOfMessage()


def too_large(max_size: int, what: str = "Content-Length too long") -> HTTPInputError:
    """What to raise for a body of more than ``max_size`` bytes.

    :arg what: how that is known. (In Tornado's words, as with other faults: logs are searched for them.)
    """
    return HTTPInputError(f"{what}: more than {max_size} bytes", 413)


class LengthBody:
    """A body whose length the head told."""

    __slots__ = ("_length", "_remaining")

    def __init__(self, length: int) -> None:
        self._length = length
        self._remaining = length

    def read(self, buffer: bytes, position: int, max_size: int) -> Step:
        if self._length > max_size:
            raise too_large(max_size)
        if self._remaining == 0:
            return END, position
        piece = buffer[position : position + self._remaining]
        if not piece:
            return None, position
        self._remaining -= len(piece)
        return piece, position + len(piece)


class UntilEndBody:
    """A body that the end of the connection ends."""

    __slots__ = ("_total",)

    def __init__(self) -> None:
        self._total = 0

    def read(self, buffer: bytes, position: int, max_size: int) -> Step:
        piece = buffer[position:]
        self._total += len(piece)
        if self._total > max_size:
            raise too_large(max_size, "Body too long")
        return piece or None, len(buffer)


_QUOTED = r'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
_CHUNK_HEADER = re.compile(
    (
        r"([0-9A-Fa-f]{1,15})"
        rf"((?:[ \t]*;[ \t]*{NAME.pattern}(?:[ \t]*=[ \t]*(?:{NAME.pattern}|{_QUOTED}))?)*)"
    ).encode("latin1")
)

FORBIDDEN_IN_TRAILERS: Final = frozenset({"Content-Length", "Host", "Transfer-Encoding"})
"""Fields that say where a message ends or goes come too late there (RFC 9110 section 6.5.1).

Trailers are never merged into the headers; but whoever sends these hopes that somebody does.
"""


class ChunkedBody:
    """A body in chunks.

    Bounded by ``limits``: the length of a chunk's header line, all chunk extensions together, and the
    trailer section.
    """

    __slots__ = ("_extension_bytes", "_limits", "_remaining", "_searched", "_state", "_total")

    # The states, in the order in which they follow one another.
    HEADER, DATA, LINE_BREAK, TRAILERS = range(4)

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._state = self.HEADER
        self._remaining = 0
        self._total = 0
        self._extension_bytes = 0
        self._searched = 0

    def read(self, buffer: bytes, position: int, max_size: int) -> Step:
        # All the chunks of the buffer are one piece: many tiny ones must not become many tiny objects.
        pieces = []
        while True:
            if self._state == self.DATA:
                piece = buffer[position : position + self._remaining]
                position += len(piece)
                self._remaining -= len(piece)
                if piece:
                    pieces.append(piece)
                if self._remaining:
                    break
                self._state = self.LINE_BREAK
            if self._state == self.LINE_BREAK:
                break_ = buffer[position : position + 2]
                if break_ != b"\r\n":
                    if break_ in (b"", b"\r"):
                        break
                    raise HTTPInputError("improperly terminated chunk: it is longer than its size")
                position += 2
                self._state = self.HEADER
            if self._state == self.HEADER:
                end = self._find_line_end(buffer, position, self._limits.max_chunk_header_size)
                if end < 0:
                    break
                self._read_header(buffer[position:end])
                if self._total > max_size:
                    raise too_large(max_size, "chunked body too large")
                position = end + 2
            elif pieces:
                break
            else:
                return self._read_trailers(buffer, position)
        return b"".join(pieces) or None, position

    @staticmethod
    def _find_line_end(buffer: bytes, position: int, limit: int) -> int:
        end = buffer.find(b"\r\n", position, position + limit + 2)
        if end < 0:
            if len(buffer) - position >= limit + 2:
                raise HTTPInputError(f"Chunk header longer than {limit} bytes")
            if CONTROL_IN_PART.search(buffer, position):
                raise HTTPInputError("Control character or bare line break in a chunk header")
        return end

    def _read_header(self, line: bytes) -> None:
        match = _CHUNK_HEADER.fullmatch(line)
        if match is None:
            raise HTTPInputError(f"invalid chunk size or extension {line[:50]!r}")
        size = int(match[1], 16)
        self._extension_bytes += len(match[2])
        if self._extension_bytes > self._limits.max_chunk_extensions_size:
            raise HTTPInputError("Chunk extensions too large")
        self._total += size
        self._remaining = size
        self._state = self.DATA if size else self.TRAILERS

    def _read_trailers(self, buffer: bytes, position: int) -> Step:
        if buffer.startswith(b"\r\n", position):
            return END, position + 2
        limit = self._limits.max_header_size
        end = buffer.find(b"\r\n\r\n", position + self._searched, position + limit + 4)
        if end < 0:
            size = len(buffer) - position
            if size >= limit + 4:
                raise HTTPInputError(f"Trailers larger than {limit} bytes", 431)
            if CONTROL_IN_PART.search(buffer, position + self._searched):
                raise HTTPInputError("Control character or bare line break in a trailer section")
            self._searched = max(size - 3, 0)
            return None, position
        text = buffer[position:end].decode("latin1")
        fields = parse_fields(text, self._limits.max_header_count)
        if not FORBIDDEN_IN_TRAILERS.isdisjoint(fields):
            raise HTTPInputError("Framing or routing field in a trailer section")
        return EndOfMessage(HTTPHeaders.from_fields(fields)), end + 4
