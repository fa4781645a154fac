"""Exchanges on one connection, on real sockets: what is sent, what is heard, and what becomes of the connection."""

import asyncio
import gc

import pytest

from tests.running import on_every_loop, turns
from tests.simple_httpclient.exchanging import (
    CONTINUE,
    OK,
    connected,
    hop,
    read_all,
    response,
    saying,
)
from tornadolike.http1 import Limits
from tornadolike.httpclient.failures import HTTPProtocolError, HTTPStreamClosedError
from tornadolike.httpclient.proxies import Proxy
from tornadolike.httpclient.engine import Way
from tornadolike.httputil import HTTPOutputError
from tornadolike.simple_httpclient.bounds import Bounds
from tornadolike.simple_httpclient.connection import StaleError

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNTIL_END = b"HTTP/1.1 200 OK\r\n\r\n"


@on_every_loop
async def test_one_request_after_another():
    async with connected(saying(OK, response(body=b"again"))) as (connection, owner, server):
        first = hop(path="/first?a=b", headers={"X-Y": "z"})
        answer = await connection.exchange(first)
        assert (answer.version, answer.status, answer.reason) == ("HTTP/1.1", 200, "OK")
        assert answer.headers["Content-Length"] == "2"
        assert answer.read_nowait() == b"ok"
        assert answer.read_nowait() == b"" == await answer.read()
        assert owner.told == ["left", "kept"]
        assert connection.usable
        assert await read_all(await connection.exchange(hop())) == b"again"
        assert owner.told == ["left", "kept"] * 2
    assert server.peers[0].heads == [
        "GET /first?a=b HTTP/1.1\r\nHost: example.com\r\nX-Y: z\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
    ]


@on_every_loop
async def test_the_times_of_an_exchange():
    async with connected(saying(OK)) as (connection, _, _):
        asked = hop()
        asked.times.ended = 1.0
        before = asyncio.get_running_loop().time()
        await read_all(await connection.exchange(asked))
        times = asked.times
        assert before <= times.sent <= times.first_byte <= times.ended
        assert asked.waiting_for == "while reading the response"


KEPT = ["left", "kept"]
ENDED = ["left", "forgotten"]

TRANSCRIPTS = {
    # name: (method, what the server says, whether it ends then, status, body, what the owner is told)
    "length": ("GET", OK, False, 200, b"ok", KEPT),
    "nothing": ("GET", response(), False, 200, b"", KEPT),
    "chunks": ("GET", CHUNKED + b"2\r\nok\r\n0\r\n\r\n", False, 200, b"ok", KEPT),
    "interim": ("GET", CONTINUE + OK, False, 200, b"ok", KEPT),
    "HEAD": (
        "HEAD",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n",
        False,
        200,
        b"",
        KEPT,
    ),
    "204": ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", False, 204, b"", KEPT),
    "304": (
        "GET",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
        False,
        304,
        b"",
        KEPT,
    ),
    "until the end": ("GET", UNTIL_END + b"all of it", True, 200, b"all of it", ENDED),
    "until the end, of nothing": ("GET", UNTIL_END, True, 200, b"", ENDED),
    "close": ("GET", response("200 OK", "Connection: close", body=b"ok"), False, 200, b"ok", ENDED),
    "1.0": ("GET", b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", False, 200, b"ok", ENDED),
    "1.0 kept alive": (
        "GET",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
        False,
        200,
        b"ok",
        KEPT,
    ),
    "more than was asked": ("GET", OK + b"HTTP/1.1 200 OK\r\n", False, 200, b"ok", ENDED),
    "an unknown status": ("GET", response("599 Odd", body=b"x"), False, 599, b"x", KEPT),
    "no reason": ("GET", response("200", body=b"x"), False, 200, b"x", KEPT),
}


@pytest.mark.parametrize("case", TRANSCRIPTS)
@pytest.mark.parametrize("pieces", ["at once", "byte by byte"])
@pytest.mark.parametrize("wire", ["plain", "tls"])
@on_every_loop
async def test_responses(case, pieces, wire, certs):
    method, said, ends, status, body, told = TRANSCRIPTS[case]
    sizes = len(said) if pieces == "at once" else 1

    async def script(peer):
        await peer.request()
        for start in range(0, len(said), sizes):
            peer.say(said[start : start + sizes])
            await asyncio.sleep(0)
        if ends:
            peer.writer.close()  # over TLS: with a goodbye
        await peer.rest()

    async with connected(script, tls=certs if wire == "tls" else None) as (connection, owner, _):
        answer = await connection.exchange(hop(method))
        assert answer.status == status
        assert await read_all(answer) == body
        await owner.hear(told[-1])
        assert owner.told[:2] == told or pieces == "byte by byte"


@on_every_loop
async def test_trailers():
    said = CHUNKED + b"2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n"
    async with connected(saying(said)) as (connection, _, _):
        answer = await connection.exchange(hop())
        assert await read_all(answer) == b"ok"
        assert answer.trailers["X-Sum"] == "7"


TRUNCATED = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
    "chunk": CHUNKED + b"5\r\nok",
    "last chunk": CHUNKED + b"2\r\nok\r\n",
    "trailers": CHUNKED + b"2\r\nok\r\n0\r\nX: y\r\n",
}


@pytest.mark.parametrize("how", ["end", "reset"])
@pytest.mark.parametrize("case", TRUNCATED)
@on_every_loop
async def test_truncated_bodies(case, how):
    heard = asyncio.Event()

    async def script(peer):
        await peer.request()
        peer.say(TRUNCATED[case])
        if how == "reset":
            await heard.wait()
            peer.reset()

    async with connected(script) as (connection, owner, _):
        answer = await connection.exchange(hop())
        assert await answer.read() == b"ok"
        heard.set()
        for _ in range(2):  # it does not get better
            with pytest.raises(
                HTTPStreamClosedError, match="before the response was whole"
            ) as caught:
                await answer.read()
            assert type(caught.value) is HTTPStreamClosedError
        assert owner.told[:2] == ENDED


@on_every_loop
async def test_a_reset_is_no_end_of_a_body_without_length():
    heard = asyncio.Event()

    async def script(peer):
        await peer.request()
        peer.say(UNTIL_END + b"some")
        await heard.wait()
        # With what it has not read of ours, the end is a reset.
        peer.writer.get_extra_info("socket").setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")
        peer.reset()

    async with connected(script) as (connection, _, _):
        answer = await connection.exchange(hop())
        assert await answer.read() == b"some"
        heard.set()
        with pytest.raises(HTTPStreamClosedError) as caught:
            await answer.read()
        assert isinstance(caught.value.__cause__, ConnectionResetError)


@pytest.mark.parametrize("goodbye", [True, False])
@on_every_loop
async def test_an_end_without_tls_goodbye_is_no_end_of_a_body_without_length(goodbye, certs):
    async def script(peer):
        await peer.request()
        peer.say(UNTIL_END + b"all of it")
        if goodbye:
            peer.writer.close()
        else:
            peer.reset()

    async with connected(script, tls=certs) as (connection, owner, _):
        answer = await connection.exchange(hop())
        if goodbye:
            assert await read_all(answer) == b"all of it"
        else:
            with pytest.raises(HTTPStreamClosedError, match="before the response was whole"):
                await read_all(answer)
        assert owner.told[0] == "left"


@pytest.mark.parametrize(
    "ended", ["before", "after", "after a part of a head", "after an interim head"]
)
@on_every_loop
async def test_an_end_without_an_answer(ended):
    """It may be tried again if nothing of an answer came: a kept connection may end at any time."""

    async def script(peer):
        if ended != "before":
            await peer.request()
        if ended == "after a part of a head":
            peer.say(b"HTTP/1.1 200")
        if ended == "after an interim head":
            peer.say(CONTINUE)

    async with connected(script) as (connection, owner, server):
        if ended == "before":
            await owner.hear("forgotten")
            assert not connection.usable
            del owner.told[:]
        asked = hop()
        with pytest.raises(HTTPStreamClosedError, match="before it had answered") as caught:
            await connection.exchange(asked)
        assert isinstance(caught.value, StaleError) == (ended in ("before", "after"))
        assert (asked.times.sent == 0.0) == (ended == "before")
        assert owner.told[0] == "left"
        assert owner.told.count("left") == 1


MALFORMED = {
    "no HTTP": (b"SSH-2.0-OpenSSH\r\n", "Malformed HTTP status line"),
    "a version": (b"HTTP/2.0 200 OK\r\n\r\n", "Unsupported HTTP version"),
    "a field": (b"HTTP/1.1 200 OK\r\nbad field: x\r\n\r\n", "."),
    "a bare line break": (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "line break"),
    "two lengths": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk",
        "unequal",
    ),
    "length and chunks": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "both Transfer-Encoding and Content-Length",
    ),
    "a large head": (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 3000, "larger than 2000 bytes"),
    "many fields": (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 11 + b"\r\n", "More than 10 headers"),
    "many interim heads": (CONTINUE * 33, "More than 32 interim responses"),
    "an unasked 101": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "101"),
}


@pytest.mark.parametrize("case", MALFORMED)
@on_every_loop
async def test_malformed_heads(case):
    said, text = MALFORMED[case]
    limits = Limits(max_header_size=2000, max_header_count=10)
    async with connected(saying(said), limits=limits) as (connection, owner, server):
        with pytest.raises(HTTPProtocolError, match=text) as caught:
            await connection.exchange(hop())
        assert caught.value.code == 599
        assert owner.told[:2] == ENDED
        await server.peers[0].over.wait()


@pytest.mark.parametrize(
    "said",
    [b"xyz\r\n", b"2\r\noktoo long", b"0\r\nHost: x\r\n\r\n", b"1;" + b"x" * 2000],
)
@on_every_loop
async def test_malformed_bodies(said):
    """The head is given, and reading fails."""
    async with connected(saying(CHUNKED + b"2\r\nok\r\n" + said)) as (connection, owner, server):
        answer = await connection.exchange(hop())
        assert answer.status == 200
        with pytest.raises(HTTPProtocolError):
            await read_all(answer)
        assert owner.told == ENDED
        await server.peers[0].over.wait()


@on_every_loop
async def test_another_protocol_is_refused():
    said = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello"
    async with connected(saying(said)) as (connection, owner, server):
        with pytest.raises(HTTPProtocolError, match="101 Switching Protocols"):
            await connection.exchange(hop(headers={"Upgrade": "x", "Connection": "upgrade"}))
        assert owner.told == ENDED
        await server.peers[0].over.wait()


@pytest.mark.parametrize(
    "said",
    [
        response(body=b"12345"),
        CHUNKED + b"3\r\n123\r\n2\r\n45\r\n0\r\n\r\n",
        UNTIL_END + b"12345",
    ],
)
@pytest.mark.parametrize("limit", [4, 5, None])
@on_every_loop
async def test_the_size_of_a_body(said, limit):
    async with connected(saying(said, ends=True)) as (connection, owner, _):
        answer = await connection.exchange(hop(max_body_size=limit))
        if limit == 4:
            with pytest.raises(HTTPProtocolError, match="more than 4 bytes"):
                await read_all(answer)
            assert owner.told[:2] == ENDED
        else:
            assert await read_all(answer) == b"12345"


@on_every_loop
async def test_interim_heads_are_told():
    told = []
    said = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + CONTINUE + OK
    async with connected(saying(said)) as (connection, _, _):
        asked = hop(on_interim=lambda status, headers: told.append((status, headers.get("Link"))))
        assert await read_all(await connection.exchange(asked)) == b"ok"
    assert told == [(103, "</a.css>"), (100, None)]


@on_every_loop
async def test_who_is_told_of_interim_heads_fails():
    def fail(status, headers):
        raise ZeroDivisionError

    async with connected(saying(CONTINUE + OK)) as (connection, owner, _):
        with pytest.raises(ZeroDivisionError):
            await connection.exchange(hop(on_interim=fail))
        assert owner.told == ENDED


@on_every_loop
async def test_who_is_told_of_interim_heads_ends_the_connection():
    async with connected(saying(CONTINUE + OK)) as (connection, owner, _):
        with pytest.raises(HTTPStreamClosedError, match="The client was closed"):
            await connection.exchange(hop(on_interim=lambda *head: connection.close()))
        assert owner.told == ENDED


# Requests


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, 1024 * 1024])
@pytest.mark.parametrize("wire", ["plain", "tls"])
@on_every_loop
async def test_bodies_that_are_there(size, wire, certs):
    body = b"x" * size

    async def script(peer):
        assert await peer.request() == (peer.heads[0], body)
        peer.say(OK)
        await peer.rest()

    async with connected(script, tls=certs if wire == "tls" else None) as (connection, owner, _):
        await read_all(await connection.exchange(hop("POST", body=body)))
        assert owner.told == KEPT


@pytest.mark.parametrize(
    "asked",
    [
        {"headers": {"X": "line\r\nbreak"}},
        {"method": "B D"},
        {"method": "PUT", "body": b"four", "length": "3"},
        {"method": "PUT", "body": b"four", "length": "5"},
    ],
)
@on_every_loop
async def test_what_cannot_be_sent_costs_no_connection(asked):
    length = asked.pop("length", None)
    wrong = hop(**asked)
    asked["length"] = length
    if length is not None:
        wrong.headers["Content-Length"] = length
    async with connected(saying(OK)) as (connection, owner, _):
        with pytest.raises(HTTPOutputError):
            await connection.exchange(wrong)
        assert owner.told == KEPT
        assert await read_all(await connection.exchange(hop())) == b"ok"


@pytest.mark.parametrize("socks", [False, True])
@on_every_loop
async def test_proxies_want_the_whole_url(socks):
    way = Way(proxy=Proxy("proxy", 1, socks=socks))
    async with connected(saying(OK)) as (connection, _, server):
        await read_all(await connection.exchange(hop(path="/x", way=way)))
        target = "/x" if socks else "http://example.com/x"
        assert server.peers[0].heads[0].startswith(f"GET {target} HTTP/1.1\r\n")


# Between requests


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n", b"?"]
)
@on_every_loop
async def test_what_nobody_has_asked_for_ends_an_idle_connection(said):
    more = asyncio.Event()

    async def script(peer):
        await peer.request()
        peer.say(OK)
        await more.wait()
        peer.say(said)
        await peer.rest()

    async with connected(script) as (connection, owner, server):
        await read_all(await connection.exchange(hop()))
        more.set()
        await owner.hear("forgotten")
        assert not connection.usable
        await server.peers[0].over.wait()


@on_every_loop
async def test_the_end_of_an_idle_connection():
    async with connected(saying(OK, ends=True)) as (connection, owner, server):
        await read_all(await connection.exchange(hop()))
        await owner.hear("forgotten")
        assert owner.told == [*KEPT, "forgotten"]
        assert not connection.usable
        await server.peers[0].over.wait()


@on_every_loop
async def test_closing_an_idle_connection_and_one_at_work():
    async def script(peer):
        await peer.rest()

    async with connected(script) as (connection, owner, server):
        exchange = asyncio.ensure_future(connection.exchange(hop()))
        await turns()
        connection.close()
        with pytest.raises(HTTPStreamClosedError, match="The client was closed"):
            await exchange
        assert owner.told[:2] == ENDED
        await server.peers[0].over.wait()
    async with connected(script) as (connection, owner, server):
        connection.close()
        await owner.hear("forgotten")
        await server.peers[0].over.wait()
        connection.close()


# Back-pressure


@pytest.mark.parametrize("wire", ["plain", "tls"])
@on_every_loop
async def test_what_nobody_fetches_is_not_read(wire, certs):
    size = 64 * 1024 * 1024
    piece = bytes(64 * 1024)
    sent = 0

    async def script(peer):
        nonlocal sent
        await peer.request()
        peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while sent < size:
            peer.say(piece)
            sent += len(piece)
            await peer.writer.drain()
        await peer.rest()

    async with connected(script, tls=certs if wire == "tls" else None) as (connection, owner, _):
        answer = await connection.exchange(hop())
        before = -1
        while sent != before:  # until it stands still
            before = sent
            await asyncio.sleep(0.02)
        assert sent < size / 2
        assert answer.received < 1024 * 1024
        total = largest = 0
        while piece_ := await answer.read():
            total += len(piece_)
            largest = max(largest, len(piece_))
        assert total == size
        assert largest < 1024 * 1024
        assert owner.told == KEPT


@on_every_loop
async def test_a_body_that_waits_does_not_keep_its_connection():
    """It is whole, if only nobody has fetched it yet: another request may be sent."""
    body = bytes(200 * 1024)
    async with connected(saying(response(body=body), OK)) as (connection, owner, _):
        first = await connection.exchange(hop())
        await owner.hear("kept")
        assert await read_all(await connection.exchange(hop())) == b"ok"
        assert await read_all(first) == body


# Those who do not want it


@on_every_loop
async def test_cancelled_while_waiting_for_the_head():
    async def script(peer):
        await peer.request()
        await peer.rest()

    async with connected(script) as (connection, owner, server):
        exchange = asyncio.ensure_future(connection.exchange(hop()))
        await turns()
        exchange.cancel()
        with pytest.raises(asyncio.CancelledError):
            await exchange
        assert owner.told[:2] == ENDED
        await server.peers[0].over.wait()


@on_every_loop
async def test_cancelled_when_the_answer_is_there():
    """The connection may be on its way with another request by then: it is left alone."""
    async with connected(saying(OK, OK)) as (connection, owner, _):
        exchange = asyncio.ensure_future(connection.exchange(hop()))
        tell = owner.keep

        def keep(kept):
            tell(kept)
            exchange.cancel()
            owner.keep = tell

        owner.keep = keep
        with pytest.raises(asyncio.CancelledError):
            await exchange
        assert owner.told == KEPT
        assert await read_all(await connection.exchange(hop())) == b"ok"


@on_every_loop
async def test_a_short_rest_is_read_to_keep_the_connection():
    more = asyncio.Event()

    async def script(peer):
        await peer.request()
        peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        await more.wait()
        peer.say(bytes(1000))
        await peer.request()
        peer.say(OK)
        await peer.rest()

    async with connected(script) as (connection, owner, _):
        answer = await connection.exchange(hop())
        answer.close()
        answer.close()
        assert owner.told == []
        more.set()
        await owner.hear("kept")
        assert owner.told == KEPT
        assert await read_all(await connection.exchange(hop())) == b"ok"


RESTS = {
    "long": b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
    "until the end": UNTIL_END,
    "the last": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\n",
}


@pytest.mark.parametrize("case", RESTS)
@on_every_loop
async def test_other_rests_are_not_waited_for(case):
    async with connected(saying(RESTS[case])) as (connection, owner, server):
        answer = await connection.exchange(hop())
        answer.close()
        assert owner.told == ENDED
        await server.peers[0].over.wait()


@pytest.mark.parametrize("too", ["large", "slow", "cut off"])
@on_every_loop
async def test_rests_that_are_too(too):
    async def script(peer):
        await peer.request()
        peer.say(CHUNKED)
        if too == "large":
            await closed.wait()
            peer.say(b"64\r\n" + bytes(100) + b"\r\n")
        if too != "cut off":
            await peer.rest()

    closed = asyncio.Event()
    bounds = Bounds(drain_size=99, drain_time=0.01 if too == "slow" else 1000)
    async with connected(script, bounds=bounds) as (connection, owner, server):
        answer = await connection.exchange(hop())
        answer.close()
        closed.set()
        await owner.hear("forgotten")
        assert owner.told[:2] == ENDED
        assert owner.told.count("left") == 1
        await server.peers[0].over.wait()


@on_every_loop
async def test_an_answer_that_was_closed():
    async with connected(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nsome")) as (
        connection,
        _,
        _,
    ):
        answer = await connection.exchange(hop())
        reading = asyncio.ensure_future(answer.read())
        assert await reading == b"some"
        reading = asyncio.ensure_future(answer.read())
        await turns()
        with pytest.raises(RuntimeError, match="Somebody else"):
            await answer.read()
        answer.close()
        with pytest.raises(RuntimeError, match="closed"):
            await reading


@on_every_loop
async def test_nothing_refers_to_an_exchange_that_is_over():
    async with connected(saying(OK)) as (connection, _, _):
        asked = hop()
        answer = await connection.exchange(asked)
        await read_all(answer)
        gc.collect()
        assert not [one for one in gc.get_referrers(answer) if one is connection]
        assert not [one for one in gc.get_referrers(asked) if one is connection]
