"""Connections that come again: what is tried again, when, and what the log says of it."""

import asyncio
import contextlib
import logging
import math
import re
import ssl
import time

import pytest

from tests.running import now, on_every_loop, on_jumping_clock, turns
from tests.tcpclient.helpers import serving
from tornadolike.httpclient import HTTPError, HTTPRequest, HTTPResponse, ProxyError
from tornadolike.httpserver import HTTPServer
from tornadolike.httputil import HTTPHeaders, format_timestamp
from tornadolike.iostream import StreamClosedError
from tornadolike.netutil import bind_sockets
from tornadolike.web import Application, RequestHandler
from tornadolike.websocket import (
    Backoff,
    HandshakeError,
    WebSocketClosedError,
    WebSocketHandler,
    WebSocketTimeoutError,
    reconnecting,
)
from tornadolike.websocket.client.reconnection import is_permanent
from tornadolike.websocket.handshake import response_headers

URL = "ws://ann:secret@example.com/chat?token=secret"
AT_ONCE = Backoff(first=0)
EXACT = Backoff(first=1, factor=2, maximum=5, jitter=0, lasting=10)
LOG = "tornadolike.general"


def refused(code, **headers):
    """What is raised for a status."""
    response = HTTPResponse(HTTPRequest(URL), code, HTTPHeaders(headers))
    return response.error


class Connections:
    """In place of ``websocket_connect``: each try has the next outcome, a failure or a connection."""

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.times = []
        self.asked = []
        self.closed = 0
        self.close_code, self.close_reason = 1001, "away"

    async def connect(self, url, **options):
        self.times.append(round(now() - 1000, 6))
        self.asked.append((url, options))
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return self

    async def __aexit__(self, *exc_info):
        self.closed += 1


@pytest.fixture
def outcomes(monkeypatch):
    """``outcomes(...)`` says what comes of the tries."""

    def instead(*outcomes):
        connections = Connections(*outcomes)
        name = "tornadolike.websocket.client.reconnection.websocket_connect"
        monkeypatch.setattr(name, connections.connect)
        return connections

    return instead


PERMANENT = [
    (refused(500), False),
    (refused(503), False),
    (refused(429), False),
    (refused(408), False),
    (refused(401), True),
    (refused(404), True),
    (refused(302), True),
    (HTTPError(599), False),
    (ProxyError(407), True),
    (ProxyError(502), False),
    (WebSocketTimeoutError("late"), False),
    (HandshakeError(200, "no WebSocket"), True),
    (ConnectionRefusedError(), False),
    (StreamClosedError(FileNotFoundError()), False),
    (FileNotFoundError(2, "no certificate"), True),
    (TimeoutError(), False),
    (ssl.SSLCertVerificationError(), True),
    (ssl.SSLError(1, "wrong version number"), True),
    (ssl.SSLEOFError(), False),
    (ValueError("no URL"), True),
]


def test_what_is_permanent():
    assert [(error, is_permanent(error)) for error, _ in PERMANENT] == PERMANENT


@on_jumping_clock
async def test_waits_get_longer_and_short_again(outcomes):
    no = OSError("no")
    tries = outcomes(no, no, no, no, no, "is there", "is there", "is there", no, ValueError())
    bodies = iter([0, 10, 9])
    with pytest.raises(ValueError):  # noqa: PT011, PT012 (the loop's own end)
        async for connection in reconnecting(URL, backoff=EXACT, max_message_size=5):
            assert connection is tries
            assert tries.closed < 3
            await asyncio.sleep(next(bodies))
    # What did not last does not make the waits short again.
    steps = [later - earlier for earlier, later in zip(tries.times, tries.times[1:], strict=False)]
    assert steps == [1, 2, 4, 5, 5, 0 + 5, 10 + 1, 9 + 2, 4]
    assert tries.closed == 3
    assert set(map(str, tries.asked)) == {
        str((URL, {"max_message_size": 5, "ping_interval": 20.0}))
    }


@on_jumping_clock
async def test_retry_after(outcomes):
    asked = [
        refused(429, **{"Retry-After": "30"}),
        refused(503, **{"Retry-After": " 0 "}),
        refused(503, **{"Retry-After": "9" * 5000}),
        refused(503, **{"Retry-After": "-5"}),
        refused(503, **{"Retry-After": "soon"}),
        refused(503, **{"Retry-After": "²"}),
        refused(503, **{"Retry-After": format_timestamp(time.time() - 1000)}),
        refused(503, **{"Retry-After": format_timestamp(time.time() + 1000)}),
        refused(404, **{"Retry-After": "1"}),
    ]
    tries = outcomes(*asked)
    with pytest.raises(HTTPError, match="404"):
        await anext(reconnecting(URL, backoff=Backoff(1, 1, jitter=0)))
    steps = [later - earlier for earlier, later in zip(tries.times, tries.times[1:], strict=False)]
    assert steps == [31, 1, 601, 1, 1, 1, 1, 601]


@on_jumping_clock
async def test_giving_up(outcomes):
    no = OSError("no")
    tries = outcomes(no, no, no, no, "is there", no, no, no)
    with pytest.raises(OSError, match="no"):
        await anext(reconnecting(URL, backoff=AT_ONCE, max_tries=3))
    assert len(tries.times) == 3
    with pytest.raises(OSError, match="no"):
        async for _ in reconnecting(URL, backoff=AT_ONCE, max_tries=3):
            pass
    assert len(tries.times) == 8

    outcomes(refused(401), "is there")
    waiting = reconnecting(URL, backoff=AT_ONCE, give_up=lambda error: error.code == 403)
    await anext(waiting)
    await waiting.aclose()


@on_jumping_clock
async def test_another_url_for_each_try(outcomes):
    tries = outcomes(OSError("no"), "is there")
    made = []

    async def url():
        made.append(f"ws://example.com/?{len(made)}")
        if len(made) == 1:
            raise OSError("no token")
        return made[-1]

    async with contextlib.aclosing(reconnecting(url, backoff=AT_ONCE)) as connections:
        await anext(connections)
    assert [asked for asked, _ in tries.asked] == made[1:]

    outcomes("is there")
    request = HTTPRequest(URL)
    async with contextlib.aclosing(reconnecting(lambda: request)) as connections:
        await anext(connections)


@pytest.mark.parametrize(
    ("code", "reason", "said"), [(1001, None, "1001"), (None, None, "without a code")]
)
@on_jumping_clock
async def test_the_log_of_an_end_of_few_words(outcomes, caplog, code, reason, said):
    caplog.set_level(logging.INFO, LOG)
    connection = outcomes("is there", ValueError())
    connection.close_code, connection.close_reason = code, reason
    with pytest.raises(ValueError):  # noqa: PT011 (the one given above)
        async for _ in reconnecting(URL, backoff=EXACT):
            pass
    assert f" has ended ({said}); next in " in caplog.text


@on_jumping_clock
async def test_the_log(outcomes, caplog):
    caplog.set_level(logging.INFO, LOG)
    outcomes(OSError("no way"), TimeoutError(), "is there", ValueError())
    with pytest.raises(ValueError):  # noqa: PT011 (the one given above)
        async for _ in reconnecting(URL, backoff=EXACT):
            pass
    place = "ws://example.com/chat"
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", f"no WebSocket to {place}: OSError: no way; next try in 1.0 s"),
        ("INFO", f"no WebSocket to {place}: TimeoutError: ; next try in 2.0 s"),
        ("INFO", f"a WebSocket to {place} is there again"),
        ("INFO", f"the WebSocket to {place} has ended (1001 away); next in 4.0 s"),
    ]


def test_waits():
    fair = Backoff(first=8, factor=2, maximum=20, jitter=0.25).waits()
    for longest in (8, 16, 20, 20):
        assert longest * 0.75 <= next(fair) <= longest
    drawn = {round(next(Backoff().waits()), 6) for _ in range(20)}
    assert len(drawn) > 1
    assert all(0 <= wait <= 1 for wait in drawn)
    for _, wait in zip(range(3000), waits := Backoff(factor=1e10).waits(), strict=False):
        assert wait <= 60
    waits.close()


def test_backoffs_that_make_no_sense():
    wrong = [{"first": -1}, {"first": 61}, {"factor": 0.5}, {"maximum": float("inf")}]
    wrong += [{"jitter": 2}, {"jitter": -1}, {"lasting": -1}, {"max_asked": -1}]
    for options in wrong:
        with pytest.raises(ValueError, match=next(iter(options))):
            Backoff(**options)


@on_every_loop
async def test_a_url_that_is_wrong():
    for wrong in ("http://example.com:x/", "ftp://example.com/", "ws://", ""):
        with pytest.raises(ValueError):  # noqa: PT011 (of several kinds)
            await anext(reconnecting(wrong))


# And on real sockets.


class Chat(WebSocketHandler):
    """Says hello, and ends at ``bye``."""

    opened = 0
    codes = ()

    def open(self):
        type(self).opened += 1
        self.write_message(f"hello {self.opened}")

    def on_message(self, message):
        self.close(1012, "restarting")

    def on_close(self):
        type(self).codes += (self.close_code,)


class Refusing(RequestHandler):
    def get(self):
        self.send_error(403)


@contextlib.asynccontextmanager
async def chatting():
    """``async with chatting() as (url, handler):``, on the loop of the test."""
    handler = type("Chat", (Chat,), {})
    server = HTTPServer(Application([("/chat", handler), ("/no", Refusing)]))
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    try:
        yield f"ws://127.0.0.1:{sockets[0].getsockname()[1]}", handler
    finally:
        server.stop()
        await server.close_all_connections()


async def until(done):
    async with asyncio.timeout(10):
        while not done():
            await turns(1)


@on_every_loop
async def test_a_server_that_ends_connections():
    async with chatting() as (url, handler):
        heard = []
        async with contextlib.aclosing(reconnecting(f"{url}/chat", backoff=AT_ONCE)) as connections:
            async for connection in connections:
                async for message in connection:
                    heard.append(message)
                    await connection.write_message("bye")
                assert connection.close_code == 1012
                if len(heard) == 3:
                    break
        await until(lambda: len(handler.codes) == 3)
        assert heard == ["hello 1", "hello 2", "hello 3"]


@on_every_loop
async def test_what_closes_the_connection():
    async with chatting() as (url, handler):
        url = f"{url}/chat"
        async for connection in reconnecting(url):  # noqa: B007 (used behind the loop)
            break
        await until(lambda: len(handler.codes) == 1)
        with pytest.raises(WebSocketClosedError):
            await connection.write_message("too late")

        with pytest.raises(ZeroDivisionError):  # noqa: PT012 (it comes from the loop)
            async for _ in reconnecting(url):
                raise ZeroDivisionError
        await until(lambda: len(handler.codes) == 2)

        async with contextlib.aclosing(reconnecting(url)) as connections:
            async for _ in connections:
                break
        assert len(handler.codes) == 3

        rounds = 0
        async for _ in reconnecting(url, backoff=AT_ONCE):
            rounds += 1
            if rounds == 3:
                break
            # The body is done with an open connection.
        await until(lambda: len(handler.codes) == 6)

        async def listen():
            async for connection in reconnecting(url):
                async for _ in connection:
                    heard.set()

        heard = asyncio.Event()
        task = asyncio.create_task(listen())
        await heard.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: len(handler.codes) == 7)
        # The loop closes generators that were dropped, in tasks of its own.
        await until(lambda: len(asyncio.all_tasks()) == 1)
    assert handler.codes == (1000,) * 7


@on_every_loop
async def test_a_server_that_comes_later(expect_log):
    async with chatting() as (url, _):
        pass
    heard = []

    async def listen():
        waiting = reconnecting(f"{url}/chat", backoff=Backoff(first=0.001))
        async with contextlib.aclosing(waiting) as connections:
            heard.append(await (await anext(connections)).read_message())

    with expect_log(LOG, "ConnectionRefusedError: .*refused") as log:
        task = asyncio.create_task(listen())
        await until(lambda: log.matched)
    server = HTTPServer(Application([("/chat", type("Chat", (Chat,), {}))]))
    server.add_sockets(bind_sockets(int(url.rpartition(":")[2]), "127.0.0.1"))
    try:
        async with asyncio.timeout(10):
            await task
        assert heard == ["hello 1"]
    finally:
        server.stop()
        await server.close_all_connections()


@on_every_loop
async def test_a_server_that_was_switched_off():
    """It does not answer, not even pings, and nobody says that it is gone."""
    opened = []

    async def say_nothing(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        opened.append(head)
        key = re.search(rb"(?i)sec-websocket-key: (\S+)", head)[1].decode()
        fields = "".join(f"{k}: {v}\r\n" for k, v in response_headers(key).items())
        writer.write(f"HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n".encode())
        await reader.read()

    async with serving(handle=say_nothing) as (_, port):
        url = f"ws://127.0.0.1:{port}"
        soon = {"backoff": AT_ONCE, "ping_interval": 0.02, "close_timeout": 0.02}
        async with contextlib.aclosing(reconnecting(url, **soon)) as connections:
            async for connection in connections:
                assert await connection.read_message() is None
                if len(opened) == 2:
                    break


@on_every_loop
async def test_being_cancelled_while_it_waits(expect_log):
    async with chatting() as (url, _):
        pass
    with expect_log(LOG, "next try in") as log:
        task = asyncio.create_task(anext(reconnecting(f"{url}/chat", backoff=Backoff(jitter=0))))
        await until(lambda: log.matched)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@on_every_loop
async def test_a_server_that_refuses():
    async with chatting() as (url, _):
        with pytest.raises(HTTPError, match="403"):
            await anext(reconnecting(f"{url}/no"))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"url": 5}, "the URL of a WebSocket is a str, not 5"),
        ({"backoff": 5}, "backoff is a Backoff, not 5"),
        ({"give_up": None}, "give_up is a plain function of an exception, not None"),
        ({"give_up": asyncio.sleep}, "give_up is a plain function of an exception"),
        ({"max_tries": "3"}, "max_tries is a whole number, not '3'"),
        ({"max_tries": 0}, "max_tries is at least 1, or None, not 0"),
    ],
)
def test_arguments_that_make_no_sense(io_loop, options, text):
    async def connect():
        async for _ in reconnecting(**{"url": "ws://127.0.0.1:9/", **options}):
            raise AssertionError

    with pytest.raises((TypeError, ValueError), match=text):
        io_loop.run_until_complete(connect())


@pytest.mark.parametrize("name", ["first", "factor", "maximum", "jitter", "lasting", "max_asked"])
def test_a_backoff_is_numbers(name):
    with pytest.raises(TypeError, match=f"{name} is a number, not '1'"):
        Backoff(**{name: "1"})


def test_a_backoff_knows_no_infinity():
    with pytest.raises(ValueError, match="no infinity"):
        Backoff(first=0, factor=math.inf)
