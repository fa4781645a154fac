"""What becomes of bodies: in a buffer, or piece by piece."""

import asyncio
import gzip

import pytest

from tests.httpclient.answers import WrittenAnswer, collected
from tests.running import on_every_loop, turns
from tornadolike.httpclient import collecting
from tornadolike.httpclient.failures import HTTPProtocolError, HTTPStreamClosedError


@on_every_loop
async def test_a_body_in_pieces_is_one():
    response = await collected(WrittenAnswer([b"a", b"b", b"c"], {"X-Mine": "1"}, 404))
    assert (response.code, response.reason, response.body) == (404, "Fine", b"abc")
    assert response.headers["X-Mine"] == "1"
    assert response.effective_url == "http://example.com/"
    assert response.error is not None


@on_every_loop
async def test_it_is_decoded_if_wanted():
    def answer():
        return WrittenAnswer([gzip.compress(b"hello")], {"Content-Encoding": "gzip"})

    assert (await collected(answer())).body == b"hello"
    kept = await collected(answer(), decompress_response=False)
    assert kept.body == gzip.compress(b"hello")
    assert kept.headers["Content-Encoding"] == "gzip"


@on_every_loop
async def test_the_limit_of_what_is_kept():
    assert (await collected(WrittenAnswer([b"12", b"345"]), max_body_size=5)).body == b"12345"
    with pytest.raises(HTTPProtocolError, match="max_body_size, which is 5 bytes"):
        await collected(WrittenAnswer([b"12", b"3456"]), max_body_size=5)
    inflated = WrittenAnswer([gzip.compress(b"\0" * 1000)], {"Content-Encoding": "gzip"})
    with pytest.raises(HTTPProtocolError, match="larger than 999 bytes when decoded"):
        await collected(inflated, max_body_size=999)


@on_every_loop
async def test_by_default_there_is_a_limit_too(monkeypatch):
    monkeypatch.setattr(collecting, "MAX_BODY_SIZE", 10)
    with pytest.raises(HTTPProtocolError, match="which is 10 bytes"):
        await collected(WrittenAnswer([b"12345678901"]))
    seen = []
    await collected(WrittenAnswer([b"12345678901"]), streaming_callback=seen.append)
    assert seen == [b"12345678901"]  # which is not kept


@on_every_loop
async def test_what_is_said_to_be_too_large_is_not_read():
    answer = WrittenAnswer([b"1"], {"Content-Length": "6"})
    with pytest.raises(HTTPProtocolError, match="which is 5 bytes"):
        await collected(answer, max_body_size=5)
    assert answer.reads == 0
    with pytest.raises(HTTPProtocolError, match="which is 5 bytes"):
        await collected(WrittenAnswer([], {"Content-Length": "9" * 5000}), max_body_size=5)


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 304), ("GET", 204)])
@on_every_loop
async def test_a_length_without_a_body_harms_nobody(method, status):
    answer = WrittenAnswer([], {"Content-Length": "6"}, status)
    assert (await collected(answer, method=method, max_body_size=5)).body == b""


@on_every_loop
async def test_lines_of_the_head_as_in_tornado():
    lines = []
    answer = WrittenAnswer([gzip.compress(b"x")], {"Content-Encoding": "gzip"})
    answer.headers.add("Set-Cookie", "a=1")
    answer.headers.add("Set-Cookie", "b=2")
    await collected(answer, header_callback=lines.append)
    assert lines == [
        "HTTP/1.1 200 Fine\r\n",
        "Set-Cookie: a=1\r\n",
        "Set-Cookie: b=2\r\n",
        "X-Consumed-Content-Encoding: gzip\r\n",
        "\r\n",
    ]


@on_every_loop
async def test_pieces_come_decoded_and_the_response_has_none():
    seen = []
    body = gzip.compress(b"hello")
    answer = WrittenAnswer([body[:10], body[10:]], {"Content-Encoding": "gzip"})
    response = await collected(answer, streaming_callback=seen.append)
    assert (b"".join(seen), response.body) == (b"hello", b"")


@on_every_loop
async def test_a_piece_waits_for_the_one_before():
    gate = asyncio.Event()
    seen = []

    async def take(piece):
        seen.append(piece)
        await gate.wait()

    answer = WrittenAnswer([b"1", b"2", b"3"])
    fetching = asyncio.ensure_future(collected(answer, streaming_callback=take))
    await turns(10)
    assert seen == [b"1"]
    assert answer.reads == 1
    gate.set()
    await fetching
    assert seen == [b"1", b"2", b"3"]


@on_every_loop
async def test_streams_are_bounded_where_that_is_said():
    seen = []
    with pytest.raises(HTTPProtocolError, match="which is 3 bytes"):
        await collected(
            WrittenAnswer([b"12", b"34"]), streaming_callback=seen.append, max_body_size=3
        )
    assert seen == [b"12"]


@pytest.mark.parametrize("option", ["streaming_callback", "header_callback"])
@on_every_loop
async def test_what_a_callback_raises_is_what_the_fetch_raises(option):
    def fail(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await collected(WrittenAnswer([b"1"]), **{option: fail})


@on_every_loop
async def test_what_the_engine_raises_goes_through():
    with pytest.raises(HTTPStreamClosedError):
        await collected(WrittenAnswer([b"1", HTTPStreamClosedError("gone")]))
