"""gzip that comes in pieces."""

import warnings
import zlib

_MAGIC = b"\x1f\x8b"  # with which a member begins: RFC 1952, section 2.3.1
_WITH_HEADER = zlib.MAX_WBITS | 16


class GzipDecompressor:
    """Decompresses gzip as it comes: one member after another, as RFC 1952 has them, with their checksums.

    What it decompresses of bad data raises :exc:`zlib.error`: what is no gzip, what follows the last member and is
    no member, and, at :meth:`flush`, a member that has no end.
    """

    def __init__(self) -> None:
        # Between two members there is none: only there may the stream end.
        self._member: zlib._Decompress | None = None
        self._tail = b""

    def decompress(self, value: bytes, max_length: int = 0) -> bytes:
        """What these bytes become, ``max_length`` bytes at the most.

        What is left over of ``value`` is in :attr:`unconsumed_tail` then, and has to come back in the next call. Go
        on until there is nothing there: a call may give less than it could, even nothing, where a member ends.

        Without ``max_length`` a few bytes can become any number; that is deprecated, as it is in Tornado.
        """
        if max_length:
            return self._step(value, max_length)
        warnings.warn(
            "GzipDecompressor.decompress() without max_length lets a small bomb fill the memory",
            DeprecationWarning,
            stacklevel=2,
        )
        pieces = [self._step(value, 0)]
        while self._tail:
            pieces.append(self._step(self._tail, 0))
        return b"".join(pieces)

    def _step(self, value: bytes, max_length: int) -> bytes:
        self._tail = b""
        if not value:
            return b""
        if self._member is None:
            if not _MAGIC.startswith(value[:2]):
                raise zlib.error(f"a gzip member begins with {_MAGIC!r}, not {value[:2]!r}")
            self._member = zlib.decompressobj(_WITH_HEADER)
        output = self._member.decompress(value, max_length)
        if self._member.eof:
            # At the end of a member, unconsumed_tail may still hold what an earlier call had left.
            self._tail = self._member.unused_data
            self._member = None
        else:
            self._tail = self._member.unconsumed_tail
        return output

    @property
    def unconsumed_tail(self) -> bytes:
        """What the last call has left over, for the next one."""
        return self._tail

    def flush(self) -> bytes:
        """Say that nothing more comes. Returns ``b""``: all the output has been given before.

        Raises :exc:`zlib.error` if a member has begun and not ended, and :exc:`ValueError` if
        :attr:`unconsumed_tail` has not been given back.
        """
        if self._tail:
            raise ValueError("give unconsumed_tail to decompress() before flush()")
        if self._member is not None:
            raise zlib.error("the gzip stream ends within a member")
        return b""
