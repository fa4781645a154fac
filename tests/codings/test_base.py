"""What holds for every coding that is installed."""

import random

import pytest

from tests.codings.samples import (
    BOMB,
    CONTENTS,
    NAMES,
    TEXT,
    coding,
    cut,
    decode,
    decoded,
    each_coding,
    encoded,
)
from tornadolike.codings.base import PIECE_SIZE
from tornadolike.httputil import HTTPInputError

contents = pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)


@each_coding
@contents
def test_what_was_encoded_is_decoded(name: str, content: bytes) -> None:
    assert decoded(name, encoded(name, content)) == content


@each_coding
@contents
@pytest.mark.parametrize("known", [True, False], ids=["size known", "size unknown"])
def test_our_own_encoder_at_every_cut(name: str, content: bytes, known: bool) -> None:
    for level in (coding(name).levels[0], coding(name).default_level):
        encoder = coding(name).make_encoder(level, len(content) if known else None)
        pieces = [encoder.encode(piece) for piece in cut(content, 70_001)]
        assert decoded(name, *pieces, encoder.finish()) == content


@each_coding
def test_every_level_works(name: str) -> None:
    for level in coding(name).levels:
        for size in (None, len(TEXT)):
            encoder = coding(name).make_encoder(level, size)
            assert decoded(name, encoder.encode(TEXT) + encoder.finish()) == TEXT
    assert coding(name).default_level in coding(name).levels


@each_coding
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000, 16 * 1024, 100_000])
def test_however_it_is_cut(name: str, size: int) -> None:
    content = TEXT + BOMB[:300_000] + TEXT
    assert decoded(name, *cut(encoded(name, content), size)) == content


@each_coding
def test_what_was_flushed_can_be_read(name: str) -> None:
    encoder = coding(name).make_encoder(coding(name).default_level, None)
    decoder = coding(name).make_decoder()
    for line in TEXT.splitlines()[:50]:
        assert b"".join(decoder.decode(encoder.encode(line) + encoder.flush())) == line
    assert b"".join(decoder.decode(encoder.finish())) == b""
    decoder.finish()


@each_coding
def test_much_comes_in_pieces(name: str) -> None:
    for pieces in ([encoded(name, BOMB)], cut(encoded(name, BOMB), 5)):
        sizes = [len(piece) for piece in decode(name, *pieces)]
        assert sum(sizes) == len(BOMB)
        assert min(sizes) > 0
        assert max(sizes) <= 2 * PIECE_SIZE


@each_coding
def test_nothing_is_decoded_before_it_is_asked_for(name: str) -> None:
    pieces = decode(name, encoded(name, BOMB), max_size=3 * PIECE_SIZE)
    assert next(pieces)
    with pytest.raises(HTTPInputError, match="larger than") as caught:
        list(pieces)
    assert caught.value.status == 413


@each_coding
def test_no_bytes_are_no_content(name: str) -> None:
    assert decoded(name) == b""
    assert decoded(name, b"", b"") == b""


@each_coding
def test_cut_short(name: str) -> None:
    data = encoded(name, TEXT)
    for size in {*range(1, 20), *range(len(data) - 20, len(data)), len(data) // 2}:
        with pytest.raises(HTTPInputError, match=f"invalid {name} data") as caught:
            decoded(name, data[:size])
        assert caught.value.status == 400


@each_coding
@pytest.mark.parametrize("tail", [b"\0", b"x", b"GET / HTTP/1.1\r\n", bytes(20_000)])
def test_something_behind_the_end(name: str, tail: bytes) -> None:
    data = encoded(name, TEXT)
    with pytest.raises(HTTPInputError, match=f"invalid {name} data"):
        decoded(name, data + tail)
    with pytest.raises(HTTPInputError, match=f"invalid {name} data"):
        decoded(name, data, tail)


@each_coding
def test_what_is_in_another_coding(name: str) -> None:
    for other in {*NAMES} - {name}:
        with pytest.raises(HTTPInputError):
            decoded(name, encoded(other, TEXT))
    with pytest.raises(HTTPInputError):
        decoded(name, b"<html>not encoded at all</html>")


@each_coding
def test_damaged_in_any_place(name: str) -> None:
    """Nothing but the error comes of it (or, where the format has no checksum, something else)."""
    chance = random.Random(3)
    data = encoded(name, TEXT)
    refused = 0
    for _ in range(300):
        damaged = bytearray(data)
        damaged[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        try:
            decoded(name, *cut(bytes(damaged), 999), max_size=10 * len(TEXT))
        except HTTPInputError:
            refused += 1
    assert refused > 100
