"""The face: Tornado's arguments and attributes, and ours."""

import asyncio
import contextlib
import logging

import pytest

from tests.running import on_every_loop, turns
from tests.simple_httpclient.sites import Site
from tests.tcpclient.helpers import Names
from tornadolike.httpclient import HTTPError
from tornadolike.httpclient.addresses import parse_url
from tornadolike.netutil import CachedResolver, DefaultLoopResolver, Resolver
from tornadolike.simple_httpclient import (
    HTTPStreamClosedError,
    HTTPTimeoutError,
    SimpleAsyncHTTPClient,
)


@contextlib.asynccontextmanager
async def new_client(**options):
    """``async with new_client() as client:``, closed at the end, until nothing is open."""
    client = SimpleAsyncHTTPClient(force_instance=True, **options)
    try:
        yield client
    finally:
        client.close()
        async with asyncio.timeout(30):
            while client.connections[0]:
                await asyncio.sleep(0)


@on_every_loop
async def test_what_it_has():
    async with new_client() as client:
        assert (client.max_clients, client.max_buffer_size) == (10, 104857600)
        assert (client.max_header_size, client.max_body_size) == (None, None)
        assert isinstance(client.resolver, CachedResolver)
        assert client.tcp_client.resolver is client.resolver
        assert (len(client.queue), client.active, client.waiting) == (0, {}, {})
        assert client.connections == (0, 0)


@on_every_loop
async def test_who_waits_and_who_does_not():
    site = Site()
    site.gate.clear()
    async with site.running() as url, new_client(max_clients=2) as client:
        fetches = [asyncio.ensure_future(client.fetch(url)) for _ in range(5)]
        await site.heard(2)
        assert (len(client.queue), len(client.active), len(client.waiting)) == (3, 2, 3)
        client.max_clients = 3
        await site.heard(3)
        assert len(client.queue) == 2
        site.gate.set()
        for fetch in fetches:
            assert (await fetch).body == b"ok"
        assert (len(client.queue), client.active) == (0, {})
        assert client.connections == (3, 3)


@on_every_loop
async def test_the_log_tells_who_waits(expect_log):
    site = Site()
    async with site.running() as url, new_client(max_clients=1) as client:
        with expect_log("tornadolike.general", "max_clients limit", logging.DEBUG, 2) as expected:
            await asyncio.gather(*(client.fetch(url) for _ in range(3)))
        assert [record.getMessage().partition(". ")[2] for record in expected.matched] == [
            "1 active, 1 queued requests.",
            "1 active, 2 queued requests.",
        ]


@on_every_loop
async def test_limits_by_host():
    site = Site()
    site.gate.clear()
    async with site.running() as url, new_client(max_clients_per_host=1) as client:
        fetches = [asyncio.ensure_future(client.fetch(url)) for _ in range(3)]
        await site.heard(1)
        await turns(5)
        assert len(client.queue) == 2
        site.gate.set()
        await asyncio.gather(*fetches)
        assert site.connections == 1


@on_every_loop
async def test_names_of_ones_own():
    site = Site()
    async with site.running() as url:
        port = parse_url(url).port
        mapping = {"example.test": "127.0.0.1", ("x.test", 80): ("127.0.0.1", port)}
        async with new_client(hostname_mapping=mapping) as client:
            assert (await client.fetch(f"http://example.test:{port}/")).body == b"ok"
            assert (await client.fetch("http://x.test/")).body == b"ok"
            mapping["y.test"] = "127.0.0.1"
            assert (await client.fetch(f"http://y.test:{port}/")).body == b"ok"
        assert "Host: example.test" in site.heads[0]


@on_every_loop
async def test_a_resolver_stays_the_callers():
    site = Site()
    async with site.running() as url:
        names = Names(("127.0.0.1", parse_url(url).port))
        async with new_client(resolver=names) as client:
            assert client.resolver is names
            assert (await client.fetch("http://anybody.test/")).body == b"ok"
        async with new_client(resolver=names, hostname_mapping={}):
            pass
        assert not names.closed


@on_every_loop
async def test_a_resolver_of_its_own_is_closed(monkeypatch):
    closed = []

    class Own(DefaultLoopResolver):
        def close(self):
            closed.append(self)

    monkeypatch.setattr(Resolver, "_configured", (Own, {}))
    for options in ({}, {"dns_cache": 0}, {"hostname_mapping": {}}):
        closed.clear()
        async with new_client(**options):
            assert closed == []
        assert len(closed) == 1


@on_every_loop
async def test_names_are_asked_for_once(monkeypatch):
    site, asked = Site(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"), []

    class Asked(DefaultLoopResolver):
        async def resolve(self, host, port, family=0):
            asked.append(host)
            return await super().resolve("127.0.0.1", port, family)

    monkeypatch.setattr(Resolver, "_configured", (Asked, {}))
    async with site.running() as url:
        url = url.replace("127.0.0.1", "name.test")
        async with new_client() as client:
            for _ in range(3):
                await client.fetch(url)
            assert asked == ["name.test"]
        async with new_client(dns_cache=0) as client:
            for _ in range(3):
                await client.fetch(url)
            assert asked == ["name.test"] * 4
    assert site.connections == 6
    monkeypatch.setattr(Resolver, "_configured", (CachedResolver, {}))
    async with new_client() as client:
        assert isinstance(client.resolver.resolver, DefaultLoopResolver)


@on_every_loop
async def test_how_large_a_response_may_be():
    site = Site(
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 500 + b"\r\nContent-Length: 500\r\n\r\n" + b"y" * 500
    )
    async with site.running() as url:
        for options in ({"max_body_size": 400}, {"max_buffer_size": 400}, {"max_header_size": 400}):
            async with new_client(**options) as client:
                with pytest.raises(HTTPError):
                    await client.fetch(url)
        for options in (
            {"max_body_size": 500},
            {"max_body_size": 400, "defaults": {"max_body_size": 500}},
        ):
            async with new_client(**options) as client:
                assert len((await client.fetch(url)).body) == 500


@on_every_loop
async def test_how_long_connections_are_kept():
    site = Site()
    async with site.running() as url:
        for options in ({"keep_alive_timeout": 0}, {"max_idle": 0}):
            async with new_client(**options) as client:
                await client.fetch(url)
                await client.fetch(url)
                assert client.connections[1] == 0
        assert site.connections == 4


@on_every_loop
async def test_closing_ends_what_goes_on():
    site = Site()
    site.gate.clear()
    async with site.running() as url, new_client(max_clients=1) as client:
        fetches = [asyncio.ensure_future(client.fetch(url)) for _ in range(2)]
        await site.heard(1)
        client.close()
        for fetch in fetches:
            with pytest.raises(HTTPStreamClosedError):
                await fetch
        site.gate.set()


def test_its_exceptions():
    for kind in (HTTPTimeoutError, HTTPStreamClosedError):
        assert kind("why").code == 599
        assert kind("why").message == "why"


@on_every_loop
async def test_limits_that_make_no_sense():
    for options in ({"max_clients": 0}, {"max_clients_per_host": 0}, {"max_idle": -1}):
        with pytest.raises(ValueError, match="or more"):
            SimpleAsyncHTTPClient(force_instance=True, **options)
