"""Bodies, and one way to have them encoded that is not ours."""

import functools
import gzip
import random
import zlib
from collections.abc import Iterator

import pytest

from tornadolike.codings import CODINGS, Coding, make_decoder

TEXT = b"".join(b"line %d of %d\n" % (n, n * n) for n in range(2000))
NOISE = random.Random(7).randbytes(300_000)
BOMB = bytes(5_000_000)

CONTENTS = {
    "nothing": b"",
    "a byte": b"x",
    "text": TEXT,
    "noise": NOISE,
    "zeros": BOMB,
    "some of each": TEXT + BOMB + NOISE + TEXT,
}

NAMES = list(CODINGS)

each_coding = pytest.mark.parametrize("name", NAMES)


def coding(name: str) -> Coding:
    return CODINGS[name]


@functools.cache
def encoded(name: str, data: bytes) -> bytes:
    """``data`` in the coding, in one piece."""
    if name == "gzip":
        return gzip.compress(data)
    if name == "deflate":
        return zlib.compress(data)
    encoder = CODINGS[name].make_encoder(CODINGS[name].default_level, len(data))
    return encoder.encode(data) + encoder.finish()


def decoded(name: str, *pieces: bytes, max_size: int = 1 << 30) -> bytes:
    return b"".join(decode(name, *pieces, max_size=max_size))


def decode(name: str, *pieces: bytes, max_size: int = 1 << 30) -> Iterator[bytes]:
    """The pieces in which a decoder gives a body, to its end."""
    decoder = make_decoder(name, max_size)
    assert decoder is not None
    for piece in pieces:
        yield from decoder.decode(piece)
    decoder.finish()


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]
