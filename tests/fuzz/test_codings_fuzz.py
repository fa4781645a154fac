"""Fuzzing of the content codings' decoders: whatever comes in, out comes what others make of it, or the one error."""

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.codings.samples import cut, decode, each_coding, encoded
from tests.fuzz.http1_inputs import examples
from tornadolike.codings.base import PIECE_SIZE
from tornadolike.httputil import HTTPInputError

pytestmark = pytest.mark.once

MAX_SIZE = 1_000_000

CONTENTS = st.one_of(
    st.binary(max_size=200),
    st.builds(lambda part, times: part * times, st.binary(max_size=50), st.integers(1, 2000)),
)


@st.composite
def damaged(draw: Callable[..., Any], name: str) -> bytes:
    """Bodies in the coding, one or several, with something changed, left out or put in."""
    data = bytearray(
        b"".join(encoded(name, draw(CONTENTS)) for _ in range(draw(st.integers(1, 3))))
    )
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 4)))
        data[start:end] = draw(st.binary(max_size=4))
    return bytes(data)


def outcome(name: str, data: bytes, size: int) -> bytes | int:
    """The content, or the status of what is wrong with it."""
    pieces = []
    try:
        for piece in decode(name, *cut(data, size), max_size=MAX_SIZE):
            assert 0 < len(piece) <= 2 * PIECE_SIZE
            pieces.append(piece)
    except HTTPInputError as error:
        return error.status
    return b"".join(pieces)


@each_coding
@examples(150)
@given(data=st.data(), size=st.integers(1, 300))
def test_however_it_is_cut_the_outcome_is_the_same(name: str, data: Any, size: int) -> None:
    body = data.draw(st.one_of(damaged(name), st.binary(max_size=100)))
    whole = outcome(name, body, len(body) or 1)
    assert outcome(name, body, size) == whole
    assert isinstance(whole, bytes) or whole in (400, 413)


def brotli_whole(data: bytes) -> bytes:
    brotli: Any = pytest.importorskip("brotli")
    content: bytes = brotli.decompress(data)
    return content


def zstd_whole(data: bytes) -> bytes:
    zstandard: Any = pytest.importorskip("zstandard")
    codec = zstandard.ZstdDecompressor(max_window_size=1 << 23).decompressobj(
        read_across_frames=True
    )
    # Of a whole frame without content it checks the size that was promised, of one in pieces it does not.
    return b"".join(codec.decompress(byte) for byte in cut(data, 1))


OTHERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "br": brotli_whole,
    "zstd": zstd_whole,
}


@each_coding
@examples(150)
@given(data=st.data())
def test_what_we_take_others_take_for_the_same(name: str, data: Any) -> None:
    body = data.draw(damaged(name))
    ours = outcome(name, body, 1000)
    if isinstance(ours, bytes) and body:
        if name == "deflate" and body[0] & 15 != 8:
            assert ours == zlib.decompress(body, -15)
        else:
            assert ours == OTHERS[name](body)
