"""Bodies on the wire: by length and in chunks."""

import random

import pytest

from tests.http1.feeding import assert_all, bytewise
from tests.http1.transcripts import CHUNKS
from tornadolike.http1 import EndOfMessage, Limits
from tornadolike.http1.body import FORBIDDEN_IN_TRAILERS, ChunkedBody, LengthBody, UntilEndBody
from tornadolike.httputil import HTTPInputError

MAX = 10_000
"""What a body may have here, where nothing else is said."""


@pytest.mark.parametrize("section", sorted({case.section for case in CHUNKS}))
def test_chunked(section: str) -> None:
    assert_all(case for case in CHUNKS if case.section == section)


# By length


def test_a_length_is_exact() -> None:
    body = LengthBody(5)
    assert body.read(b"..", 2, MAX) == (None, 2)
    assert body.read(b"..abc", 2, MAX) == (b"abc", 5)
    assert body.read(b"", 0, MAX) == (None, 0)
    assert body.read(b"defg", 0, MAX) == (b"de", 2)
    assert body.read(b"defg", 2, MAX) == (EndOfMessage(), 2)


def test_a_length_of_nothing_ends_at_once() -> None:
    assert LengthBody(0).read(b"abc", 1, MAX) == (EndOfMessage(), 1)


def test_a_length_over_the_limit_of_the_moment() -> None:
    body = LengthBody(5)
    assert body.read(b"ab", 0, 5) == (b"ab", 2)
    for _ in range(2):
        with pytest.raises(
            HTTPInputError, match="Content-Length too long: more than 4 bytes"
        ) as caught:
            body.read(b"cd", 0, 4)
        assert caught.value.status == 413
    assert body.read(b"cd", 0, 5) == (b"cd", 2)


# Until the end


def test_everything_is_the_body() -> None:
    body = UntilEndBody()
    assert body.read(b"..abc", 2, 5) == (b"abc", 5)
    assert body.read(b"", 0, 5) == (None, 0)
    assert body.read(b"..de", 2, 5) == (b"de", 4)
    with pytest.raises(HTTPInputError, match="Body too long: more than 5 bytes"):
        body.read(b"f", 0, 5)


# In chunks


def test_chunks_at_hand_are_one_piece_and_the_end_comes_by_itself() -> None:
    wire = b"..3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\nnext"
    body = ChunkedBody(Limits())
    assert body.read(wire, 2, MAX) == (b"abcde", wire.index(b"\r\nnext"))
    assert body.read(wire, wire.index(b"\r\nnext"), MAX) == (EndOfMessage(), wire.index(b"next"))


def test_an_unfinished_chunk_is_given_as_far_as_it_goes() -> None:
    body = ChunkedBody(Limits())
    assert body.read(b"6\r\nabc", 0, MAX) == (b"abc", 6)
    assert body.read(b"", 0, MAX) == (None, 0)
    assert body.read(b"d", 0, MAX) == (b"d", 1)
    assert body.read(b"ef\r", 0, MAX) == (b"ef", 2)
    assert body.read(b"\r", 0, MAX) == (None, 0)
    assert body.read(b"\r\n0", 0, MAX) == (None, 2)
    assert body.read(b"0\r\n\r\n", 0, MAX) == (EndOfMessage(), 5)


def test_trailers_are_for_those_who_ask() -> None:
    body = ChunkedBody(Limits())
    end, position = body.read(b"0\r\nA: b\r\na: c\r\n\r\n...", 0, MAX)
    assert isinstance(end, EndOfMessage)
    assert end.trailers.get_list("a") == ["b", "c"]
    assert position == 17


@pytest.mark.parametrize("name", sorted(FORBIDDEN_IN_TRAILERS))
def test_forbidden_trailers(name: str) -> None:
    for spelling in (name, name.lower(), name.upper()):
        with pytest.raises(HTTPInputError, match="trailer") as caught:
            ChunkedBody(Limits()).read(f"0\r\nA: b\r\n{spelling}:\r\n\r\n".encode(), 0, MAX)
        assert caught.value.status == 400


def test_any_bytes_in_any_chunks() -> None:
    rng = random.Random(9112)
    for _ in range(100):
        pieces = [
            rng.randbytes(rng.choice([1, 2, 15, 16, 17, 300])) for _ in range(rng.randrange(9))
        ]
        form = rng.choice(["%x", "%X", "%08x", "%x;a", '%x ; a="b"'])
        wire = b"".join((form % len(p)).encode() + b"\r\n" + p + b"\r\n" for p in pieces)
        wire += b"0\r\n\r\n"
        for feed in ([wire], bytewise(wire)):
            body = ChunkedBody(Limits())
            buffer, received, end = b"", b"", None
            for data in feed:
                buffer += data
                position = 0
                while end is None:
                    event, position = body.read(buffer, position, MAX)
                    if event is None:
                        break
                    if isinstance(event, bytes):
                        received += event
                    else:
                        end = event
                buffer = buffer[position:]
            assert end == EndOfMessage()
            assert received == b"".join(pieces)
            assert buffer == b""
