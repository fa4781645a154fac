"""Bodies of requests: whole ones and those that are produced."""

import asyncio

import pycurl
import pytest

from tests.curl_httpclient.helpers import OK, Server, Silent, body_of, engine, hop
from tests.running import on_every_loop, turns
from tornadolike.curl_httpclient.uploads import AHEAD_LIMIT, BytesUpload
from tornadolike.httpclient.failures import HTTPStreamClosedError
from tornadolike.httputil import HTTPOutputError

MEGABYTE = 1024 * 1024


def test_a_whole_body_piece_by_piece_and_again():
    ended = []
    upload = BytesUpload(b"abcde", lambda: ended.append(1))
    assert upload.size == 5
    assert [upload.read(2), upload.read(2)] == [b"ab", b"cd"]
    assert not ended
    assert upload.read(2) == b"e"
    assert ended
    assert upload.seek(0, 0) == pycurl.SEEKFUNC_OK
    assert upload.read(10) == b"abcde"


@on_every_loop
async def test_whole_bodies_of_each_size():
    server = Server()
    bodies = [b"", b"a", bytes(range(256)) * 4096]
    async with server.running() as where, engine() as client:
        for body in bodies:
            answer = await client.send(hop(where, "PUT", body=body))
            assert await body_of(answer) == b"ok"
    assert server.bodies == bodies
    assert server.connections == 1
    assert "Expect" not in "".join(server.heads)
    assert "Content-Length: 0\r\n" in server.heads[0]


@on_every_loop
async def test_in_chunks():
    async def produce(write):
        await write(b"Hallo, ")
        await write(b"")
        await asyncio.sleep(0)
        await write(bytearray(b"Welt"))

    server = Server()
    async with server.running() as where, engine() as client:
        for _ in range(2):
            sent = hop(where, "POST", producer=produce)
            assert await body_of(await client.send(sent)) == b"ok"
            assert sent.times.sent > 0
    assert server.bodies == 2 * [b"7\r\nHallo, \r\n4\r\nWelt\r\n0\r\n\r\n"]
    assert server.connections == 1


@on_every_loop
async def test_with_a_length():
    async def produce(write):
        for _ in range(10):
            await write(bytes(MEGABYTE // 10))

    server = Server()
    length = MEGABYTE // 10 * 10
    async with server.running() as where, engine() as client:
        sent = hop(where, "POST", producer=produce, headers={"Content-Length": str(length)})
        assert await body_of(await client.send(sent)) == b"ok"
    assert server.bodies == [bytes(length)]
    assert "chunked" not in server.heads[0].lower()


@pytest.mark.parametrize(
    ("size", "message"), [(4, "fewer than Content-Length"), (6, "more data than Content-Length")]
)
@on_every_loop
async def test_too_little_and_too_much(size, message):
    async def produce(write):
        await write(bytes(size))

    async with Silent().running() as where, engine() as client:
        with pytest.raises(HTTPOutputError, match=message):
            await client.send(hop(where, "POST", producer=produce, headers={"Content-Length": "5"}))


@on_every_loop
async def test_a_producer_waits_for_the_server():
    written = 0
    held = asyncio.Event()

    async def produce(write):
        nonlocal written
        while True:
            await write(bytes(MEGABYTE))
            written += MEGABYTE

    async def hold(head, reader):
        await held.wait()
        return b""

    server = Server(OK)
    server._read_body = hold
    async with server.running() as where, engine() as client:
        sending = asyncio.ensure_future(client.send(hop(where, "POST", producer=produce)))
        while not written:
            await turns(1)
        await turns(500)  # which would do for much more
        assert written < 16 * MEGABYTE
        held.set()
        answer = await sending  # before the request is whole
        assert await body_of(answer) == b"ok"


@on_every_loop
async def test_what_a_producer_raises_is_raised():
    async def produce(write):
        await write(b"a")
        raise LookupError("nothing more")

    server = Silent()
    async with server.running() as where, engine() as client:
        with pytest.raises(LookupError, match="nothing more"):
            await client.send(hop(where, "POST", producer=produce))
        await server.left.wait()


@on_every_loop
async def test_a_producer_that_is_cancelled():
    async def produce(write):
        await write(b"a")
        asyncio.current_task().cancel()
        await asyncio.sleep(3600)

    async with Silent().running() as where, engine() as client:
        with pytest.raises(HTTPStreamClosedError, match="was cancelled"):
            await client.send(hop(where, "POST", producer=produce))


@on_every_loop
async def test_a_fetch_that_is_cancelled_ends_its_producer():
    begun, ended = asyncio.Event(), asyncio.Event()
    kept = []

    async def produce(write):
        kept.append(write)
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with Silent().running() as where, engine() as client:
        sending = asyncio.ensure_future(client.send(hop(where, "POST", producer=produce)))
        await begun.wait()
        sending.cancel()
        await ended.wait()
        with pytest.raises(asyncio.CancelledError):
            await sending
        with pytest.raises(HTTPStreamClosedError):
            await kept[0](b"late")


@pytest.mark.parametrize("status", [b"413 Content Too Large", b"200 OK"])
@pytest.mark.parametrize("waits", [True, False], ids=["waiting", "writing"])
@on_every_loop
async def test_a_response_that_comes_before_the_request_is_whole(status, waits):
    ended = asyncio.Event()

    async def produce(write):
        try:
            await write(b"abc")
            if waits:
                await asyncio.Event().wait()
            while True:
                await write(bytes(AHEAD_LIMIT))
        finally:
            ended.set()

    server = Silent(b"HTTP/1.1 %b\r\nContent-Length: 2\r\n\r\nno" % status)
    async with server.running() as where, engine() as client:
        answer = await client.send(hop(where, "POST", producer=produce))
        assert answer.status == int(status[:3])
        assert await body_of(answer) == b"no"
        await ended.wait()
        await server.left.wait()


@on_every_loop
async def test_the_server_is_asked_whether_it_wants_the_body():
    server = Server(before=b"HTTP/1.1 100 Continue\r\n\r\n")
    seen = []
    async with server.running() as where, engine() as client:
        sent = hop(
            where,
            "POST",
            headers={"Expect": "100-continue"},
            body=b"abc",
            expects_continue=True,
            on_interim=lambda status, headers: seen.append(status),
        )
        assert await body_of(await client.send(sent)) == b"ok"
    assert server.bodies == [b"abc"]
    assert seen == [100]


@on_every_loop
async def test_a_server_that_does_not_want_the_body():
    called = []

    async def produce(write):
        called.append(write)

    server = Silent(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
    async with server.running() as where, engine() as client:
        sent = hop(
            where,
            "POST",
            headers={"Expect": "100-continue"},
            producer=produce,
            expects_continue=True,
        )
        answer = await client.send(sent)
        assert (answer.status, await body_of(answer)) == (403, b"no")
    assert not called


@on_every_loop
async def test_a_server_that_knows_nothing_of_expectations():
    """417: it is the answer; nothing is sent again behind the caller's back."""
    server = Server(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n")
    server._read_body = lambda head, reader: asyncio.sleep(0, b"")
    async with server.running() as where, engine() as client:
        sent = hop(
            where, "PUT", headers={"Expect": "100-continue"}, body=b"abc", expects_continue=True
        )
        answer = await client.send(sent)
        assert (answer.status, await body_of(answer)) == (417, b"")
    assert len(server.heads) == 1
