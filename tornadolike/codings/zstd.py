"""``zstd`` (RFC 8878, RFC 9659), by compression.zstd (Python 3.14), or the packages backports.zstd or zstandard.

Not every one of them can be told how much may come out of a piece of input. But a block, of which a frame is
made, never holds more than 128 KiB, which all of them see to; so a decoder is given no more than one block
at a time. For that we have to know where blocks begin, which takes the first bytes of each frame and three
of each block.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from .base import Coding, Decoder, Encoder, Streams, malformed
from .modules import first_importable

zstd: Final[Any] = first_importable("compression.zstd", "backports.zstd")
zstandard: Final[Any] = None if zstd is not None else first_importable("zstandard")

WINDOW: Final = 23
"""Of more bits than that a receiver need not keep what came before (RFC 9659); nor do we."""

STREAMING: Final = {"window_log": 17, "hash_log": 16, "chain_log": 15}
"""What an encoder keeps, in bits, that does not know the size: it may be one of thousands of open responses.

By its defaults it would keep some megabytes.
"""

MAGIC: Final = 0xFD2FB528
SKIPPABLE_MAGIC: Final = 0x184D2A50
"""With any last four bits: a frame whose content is nobody's affair."""


class ZstdEncoder(Encoder):
    """Encodes in zstd."""

    __slots__ = ("_codec",)

    def __init__(self, level: int, size: int | None) -> None:
        self._codec: Any
        if zstd is not None:
            options = {zstd.CompressionParameter.compression_level: level}
            if size is None:
                options |= {
                    getattr(zstd.CompressionParameter, name): STREAMING[name] for name in STREAMING
                }
            self._codec = zstd.ZstdCompressor(options=options)
            if size is not None:
                self._codec.set_pledged_input_size(size)
        elif size is None:
            parameters = zstandard.ZstdCompressionParameters.from_level(level, **STREAMING)
            self._codec = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
        else:
            self._codec = zstandard.ZstdCompressor(level=level).compressobj(size=size)

    def encode(self, data: bytes) -> bytes:
        encoded: bytes = self._codec.compress(data)
        return encoded

    def flush(self) -> bytes:
        mode = self._codec.FLUSH_BLOCK if zstd is not None else zstandard.COMPRESSOBJ_FLUSH_BLOCK
        encoded: bytes = self._codec.flush(mode)
        return encoded

    def finish(self) -> bytes:
        encoded: bytes = self._codec.flush()
        return encoded


class ZstdDecoder(Decoder):
    """Decodes zstd: frames one behind the other, block by block.

    A frame begins with its magic number and a descriptor, which says how many bytes of header are left.
    Each block has three bytes of header; behind the last stands a checksum, if the descriptor said so.
    """

    __slots__ = (
        "_checksummed",
        "_decompress",
        "_header",
        "_next",
        "_passing",
        "_skipping",
        "_streams",
        "_wanted",
    )

    def __init__(self) -> None:
        self._decompress: Callable[[bytes], bytes]
        """Decodes the frame that has begun."""
        self._header = b""
        """What has come of the header that is being read."""
        self._wanted = 4
        """The size of that header."""
        self._next: Callable[[bytes], None] = self._read_magic
        """Reads it when it is whole."""
        self._passing = 0
        """How many bytes go by before the next header."""
        self._skipping = False
        """They are of no interest: those of a skippable frame."""
        self._checksummed = False
        self._streams = Streams("zstd")

    def decode(self, data: bytes) -> Iterator[bytes]:
        position = 0
        while position < len(data):
            wanted = self._passing or self._wanted - len(self._header)
            part = data[position : position + wanted]
            position += len(part)
            if self._passing:
                self._passing -= len(part)
                if self._skipping:
                    continue
            else:
                self._header += part
                if len(part) < wanted:
                    return
                part, self._header = self._header, b""
                self._next(part)
                if self._skipping:
                    continue
            try:
                piece = self._decompress(part)
            except (zstandard or zstd).ZstdError as error:
                raise malformed("zstd", error) from None
            if piece:
                self._streams.add(len(piece))
                yield piece

    def _read_magic(self, header: bytes) -> None:
        self._streams.begin()
        magic = int.from_bytes(header, "little")
        self._skipping = magic & ~15 == SKIPPABLE_MAGIC
        if self._skipping:
            self._wanted, self._next = 4, self._read_skipped_size
        elif magic == MAGIC:
            self._decompress = frame_decompressor()
            self._wanted, self._next = 1, self._read_descriptor
        else:
            raise malformed("zstd", "no frame begins where one should")

    def _read_skipped_size(self, header: bytes) -> None:
        self._passing = int.from_bytes(header, "little")
        self._wanted, self._next = 4, self._read_magic

    def _read_descriptor(self, header: bytes) -> None:
        descriptor = header[0]
        single_segment = descriptor & 32
        size_of_window = 0 if single_segment else 1
        size_of_size = (1 if single_segment else 0, 2, 4, 8)[descriptor >> 6]
        size_of_dictionary_id = (0, 1, 2, 4)[descriptor & 3]
        self._checksummed = bool(descriptor & 4)
        self._passing = size_of_window + size_of_dictionary_id + size_of_size
        self._wanted, self._next = 3, self._read_block_header

    def _read_block_header(self, header: bytes) -> None:
        block = int.from_bytes(header, "little")
        last, kind, size = block & 1, block >> 1 & 3, block >> 3
        self._passing = 1 if kind == 1 else size  # the first is one byte, repeated
        if last:
            self._passing += 4 if self._checksummed else 0
            self._wanted, self._next = 4, self._read_magic

    def finish(self) -> None:
        if self._passing or self._header or self._next != self._read_magic:
            raise malformed("zstd", "its end is missing")


def frame_decompressor() -> Callable[[bytes], bytes]:
    """A function that decodes one frame, fed to it in pieces."""
    decompress: Callable[[bytes], bytes]
    if zstd is not None:
        options = {zstd.DecompressionParameter.window_log_max: WINDOW}
        decompress = zstd.ZstdDecompressor(options=options).decompress
    else:
        # One for each frame: the frames of one must not be decoded at the same time.
        decompress = (
            zstandard.ZstdDecompressor(max_window_size=1 << WINDOW).decompressobj().decompress
        )
    return decompress


def installed() -> list[Coding]:
    """The coding, if there is something that speaks it."""
    if zstd is None and zstandard is None:
        return []
    # The levels beyond 19 need a larger window than receivers have to have.
    return [Coding("zstd", range(1, 20), 3, ZstdEncoder, ZstdDecoder)]
