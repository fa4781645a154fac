"""What a content coding is: a name, something that encodes and something that decodes."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ..httputil import HTTPInputError

PIECE_SIZE: Final = 64 * 1024
"""About how many bytes a decoder gives at a time; never more than twice as many."""

INPUT_SIZE: Final = 16 * 1024
"""How much a decoder takes at a time: codecs copy what they leave over, again for each piece that they give."""

MAX_SMALL_STREAMS: Final = 1000
"""How many streams (members, frames) a body may have one behind the other, whatever they hold."""

SMALL_STREAM: Final = 16 * 1024
"""More of them may be there if they hold so many bytes each: one that holds nothing takes time all the same."""


class Encoder(ABC):
    """Encodes one body."""

    @abstractmethod
    def encode(self, data: bytes) -> bytes:
        """Take a piece of the body; give what is ready to be sent, often nothing."""

    @abstractmethod
    def flush(self) -> bytes:
        """Give what makes everything that was taken readable at the other end."""

    @abstractmethod
    def finish(self) -> bytes:
        """Give the end. Nothing may be called behind it."""


class Decoder(ABC):
    """Decodes one body, in pieces of bounded size however much a little input becomes."""

    @abstractmethod
    def decode(self, data: bytes) -> Iterator[bytes]:
        """Take a piece of the encoded body; give what it becomes, piece by piece.

        It must be taken to its end before the next call. Raises :exc:`~.HTTPInputError` (400) for what is
        not in this coding.
        """

    @abstractmethod
    def finish(self) -> None:
        """Say that this was all. Raises :exc:`~.HTTPInputError` (400) if the end is missing.

        No bytes at all are a body without content.
        """


@dataclass(frozen=True, slots=True)
class Coding:
    """A content coding that is installed (RFC 9110 section 8.4.1)."""

    name: str
    """Its name in ``Content-Encoding`` and ``Accept-Encoding``."""
    levels: range
    """How hard its encoder can try."""
    default_level: int
    """A level at which a server can encode what it has just made."""
    make_encoder: Callable[[int, int | None], Encoder]
    """Called with a level, and with the size of the body in bytes or None if that is not known yet."""
    make_decoder: Callable[[], Decoder]


def registered_name(name: str) -> str:
    """The name of a coding in a header, in whatever case, as it is registered.

    ``x-gzip`` is what gzip was called before (RFC 9110 section 8.4.1.3).
    """
    name = name.lower()
    return "gzip" if name == "x-gzip" else name


def malformed(coding: str, reason: object) -> HTTPInputError:
    """The error for a body that is not in the coding that it should be in."""
    return HTTPInputError(f"invalid {coding} data: {reason}")


class Streams:
    """Counts the streams that are one behind the other in a body, and what they hold."""

    __slots__ = ("_coding", "_size", "_streams")

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._streams = 0
        self._size = 0

    def begin(self) -> None:
        """Another one begins. Raises :exc:`~.HTTPInputError` (400) for too many that hold hardly anything."""
        self._streams += 1
        if (self._streams - MAX_SMALL_STREAMS) * SMALL_STREAM > self._size:
            raise malformed(self._coding, "too many small streams")

    def add(self, size: int) -> None:
        """So many bytes came out."""
        self._size += size
