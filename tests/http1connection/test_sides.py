"""An exchange over a stream from the server's side, and from both."""

import asyncio

import pytest

from tests.http1connection.exchanges import GENERAL, OK, Told, requested
from tests.running import on_jumping_clock
from tornadolike.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornadolike.httputil import HTTPHeaders, ResponseStartLine
from tornadolike.iostream import StreamClosedError, memory_stream_pair

# The server's side


async def served(request, told, then, *, end=False, **params):
    """Have a server read ``request``; ``then(connection)`` is what its delegate does at the end.

    Return what it says of the stream, what it has answered, and its stream.
    """
    here, there = memory_stream_pair()
    connection = HTTP1Connection(here, False, HTTP1ConnectionParameters(**params), "a client")
    told.then.setdefault("finish", lambda: then(connection))
    sent = there.write(request)
    if end:
        sent.add_done_callback(lambda _: there.close())
    usable = await connection.read_response(told)
    if not here.closed():
        here.write(b"(open)")
        here.detach().close()
    return usable, b"" if end else await there.read_until_close()


def answer(connection):
    connection.write_headers(OK, HTTPHeaders({"Content-Length": "2"}), b"hi")
    connection.finish()


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi(open)"
LAST = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"
REQUESTS = {
    "GET": (b"GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n", b"", ANSWER),
    "length": (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab", b"ab", ANSWER),
    "chunks": (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n",
        b"ab",
        ANSWER,
    ),
    "1.0": (b"GET / HTTP/1.0\r\n\r\n", b"", LAST),
    "close": (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", b"", LAST),
    "HEAD": (
        b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n(open)",
    ),
    "expects": (
        b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
        b"ab",
        ANSWER,
    ),
}


@pytest.mark.parametrize(("request_", "body", "answered"), REQUESTS.values(), ids=REQUESTS)
@on_jumping_clock
async def test_requests_are_answered(request_, body, answered):
    told = Told()
    usable, text = await served(request_, told, answer)
    assert text == answered
    assert usable is answered.endswith(b"(open)")
    assert told.body == body
    assert told.ends == ["finish"]
    ((start_line, _),) = told.heads
    assert " ".join(start_line).encode() == request_.partition(b"\r\n")[0]


@on_jumping_clock
async def test_no_keep_alive():
    usable, text = await served(REQUESTS["GET"][0], Told(), answer, no_keep_alive=True)
    assert text == LAST
    assert usable is False


@on_jumping_clock
async def test_a_client_is_invited_to_send_its_body():
    here, there = memory_stream_pair()
    connection = HTTP1Connection(here, False)
    told = Told(finish=lambda: answer(connection))
    reading = asyncio.ensure_future(connection.read_response(told))
    there.write(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert await there.read_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    there.write(b"ab")
    assert await reading is True
    assert told.body == b"ab"
    here.close()


@on_jumping_clock
async def test_requests_behind_one_another():
    here, there = memory_stream_pair(chunk=5)
    there.write(REQUESTS["GET"][0] + REQUESTS["chunks"][0] + REQUESTS["close"][0])
    results = []
    while not here.closed():
        connection = HTTP1Connection(here, False)
        told = Told(finish=lambda c=connection: answer(c))
        results.append((await connection.read_response(told), told.body))
    assert results == [(True, b""), (True, b"ab"), (False, b"")]
    assert (await there.read_until_close()).count(b"\r\n\r\nhi") == 3


REFUSED = {
    "malformed": (b"GET / HTTP/1.1\r\nA b\r\n\r\n", {}, 400),
    "expectation": (b"GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n", {}, 417),
    "large": (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        {"max_body_size": 2},
        413,
    ),
    "larger": (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300\r\n\r\nabc",
        {"max_body_size": 2},
        413,
    ),
    "header": (b"GET / HTTP/1.1\r\nA: " + b"x" * 50, {"max_header_size": 20}, 431),
    "slow head": (b"GET / HTTP/1.1\r\n", {"header_timeout": 2}, 408),
    "slow body": (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab",
        {"body_timeout": 2},
        408,
    ),
    "HEAD": (
        b"HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        {"max_body_size": 2},
        413,
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
@on_jumping_clock
async def test_requests_that_are_refused(kind, expect_log):
    request, params, status = REFUSED[kind]
    told = Told()
    with expect_log(GENERAL, "^(Malformed HTTP message|Timeout reading (head|body)) from a client"):
        usable, text = await served(request, told, answer, **params)
    assert usable is False
    head, _, body = text.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close" in head
    assert bool(body) is (kind != "HEAD")
    assert told.ends == (["closed"] if told.heads else [])


@on_jumping_clock
async def test_an_early_answer_ends_the_exchange():
    told = Told()
    told.then["headers_received"] = lambda: answer(connections[0])
    connections = []
    here, there = memory_stream_pair()
    connections.append(HTTP1Connection(here, False))
    there.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
    assert await connections[0].read_response(told) is False
    assert told.pieces == []
    assert told.ends == []
    assert (await there.read_until_close()).endswith(b"hi")


@on_jumping_clock
async def test_an_answer_that_is_begun_is_broken_off_by_an_error(expect_log):
    told = Told()
    here, there = memory_stream_pair()
    connection = HTTP1Connection(here, False)
    told.then["headers_received"] = lambda: connection.write_headers(OK, HTTPHeaders(), b"begun")
    there.write(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n")
    with expect_log(GENERAL, "Malformed HTTP message"):
        assert await connection.read_response(told) is False
    text = await there.read_until_close()
    assert text.count(b"HTTP/1.1") == 1
    assert text.endswith(b"begun\r\n")


@on_jumping_clock
async def test_a_client_that_goes_is_told_to_whom_it_concerns():
    here, there = memory_stream_pair()
    connection = HTTP1Connection(here, False)
    called = []
    connection.set_close_callback(lambda: called.append(1))
    there.write(REQUESTS["GET"][0])
    told = Told()
    reading = asyncio.ensure_future(connection.read_response(told))
    await asyncio.sleep(1)
    assert told.ends == ["finish"]
    there.close()
    assert await reading is False
    assert called == [1]
    with pytest.raises(StreamClosedError):
        await connection.write_headers(OK, HTTPHeaders())
    connection.finish()


@on_jumping_clock
async def test_a_server_may_hand_the_stream_on():
    here, there = memory_stream_pair()
    connection = HTTP1Connection(here, False)
    there.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nother")
    switching = ResponseStartLine("", 101, "Switching Protocols")

    def hand_on():
        upgrade = HTTPHeaders({"Connection": "upgrade", "Upgrade": "x"})
        connection.write_headers(switching, upgrade)
        assert connection.detach() is here

    told = Told(finish=hand_on)
    assert await connection.read_response(told) is False
    assert told.ends == ["finish"]
    assert await here.read_bytes(5) == b"other"
    assert (await there.read_until(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    here.close()


@on_jumping_clock
async def test_interim_answers():
    def hint(connection):
        hints = ResponseStartLine("", 103, "Early Hints")
        connection.write_headers(hints, HTTPHeaders({"Link": "a"}))
        answer(connection)

    _, text = await served(REQUESTS["GET"][0], Told(), hint)
    assert text == b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + ANSWER


@on_jumping_clock
async def test_out_of_order():
    here, _ = memory_stream_pair()
    connection = HTTP1Connection(here, False)
    with pytest.raises(RuntimeError, match="comes after the request"):
        connection.write_headers(OK, HTTPHeaders())
    with pytest.raises(RuntimeError, match="finish\\(\\) needs write_headers"):
        connection.finish()

    def twice(connection):
        connection.write_headers(OK, HTTPHeaders({"Content-Length": "0"}))
        with pytest.raises(RuntimeError, match="has one head"):
            connection.write_headers(OK, HTTPHeaders())
        connection.finish()

    assert (await served(REQUESTS["GET"][0], Told(), twice))[0] is True


@on_jumping_clock
async def test_an_idle_client_is_left_without_a_word():
    here, there = memory_stream_pair()
    connection = HTTP1Connection(here, False, HTTP1ConnectionParameters(header_timeout=5))
    told = Told()
    assert await connection.read_response(told) is False
    assert await there.read_until_close() == b""
    assert told.ends == []


# Both sides


@pytest.mark.parametrize("chunk", [1, 1000, None])
@on_jumping_clock
async def test_both_sides(chunk):
    here, there = memory_stream_pair(capacity=3000, chunk=chunk)

    async def serve():
        while True:
            connection = HTTP1Connection(there, False)
            told = Told()

            async def echo(connection=connection, told=told):
                headers = HTTPHeaders({"Echo": told.heads[0][0].path})
                await connection.write_headers(OK, headers)
                for piece in told.pieces:
                    await connection.write(piece)
                connection.finish(HTTPHeaders({"Pieces": "some"}))

            tasks = []
            told.then["finish"] = lambda echo=echo, tasks=tasks: tasks.append(
                asyncio.ensure_future(echo())
            )
            if not await connection.read_response(told):
                return

    serving = asyncio.ensure_future(serve())
    for number in range(3):
        body = bytes(number * 2000)
        connection = requested(here, "POST", f"/{number}")
        told = Told()
        reading = asyncio.ensure_future(connection.read_response(told))
        await connection.write(body)
        connection.finish()
        assert await reading is True
        assert told.body == body
        assert told.heads[0][1]["Echo"] == f"/{number}"
        assert told.trailers == [("Pieces", "some")]
    here.close()
    with pytest.raises(StreamClosedError):
        await serving
