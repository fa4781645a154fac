"""Whatever a server says, and in whatever pieces: an exchange ends once, in a response or in an error of the tree."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simple_httpclient.exchanging import CONTINUE, OK, Owner, hop, response
from tornadolike.http1 import Limits
from tornadolike.httpclient.failures import (
    HTTPProtocolError,
    HTTPStreamClosedError,
)
from tornadolike.simple_httpclient.bounds import Bounds
from tornadolike.simple_httpclient.connection import Connection

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SAID = [
    OK,
    CONTINUE + OK,
    CHUNKED + b"2;a=b\r\nok\r\n10\r\n" + bytes(16) + b"\r\n0\r\nX: y\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
    b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n",
    response("413 Too Large", "Connection: close", body=b"no"),
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
]
BOUNDS = Bounds(read_ahead=8, drain_size=8, drain_time=1000.0)
LIMITS = Limits(max_header_size=500, max_header_count=10)


class Transport(asyncio.Transport):
    """Takes what is written, and tells of its end when it is asked to."""

    def __init__(self):
        super().__init__()
        self.written = b""
        self.closing = False
        self.reading = True

    def write(self, data):
        self.written += data

    def is_closing(self):
        return self.closing

    def close(self):
        self.closing = True

    abort = close

    def get_write_buffer_size(self):
        return 0

    def pause_reading(self):
        assert self.reading
        self.reading = False

    def resume_reading(self):
        assert not self.reading
        self.reading = True

    def peer_state(self):
        return "open"


class Exchange:
    """One exchange with a server that is given its words here."""

    def __init__(self):
        self.owner = Owner()
        self.transport = Transport()
        self.connection = Connection("key", LIMITS, self.owner, BOUNDS)
        self.connection.connection_made(self.transport)

    async def hear(self, pieces, end, task):
        """Hand on ``pieces`` as long as they are listened to, then the end, if there is one."""
        for piece in pieces:
            while not self.transport.reading and not task.done():
                await asyncio.sleep(0)
            if self.transport.closing:
                break
            if piece:
                self.connection.data_received(piece)
            await asyncio.sleep(0)
        if not self.transport.closing and end == "end":
            self.connection.eof_received()
            self.transport.close()
        if self.transport.closing or end == "lost":
            self.transport.close()
            self.connection.connection_lost(ConnectionResetError() if end == "lost" else None)


def mutated(data):
    """``said`` with some bytes replaced, left out or put in."""
    said = data.draw(st.sampled_from(SAID))
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(said)))
        left_out = data.draw(st.integers(0, 2))
        put_in = data.draw(
            st.sampled_from([b"", b"\r", b"\n", b"\0", b":", b"9", b" ", b"HTTP/1.1 ", CONTINUE])
            | st.binary(max_size=3)
        )
        said = said[:place] + put_in + said[place + left_out :]
    return said


def in_pieces(data, said):
    places = data.draw(st.lists(st.integers(0, len(said)), max_size=6).map(sorted))
    return [said[a:b] for a, b in zip([0, *places], [*places, len(said)], strict=True)]


async def whole(exchange, method, close_early):
    answer = await exchange.connection.exchange(hop(method, max_body_size=1000))
    if close_early:
        answer.close()
        return answer.status, None
    body = b""
    while piece := await answer.read():
        body += piece
    return answer.status, body


def outcome_of(pieces, end, method, close_early=False):
    """What the client has of it, and the exchange."""

    async def main():
        exchange = Exchange()
        task = asyncio.ensure_future(whole(exchange, method, close_early))
        await asyncio.sleep(0)
        await exchange.hear(pieces, end, task)
        for _ in range(3):
            await asyncio.sleep(0)
        if not task.done():
            assert end is None  # it waits for more, with right
            exchange.connection.close()
        try:
            return await task, exchange
        except (HTTPProtocolError, HTTPStreamClosedError) as error:
            return type(error), exchange

    return asyncio.run(main())


@pytest.mark.once
@settings(max_examples=400)
@given(
    data=st.data(),
    end=st.sampled_from(["end", "lost", None]),
    method=st.sampled_from(["GET", "HEAD"]),
    close_early=st.booleans(),
)
def test_every_exchange_ends_once(data, end, method, close_early):
    said = in_pieces(data, mutated(data))
    _, exchange = outcome_of(said, end, method, close_early)
    told = exchange.owner.told
    draining = close_early and end is None and told == ["left"]
    assert told.count("left") == 1
    assert told.count("kept") <= 1
    assert told[:2] in ([], ["left", "kept"], ["left", "forgotten"], ["left"])
    if not draining:
        assert exchange.connection.usable or "forgotten" in told or exchange.transport.closing
        assert exchange.connection._hop is None


@pytest.mark.once
@settings(max_examples=200)
@given(data=st.data(), method=st.sampled_from(["GET", "HEAD"]))
def test_pieces_make_no_difference(data, method):
    """But for how much of a body is there before what is wrong with it."""
    said = mutated(data)
    assert (
        outcome_of([said], "end", method)[0]
        == outcome_of(in_pieces(data, said), "end", method)[0]
        == outcome_of([said[i : i + 1] for i in range(len(said))], "end", method)[0]
    )


@pytest.mark.parametrize("said", SAID)
def test_the_words_themselves_are_good(said):
    """All but the last, which is for nobody who has not asked for it: the mutations begin where it matters."""
    outcome, _ = outcome_of([said], "end", "GET")
    assert (outcome is HTTPProtocolError) == (said is SAID[-1])
