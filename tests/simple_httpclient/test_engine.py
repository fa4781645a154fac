"""Requests over connections that are kept."""

import asyncio
import contextlib
import gc
import os

import pytest

from tests.running import on_every_loop, run_on, turns
from tests.simple_httpclient.sites import OK, Site, engine, get, hop_to, mute
from tests.tcpclient.helpers import serving
from tornadolike.httpclient.engine import USUAL_WAY, Timeouts, Way
from tornadolike.httpclient.failures import (
    HTTPRefusedError,
    HTTPStreamClosedError,
    HTTPTimeoutError,
)
from tornadolike.httpclient.proxies import Proxy
from tornadolike.httputil import HTTPHeaders
from tornadolike.ioloop import IOLoop
from tornadolike.simple_httpclient.engine import headers_by, key_of, patience_of


def silent(head):
    """No answer: the connection ends."""


@on_every_loop
async def test_a_connection_is_used_again():
    site = Site()
    async with site.running() as url, engine() as (sender, pool):
        hop = hop_to(url)
        answer = await sender.send(hop)
        assert await answer.read() == b"ok"
        assert await answer.read() == b""
        assert not hop.times.reused
        assert hop.times.started <= hop.times.dequeued <= hop.times.resolved <= hop.times.connected
        assert hop.times.secured == 0.0
        again = hop_to(url)
        await sender.send(again)
        assert again.times.reused
        assert (again.times.resolved, again.times.connected) == (0.0, 0.0)
        for _ in range(10):
            assert await get(sender, url) == b"ok"
        assert site.connections == 1
        assert (len(pool), pool.idle) == (1, 1)


@on_every_loop
async def test_never_by_two_at_once():
    site = Site()
    site.gate.clear()
    async with site.running() as url, engine(most=5) as (sender, pool):
        fetches = [asyncio.create_task(get(sender, url)) for _ in range(30)]
        await site.heard(5)
        assert (site.connections, len(pool)) == (5, 5)
        site.gate.set()
        assert await asyncio.gather(*fetches) == [b"ok"] * 30
        assert site.connections == 5
        assert len(site.heads) == 30


@on_every_loop
async def test_a_full_host_does_not_keep_requests_to_others():
    slow, quick = Site(), Site()
    slow.gate.clear()
    async with (
        slow.running() as slow_url,
        quick.running() as quick_url,
        engine(most=3, per_host=2) as (sender, _),
    ):
        waiting = [asyncio.create_task(get(sender, slow_url)) for _ in range(4)]
        await slow.heard(2)
        assert await get(sender, quick_url) == b"ok"
        assert len(slow.heads) == 2
        slow.gate.set()
        assert await asyncio.gather(*waiting) == [b"ok"] * 4
        assert slow.most_at_once == 2


@on_every_loop
async def test_a_kept_connection_that_has_ended():
    """It is sent again where that does no harm, by a new connection, and once only."""
    site = Site()
    async with site.running() as url, engine() as (sender, _):
        await get(sender, url)
        site.answer = lambda head: None if site.connections == 1 else OK
        hop = hop_to(url, repeatable=True)
        answer = await sender.send(hop)
        assert await answer.read() == b"ok"
        assert not hop.times.reused
        assert site.connections == 2
        site.answer = silent
        with pytest.raises(HTTPStreamClosedError):
            await get(sender, url, repeatable=True)
        assert site.connections == 3
        with pytest.raises(HTTPStreamClosedError):
            await get(sender, url, repeatable=True)
        assert site.connections == 4  # a new one is not tried again


IDLE_TOO_LONG = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


@on_every_loop
async def test_a_server_that_ends_a_kept_connection_with_a_word():
    """A 408 as the request goes out: it is sent again, unless that may do harm or the connection stays."""
    site = Site()
    async with site.running() as url, engine() as (sender, _):
        await get(sender, url)
        site.answer = lambda head: IDLE_TOO_LONG if site.connections == 1 else OK
        assert await get(sender, url, repeatable=True) == b"ok"
        assert site.connections == 2
        site.answer = IDLE_TOO_LONG
        assert (await sender.send(hop_to(url))).status == 408
        assert site.connections == 2
        assert (await sender.send(hop_to(url, repeatable=True))).status == 408  # over a new one
        assert site.connections == 3
        site.answer = OK
        await get(sender, url)
        site.answer = b"HTTP/1.1 408 Too Slow\r\nContent-Length: 0\r\n\r\n"
        assert (await sender.send(hop_to(url, repeatable=True))).status == 408
        assert len(site.heads) == 7
        assert sender._turns.taken == {}


@on_every_loop
async def test_a_producer_that_has_begun_is_not_asked_again_behind_408():
    async def produce(write):
        await write(b"x")

    site = Site()
    async with site.running() as url, engine() as (sender, _):
        await get(sender, url)
        site.answer = IDLE_TOO_LONG
        hop = hop_to(url, method="PUT", headers={"Content-Length": "1"}, repeatable=True)
        hop.producer = produce
        assert (await sender.send(hop)).status == 408
        assert len(site.heads) == 2


@on_every_loop
async def test_a_second_try_has_the_time_to_connect_anew(monkeypatch):
    site = Site()
    async with site.running() as url, engine() as (sender, _):
        await get(sender, url)
        deadlines = []
        dial = sender._dialer.dial

        async def noting(hop, deadline):
            deadlines.append(deadline)
            return await dial(hop, deadline)

        monkeypatch.setattr(sender._dialer, "dial", noting)

        def thinks(head):
            thought.append(asyncio.get_running_loop().time())
            return None if site.connections == 1 else OK

        thought = []
        site.answer = thinks
        await get(sender, url, repeatable=True, timeouts=Timeouts(connect=100.0))
        assert deadlines[0] > thought[0] + 100.0
        site.answer = lambda head: None if site.connections == 2 else OK
        await get(sender, url, repeatable=True, timeouts=Timeouts(connect=0.0))
        assert deadlines[1] is None


@on_every_loop
async def test_what_must_not_be_sent_twice_is_not():
    site = Site()
    async with site.running() as url, engine() as (sender, pool):
        await get(sender, url)
        site.answer = silent
        with pytest.raises(HTTPStreamClosedError):
            await get(sender, url, method="POST", body=b"x", headers={"Content-Length": "1"})
        assert len(site.heads) == 2
        assert len(pool) == 0
        assert sender._turns.taken == {}


@on_every_loop
async def test_a_connection_that_ends_while_nobody_uses_it():
    """It is forgotten at once; so even what is sent once only arrives."""
    site = Site()
    async with site.running() as url, engine() as (sender, pool):
        await get(sender, url)
        site.writers[0].close()
        async with asyncio.timeout(30):
            while len(pool):
                await asyncio.sleep(0.001)
        assert await get(sender, url, method="POST") == b"ok"
        assert site.connections == 2


@on_every_loop
async def test_time_in_the_queue():
    site = Site()
    site.gate.clear()
    async with site.running() as url, engine(most=1) as (sender, _):
        first = asyncio.create_task(get(sender, url))
        await site.heard(1)
        hop = hop_to(url, timeouts=Timeouts(connect=0.01))
        with pytest.raises(HTTPTimeoutError) as caught:
            await sender.send(hop)
        assert caught.value.message == "Timeout in request queue"
        assert hop.waiting_for == "in request queue"
        site.gate.set()
        assert await first == b"ok"
        assert await get(sender, url, timeouts=Timeouts(connect=0)) == b"ok"
        assert len(site.heads) == 2


@on_every_loop
async def test_cancelled_wherever_it_is():
    site = Site()
    site.gate.clear()
    async with site.running() as url, engine(most=2) as (sender, pool):
        for count in range(12):  # so many turns of the loop it has had
            task = asyncio.create_task(get(sender, url))
            await turns(count)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()
            assert sender._turns.taken == {}
        one, two, waiting = (asyncio.create_task(get(sender, url)) for _ in range(3))
        async with asyncio.timeout(30):
            while sum(sender._turns.taken.values()) < 2 or len(pool) < 2:
                await asyncio.sleep(0.001)
        waiting.cancel()
        one.cancel()
        await asyncio.wait([one, waiting])
        assert sender._turns.waiting == []
        site.gate.set()
        assert await two == b"ok"
        assert await get(sender, url) == b"ok"


@on_every_loop
async def test_nobody_there():
    site = Site()
    async with site.running() as url:
        pass
    async with engine(most=1) as (sender, pool):
        for _ in range(2):
            with pytest.raises(HTTPRefusedError):
                await get(sender, url)
        assert len(pool) == 0
        assert sender._turns.taken == {}


@on_every_loop
async def test_closing_with_requests_everywhere():
    """In the queue, while connecting, while waiting for an answer, while reading: each has its failure."""
    site = Site()
    async with (
        site.running() as url,
        serving(handle=mute) as (_, port),
        engine(most=3) as (sender, _),
    ):
        site.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun"
        answer = await sender.send(hop_to(url))
        assert await answer.read() == b"begun"
        reading = asyncio.create_task(answer.read())
        site.gate.clear()
        waiting = asyncio.create_task(get(sender, url))
        await site.heard(2)
        # (The handshake of TLS never ends there.)
        connecting = asyncio.create_task(
            get(sender, f"https://127.0.0.1:{port}/", timeouts=Timeouts(connect=0))
        )
        queued = asyncio.create_task(get(sender, url))
        await turns(20)
        sender.close()
        tasks = [reading, waiting, connecting, queued]
        async with asyncio.timeout(30):
            await asyncio.wait(tasks)
        for task in tasks:
            assert isinstance(task.exception(), HTTPStreamClosedError)
            assert "closed" in str(task.exception())
        assert sender._turns.taken == {}
        with pytest.raises(HTTPStreamClosedError, match="was closed"):
            await get(sender, url)
        sender.close()
        site.gate.set()


@on_every_loop
async def test_closing_what_nobody_uses():
    site = Site()
    async with site.running() as url, engine() as (sender, pool):
        await get(sender, url)
        site.gate.clear()
        used = asyncio.create_task(get(sender, url))
        await site.heard(2)
        sender.close_idle()
        site.gate.set()
        assert await used == b"ok"
        assert pool.idle == 1
        sender.close_idle()
        assert pool.idle == 0
        assert await get(sender, url) == b"ok"
        assert site.connections == 2


def test_it_belongs_to_one_loop():
    async def use():
        async with engine() as (sender, _):
            with pytest.raises(HTTPRefusedError):
                await get(sender, "http://127.0.0.1:1/")
            with pytest.raises(RuntimeError, match=r"belongs to the loop.*make another"):
                await asyncio.to_thread(run_on, IOLoop, get(sender, "http://127.0.0.1:1/"))

    run_on(IOLoop, use())


@on_every_loop
async def test_the_server_says_for_how_long_it_keeps_a_connection():
    site = Site(b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=0\r\nContent-Length: 2\r\n\r\nok")
    async with site.running() as url, engine() as (sender, pool):
        for _ in range(2):
            assert await get(sender, url) == b"ok"
        assert site.connections == 2
        assert len(pool) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_of_this_process_leaves_the_connections_alone():
    async def use():
        site = Site()
        async with site.running() as url, engine() as (sender, _):
            await get(sender, url)
            child = os.fork()
            if not child:
                status = 1
                with contextlib.suppress(BaseException):
                    with contextlib.suppress(RuntimeError):  # the loop is the parent's
                        sender.close()
                    del sender
                    gc.collect()
                    status = 0
                os._exit(status)
            assert os.waitpid(child, 0)[1] == 0
            assert await get(sender, url) == b"ok"
            assert site.connections == 1

    run_on(IOLoop, use())


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, None),
        ("timeout=5", 5),
        ("timeout=5, max=100", 5),
        ("max=100,Timeout = 15", 15),
        ("timeout=-1", None),
        ("timeout=5s", None),
        ("xtimeout=5", None),
        ("timeout=" + "9" * 50, None),
        ("", None),
    ],
)
def test_patience(said, seconds):
    headers = HTTPHeaders() if said is None else HTTPHeaders({"Keep-Alive": said})
    assert patience_of(headers) == seconds


PROXY = Proxy("proxy", 3128, "Ann", "secret")
URL = "http://example.com/"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (hop_to(URL), hop_to("http://example.com:80/other?x", "POST"), True),
        (hop_to(URL), hop_to("https://example.com:80/"), False),
        (hop_to(URL), hop_to("http://example.org/"), False),
        (hop_to(URL), hop_to("http://example.com:8080/"), False),
        (hop_to(URL), hop_to(URL, way=Way(allow_ipv6=False)), False),
        (hop_to(URL), hop_to(URL, way=Way(source_ip="127.0.0.1")), False),
        (hop_to(URL), hop_to(URL, way=Way(unix_socket="/a")), False),
        (hop_to(URL, way=Way(unix_socket="/b")), hop_to(URL, way=Way(unix_socket="/a")), False),
        (hop_to(URL), hop_to(URL, way=Way(PROXY)), False),
        # A proxy is told whom a request is for:
        (hop_to(URL, way=Way(PROXY)), hop_to("http://example.org/", way=Way(PROXY)), True),
        (
            hop_to(URL, way=Way(PROXY)),
            hop_to(URL, way=Way(Proxy("proxy", 3128, "Bob", "secret"))),
            False,
        ),
        # ... but of a tunnel it knows no more:
        (
            hop_to("https://a/", way=Way(PROXY)),
            hop_to("https://b/", way=Way(PROXY)),
            False,
        ),
        (
            hop_to("http://a/", way=Way(Proxy("proxy", 1, socks=True))),
            hop_to("http://b/", way=Way(Proxy("proxy", 1, socks=True))),
            False,
        ),
        (
            hop_to("https://a/", way=Way(ssl_options={"ca_certs": "x", "certfile": "y"})),
            hop_to("https://a/", way=Way(ssl_options={"certfile": "y", "ca_certs": "x"})),
            True,
        ),
        (
            hop_to("https://a/", way=Way(ssl_options={"certfile": "x"})),
            hop_to("https://a/", way=Way(ssl_options={"certfile": "y"})),
            False,
        ),
        (hop_to("https://a/"), hop_to("https://a/", way=Way(ssl_options={"cert_reqs": 0})), False),
        (hop_to(URL), hop_to(URL, way=Way(ssl_options={"cert_reqs": 0})), True),
        (hop_to(URL, way=USUAL_WAY), hop_to(URL, way=Way()), True),
        (hop_to(URL, way=USUAL_WAY), hop_to(URL, way=Way(unix_socket="x")), False),
        (
            hop_to(URL, way=Way(Proxy.from_url("https://proxy"))),
            hop_to(URL, way=Way(Proxy.from_url("https://proxy"))),
            True,
        ),
        (
            hop_to(URL, way=Way(Proxy.from_url("https://proxy"))),
            hop_to(URL, way=Way(Proxy.from_url("https://proxy", {"cert_reqs": 0}))),
            False,
        ),
    ],
)
def test_for_what_a_connection_may_be_used_again(one, other, same):
    assert hash(key_of(one)) or True  # it has a hash
    assert (key_of(one) == key_of(other)) is same


def test_what_is_said_to_a_proxy_is_for_it_alone():
    own = {"Proxy-Authorization": "mine"}
    plain = hop_to(URL, way=Way(PROXY))
    assert headers_by(PROXY, plain)["Proxy-Authorization"].startswith("Basic ")
    assert "Proxy-Authorization" not in plain.headers
    unnamed = Proxy("proxy", 3128)
    assert headers_by(unnamed, hop_to(URL, way=Way(unnamed), headers=own)).get_list(
        "Proxy-Authorization"
    ) == ["mine"]
    hop = hop_to("https://example.com/", way=Way(PROXY), headers=own)
    assert "Proxy-Authorization" not in headers_by(PROXY, hop)
    assert "Proxy-Authorization" in hop.headers


@on_every_loop
async def test_equal_heads_are_parsed_once_and_shared_by_nobody():
    several = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\nX-B: 3\r\nContent-Length: 2\r\n\r\nok"
    site = Site(lambda head: several)
    async with site.running() as url, engine() as (sender, _):
        first = await sender.send(hop_to(url))
        first.headers.add("X-A", "mine")
        del first.headers["X-B"]
        first.close()
        assert len(sender._heads) == 1
        second = await sender.send(hop_to(url))
        assert second.headers.get_list("X-A") == ["1", "2"]
        assert second.headers["X-B"] == "3"
        assert len(sender._heads) == 1
        second.close()
