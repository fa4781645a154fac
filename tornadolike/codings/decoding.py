"""From a ``Content-Encoding`` to a decoder."""

from collections.abc import Iterator
from typing import Final

from ..httputil import HTTPInputError
from .base import Decoder
from .installed import coding_named

MAX_CODINGS: Final = 3
"""How many codings a body may be in, one inside the other. Each may multiply what the next has to work on."""

MAX_GROWTH: Final = 4
"""How many times larger a body may become that is in another coding still: what is compressed does not grow.

Else a little input is much work, of which nothing need come out."""

SMALL_BODY: Final = 64 * 1024
"""So many bytes more it may become in any case."""


class UnknownCoding(HTTPInputError):
    """A content coding that is not installed, or more of them than we take (RFC 9110 section 15.5.16)."""

    status = 415


def make_decoder(content_encoding: str, max_size: int) -> "BoundedDecoder | None":
    """A decoder for a body with this ``Content-Encoding``; None if it says that there is nothing to decode.

    :arg max_size: how many bytes may come out in all. Beyond it the decoder raises
        :exc:`~.HTTPInputError` with status 413. It can be changed: it is an attribute of the decoder.

    Raises :exc:`UnknownCoding`.
    """
    names = [name.strip(" \t").lower() for name in content_encoding.split(",")]
    names = [name for name in names if name not in ("", "identity")]
    if not names:
        return None
    if len(names) > MAX_CODINGS:
        raise UnknownCoding(f"More than {MAX_CODINGS} content codings")
    stages: list[Decoder] = []
    # The last that was applied is the first to be undone.
    for name in reversed(names):
        coding = coding_named(name)
        if coding is None:
            raise UnknownCoding(f"Unknown content coding {name[:50]!r}")
        stages.append(coding.make_decoder())
    return BoundedDecoder(stages, max_size)


class BoundedDecoder(Decoder):
    """Undoes one coding after another; bounds what comes out of each."""

    __slots__ = ("_sizes", "_stages", "_taken", "max_size")

    def __init__(self, stages: list[Decoder], max_size: int) -> None:
        self._stages = stages
        self._sizes = [0] * len(stages)
        self._taken = 0
        self.max_size = max_size
        """How many bytes may come out of each coding in all; of all but the last it is less (:data:`MAX_GROWTH`)."""

    def decode(self, data: bytes) -> Iterator[bytes]:
        self._taken += len(data)
        return self._decode_from(0, data)

    def _decode_from(self, stage: int, data: bytes) -> Iterator[bytes]:
        is_last = stage + 1 == len(self._stages)
        growth = self.max_size if is_last else SMALL_BODY + MAX_GROWTH * self._taken
        max_size = min(self.max_size, growth)
        for piece in self._stages[stage].decode(data):
            self._sizes[stage] += len(piece)
            if self._sizes[stage] > max_size:
                raise HTTPInputError(
                    f"decompressed body too large: larger than {max_size} bytes when decoded",
                    413,
                )
            if is_last:
                yield piece
            else:
                yield from self._decode_from(stage + 1, piece)

    def finish(self) -> None:
        for stage in self._stages:
            stage.finish()
