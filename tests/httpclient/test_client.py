"""AsyncHTTPClient: one for a loop, sessions, engines of others, time-outs, and how fetches end."""

import asyncio
import gc
import logging
import random
import threading
import weakref
from http.cookiejar import CookieJar

import pytest
import tornado.httpclient

from tests.httpclient.house import Said, Scripted, client_of, house, scripted
from tests.running import LOOPS, on_every_loop, on_jumping_clock, run_on, timers, turns
from tornadolike import httpclient
from tornadolike.httpclient import (
    AsyncHTTPClient,
    BadRedirectError,
    HTTPClientError,
    HTTPError,
    HTTPRequest,
    HTTPResponse,
    HTTPStreamClosedError,
    HTTPTimeoutError,
)
from tornadolike.httpclient.requests import RequestWithDefaults
from tornadolike.ioloop import IOLoop
from tornadolike.simple_httpclient import SimpleAsyncHTTPClient

NOWHERE = "http://nowhere.test/"


@pytest.fixture(autouse=True)
def unconfigured():
    yield
    AsyncHTTPClient.configure(None)


def test_the_names_are_tornados():
    theirs = tornado.httpclient
    own = {n for n, v in vars(theirs).items() if getattr(v, "__module__", None) == theirs.__name__}
    assert {name for name in own if not hasattr(httpclient, name)} == set()
    assert theirs.HTTPError is theirs.HTTPClientError


# One for each loop


@on_every_loop
async def test_a_loop_has_one_client_of_a_class():
    client = AsyncHTTPClient()
    assert AsyncHTTPClient() is client
    assert isinstance(client, SimpleAsyncHTTPClient)
    assert SimpleAsyncHTTPClient() is SimpleAsyncHTTPClient() is not client
    own = AsyncHTTPClient(force_instance=True)
    assert own is not client
    assert AsyncHTTPClient() is client
    for closing in (own, client, client, SimpleAsyncHTTPClient()):
        closing.close()
    assert AsyncHTTPClient() is not client
    AsyncHTTPClient().close()


def test_each_loop_has_its_own_and_they_go_with_it():
    clients = []

    async def main():
        clients.append(AsyncHTTPClient())
        async with house() as site:
            await clients[-1].fetch(site.url)

    for make in (*LOOPS.values(), *LOOPS.values()):
        run_on(make, main())
    assert len({id(client) for client in clients}) == 4
    gone = [weakref.ref(client) for client in clients]
    clients.clear()
    gc.collect()
    assert [client() for client in gone] == [None] * 4


def test_the_end_of_a_loop_closes_its_clients():
    async def main():
        async with house() as site:
            client = AsyncHTTPClient()
            await client.fetch(site.url)
            return client

    for make in LOOPS.values():
        client = run_on(make, main())
        with pytest.raises(RuntimeError, match="closed"):
            client.fetch(NOWHERE)


@on_every_loop
async def test_configuring():
    AsyncHTTPClient.configure(Scripted, raise_error=False)
    assert AsyncHTTPClient.configured_class() is Scripted
    async with AsyncHTTPClient(force_instance=True) as client:
        assert type(client) is Scripted
        assert client.raise_error is False
    AsyncHTTPClient.configure("tornadolike.simple_httpclient.SimpleAsyncHTTPClient", max_clients=3)
    async with AsyncHTTPClient(force_instance=True) as client:
        assert client.max_clients == 3
    async with AsyncHTTPClient(force_instance=True, max_clients=4) as client:
        assert client.max_clients == 4
    with pytest.raises(ValueError, match="not a subclass"):
        AsyncHTTPClient.configure(dict)


def test_a_client_is_for_one_loop(io_loop):
    async def make():
        return AsyncHTTPClient(force_instance=True)

    client = io_loop.run_sync(make)

    async def elsewhere():
        with pytest.raises(RuntimeError, match="of another loop"):
            client.fetch(NOWHERE)

    for make_loop in LOOPS.values():
        run_on(make_loop, elsewhere())
    caught = []

    async def in_a_thread():
        thread = threading.Thread(target=fetch)
        thread.start()
        await asyncio.to_thread(thread.join)
        client.close()

    def fetch():
        try:
            client.fetch(NOWHERE)
        except RuntimeError as error:
            caught.append(str(error))

    io_loop.run_sync(in_a_thread)
    assert len(caught) == 1
    assert "of another loop" in caught[0]


def test_fetching_before_the_loop_runs(io_loop):
    async def main():
        async with house() as site:
            client.base_url = site.url + "/"
            return await asyncio.gather(client.fetch("a"), client.fetch("b"))

    client = AsyncHTTPClient()
    early = scripted(Said(200, b"early"))
    future = early.fetch(NOWHERE)
    assert not future.done()

    async def ending():
        client.close()
        early.close()

    assert [response.code for response in io_loop.run_sync(main)] == [200, 200]
    assert io_loop.run_sync(lambda: future).body == b"early"
    io_loop.run_sync(ending)


# Fetching


@on_every_loop
async def test_fetching():
    async with house() as site, client_of() as client:
        future = client.fetch(site.url + "/x", headers={"X-Mine": "1"}, user_agent="me")
        assert isinstance(future, asyncio.Future)
        response = await future
        assert (response.code, response.version, response.reason) == (200, "HTTP/1.1", "OK")
        said = response.json()
        assert (said["uri"], said["headers"]["X-Mine"], said["headers"]["User-Agent"]) == (
            *("/x", "1"),
            "me",
        )
        request = HTTPRequest(site.url, method="POST", body="fünf")
        response = await client.fetch(request)
        assert response.request is request
        assert response.json()["body"] == "fünf"
        assert (await client.fetch(response.request)).json()["peer"] == said["peer"]
        assert response.request_time >= 0
        assert response.time_info["total"] >= response.time_info["queue"] >= 0


@on_every_loop
async def test_what_is_raised():
    async with house() as site, client_of(site) as client:
        with pytest.raises(HTTPError, match="HTTP 404") as caught:
            await client.fetch("/status/404")
        assert caught.value.response.body == b"as you like"
        response = await client.fetch("/status/404", raise_error=False)
        assert (response.code, response.error.code) == (404, 404)
        with pytest.raises(HTTPError):
            await client.fetch("/status/304")
        async with client_of(site, raise_error=False) as lenient:
            assert (await lenient.fetch("/status/500")).code == 500
            assert (await lenient.fetch("/status/304")).raise_for_status().code == 304
            with pytest.raises(HTTPError):
                await lenient.fetch("/status/500", raise_error=True)
            with pytest.raises(HTTPError):
                (await lenient.fetch("/status/500")).raise_for_status()
            with pytest.raises(HTTPTimeoutError):
                await lenient.fetch("/stuck", request_timeout=0.01)


@on_every_loop
async def test_wrong_requests():
    async with client_of() as client:
        # At once: these calls cannot be meant.
        with pytest.raises(ValueError, match="kwargs can't be used"):
            client.fetch(HTTPRequest(NOWHERE), user_agent="x")
        with pytest.raises(TypeError, match="body_of"):
            client.fetch(NOWHERE, body_of="x")
        # By the future, as in Tornado.
        for kind, options in (
            (KeyError, {"method": "DANCE"}),
            (ValueError, {"method": "GET", "body": ""}),
            (ValueError, {"method": "POST"}),
            (ValueError, {"connect_timeout": -1}),
        ):
            with pytest.raises(kind):
                await client.fetch(NOWHERE, **options)
        with pytest.raises(ValueError, match="ftp"):
            await client.fetch("ftp://nowhere.test/")
    with pytest.raises(RuntimeError, match="closed AsyncHTTPClient"):
        client.fetch(NOWHERE)


@on_every_loop
async def test_a_base_url():
    async with house() as site, client_of(site) as client:
        assert client.base_url == site.url + "/"
        for base, url, path in (
            ("/", "a/b", "/a/b"),
            ("/v1", "users?x=1", "/v1/users?x=1"),
            ("/v1/", "users", "/v1/users"),
            ("/v1/", "/users", "/users"),
            ("/v1/", "", "/v1/"),
        ):
            async with client_of(base_url=site.url + base) as other:
                assert (await other.fetch(url)).json()["uri"] == path
        async with client_of(base_url="http://nowhere.test/") as other:
            assert (await other.fetch(site.url + "/c")).json()["uri"] == "/c"
    for wrong in ("nowhere.test", "ftp://nowhere.test", "http://nowhere.test/?x", "http://n/#x"):
        with pytest.raises(ValueError, match=r"URL|url"):
            AsyncHTTPClient(force_instance=True, base_url=wrong)


@on_every_loop
async def test_defaults():
    defaults = {"user_agent": "us", "headers": {"X-All": "1", "X-Mine": "0"}, "max_redirects": 2}
    async with house() as site, client_of(site, defaults=defaults) as client:
        headers = (await client.get("/", headers={"X-Mine": "1"})).json()["headers"]
        assert (headers["User-Agent"], headers["X-All"], headers["X-Mine"]) == ("us", "1", "1")
        assert client.defaults["max_redirects"] == 2
        assert client.defaults["connect_timeout"] == 20.0
        headers = (await client.get("/", user_agent="me")).json()["headers"]
        assert headers["User-Agent"] == "me"
    pieces = []
    client = scripted(Said(200, b"a", b"b"), defaults={"streaming_callback": pieces.append})
    assert (await client.fetch(NOWHERE)).body == b""
    assert pieces == [b"a", b"b"]
    client.close()
    for wrong in ("methode", "url", "body"):
        with pytest.raises(TypeError, match=wrong):
            AsyncHTTPClient(force_instance=True, defaults={wrong: "x"})


@on_every_loop
async def test_defaults_that_tell_who_we_are_are_for_the_base():
    defaults = {
        "headers": {"X-Token": "42"},
        "cookies": {"id": "7"},
        "auth_username": "me",
        "auth_password": "secret",
        "user_agent": "us",
    }
    told = ("X-Token", "Cookie", "Authorization")
    async with house() as site, house() as other, client_of(site, defaults=defaults) as client:
        headers = (await client.fetch("/")).json()["headers"]
        assert all(name in headers for name in told)
        assert (await client.fetch(site.url)).json()["headers"] == headers
        for url in (other.url, other.url.removeprefix("http:"), HTTPRequest(other.url)):
            headers = (await client.fetch(url)).json()["headers"]
            assert not any(name in headers for name in told)
            assert headers["User-Agent"] == "us"
        async with client.stream("GET", other.url) as response:
            assert not (await response.json())["headers"].keys() & set(told)
        async with client_of(defaults=defaults) as anywhere:
            headers = (await anywhere.fetch(other.url)).json()["headers"]
            assert all(name in headers for name in told)
        async with Counting(force_instance=True, base_url=site.url, defaults=defaults) as counting:
            headers = (await counting.fetch(other.url)).json()["headers"]
            assert not any(name in headers for name in told)


@on_every_loop
async def test_one_that_is_dropped_is_closed():
    async with house() as site:
        client = AsyncHTTPClient(force_instance=True)
        await client.fetch(site.url)
        engine = weakref.ref(client.engine)
        del client
        gc.collect()
        await turns()
        gc.collect()
        assert engine() is None


@on_every_loop
async def test_a_jar():
    jar = CookieJar()
    async with client_of(cookies=jar) as client:
        assert client.cookies is jar
    async with client_of(cookies=True) as client:
        assert isinstance(client.cookies, CookieJar)
    async with client_of() as client:
        assert client.cookies is None


# How fetches end


@on_every_loop
async def test_a_fetch_that_is_cancelled_ends_the_transfer():
    async with house() as site, client_of(site) as client:
        for url in ("/stuck", "/stuck?say=x"):
            site.stuck.clear()
            site.gone.clear()
            future = client.fetch(url)
            await site.stuck.wait()
            assert future.cancel()
            with pytest.raises(asyncio.CancelledError):
                await future
            await site.gone.wait()
        assert client.connections == (0, 0)


@on_jumping_clock
async def test_the_whole_time():
    client = scripted(None, Said(200, b"x", None), Said(200, b"x"))
    with pytest.raises(HTTPTimeoutError, match=r"Timeout for a miracle$"):
        await client.fetch(NOWHERE)
    started = asyncio.get_running_loop().time()
    with pytest.raises(
        HTTPTimeoutError, match=r"Timeout during request, while reading the body of the response$"
    ):
        await client.fetch(NOWHERE, request_timeout=7)
    assert asyncio.get_running_loop().time() - started == pytest.approx(7, abs=0.01)
    assert (await client.fetch(NOWHERE)).body == b"x"
    assert timers() == 0
    client.close()


@on_jumping_clock
async def test_no_limit():
    client = scripted(None)
    future = client.fetch(NOWHERE, request_timeout=0)
    await asyncio.sleep(1_000_000)
    assert not future.done()
    assert timers() == 0
    future.cancel()
    await turns()
    assert future.cancelled()
    client.close()


@on_jumping_clock
async def test_who_cancels_at_the_moment_when_the_time_is_over():
    client = scripted(None)
    future = client.fetch(NOWHERE, request_timeout=5)
    asyncio.get_running_loop().call_later(5, future.cancel)
    with pytest.raises(asyncio.CancelledError):
        await future
    client.close()


@on_every_loop
async def test_an_answer_is_closed_if_its_body_fails():
    answer = Said(200, b"x", OSError("no"))
    client = scripted(answer, Said(200, b"x"))
    with pytest.raises(OSError, match="no"):
        await client.fetch(NOWHERE)
    assert answer.closed == 1

    def fails(piece):
        raise LookupError(piece)

    with pytest.raises(LookupError):
        await client.fetch(NOWHERE, streaming_callback=fails)
    client.close()


@on_every_loop
async def test_what_a_callback_waits_for_is_cancelled():
    # Whoever waits for the fetch is not, and must not think so.
    async def waits(piece):
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    answer = Said(200, b"x")
    client = scripted(answer)
    with pytest.raises(HTTPStreamClosedError, match="cancelled"):
        await client.fetch(NOWHERE, streaming_callback=waits)
    assert answer.closed == 1
    client.close()


@on_every_loop
async def test_many_at_once_of_which_some_are_cancelled():
    chance = random.Random(7)
    async with house() as site, client_of(site, max_clients=8) as client:
        futures = [client.fetch(f"/{number}") for number in range(100)]
        cancelled = set(chance.sample(futures, 40))
        for future in cancelled:
            for _ in range(chance.randrange(3)):
                await asyncio.sleep(0)
            future.cancel()
        ended = await asyncio.gather(*futures, return_exceptions=True)
        for number, (future, outcome) in enumerate(zip(futures, ended, strict=True)):
            if isinstance(outcome, asyncio.CancelledError):
                assert future in cancelled
            else:
                assert outcome.json()["uri"] == f"/{number}"
        assert len(client.queue) == len(client.active) == 0
        assert (await client.fetch("/again")).code == 200
        made, idle = client.connections
        assert made == idle <= 8


def test_a_failure_that_nobody_has_seen_is_logged(expect_log):
    async def main():
        client = scripted(OSError("unseen"))
        client.fetch(NOWHERE)
        await turns()
        client.close()
        del client
        gc.collect()

    for make in LOOPS.values():
        with expect_log("asyncio", "never retrieved", logging.ERROR):
            run_on(make, main())


@on_every_loop
async def test_trailers_and_what_a_trace_is_told():
    client = scripted(Said(200, b"x"))
    response = await client.fetch(NOWHERE)
    assert response.trailers == {"X-Behind": "y"}
    assert response.history == []
    client.close()


# Sessions


@on_every_loop
async def test_the_end_of_a_session():
    async with scripted() as own:
        pass
    assert own.engine.said == ["close"]
    async with Scripted() as shared:
        assert Scripted() is shared
    assert shared.engine.said == ["close_idle"]
    shared.close()
    shared.close()
    assert shared.engine.said == ["close_idle", "close"]
    with pytest.raises(LookupError):
        async with scripted() as own:
            raise LookupError
    assert own.engine.said == ["close"]


@on_every_loop
async def test_connections_are_kept_for_a_session():
    async with house() as site:
        async with client_of(site) as client:
            peers = {(await client.get("/")).json()["peer"] for _ in range(3)}
            assert len(peers) == 1
            assert client.connections == (1, 1)
        async with AsyncHTTPClient() as shared:
            await shared.fetch(site.url)
        assert shared.connections == (0, 0)
        assert (await shared.fetch(site.url)).code == 200
        shared.close()


# Engines of others


class Theirs(AsyncHTTPClient):
    """As a client for Tornado may be: it answers by itself, in a while."""

    def initialize(self, status=200, **options):
        super().initialize(**options)
        self.status = status
        self.requests = []

    def fetch_impl(self, request, callback):
        self.requests.append(request)
        request.headers["X-Added"] = "1"
        error = OSError("no") if self.status == 599 else None
        self.io_loop.add_callback(callback, HTTPResponse(request, self.status, error=error))


@on_every_loop
async def test_an_engine_of_others():
    request = HTTPRequest(NOWHERE, request_timeout=3, headers={"X-Mine": "1"})
    async with Theirs(force_instance=True, defaults={"user_agent": "us"}) as client:
        response = await client.fetch(request)
        both = client.requests[0]
        assert isinstance(both, RequestWithDefaults)
        assert (both.user_agent, both.request_timeout, both.ca_certs) == ("us", 3, None)
        assert isinstance(response.request, HTTPRequest)
        assert "X-Added" not in request.headers
        future = client.fetch(request)
        future.cancel()
        await turns()
        with pytest.raises(NotImplementedError, match="no engine"):
            client.stream("GET", NOWHERE)
    async with Theirs(force_instance=True, status=404) as client:
        with pytest.raises(HTTPClientError):
            await client.fetch(NOWHERE)
        assert (await client.fetch(NOWHERE, raise_error=False)).code == 404
    async with Theirs(force_instance=True, status=599) as client:
        with pytest.raises(OSError, match="no"):
            await client.fetch(NOWHERE, raise_error=False)


class Counting(SimpleAsyncHTTPClient):
    """Ours, with something before and behind it."""

    def initialize(self, **options):
        super().initialize(**options)
        self.seen = []

    def fetch_impl(self, request, callback):
        def take(response):
            self.seen.append((request.url, response.code))
            callback(response)

        super().fetch_impl(request, take)


@on_every_loop
async def test_a_class_below_ours():
    async with house() as site, Counting(force_instance=True, base_url=site.url) as client:
        assert (await client.fetch("/a")).json()["uri"] == "/a"
        with pytest.raises(HTTPError, match="404"):
            await client.fetch("/status/404")
        with pytest.raises(HTTPTimeoutError) as caught:
            await client.fetch("/stuck", request_timeout=0.01)
        assert [code for _, code in client.seen] == [200, 404, 599]
        assert client.seen[0][0] == site.url + "/a"
        assert caught.value.code == 599
        # It may be called with a plain request, too.
        done = asyncio.get_running_loop().create_future()
        client.fetch_impl(HTTPRequest(site.url, body_producer=None), done.set_result)
        assert (await done).request_time >= 0


@on_every_loop
async def test_a_client_whose_fetch_impl_is_patched(monkeypatch):
    async with house() as site, client_of(site) as client:
        seen = []
        impl = client.fetch_impl

        def patched(request, callback):
            seen.append(request.url)
            return impl(request, callback)

        monkeypatch.setattr(client, "fetch_impl", patched)
        assert (await client.fetch("/a")).code == 200
        assert seen == [site.url + "/a"]


@on_every_loop
async def test_a_class_without_an_engine():
    class Nothing(AsyncHTTPClient):
        pass

    async with Nothing(force_instance=True) as client:
        with pytest.raises(NotImplementedError, match="Nothing has no engine"):
            await client.fetch(NOWHERE)


def test_a_client_that_was_made_without_a_loop():
    loop = IOLoop(make_current=False)

    async def make():
        return AsyncHTTPClient()

    client = loop.run_sync(make)
    assert client.io_loop is loop
    client.close()
    loop.close()


@on_every_loop
async def test_redirects_that_lead_nowhere_are_raised_in_any_case():
    """As in Tornado, whose programs take raise_error=False for pages that tell of an error."""
    for location in ("ftp://example.com/", "h:5"):
        for said in ({}, {"raise_error": False}):
            client = scripted(Said(302, headers={"Location": location}))
            with pytest.raises(BadRedirectError, match="Unsupported url scheme") as caught:
                await client.fetch(NOWHERE, **said)
            assert isinstance(caught.value, ValueError)
            assert caught.value.response.headers["Location"] == location
            client.close()
