"""The kinds of reads: what each wants of the buffer.

A read is offered the buffer whenever bytes have arrived. It takes what it wants if that is there, and
otherwise remembers what it has looked at: bytes are searched once, not at each arrival. (Only a regular
expression has to start over, since its match may begin anywhere. It does so when the buffer has doubled,
and when nothing more is there for now.)
"""

import re
from typing import Protocol

from .buffer import ReadBuffer
from .errors import UnsatisfiableReadError


class Read(Protocol):
    """What a stream asks of the read that is going on."""

    def take(self, buffer: ReadBuffer, last: bool) -> bytes | int | None:
        """Take what this read wants from ``buffer`` and return its result, None if that has not arrived.

        ``last``: nothing more is there for now. Raises :exc:`~.errors.UnsatisfiableReadError` if no
        bytes that may still come can help.
        """
        ...


class ReadBytes:
    """So many bytes; ``partial``: or fewer, as soon as there are any."""

    __slots__ = ("partial", "size")

    def __init__(self, size: int, partial: bool) -> None:
        self.size = size
        self.partial = partial

    def take(self, buffer: ReadBuffer, last: bool) -> bytes | None:
        available = len(buffer)
        if available >= self.size:
            return buffer.take(self.size)
        return buffer.take(available) if available and self.partial else None


class ReadUntil:
    """Up to and with a delimiter."""

    __slots__ = ("delimiter", "max_bytes", "searched")

    def __init__(self, delimiter: bytes, max_bytes: int | None) -> None:
        self.delimiter = delimiter
        self.max_bytes = max_bytes
        self.searched = 0

    def take(self, buffer: ReadBuffer, last: bool) -> bytes | None:
        end = buffer.find(self.delimiter, self.searched)
        needed = len(buffer) if end < 0 else end
        if self.max_bytes is not None and needed > self.max_bytes:
            raise beyond(self.delimiter, self.max_bytes)
        if end >= 0:
            return buffer.take(end)
        # Its first bytes may be the last of these.
        self.searched = max(0, needed - len(self.delimiter) + 1)
        return None


class ReadUntilRegex:
    """Up to and with what a regular expression matches."""

    __slots__ = ("max_bytes", "regex", "searched")

    def __init__(self, regex: bytes | re.Pattern[bytes], max_bytes: int | None) -> None:
        self.regex = re.compile(regex)
        self.max_bytes = max_bytes
        self.searched = 0

    def take(self, buffer: ReadBuffer, last: bool) -> bytes | None:
        if self.searched and self._is_too_early(len(buffer), last):
            return None
        end = buffer.search(self.regex)
        needed = len(buffer) if end < 0 else end
        if self.max_bytes is not None and needed > self.max_bytes:
            raise beyond(self.regex.pattern, self.max_bytes)
        if end >= 0:
            return buffer.take(end)
        self.searched = needed
        return None

    def _is_too_early(self, available: int, last: bool) -> bool:
        if last or (self.max_bytes is not None and available > self.max_bytes):
            return available == self.searched
        return available < self.searched * 2


class ReadUntilClose:
    """All that comes until the stream ends."""

    __slots__ = ()

    def take(self, buffer: ReadBuffer, last: bool) -> None:
        return None  # only the end of the stream is its end


class ReadInto:
    """Into memory of the caller's, until it is full; ``partial``: or has got any bytes.

    Once it goes on, bytes come here without a way through the buffer. The memory is held (a bytearray
    cannot be resized) until the read is over.
    """

    __slots__ = ("filled", "partial", "target")

    def __init__(self, memory: bytearray | memoryview, partial: bool) -> None:
        with memoryview(memory) as view:
            if view.readonly:
                raise TypeError("read_into() needs memory that can be written to, as a bytearray")
            self.target = view.cast("B")
        self.partial = partial
        self.filled = 0

    def take(self, buffer: ReadBuffer, last: bool) -> int | None:
        if len(buffer):
            with self.target[self.filled :] as rest:
                self.filled += buffer.take_into(rest)
        if self.filled == len(self.target) or (self.partial and self.filled):
            self.target.release()
            return self.filled
        return None

    def give_back(self, buffer: ReadBuffer) -> None:
        """Put what the memory got back into the (empty) ``buffer``: the read has come to nothing."""
        with self.target, self.target[: self.filled] as got:
            buffer.append(got)


def beyond(what: bytes, max_bytes: int) -> UnsatisfiableReadError:
    return UnsatisfiableReadError(f"delimiter {what!r} not found within {max_bytes} bytes")
