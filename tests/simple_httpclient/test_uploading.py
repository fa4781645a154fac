"""Bodies that do not go with their heads: from producers, and those that wait for 100 Continue."""

import asyncio
import gc
import itertools
import socket
import struct

import pytest

from tests.running import on_every_loop, turns
from tests.simple_httpclient.exchanging import (
    CONTINUE,
    OK,
    connected,
    hop,
    read_all,
    response,
)
from tornadolike import gen
from tornadolike.http1 import RequestWriter
from tornadolike.httpclient.failures import HTTPStreamClosedError
from tornadolike.httputil import HTTPOutputError
from tornadolike.simple_httpclient.bounds import Bounds
from tornadolike.simple_httpclient.connection import StaleError
from tornadolike.simple_httpclient.uploading import TURN_SIZE, Upload

EXPECT = {"Expect": "100-continue"}
PATIENT = Bounds(continue_timeout=1000.0)
KEPT = ["left", "kept"]
ENDED = ["left", "forgotten"]


def giving(*pieces):
    """A producer of these."""

    async def produce(write):
        for piece in pieces:
            await write(piece)

    return produce


@gen.coroutine
def in_tornados_way(write):
    yield write(b"one")
    yield write(b"two")


def unawaited(write):
    write(b"one")
    write(b"two")


async def taking(peer):
    """A script: the request is heard whole, then answered by what was heard."""
    _, body = await peer.request()
    peer.say(response(body=body))
    await peer.rest()


@pytest.mark.parametrize("producer", [giving(b"one", b"", b"two"), in_tornados_way, unawaited])
@pytest.mark.parametrize("length", [None, "6"])
@on_every_loop
async def test_producers(producer, length):
    headers = {} if length is None else {"Content-Length": length}
    async with connected(taking) as (connection, owner, server):
        asked = hop("PUT", producer=producer, headers=headers)
        assert await read_all(await connection.exchange(asked)) == b"onetwo"
        assert owner.told == KEPT
        assert ("Transfer-Encoding: chunked" in server.peers[0].heads[0]) == (length is None)


@pytest.mark.parametrize("wire", ["plain", "tls"])
@on_every_loop
async def test_a_producer_waits_for_its_server(wire, certs):
    piece = bytes(64 * 1024)
    given = heard = 0
    go_on = asyncio.Event()

    async def produce(write):
        nonlocal given
        for _ in range(512):
            await write(piece)
            given += len(piece)

    async def script(peer):
        nonlocal heard
        await peer.head()
        await go_on.wait()
        heard = len(await peer.body())
        peer.say(OK)
        await peer.rest()

    tls = certs if wire == "tls" else None
    async with connected(script, tls=tls, limit=2**16) as (connection, owner, _):
        exchange = asyncio.ensure_future(connection.exchange(hop("PUT", producer=produce)))
        before = -1
        while given != before:
            before = given
            await asyncio.sleep(0.02)
        assert given < 16 * 1024 * 1024
        go_on.set()
        await read_all(await exchange)
        assert heard == given == 32 * 1024 * 1024
        assert owner.told == KEPT


class Taker:
    """A transport that takes all at once, and what hears of it."""

    def __init__(self, producer):
        self.taken = 0
        self.ended = False
        writer = RequestWriter()
        asked = hop("PUT", producer=producer)
        writer.head("PUT", "/", asked.headers, with_body=True)
        self.upload = Upload(asked, writer, self, self)

    def write(self, data):
        self.taken += len(data)

    def is_closing(self):
        return False

    def peer_state(self):
        return "open"

    def upload_ended(self):
        self.ended = True


@on_every_loop
async def test_a_producer_that_never_waits_lets_others_have_a_turn():
    taken_at = []

    async def produce(write):
        for _ in range(64):
            await write(bytes(8 * 1024))

    taker = Taker(produce)
    taker.upload.start(1.0)
    while not taker.ended:
        await asyncio.sleep(0)
        taken_at.append(taker.taken)
    assert max(b - a for a, b in itertools.pairwise(taken_at)) < TURN_SIZE + 16 * 1024


@on_every_loop
async def test_a_turn_does_not_make_room():
    room = []

    async def produce(write):
        room.append(write(bytes(TURN_SIZE)))
        taker.upload.pause()
        await room[0]

    taker = Taker(produce)
    taker.upload.start(1.0)
    await turns(10)
    assert not room[0].done()
    taker.upload.resume()
    await turns(10)
    assert taker.ended


WRONG = {
    "too much": (giving(b"four"), "3", HTTPOutputError, "more data than Content-Length"),
    "too little": (giving(b"four"), "5", HTTPOutputError, "fewer than Content-Length"),
    "nothing": (giving(), "5", HTTPOutputError, "fewer than Content-Length"),
    "text": (giving("text"), None, TypeError, "."),
    "no bytes": (giving(7), None, TypeError, "."),
}


@pytest.mark.parametrize("case", WRONG)
@on_every_loop
async def test_producers_that_are_wrong(case):
    producer, length, error, text = WRONG[case]
    headers = {} if length is None else {"Content-Length": length}
    async with connected(taking) as (connection, owner, server):
        with pytest.raises(error, match=text):
            await connection.exchange(hop("PUT", producer=producer, headers=headers))
        assert owner.told == ENDED
        await server.peers[0].over.wait()


@pytest.mark.parametrize("when", ["at once", "in between"])
@on_every_loop
async def test_a_producer_that_fails(when):
    async def produce(write):
        await write(b"some")
        raise ZeroDivisionError

    def fail(write):
        raise ZeroDivisionError

    async with connected(taking) as (connection, owner, server):
        with pytest.raises(ZeroDivisionError):
            await connection.exchange(hop("PUT", producer=fail if when == "at once" else produce))
        assert owner.told == ENDED
        await server.peers[0].over.wait()


@on_every_loop
async def test_a_producer_that_is_cancelled():
    async def produce(write):
        await write(b"some")
        raise asyncio.CancelledError

    async with connected(taking) as (connection, owner, _):
        with pytest.raises(HTTPStreamClosedError, match="was cancelled"):
            await connection.exchange(hop("PUT", producer=produce))
        assert owner.told == ENDED


@on_every_loop
async def test_a_cancelled_exchange_ends_its_producer():
    told = []

    async def produce(write):
        try:
            while True:
                await write(bytes(1024 * 1024))
        except asyncio.CancelledError:
            told.append("cancelled")
            with pytest.raises(HTTPStreamClosedError, match="over"):
                write(b"more")
            raise

    async def script(peer):
        await peer.head()
        await over.wait()

    over = asyncio.Event()
    async with connected(script) as (connection, owner, _):
        exchange = asyncio.ensure_future(connection.exchange(hop("PUT", producer=produce)))
        await turns(10)
        exchange.cancel()
        with pytest.raises(asyncio.CancelledError):
            await exchange
        await turns()
        over.set()
        assert told == ["cancelled"]
        assert owner.told == ENDED


@on_every_loop
async def test_a_producer_that_fails_while_it_is_told_to_stop(expect_log):
    """Nobody waits for it any more, but its fault is not lost."""

    async def produce(write):
        try:
            await asyncio.Event().wait()
        finally:
            raise ZeroDivisionError

    async def script(peer):
        await peer.rest()

    with expect_log("asyncio", "exception was never retrieved"):
        async with connected(script) as (connection, _, _):
            exchange = asyncio.ensure_future(connection.exchange(hop("PUT", producer=produce)))
            await turns(5)
            exchange.cancel()
            with pytest.raises(asyncio.CancelledError):
                await exchange
            await turns()
            del exchange
            gc.collect()


@on_every_loop
async def test_the_connection_ends_while_a_producer_is_at_work():
    """It is not tried again by itself: what the producer has given is gone."""
    told = []

    async def produce(write):
        try:
            while True:
                await write(bytes(64 * 1024))
        finally:
            told.append("ended")

    async def script(peer):
        await peer.head()
        peer.reset()

    async with connected(script) as (connection, owner, _):
        with pytest.raises(HTTPStreamClosedError) as caught:
            await connection.exchange(hop("PUT", producer=produce))
        assert type(caught.value) is HTTPStreamClosedError
        await turns()
        assert told == ["ended"]
        assert owner.told == ENDED


@on_every_loop
async def test_the_connection_had_ended_before_a_producer_was_asked():
    async def script(peer):
        pass

    async with connected(script) as (connection, owner, _):
        await owner.hear("forgotten")
        with pytest.raises(StaleError):
            await connection.exchange(hop("PUT", producer=giving(b"x")))


# Early answers


@pytest.mark.parametrize("status", ["413 Too Large", "302 Found"])
@on_every_loop
async def test_an_early_refusal_stops_the_producer(status):
    stopped = asyncio.Event()

    async def produce(write):
        try:
            await write(b"some")
            await asyncio.Event().wait()
        finally:
            stopped.set()

    async def script(peer):
        await peer.head()
        said = response(status, body=b"no")
        peer.say(said[:-2])
        await stopped.wait()
        peer.say(said[-2:])
        await peer.rest()

    async with connected(script) as (connection, owner, server):
        answer = await connection.exchange(hop("PUT", producer=produce))
        assert answer.status == int(status[:3])
        assert await read_all(answer) == b"no"
        assert owner.told[:2] == ENDED
        await server.peers[0].over.wait()


@on_every_loop
async def test_a_server_that_answers_as_it_reads():
    """With 2xx the body goes on as long as the answer does."""
    echoed = asyncio.Event()

    async def produce(write):
        await write(b"one")
        await echoed.wait()
        await write(b"two")

    async def script(peer):
        await peer.head()
        peer.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(2):
            peer.say(await peer.reader.readexactly(len(b"3\r\none\r\n")))
        peer.say(await peer.reader.readexactly(len(b"0\r\n\r\n")))
        await peer.rest()

    async with connected(script) as (connection, owner, _):
        answer = await connection.exchange(hop("PUT", producer=produce))
        assert await answer.read() == b"one"
        echoed.set()
        assert await read_all(answer) == b"two"
        assert owner.told == KEPT


@on_every_loop
async def test_an_answer_that_ends_before_the_request_does():
    stopped = asyncio.Event()

    async def produce(write):
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    async def script(peer):
        await peer.head()
        peer.say(OK)
        await peer.rest()

    async with connected(script) as (connection, owner, server):
        assert await read_all(await connection.exchange(hop("PUT", producer=produce))) == b"ok"
        await stopped.wait()
        assert owner.told[:2] == ENDED
        await server.peers[0].over.wait()


@on_every_loop
async def test_a_producer_that_fails_behind_the_head_of_the_answer():
    go_on = asyncio.Event()

    async def produce(write):
        await go_on.wait()
        raise ZeroDivisionError

    async def script(peer):
        await peer.head()
        peer.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n")
        await peer.rest()

    async with connected(script) as (connection, owner, _):
        answer = await connection.exchange(hop("PUT", producer=produce))
        assert await answer.read() == b"ok"
        go_on.set()
        with pytest.raises(ZeroDivisionError):
            await answer.read()
        assert owner.told == ENDED


@pytest.mark.parametrize("wire", ["plain", "tls"])
@on_every_loop
async def test_an_early_refusal_of_a_large_body_that_is_there(wire, certs):
    """The server need not take the rest: the connection is not kept, and nothing waits to be sent."""

    async def script(peer):
        await peer.head()
        peer.say(response("413 Too Large", body=b"no"))
        await over.wait()

    over = asyncio.Event()
    tls = certs if wire == "tls" else None
    async with connected(script, tls=tls, limit=2**16) as (connection, owner, _):
        answer = await connection.exchange(hop("PUT", body=bytes(32 * 1024 * 1024)))
        assert answer.status == 413
        assert await read_all(answer) == b"no"
        assert owner.told == ENDED
        over.set()


@on_every_loop
async def test_an_early_refusal_by_a_server_that_leaves():
    """It takes nothing of the body, so its end is a reset; the answer that came before must not go with it."""

    async def produce(write):
        for _ in range(1000):
            await write(bytes(1024))

    async def script(peer):
        peer.writer.transport.pause_reading()
        peer.say(response("413 Too Large", "Connection: close", body=b"no"))
        peer.reset()

    for _ in range(20):
        async with connected(script) as (connection, owner, _):
            answer = await connection.exchange(hop("PUT", producer=produce))
            assert answer.status == 413
            assert await read_all(answer) == b"no"
            await owner.hear("left")


@pytest.mark.parametrize("wire", ["plain", "TLS"])
@on_every_loop
async def test_an_early_refusal_in_the_middle_of_a_write(wire, certs, monkeypatch):
    """The answer and the reset come when the transport has just begun to write: the write fails, the answer stays."""

    async def produce(write):
        await write(b"begun")
        await refused.wait()
        await write(bytes(1_000_000))

    async def script(peer):
        await peer.head()
        peer.writer.transport.pause_reading()
        sock = peer.writer.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.say(response("413 Too Large", "Connection: close", body=b"no"))
        peer.reset()
        refused.set()

    refused = asyncio.Event()
    # Nobody looks before the write whether the server is still there: so it is as if it went meanwhile.
    monkeypatch.setattr(Upload, "_server_is_gone", lambda upload: False)
    tls = certs if wire == "TLS" else None
    async with connected(script, tls=tls) as (connection, owner, _):
        answer = await connection.exchange(hop("PUT", producer=produce))
        assert answer.status == 413
        assert await read_all(answer) == b"no"
        await owner.hear("left")


# Expect


@pytest.mark.parametrize("kind", ["bytes", "producer"])
@on_every_loop
async def test_the_body_waits_for_continue(kind):
    async def script(peer):
        await peer.head()
        peer.say(b"HTTP/1.1 102 Processing\r\n\r\n")
        await turns(10)
        assert not peer.reader._buffer
        peer.say(CONTINUE + CONTINUE)
        assert await peer.body() == b"body"
        peer.say(OK)
        await peer.rest()

    body = {"body": b"body"} if kind == "bytes" else {"producer": giving(b"bo", b"dy")}
    async with connected(script, bounds=PATIENT) as (connection, owner, _):
        asked = hop("PUT", headers=EXPECT, **body)
        assert await read_all(await connection.exchange(asked)) == b"ok"
        assert owner.told == KEPT


@pytest.mark.parametrize("kind", ["bytes", "producer"])
@on_every_loop
async def test_a_server_that_does_not_know_continue(kind):
    body = {"body": b"body"} if kind == "bytes" else {"producer": giving(b"bo", b"dy")}
    async with connected(taking, bounds=Bounds(continue_timeout=0.01)) as (connection, owner, _):
        asked = hop("PUT", headers=EXPECT, **body)
        assert await read_all(await connection.exchange(asked)) == b"body"
        assert owner.told == KEPT


@pytest.mark.parametrize("kind", ["bytes", "producer"])
@pytest.mark.parametrize("status", ["200 OK", "417 Expectation Failed", "401 Unauthorized"])
@on_every_loop
async def test_an_answer_in_place_of_continue(kind, status):
    """The body is not sent at all."""
    produced = []
    heard = []

    async def produce(write):
        produced.append(True)

    async def script(peer):
        await peer.head()
        peer.say(response(status))
        heard.append(await peer.rest())

    body = {"body": b"body"} if kind == "bytes" else {"producer": produce}
    async with connected(script, bounds=PATIENT) as (connection, owner, server):
        answer = await connection.exchange(hop("PUT", headers=EXPECT, **body))
        assert answer.status == int(status[:3])
        await server.peers[0].over.wait()
        assert owner.told[:2] == ENDED
    assert heard == [b""]
    assert not produced


@on_every_loop
async def test_the_head_of_an_answer_in_place_of_continue_is_enough():
    async def script(peer):
        await peer.head()
        peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
        assert await peer.rest() == b""

    async with connected(script, bounds=PATIENT) as (connection, _, server):
        answer = await connection.exchange(hop("PUT", headers=EXPECT, body=b"body"))
        upload = connection._upload
        assert not upload.waiting
        upload.go()
        answer.close()
        await server.peers[0].over.wait()


@on_every_loop
async def test_a_body_that_waited_and_is_not_as_long_as_was_said():
    async with connected(taking, bounds=Bounds(continue_timeout=0.01)) as (connection, owner, _):
        asked = hop("PUT", headers=EXPECT, body=b"body")
        asked.headers["Content-Length"] = "3"
        with pytest.raises(HTTPOutputError, match="more data than Content-Length"):
            await connection.exchange(asked)
        assert owner.told == ENDED


@on_every_loop
async def test_cancelled_while_the_body_waits():
    async def script(peer):
        await peer.rest()

    async with connected(script, bounds=PATIENT) as (connection, owner, _):
        exchange = asyncio.ensure_future(
            connection.exchange(hop("PUT", headers=EXPECT, body=b"body"))
        )
        await turns()
        upload = connection._upload
        assert upload.waiting
        exchange.cancel()
        with pytest.raises(asyncio.CancelledError):
            await exchange
        assert not upload.waiting
        assert owner.told == ENDED
