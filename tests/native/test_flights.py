"""The express lane of the HTTP client: what it takes, and that nobody can tell by the outcome."""

import asyncio
import contextlib
import contextvars
import gc
import gzip
import random

import pytest

from tests.running import on_every_loop, on_jumping_clock, turns
from tests.simple_httpclient.sites import OK, Site
from tests.tcpclient.helpers import serving
from tornadolike._native import RUNNING, references
from tornadolike.httpclient import HTTPRequest
from tornadolike.httpclient.failures import HTTPClientError, HTTPTimeoutError
from tornadolike.simple_httpclient import SimpleAsyncHTTPClient

pytestmark = pytest.mark.skipif(not RUNNING, reason="it is native")

LIMIT = 60.0
LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: "
PACKED = gzip.compress(b"unpacked" * 10)
ANSWERS = {
    "small": OK,
    "empty": LENGTH + b"0\r\n\r\n",
    "large": LENGTH + b"100000\r\n\r\n" + b"x" * 100000,
    "too large": LENGTH + b"100001\r\n\r\n" + b"x" * 100001,
    "cookies": b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 1\r\n\r\n!",
    "created": b"HTTP/1.1 201 So it is\r\nX-A: \xe4\r\nContent-Length: 3\r\n\r\nnew",
    "no reason": b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "no content, length": b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n",
    "part": b"HTTP/1.1 206 Partial\r\nContent-Length: 2\r\n\r\nok",
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 2\r\n\r\nno",
    "not modified": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    "not found": b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
    "idle": b"HTTP/1.1 408 Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    "interim": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\n" + OK,
    "switching": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n1\r\n!\r\n0\r\n\r\n",
    "no chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bad chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n",
    "many chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"FFFF\r\n%b\r\n" % (b"x" * 65535) * 2
    + b"0\r\n\r\n",
    "chunks and more": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nmore",
    "chunks with length": LENGTH + b"5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "until end": b"HTTP/1.1 200 OK\r\n\r\nall of it",
    "closing": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
    "1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "1.0, kept": b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
    "packed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
    % (len(PACKED), PACKED),
    "more": OK + b"more",
    "twice": LENGTH + b"2\r\nContent-Length: 2\r\n\r\nok",
    "unequal": LENGTH + b"2\r\nContent-Length: 3\r\n\r\nok",
    "no number": LENGTH + b"+2\r\n\r\nok",
    "folded": b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 2\r\n\r\nok",
    "bare LF": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    "a CR": b"HTTP/1.1 200 OK\r\nA: b\rc\r\nContent-Length: 2\r\n\r\nok",
    "other version": b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "no HTTP": b"220 mail.example ESMTP\r\n\r\n",
    "long head": b"HTTP/1.1 200 OK\r\nA: " + b"a" * 70000 + b"\r\nContent-Length: 2\r\n\r\nok",
    "cut": LENGTH + b"5\r\n\r\nok",
    "cut head": b"HTTP/1.1 200 O",
    "nothing": b"",
}
ENDING = {"until end", "cut", "cut head", "nothing", "switching"}
"""Behind these the server ends the connection."""


def pieces_of(answer, way, seed):
    """What is written one after another."""
    if way == "whole" or len(answer) < 2:
        return [answer]
    if way == "bytes" and len(answer) < 1000:
        return [bytes([byte]) for byte in answer]
    cuts = sorted(random.Random(seed).sample(range(1, len(answer)), min(4, len(answer) - 1)))
    return [answer[a:b] for a, b in zip([0, *cuts], [*cuts, len(answer)], strict=True)]


class Told:
    """A server that answers well, and on each connection the second time as it is told."""

    def __init__(self, pieces, ends):
        self.pieces = pieces
        self.ends = ends
        self.heard = []

    async def __call__(self, reader, writer):
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            for number in range(100):
                head = await reader.readuntil(b"\r\n\r\n")
                self.heard.append(head)
                if b"Content-Length: 4" in head:
                    self.heard.append(await reader.readexactly(4))
                if number != 1:
                    writer.write(OK)
                    continue
                for piece in self.pieces:
                    writer.write(piece)
                    await writer.drain()
                    await turns(2)
                if self.ends:
                    return


def ground(client):
    """Let a client do without the lane."""
    client.engine._flights = references["flights.Flights"](None, None, None, None, None)


async def outcome(flies, told, fetches):
    """What two fetches came to, and what the server has heard."""
    async with serving(handle=told) as address:
        url = f"http://127.0.0.1:{address[1]}/"
        client = SimpleAsyncHTTPClient(force_instance=True, defaults={"max_body_size": 100000})
        async with client:
            if not flies:
                ground(client)
            seen = []
            for options in fetches:
                try:
                    response = await asyncio.wait_for(client.fetch(url, **options), LIMIT)
                except HTTPClientError as error:
                    seen.append(
                        (type(error), str(error), error.response and said_by(error.response))
                    )
                else:
                    seen.append(said_by(response))
            await turns(5)
            assert not client.active
            seen.append(client.connections[1])
            port = str(address[1]).encode()
            return seen, [head.replace(port, b"PORT") for head in told.heard]


def said_by(response):
    said = {name: value for name, value in vars(response).items() if "time" not in name}
    said["request"] = response.request.method
    said["effective_url"] = response.effective_url.rpartition("/")[2]
    said["history"] = [one.code for one in response.history]
    said["headers"] = list(response.headers.get_all())
    said["trailers"] = None if response.trailers is None else list(response.trailers.get_all())
    said["buffer"] = response.buffer and response.buffer.getvalue()
    said["times"] = {name for name, value in response.time_info.items() if value > 0}
    assert response.start_time
    total, redirect = response.time_info["total"], response.time_info["redirect"]
    assert response.request_time == total - redirect
    return said, response.body


@pytest.mark.parametrize("way", ["whole", "bytes", "random"])
@pytest.mark.parametrize("name", ANSWERS)
@on_every_loop
async def test_the_same_by_both_ways(name, way):
    pieces = pieces_of(ANSWERS[name], way, name)
    fetches = [{}, {"raise_error": True}, {"raise_error": False}, {}]
    flown = await outcome(True, Told(pieces, name in ENDING), fetches)
    went = await outcome(False, Told(pieces, name in ENDING), fetches)
    assert flown == went


@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"X-A": "b", "Cookie": "secret=1"}},
        {"headers": {"Content-Length": "4"}, "method": "POST", "body": b"body"},
        {"method": "POST", "body": "body"},
        {"method": "PUT", "body": b""},
        {"method": "DELETE"},
        {"method": "OPTIONS"},
        {"method": "HEAD"},
        {"method": "POST", "json": {}},
        {"follow_redirects": False},
        {"user_agent": "me"},
        {"decompress_response": False},
    ],
    ids=str,
)
@on_every_loop
async def test_the_same_request(options):
    fetches = [{}, options, options, {}]
    pieces = [ANSWERS["cookies"] if options.get("method") != "HEAD" else LENGTH + b"9\r\n\r\n"]
    fetches[2:3] = [] if options.get("method") == "HEAD" else [options]
    flown = await outcome(True, Told(pieces, False), fetches[:2])
    went = await outcome(False, Told(pieces, False), fetches[:2])
    assert flown == went


@contextlib.asynccontextmanager
async def client_of(site, **options):
    """A client that has a connection to ``site`` already, and the URL of that."""
    async with (
        site.running() as url,
        SimpleAsyncHTTPClient(force_instance=True, **options) as client,
    ):
        await client.fetch(url)
        try:
            yield client, url
        finally:
            site.gate.set()


@on_every_loop
async def test_what_is_taken():
    site = Site()
    async with client_of(site) as (client, url):
        fetches = [client.fetch(url)]
        assert not isinstance(fetches[0], asyncio.Task)
        await turns(3)
        for options in ({"request_timeout": 5}, {"streaming_callback": print}, {"method": "HEAD"}):
            fetches.append(client.fetch(url, **options))
            assert isinstance(fetches[-1], asyncio.Task), options
        client.engine.send = client.engine.send  # somebody wants to see what goes out
        await site.heard(4)
        await asyncio.gather(*fetches)


@on_every_loop
async def test_it_is_sent_at_once_and_takes_a_turn():
    site = Site()
    async with client_of(site, max_clients=1) as (client, url):
        site.gate.clear()
        first = client.fetch(url)
        second = client.fetch(url)
        assert (len(client.active), client.connections) == (1, (1, 0))
        site.gate.set()
        assert [(await each).body for each in (first, second)] == [b"ok"] * 2
        assert (len(client.active), client.connections, site.connections) == (0, (1, 1), 1)


@on_every_loop
async def test_changed_defaults_count():
    site = Site()
    async with client_of(site) as (client, url):
        await client.fetch(url)
        client.defaults["user_agent"] = "another"
        await client.fetch(url)
        client.defaults["headers"] = {"X-A": "1"}
        await client.fetch(url)
        client.defaults["headers"]["X-A"] = "2"
        await client.fetch(url)
    agents = ["User-Agent: another" in head for head in site.heads]
    assert agents == [False, False, True, True, True]
    assert ["X-A: 1" in head for head in site.heads] == [False] * 3 + [True, False]


@on_every_loop
async def test_headers_of_a_request_count_as_they_are():
    site = Site()
    async with client_of(site) as (client, url):
        request = HTTPRequest(url)
        await client.fetch(request)
        request.headers.add("X-A", "1")
        await client.fetch(request)
        request.headers.add("X-A", "2")
        await client.fetch(request)
    assert [head.count("X-A") for head in site.heads] == [0, 0, 1, 2]


@on_every_loop
async def test_cancelled():
    site = Site()
    async with client_of(site) as (client, url):
        site.gate.clear()
        fetch = client.fetch(url)
        await site.heard(2)
        fetch.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetch
        await turns(5)
        assert (len(client.active), client.connections) == (0, (0, 0))


@on_every_loop
async def test_cancelled_when_it_was_handed_over():
    site = Site(lambda head: OK if len(site.heads) == 1 else b"HTTP/1.1 200 OK\r\n\r\nbegun")
    async with client_of(site) as (client, url):
        fetch = client.fetch(url)
        await site.heard(2)
        for _ in range(100):
            await asyncio.sleep(0.001)
            if not client.engine._pool._idle and client.active:
                break
        fetch.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetch
        await turns(5)
        assert (len(client.active), client.connections) == (0, (0, 0))


@on_every_loop
async def test_closed():
    site = Site()
    async with client_of(site) as (client, url):
        site.gate.clear()
        fetch = client.fetch(url)
        await site.heard(2)
        client.close()
        with pytest.raises(HTTPClientError, match="The client was closed"):
            await fetch


@on_every_loop
async def test_late():
    site = Site()
    async with client_of(site, defaults={"request_timeout": 0.05}) as (client, url):
        site.gate.clear()
        fetch = client.fetch(url)
        assert not isinstance(fetch, asyncio.Task)
        with pytest.raises(
            HTTPTimeoutError, match="Timeout during request, while waiting for the resp"
        ):
            await fetch
        assert (len(client.active), client.connections) == (0, (0, 0))


@on_every_loop
async def test_late_in_the_body():
    site = Site(lambda head: OK if len(site.heads) == 1 else LENGTH + b"9\r\n\r\nok")
    async with client_of(site, defaults={"request_timeout": 0.5}) as (client, url):
        with pytest.raises(HTTPTimeoutError, match="while reading the body of the response"):
            await client.fetch(url)


@on_every_loop
async def test_what_it_is_handed_to_has_the_context_of_who_asked():
    variable = contextvars.ContextVar("variable", default="none")
    seen = []

    class Client(SimpleAsyncHTTPClient):
        async def _fetch(self, *arguments):
            seen.append(variable.get())
            return await super()._fetch(*arguments)

    site = Site(lambda head: OK if len(site.heads) == 1 else ANSWERS["not found"])
    async with site.running() as url, Client(force_instance=True) as client:
        await client.fetch(url)
        variable.set("mine")
        await client.fetch(url, raise_error=False)
    assert seen == ["none", "mine"]


@on_every_loop
async def test_nothing_is_left():
    site = Site()
    async with client_of(site) as (client, url):
        for _ in range(100):
            await client.fetch(url)
        gc.collect()
        before = len(gc.get_objects())
        gc.disable()
        try:
            for number in range(2000):
                await client.fetch(f"{url}{number % 50}")
                site.heads.clear()
            grown = len(gc.get_objects()) - before
        finally:
            gc.enable()
        assert grown < 1000


@on_jumping_clock
async def test_a_timer_is_left_at_the_most():
    site = Site()
    async with client_of(site) as (client, url):
        for _ in range(50):
            await client.fetch(url)
        await asyncio.sleep(100)
        assert client.connections == (0, 0)
