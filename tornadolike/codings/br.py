"""``br`` (RFC 7932), by the packages brotli or brotlicffi from version 1.2 on.

Older ones cannot be told how much may come out of a piece of input, so they are taken for not installed.
"""

from collections.abc import Iterator
from typing import Any, Final

from .base import INPUT_SIZE, PIECE_SIZE, Coding, Decoder, Encoder, malformed
from .modules import first_importable

brotli: Final[Any] = first_importable("brotli", "brotlicffi")

WINDOWS: Final = range(16, 23)
"""How far back an encoder may look, in bits. One that does not know the size takes the least: it may be one of
thousands of open responses, and by its default would keep some megabytes."""


class BrotliEncoder(Encoder):
    """Encodes in br."""

    __slots__ = ("_codec",)

    def __init__(self, level: int, size: int | None) -> None:
        needed = 0 if size is None else size.bit_length()
        window = min(max(needed, WINDOWS[0]), WINDOWS[-1])
        self._codec: Any = brotli.Compressor(quality=level, lgwin=window)

    def encode(self, data: bytes) -> bytes:
        encoded: bytes = self._codec.process(data)
        return encoded

    def flush(self) -> bytes:
        encoded: bytes = self._codec.flush()
        return encoded

    def finish(self) -> bytes:
        encoded: bytes = self._codec.finish()
        return encoded


class BrotliDecoder(Decoder):
    """Decodes br."""

    __slots__ = ("_begun", "_codec")

    def __init__(self) -> None:
        self._codec: Any = brotli.Decompressor()
        self._begun = False

    def decode(self, data: bytes) -> Iterator[bytes]:
        self._begun = self._begun or bool(data)
        codec = self._codec
        for start in range(0, len(data), INPUT_SIZE):
            rest = data[start : start + INPUT_SIZE]
            full = False
            # Behind a full piece there may be another, and the codec may have put off some of its input.
            while rest or full or not codec.can_accept_more_data():
                try:
                    piece = codec.process(rest, output_buffer_limit=PIECE_SIZE)
                except brotli.error as error:
                    raise malformed("br", error) from None
                rest = b""
                full = len(piece) >= PIECE_SIZE and not codec.is_finished()
                if piece:
                    yield piece

    def finish(self) -> None:
        if self._begun and not self._codec.is_finished():
            raise malformed("br", "its end is missing")


def installed() -> list[Coding]:
    """The coding, if a package for it is there."""
    if brotli is None or not hasattr(brotli.Decompressor, "can_accept_more_data"):
        return []
    return [Coding("br", range(12), 4, BrotliEncoder, BrotliDecoder)]
