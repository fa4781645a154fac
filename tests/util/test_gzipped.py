"""gzip in pieces."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.util import GzipDecompressor


def decompressed(data: bytes, size: int = 1024, max_length: int = 1024) -> bytes:
    """Everything, given in pieces of ``size`` and taken in pieces of ``max_length``."""
    decompressor = GzipDecompressor()
    output = b""
    for start in range(0, len(data), size):
        piece = data[start : start + size]
        while piece:
            some = decompressor.decompress(piece, max_length)
            assert len(some) <= max_length
            output += some
            assert some or len(decompressor.unconsumed_tail) < len(piece)
            piece = decompressor.unconsumed_tail
    assert decompressor.flush() == b""
    return output


@given(
    st.lists(st.binary(max_size=300) | st.just(b"a" * 5000), max_size=4),
    st.integers(1, 600),
    st.integers(1, 600),
)
def test_all_members_in_any_pieces(members: list[bytes], size: int, max_length: int) -> None:
    data = b"".join(map(gzip.compress, members))
    assert decompressed(data, size, max_length) == b"".join(members)


@pytest.mark.parametrize("behind", [b"\0", b"\r\n", b"more", b"\x1f", b"\x1f\0"])
@pytest.mark.parametrize("size", [1, 1024])
def test_what_follows_has_to_be_a_member(behind: bytes, size: int) -> None:
    with pytest.raises(zlib.error):
        decompressed(gzip.compress(b"x") + behind, size)


@pytest.mark.parametrize("data", [b"<html>", zlib.compress(b"x")])
def test_what_is_no_gzip(data: bytes) -> None:
    with pytest.raises(zlib.error, match="a gzip member begins with"):
        decompressed(data)


@given(st.integers(1, len(gzip.compress(b"hello" * 9)) - 1))
def test_a_member_has_an_end(length: int) -> None:
    with pytest.raises(zlib.error, match="ends within a member"):
        decompressed(gzip.compress(b"first") + gzip.compress(b"hello" * 9)[:length])


def test_a_wrong_checksum() -> None:
    data = bytearray(gzip.compress(b"hello"))
    data[-8] ^= 1
    with pytest.raises(zlib.error):
        decompressed(bytes(data))


def test_a_bomb_waits() -> None:
    decompressor = GzipDecompressor()
    assert decompressor.decompress(gzip.compress(bytes(2**24)), 1000) == bytes(1000)
    assert decompressor.unconsumed_tail
    with pytest.raises(ValueError, match="give unconsumed_tail"):
        decompressor.flush()


def test_without_a_limit_all_comes_at_once() -> None:
    decompressor = GzipDecompressor()
    with pytest.warns(DeprecationWarning, match="without max_length") as warned:
        output = decompressor.decompress(gzip.compress(b"a" * 10000) + gzip.compress(b"b"))
    assert output == b"a" * 10000 + b"b"
    assert warned[0].filename == __file__
    assert (decompressor.unconsumed_tail, decompressor.flush()) == (b"", b"")


def test_nothing_is_a_stream_too() -> None:
    assert GzipDecompressor().flush() == b""
    decompressor = GzipDecompressor()
    assert decompressor.decompress(b"", 10) == b""
    assert decompressor.flush() == b""
