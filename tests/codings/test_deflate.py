"""gzip and deflate: what is particular to them."""

import gzip
import time
import zlib

import pytest

from tests.codings.samples import NOISE, TEXT, cut, decoded
from tornadolike.codings import CODINGS, base
from tornadolike.codings.base import PIECE_SIZE
from tornadolike.httputil import HTTPInputError


def bare(data: bytes, level: int = 6) -> bytes:
    codec = zlib.compressobj(level, zlib.DEFLATED, -15)
    return codec.compress(data) + codec.flush()


@pytest.mark.parametrize("size", [1, 2, 10, 10_000])
def test_several_members_are_one_content(size: int) -> None:
    members = [gzip.compress(part) for part in (TEXT, b"", b"x", NOISE[:1000])]
    assert decoded("gzip", *cut(b"".join(members), size)) == TEXT + b"x" + NOISE[:1000]


def test_a_member_is_cut_short() -> None:
    with pytest.raises(HTTPInputError, match="its end is missing"):
        decoded("gzip", gzip.compress(TEXT) + gzip.compress(TEXT)[:-1])
    with pytest.raises(HTTPInputError, match="its end is missing"):
        decoded("gzip", gzip.compress(TEXT) + b"\x1f")


def test_checksums_are_checked() -> None:
    for name, data in (("gzip", gzip.compress(TEXT)), ("deflate", zlib.compress(TEXT))):
        for place in range(-4, 0):
            wrong = bytearray(data)
            wrong[place] ^= 1
            with pytest.raises(HTTPInputError, match="incorrect"):
                decoded(name, bytes(wrong))


def test_time_is_in_proportion_to_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    """Members without content cost as much as they are long, and what stands behind them is not copied for each."""
    monkeypatch.setattr(base, "MAX_SMALL_STREAMS", 40_000)

    def seconds(count: int) -> float:
        data = gzip.compress(b"") * count
        begin = time.process_time()
        assert decoded("gzip", data) == b""
        return time.process_time() - begin

    # Eight times as many; if it were quadratic, sixty-four times as long.
    assert min(seconds(40_000) for _ in range(2)) < 25 * min(seconds(5000) for _ in range(3))


@pytest.mark.parametrize("size", [1, 2, 3, 10_000])
@pytest.mark.parametrize("level", range(10))
def test_deflate_with_a_wrapper_and_bare(level: int, size: int) -> None:
    for content in (TEXT, b"x", NOISE[:100]):
        assert decoded("deflate", *cut(zlib.compress(content, level), size)) == content
        assert decoded("deflate", *cut(bare(content, level), size)) == content


def test_an_end_that_does_not_fit_into_a_piece() -> None:
    """The codec has taken all of its input by then, and keeps the rest of the output to itself."""
    for size in range(PIECE_SIZE, PIECE_SIZE + 300):
        assert decoded("deflate", bare(bytes(size))) == bytes(size)


def test_a_byte_of_deflate() -> None:
    with pytest.raises(HTTPInputError, match="its end is missing"):
        decoded("deflate", b"x")


def test_a_wrapper_that_wants_a_dictionary() -> None:
    codec = zlib.compressobj(zdict=b"something agreed upon")
    with pytest.raises(HTTPInputError, match="invalid deflate data"):
        decoded("deflate", codec.compress(TEXT) + codec.flush())


def test_others_read_ours() -> None:
    for level in CODINGS["gzip"].levels:
        encoder = CODINGS["gzip"].make_encoder(level, None)
        assert gzip.decompress(encoder.encode(TEXT) + encoder.finish()) == TEXT
    encoder = CODINGS["deflate"].make_encoder(6, None)
    assert zlib.decompress(encoder.encode(TEXT) + encoder.finish()) == TEXT


def test_two_encodings_of_the_same_are_the_same() -> None:
    """No time of day is in them, which caches and Etags would trip over."""
    made = set()
    for _ in range(2):
        encoder = CODINGS["gzip"].make_encoder(6, None)
        made.add(encoder.encode(TEXT) + encoder.finish())
    assert {data[4:8] for data in made} == {bytes(4)}
    assert len(made) == 1
