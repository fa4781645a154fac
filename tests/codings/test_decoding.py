"""From a Content-Encoding to a decoder."""

import gzip
import random
import zlib

import pytest

from tests.codings.samples import TEXT, cut, decoded, each_coding, encoded
from tornadolike.codings import CODINGS, UnknownCoding, make_decoder
from tornadolike.codings.base import MAX_SMALL_STREAMS, SMALL_STREAM
from tornadolike.codings.decoding import SMALL_BODY
from tornadolike.httputil import HTTPInputError


@pytest.mark.parametrize("header", ["", "identity", " Identity ,", ",,"])
def test_nothing_to_decode(header: str) -> None:
    assert make_decoder(header, 100) is None


@each_coding
def test_names(name: str) -> None:
    for header in (name, name.upper(), f" {name}\t", f"identity, {name}", f",{name},"):
        assert decoded(header, encoded(name, TEXT)) == TEXT


def test_an_older_name() -> None:
    assert decoded("X-GZip", gzip.compress(TEXT)) == TEXT


@pytest.mark.parametrize(
    "header", ["compress", "gzip;q=1", "gzip deflate", "gz\xefp", "x" * 10_000]
)
def test_unknown_codings(header: str) -> None:
    with pytest.raises(UnknownCoding, match="Unknown content coding") as caught:
        make_decoder(header, 100)
    assert caught.value.status == 415
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize("size", [1, 100, 100_000])
def test_codings_are_undone_from_the_last_to_the_first(size: int) -> None:
    data = zlib.compress(gzip.compress(zlib.compress(TEXT)))
    assert decoded("deflate, gzip, deflate", *cut(data, size)) == TEXT


def test_no_more_codings_than_anybody_needs() -> None:
    with pytest.raises(UnknownCoding, match="More than 3"):
        make_decoder("gzip, gzip, gzip, gzip", 100)


def test_each_coding_must_be_whole() -> None:
    for data in (zlib.compress(gzip.compress(TEXT)[:-1]), zlib.compress(gzip.compress(TEXT))[:-1]):
        with pytest.raises(HTTPInputError, match="its end is missing"):
            decoded("gzip, deflate", data)


@each_coding
def test_what_comes_out_is_bounded_in_all(name: str) -> None:
    data = encoded(name, TEXT)
    assert decoded(name, *cut(data, 50), max_size=len(TEXT)) == TEXT
    with pytest.raises(HTTPInputError, match="when decoded") as caught:
        decoded(name, *cut(data, 50), max_size=len(TEXT) - 1)
    assert caught.value.status == 413


def test_what_comes_out_on_the_way_is_too() -> None:
    """Much that becomes little again is work all the same."""
    inner = zlib.compress(bytes(1000), 0) + bytes(50_000)
    with pytest.raises(HTTPInputError, match="larger than 1000 bytes when decoded"):
        decoded("deflate, gzip", gzip.compress(inner), max_size=1000)


def test_the_bound_can_be_moved() -> None:
    decoder = make_decoder("gzip", 0)
    assert decoder is not None
    decoder.max_size = len(TEXT)
    assert b"".join(decoder.decode(gzip.compress(TEXT))) == TEXT


def test_what_is_compressed_still_does_not_grow() -> None:
    """Else a small body is minutes of work of which nothing comes out, so that no other limit is reached."""
    data = gzip.compress(zlib.compress(bytes(SMALL_BODY * 2), 0))
    with pytest.raises(HTTPInputError, match="when decoded") as caught:
        decoded("deflate, gzip", data)
    assert caught.value.status == 413
    noise = random.Random(1).randbytes(SMALL_BODY * 10)
    assert decoded("deflate, gzip", gzip.compress(zlib.compress(noise))) == noise


@pytest.mark.parametrize("name", [name for name in CODINGS if name in ("gzip", "zstd")])
@pytest.mark.parametrize("content", [b"", b"a"])
def test_many_streams_that_hold_nothing(name: str, content: bytes) -> None:
    stream = encoded(name, content)
    assert decoded(name, stream * MAX_SMALL_STREAMS) == content * MAX_SMALL_STREAMS
    with pytest.raises(HTTPInputError, match="too many small streams") as caught:
        decoded(name, stream * (MAX_SMALL_STREAMS + 1))
    assert caught.value.status == 400
    larger = encoded(name, bytes(SMALL_STREAM))
    count = MAX_SMALL_STREAMS + 50
    assert len(decoded(name, larger * count)) == SMALL_STREAM * count
