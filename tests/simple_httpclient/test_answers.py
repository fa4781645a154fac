"""Answers by themselves: what is given, in which order, and when it is enough."""

import asyncio

import pytest

from tests.running import on_every_loop, turns
from tornadolike.http1 import ResponseHead
from tornadolike.httpclient.failures import HTTPStreamClosedError
from tornadolike.httputil import HTTPHeaders, ResponseStartLine
from tornadolike.simple_httpclient.answers import Leftover, WireAnswer

HEAD = ResponseHead(ResponseStartLine("HTTP/1.1", 200, "OK"), HTTPHeaders({"X": "y"}))


class Source:
    """Counts what it is told."""

    def __init__(self):
        self.told = []

    def resume(self):
        self.told.append("resume")

    def abandon(self, answer):
        self.told.append("abandon")


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def answer(source):
    return WireAnswer(source, HEAD, 10)


def test_the_head(answer):
    assert (answer.version, answer.status, answer.reason) == ("HTTP/1.1", 200, "OK")
    assert answer.headers["X"] == "y"
    assert answer.trailers is None


def test_pieces_that_have_come_are_one(answer, source):
    assert answer.read_nowait() is None
    assert not answer.add(b"one")
    assert not answer.add(b"two")
    assert answer.read_nowait() == b"onetwo"
    assert answer.read_nowait() is None
    assert answer.received == 6
    assert source.told == []


def test_enough_and_room_again(answer, source):
    assert not answer.add(bytes(9))
    assert answer.add(b"x")
    assert answer.add(b"y")
    assert len(answer.read_nowait()) == 11
    assert source.told == ["resume"]
    assert not answer.add(bytes(9))


def test_the_end(answer, source):
    trailers = HTTPHeaders({"A": "b"})
    assert answer.add(bytes(10))
    answer.end(trailers)
    assert answer.trailers is trailers
    assert answer.read_nowait() == bytes(10)
    assert answer.read_nowait() == b"" == answer.read_nowait()
    answer.close()
    assert answer.read_nowait() == b""
    assert source.told == []


def test_a_failure_comes_behind_what_has_come(answer, source):
    answer.add(b"some")
    answer.fail(HTTPStreamClosedError("over"))
    assert answer.read_nowait() == b"some"
    for _ in range(2):
        with pytest.raises(HTTPStreamClosedError, match="over"):
            answer.read_nowait()
    answer.close()
    assert source.told == []


def test_what_is_closed(answer, source):
    answer.add(b"some")
    answer.close()
    answer.close()
    assert source.told == ["abandon"]
    with pytest.raises(RuntimeError, match="closed"):
        answer.read_nowait()


@on_every_loop
async def test_reading_waits():
    answer = WireAnswer(Source(), HEAD, 10)
    reading = asyncio.ensure_future(answer.read())
    await turns()
    answer.add(b"one")
    answer.add(b"two")
    assert await reading == b"onetwo"
    reading = asyncio.ensure_future(answer.read())
    await turns()
    answer.end(HTTPHeaders())
    assert await reading == b"" == await answer.read()


@on_every_loop
async def test_reading_that_is_cancelled_takes_nothing():
    answer = WireAnswer(Source(), HEAD, 10)
    reading = asyncio.ensure_future(answer.read())
    await turns()
    answer.add(b"one")
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await answer.read() == b"one"


@on_every_loop
async def test_reading_that_fails():
    answer = WireAnswer(Source(), HEAD, 10)
    reading = asyncio.ensure_future(answer.read())
    await turns()
    answer.fail(HTTPStreamClosedError("over"))
    with pytest.raises(HTTPStreamClosedError, match="over"):
        await reading


@on_every_loop
async def test_one_reads():
    answer = WireAnswer(Source(), HEAD, 10)
    reading = asyncio.ensure_future(answer.read())
    await turns()
    with pytest.raises(RuntimeError, match="Somebody else reads"):
        await answer.read()
    answer.add(b"one")
    assert await reading == b"one"


@on_every_loop
async def test_a_leftover():
    timer = asyncio.get_running_loop().call_later(1000, print)
    left = Leftover(10, timer)
    assert not left.add(bytes(10))
    assert left.add(b"x")
    assert not timer.cancelled()
    left.stop()
    assert timer.cancelled()
