"""Answers by themselves: what is given, in which order, and when it is enough."""

import asyncio

import pytest

from tests.running import on_every_loop, turns
from tornadolike.httpclient.failures import HTTPStreamClosedError
from tornadolike.httpclient.feeding import FedAnswer
from tornadolike.httputil import HTTPHeaders


def fed(source):
    return FedAnswer(source, "HTTP/1.1", 200, "OK", HTTPHeaders({"X": "y"}), 10)


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
    return fed(source)


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
    answer = fed(Source())
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
    answer = fed(Source())
    reading = asyncio.ensure_future(answer.read())
    await turns()
    answer.add(b"one")
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await answer.read() == b"one"


@on_every_loop
async def test_reading_that_fails():
    answer = fed(Source())
    reading = asyncio.ensure_future(answer.read())
    await turns()
    answer.fail(HTTPStreamClosedError("over"))
    with pytest.raises(HTTPStreamClosedError, match="over"):
        await reading


@on_every_loop
async def test_one_reads():
    answer = fed(Source())
    reading = asyncio.ensure_future(answer.read())
    await turns()
    with pytest.raises(RuntimeError, match="Somebody else reads"):
        await answer.read()
    answer.add(b"one")
    assert await reading == b"one"


async def poured(answer, take):
    """A task that pours an answer, and has begun to wait."""
    pouring = asyncio.ensure_future(answer.pour(take))
    await turns()
    return pouring


@on_every_loop
async def test_pouring():
    source, taken = Source(), []
    answer = fed(source)
    answer.add(b"first" * 2)
    pouring = await poured(answer, taken.append)
    assert taken == [b"first" * 2]
    assert source.told == ["resume"]
    for _ in range(5):
        assert not answer.add(b"more" * 5)  # it is never enough: nothing of it stays here
        assert taken[-1] == b"more" * 5
    assert not pouring.done()
    answer.end(HTTPHeaders())
    await pouring
    assert len(taken) == 6
    assert answer.received == 110
    await answer.pour(taken.append)
    assert len(taken) == 6


@on_every_loop
async def test_pouring_what_is_there_waits_for_nothing():
    answer, taken = fed(Source()), []
    answer.add(b"all")
    answer.end(HTTPHeaders())
    with pytest.raises(StopIteration):
        answer.pour(taken.append).send(None)
    assert taken == [b"all"]


@on_every_loop
async def test_pouring_that_fails():
    answer, taken = fed(Source()), []
    pouring = await poured(answer, taken.append)
    answer.add(b"some")
    answer.fail(HTTPStreamClosedError("over"))
    with pytest.raises(HTTPStreamClosedError, match="over"):
        await pouring
    assert taken == [b"some"]
    with pytest.raises(HTTPStreamClosedError, match="over"):
        await answer.pour(taken.append)


@on_every_loop
async def test_who_pours_may_refuse():
    source, taken = Source(), []
    answer = fed(source)

    def take(piece):
        taken.append(piece)
        if len(taken) == 2:
            raise KeyError("mine")

    pouring = await poured(answer, take)
    answer.add(b"1")
    answer.add(b"2")
    assert not answer.add(b"3")
    assert answer.add(bytes(9))  # it is enough, as if nobody read
    answer.end(HTTPHeaders())
    with pytest.raises(KeyError, match="mine"):
        await pouring
    assert taken == [b"1", b"2"]
    assert await answer.read() == b"3" + bytes(9)


@on_every_loop
async def test_pouring_that_is_cancelled_takes_no_more():
    answer, taken = fed(Source()), []
    pouring = await poured(answer, taken.append)
    with pytest.raises(RuntimeError, match="Somebody else reads"):
        await answer.pour(taken.append)
    answer.add(b"zero")
    assert taken == [b"zero"]
    pouring.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pouring
    answer.add(b"one")
    assert taken == [b"zero"]
    assert await answer.read() == b"one"
