"""Bodies without their content codings."""

import asyncio
import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.httpclient.answers import WrittenAnswer, whole
from tests.running import on_every_loop, run_on
from tornadolike.codings import CODINGS
from tornadolike.httpclient.decoding import AT_ONCE, DecodedAnswer, decoded
from tornadolike.httpclient.failures import HTTPProtocolError

TEXT = b"to be decoded " * 1000


def encoded(name, data):
    coding = CODINGS[name]
    encoder = coding.make_encoder(coding.default_level, len(data))
    return encoder.encode(data) + encoder.finish()


@pytest.mark.parametrize("name", CODINGS)
@on_every_loop
async def test_what_is_installed_is_decoded(name):
    answer = WrittenAnswer([encoded(name, TEXT)], {"Content-Encoding": name.upper()})
    opened = decoded(answer, "GET")
    assert await whole(opened) == TEXT
    assert "Content-Encoding" not in opened.headers
    assert opened.headers["X-Consumed-Content-Encoding"] == name.upper()
    assert (opened.status, opened.reason, opened.version) == (200, "Fine", "HTTP/1.1")


@on_every_loop
async def test_codings_in_one_another():
    answer = WrittenAnswer(
        [gzip.compress(zlib.compress(TEXT))], {"content-encoding": "deflate, gzip"}
    )
    assert await whole(decoded(answer, "GET")) == TEXT


@pytest.mark.parametrize(
    ("headers", "method", "status"),
    [
        ({}, "GET", 200),
        ({"Content-Encoding": "identity"}, "GET", 200),
        ({"Content-Encoding": "gzip"}, "HEAD", 200),
        ({"Content-Encoding": "gzip"}, "GET", 204),
        ({"Content-Encoding": "gzip"}, "GET", 304),
        ({"Content-Encoding": "gzip"}, "GET", 206),
        ({"Content-Encoding": "utf-8"}, "GET", 200),
        ({"Content-Encoding": "gzip, secret"}, "GET", 200),
        ({"Content-Encoding": "gzip, gzip, gzip, gzip"}, "GET", 200),
    ],
)
def test_what_cannot_be_decoded_stays_as_it_is(headers, method, status):
    answer = WrittenAnswer([], headers, status)
    assert decoded(answer, method) is answer
    assert dict(answer.headers) == headers


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"not gzip at all", "invalid gzip data"),
        (gzip.compress(TEXT)[:-4], "its end is missing"),
        (gzip.compress(TEXT) + b"rubbish", "invalid gzip data"),
    ],
)
@on_every_loop
async def test_what_is_malformed_is_an_error_that_stays(body, complaint):
    answer = WrittenAnswer([body], {"Content-Encoding": "gzip"})
    opened = decoded(answer, "GET")
    with pytest.raises(HTTPProtocolError, match=complaint):
        await whole(opened)
    assert answer.closed
    with pytest.raises(HTTPProtocolError, match=complaint):
        await opened.read()


@on_every_loop
async def test_no_body_at_all_is_an_empty_one():
    assert await whole(decoded(WrittenAnswer([], {"Content-Encoding": "gzip"}), "GET")) == b""


@pytest.mark.parametrize("name", CODINGS)
@on_every_loop
async def test_a_bomb_is_stopped_where_the_limit_is(name):
    answer = WrittenAnswer([encoded(name, b"\0" * 30_000_000)], {"Content-Encoding": name})
    opened = decoded(answer, "GET", 1_000_000)
    size = 0
    with pytest.raises(HTTPProtocolError, match="larger than 1000000 bytes when decoded"):
        while piece := await opened.read():
            size += len(piece)
            assert len(piece) <= 256 * 1024
    assert size <= 1_000_000


@on_every_loop
async def test_others_get_their_turn():
    """However little has to be read for all that comes."""
    body = gzip.compress(b"\0" * (4 * AT_ONCE))
    opened = decoded(WrittenAnswer([body], {"Content-Encoding": "gzip"}), "GET")
    reading = asyncio.ensure_future(whole(opened))
    turns = 0
    while not reading.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 3


@on_every_loop
async def test_trailers_and_close_are_the_answers():
    answer = WrittenAnswer([gzip.compress(b"x")], {"Content-Encoding": "gzip"})
    opened = decoded(answer, "GET")
    assert isinstance(opened, DecodedAnswer)
    assert opened.trailers is None
    answer.trailers = answer.headers
    assert opened.trailers is answer.headers
    opened.close()
    assert answer.closed


@given(
    st.binary(max_size=3000),
    st.lists(st.integers(0, 3000), max_size=5),
    st.sampled_from([*CODINGS]),
)
def test_however_it_is_cut(data, cuts, name):
    body = encoded(name, data)
    cuts = sorted(min(cut, len(body)) for cut in cuts)
    pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True) if a < b]
    opened = decoded(WrittenAnswer(pieces, {"Content-Encoding": name}), "GET")
    assert run_on(asyncio.new_event_loop, whole(opened)) == data
