"""``gzip`` and ``deflate`` (RFC 1950, 1951, 1952), by zlib.

A body in gzip may be several members one behind the other, which are one content. What is called deflate
should be in zlib's format, and from some senders is bare: RFC 9110 section 8.4.1.2 tells of them, and the
two cannot be taken for one another, because the bits that make zlib's header are none that an encoder puts
at the beginning of a bare stream.
"""

import zlib
from collections.abc import Iterator
from typing import Any, Final

from .base import INPUT_SIZE, PIECE_SIZE, Coding, Decoder, Encoder, Streams, malformed

GZIP: Final = 16 + zlib.MAX_WBITS
ZLIB: Final = zlib.MAX_WBITS
BARE: Final = -zlib.MAX_WBITS


class DeflateEncoder(Encoder):
    """Encodes in either format."""

    __slots__ = ("_codec",)

    def __init__(self, level: int, wbits: int) -> None:
        self._codec = zlib.compressobj(level, zlib.DEFLATED, wbits)

    def encode(self, data: bytes) -> bytes:
        return self._codec.compress(data)

    def flush(self) -> bytes:
        return self._codec.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._codec.flush()


class _ZlibDecoder(Decoder):
    """What gzip and deflate have in common: a stream that ends by itself."""

    __slots__ = ("_codec", "_head", "_streams")

    name: str
    several = False
    """Whether another stream may follow the first."""

    def __init__(self) -> None:
        self._codec: Any = None
        """Decodes the stream that has begun; None before the first and between two."""
        self._head = b""
        """The first bytes, as long as they do not tell the format."""
        self._streams = Streams(self.name)

    def format_of(self, head: bytes) -> int | None:
        """The format of a stream with these first bytes, as zlib names it; None if that takes more of them."""
        raise NotImplementedError

    def decode(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), INPUT_SIZE):
            yield from self._decode_slice(data[start : start + INPUT_SIZE])

    def _decode_slice(self, rest: bytes) -> Iterator[bytes]:
        full = False
        # Behind a full piece the codec may hold back another, though it has taken all of its input.
        while rest or full:
            codec = self._codec
            if codec is None:
                rest = self._head + rest
                codec = self._begin(rest)
                if codec is None:
                    return
            elif codec.eof:
                raise malformed(self.name, "something stands behind its end")
            try:
                piece = codec.decompress(rest, PIECE_SIZE)
            except zlib.error as error:
                raise malformed(self.name, error) from None
            if codec.eof:
                # Here, and not in unconsumed_tail, stands what is left over then.
                rest = codec.unused_data
                full = False
                if self.several:
                    self._codec = None
            else:
                rest = codec.unconsumed_tail
                full = len(piece) == PIECE_SIZE
            if piece:
                self._streams.add(len(piece))
                yield piece

    def _begin(self, head: bytes) -> Any:
        format_ = self.format_of(head)
        if format_ is None:
            self._head = head
        else:
            self._head = b""
            self._streams.begin()
            self._codec = zlib.decompressobj(format_)
        return self._codec

    def finish(self) -> None:
        if self._head or (self._codec is not None and not self._codec.eof):
            raise malformed(self.name, "its end is missing")


class GzipDecoder(_ZlibDecoder):
    """Decodes one gzip member or several."""

    __slots__ = ()

    name = "gzip"
    several = True

    def format_of(self, head: bytes) -> int | None:
        return GZIP


class DeflateDecoder(_ZlibDecoder):
    """Decodes deflate, in zlib's format or bare."""

    __slots__ = ()

    name = "deflate"

    def format_of(self, head: bytes) -> int | None:
        if len(head) < 2:
            return None
        # RFC 1950 section 2.2: the method, the size of the window, and a check of both.
        wrapped = head[0] & 15 == 8 and head[0] < 128 and int.from_bytes(head[:2]) % 31 == 0
        return ZLIB if wrapped else BARE


def installed() -> list[Coding]:
    """These two always are."""
    levels = range(1, 10)
    return [
        Coding("gzip", levels, 6, lambda level, size: DeflateEncoder(level, GZIP), GzipDecoder),
        Coding(
            "deflate", levels, 6, lambda level, size: DeflateEncoder(level, ZLIB), DeflateDecoder
        ),
    ]
