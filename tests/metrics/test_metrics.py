"""What an application is asked, as a scrape tells of it."""

import asyncio
import re
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter

from tests.metrics.helpers import figures, of
from tests.middleware.helpers import HANDSHAKE, RULES
from tests.running import on_jumping_clock
from tests.web.helpers import Site
from tornadolike.caching import Cached
from tornadolike.httpserver import HTTPServer
from tornadolike.metrics import Metrics
from tornadolike.routing import route
from tornadolike.web import Application, Mount, RequestHandler, url

REQUESTS = "http_server_requests_total"


class User(RequestHandler):
    def get(self, number: int) -> None:
        self.write(str(number))


class Zero(RequestHandler):
    def get(self) -> None:
        self.write("0")


class Broken(RequestHandler):
    def get(self) -> None:
        self.write(1)  # type: ignore[arg-type]


class Mine(Application):
    """Has a method of its own for what is logged."""

    logged: list[str]

    def log_request(self, handler: RequestHandler) -> None:
        self.logged.append(handler.request.path)


def served(site: Callable[..., Site], *rules: Any, **options: Any) -> tuple[Site, Metrics]:
    asked = site(*RULES, *rules)
    return asked, Metrics(asked.application, registry=CollectorRegistry(), **options)


def counted(metrics: Metrics) -> dict[str, float]:
    return of(metrics.scrape()[1], REQUESTS)


def test_requests_are_counted_by_route(site: Callable[..., Site], expect_log: Any) -> None:
    inner = Application([route("/users/{number:int}", User)])
    asked, metrics = served(
        site, route("/users/{number:int}", User), ("/broken", Broken), Mount("/inner", inner)
    )
    for path in ("/", "/users/1", "/users/2", "/inner/users/3", "/nowhere/4", "/failing"):
        asked.ask(f"GET {path}")
    for method in ("POST", "PROPFIND", "X"):
        asked.ask(f"{method} /")
    asked.ask("GET /echo", *HANDSHAKE[:2])  # without a key
    with expect_log("tornadolike.application", "Uncaught"):
        asked.ask("GET /broken")
    assert counted(metrics) == {
        "('GET', '/', '200')": 1.0,
        "('GET', '/users/{number:int}', '200')": 2.0,
        "('GET', '/inner/users/{number:int}', '200')": 1.0,
        "('GET', 'none', '404')": 1.0,
        "('GET', '/failing', '418')": 1.0,
        "('POST', '/', '200')": 1.0,
        "('other', '/', '405')": 2.0,
        "('GET', '/echo', '426')": 1.0,
        "('GET', '/broken', '500')": 1.0,
    }
    # What logged requests before does so still.
    assert len(asked.finished) == 10


def test_durations(site: Callable[..., Site]) -> None:
    release = threading.Event()

    class Slow(RequestHandler):
        async def get(self) -> None:
            await asyncio.to_thread(release.wait)

    asked, metrics = served(site, ("/slow", Slow), buckets=[0.2, 1000])
    with asked.connect() as connection:
        begun = time.monotonic()
        connection.send("GET /slow")
        threading.Timer(0.3, release.set).start()
        connection.receive()
        most = time.monotonic() - begun
    asked.ask("GET /")
    name = "http_server_request_duration_seconds"
    text = metrics.scrape()[1]
    assert of(text, f"{name}_bucket") == {
        "('GET', '/slow', '0.2')": 0.0,
        "('GET', '/slow', '1000.0')": 1.0,
        "('GET', '/slow', '+Inf')": 1.0,
        "('GET', '/', '0.2')": 1.0,
        "('GET', '/', '1000.0')": 1.0,
        "('GET', '/', '+Inf')": 1.0,
    }
    assert 0.2 < of(text, f"{name}_sum")["('GET', '/slow')"] <= most


def test_the_endpoint(site: Callable[..., Site]) -> None:
    registry = CollectorRegistry()
    Counter("orders", "Orders.", registry=registry).inc()
    asked = site(("/(.*)", User))
    Metrics(asked.application, "/metrics", registry=registry)
    for _ in range(2):
        answer = asked.ask("GET /metrics")
    assert answer.status == 200
    assert answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("Etag") is None
    assert figures(answer.body)["orders_total"] == 1.0
    assert of(answer.body, REQUESTS) == {"('GET', '/metrics', '200')": 1.0}
    asked.ask("GET /metrics", "If-None-Match: *")
    openmetrics = asked.ask("GET /metrics", "Accept: application/openmetrics-text; version=1.0.0")
    assert openmetrics.body.endswith(b"# EOF\n")
    assert (openmetrics.header("Content-Type") or "").startswith("application/openmetrics-text")


def test_a_token(site: Callable[..., Site]) -> None:
    asked, _ = served(site, path="/metrics", token="secret")
    for given in ((), ("Authorization: Bearer",), ("Authorization: Bearer other",)):
        answer = asked.ask("GET /metrics", *given)
        assert (answer.status, answer.header("WWW-Authenticate")) == (401, "Bearer")
        assert b"http_server" not in answer.body
    for given in ((f"Authorization: {scheme} secret",) for scheme in ("Bearer", "bearer")):
        assert asked.ask("GET /metrics", *given).status == 200
    assert asked.ask("GET /metrics", "Authorization: Basic secret").status == 401


def test_by_default_there_is_no_endpoint(site: Callable[..., Site]) -> None:
    asked, _ = served(site)
    assert asked.ask("GET /metrics").status == 404


def test_what_clients_make_up_has_an_end(site: Callable[..., Site]) -> None:
    asked, metrics = served(site, max_series=5)
    for number in range(40):
        asked.ask(f"M{number} /")
        asked.ask(f"GET /nowhere/{number}")
    assert counted(metrics) == {"('other', '/', '405')": 40.0, "('GET', 'none', '404')": 40.0}


def test_too_many_rows_are_one(site: Callable[..., Site]) -> None:
    class Status(RequestHandler):
        def get(self, status: str) -> None:
            self.set_status(int(status))

    asked, metrics = served(site, (r"/status/(\d+)", Status), max_series=4)
    for status in (*range(200, 210), 200):
        asked.ask(f"GET /status/{status}")
    found = counted(metrics)
    assert found["('other', 'other', 'other')"] >= 6
    assert found["('GET', '/status/(\\\\d+)', '200')"] == 2
    assert sum(found.values()) == 11


def test_connections_and_websockets(site: Callable[..., Site]) -> None:
    asked, metrics = served(site)
    metrics.watch_server(asked.server.server)
    with asked.connect() as one, asked.connect() as other:
        one.ask("GET /")
        other.send("GET /echo", *HANDSHAKE)
        assert other.receive().status == 101
        asked.settle()
        text = asked.server.call(metrics.scrape)[1]
    found = figures(text)
    assert found["http_server_connections"] == 2.0
    assert found["http_server_upgraded_connections"] == 1.0
    assert found["http_server_requests_in_progress"] == 0.0
    assert of(text, REQUESTS)["('GET', '/echo', '101')"] == 1.0


def test_requests_in_progress(site: Callable[..., Site]) -> None:
    begun, release = threading.Event(), threading.Event()

    class Slow(RequestHandler):
        async def get(self) -> None:
            begun.set()
            await asyncio.to_thread(release.wait)

    asked, metrics = served(site, ("/slow", Slow))
    metrics.watch_server(asked.server.server)
    with asked.connect() as connection:
        connection.send("GET /slow")
        begun.wait(10)
        text = asked.server.call(metrics.scrape)[1]
        release.set()
        connection.receive()
    assert figures(text)["http_server_requests_in_progress"] == 1.0


def test_refusals(serve: Callable[..., Any]) -> None:
    logged: list[Any] = []
    app = Application()
    metrics = Metrics(app, registry=CollectorRegistry())
    made: dict[str, Any] = {"refusal_log": logged.append}
    for prepare in app._life.preparing:
        prepare(made)
    server = serve(app, **made)
    assert b" 400 " in server.exchange(b"GET  / HTTP/1.1\r\n\r\n")
    assert b" 505 " in server.exchange(b"GET / HTTP/9.9\r\nHost: a\r\n\r\n")
    refusals = of(metrics.scrape()[1], "http_server_refusals_total")
    assert refusals == {"('400',)": 1.0, "('505',)": 1.0}
    assert len(logged) == 2


def test_caches(site: Callable[..., Site]) -> None:
    pages = Cached(seconds=60)
    asked, metrics = served(site, url("/cached", Zero, middleware=[pages]))
    metrics.watch_cache("pages", pages)
    for _ in range(3):
        asked.ask("GET /cached")
    asked.ask("POST /cached")
    found = of(metrics.scrape()[1], "response_cache_requests_total")
    assert found == {
        "('pages', 'hits')": 2.0,
        "('pages', 'stale')": 0.0,
        "('pages', 'misses')": 1.0,
        "('pages', 'passed')": 1.0,
    }
    with pytest.raises(TypeError, match="a cache is a Cached"):
        metrics.watch_cache("x", {})


def test_servers_of_the_application_are_known() -> None:
    app = Application()
    metrics = Metrics(app)
    server = app._new_server({})
    assert isinstance(server, HTTPServer)
    assert metrics._servers() == [server]
    assert server._parameters().refusal_log is not None


@on_jumping_clock
async def test_who_serves_is_looked_at_though_nobody_asks() -> None:
    app = Application()
    metrics = Metrics(app, registry=CollectorRegistry())
    app._new_server({})
    await asyncio.sleep(2)
    assert figures(metrics.scrape()[1])["event_loop_lag_seconds_count"] > 1


def test_several_applications_and_a_method_of_ones_own(site: Callable[..., Site]) -> None:
    asked, metrics = served(site)
    other = Mine([route("/{number:int}", User)])
    other.logged = []
    metrics.watch(other)
    metrics.watch(other)
    asked.application.add_handlers(".*", [Mount("/other", other)])
    asked.ask("GET /other/1")
    asked.ask("GET /")
    assert counted(metrics) == {
        "('GET', '/other/{number:int}', '200')": 1.0,
        "('GET', '/', '200')": 1.0,
    }
    assert other.logged == ["/1"]


def test_one_class_for_two_applications(site: Callable[..., Site]) -> None:
    first, metrics = served(site, ("/first/(.*)", User))
    second = site(("/second/(.*)", User))
    metrics.watch(second.application)
    for _ in range(2):
        first.ask("GET /first/1")
        second.ask("GET /second/1")
    assert counted(metrics) == {
        "('GET', '/first/(.*)', '200')": 2.0,
        "('GET', '/second/(.*)', '200')": 2.0,
    }


def test_one_application_in_two_places(site: Callable[..., Site]) -> None:
    inner = Application([("/(.*)", User)])
    asked, metrics = served(site, Mount("/a", inner), Mount("/b", inner))
    for path in ("/a/1", "/b/1", "/a/2"):
        asked.ask(f"GET {path}")
    assert counted(metrics) == {
        "('GET', '/a/(.*)', '200')": 2.0,
        "('GET', '/b/(.*)', '200')": 1.0,
    }


def test_rules_that_change(site: Callable[..., Site]) -> None:
    asked, metrics = served(site, ("/a/(.*)", User))
    asked.ask("GET /a/1")
    asked.application.add_handlers(".*", [("/b/(.*)", User)])
    asked.ask("GET /b/1")
    asked.ask("GET /a/1")
    assert counted(metrics) == {
        "('GET', '/a/(.*)', '200')": 2.0,
        "('GET', '/b/(.*)', '200')": 1.0,
    }


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"buckets": []}, "buckets are numbers"),
        ({"buckets": ["x"]}, "buckets are numbers"),
        ({"max_series": 0}, "max_series is at least 1"),
        ({"max_series": "x"}, "max_series is a whole number"),
        ({"token": ""}, "token is a text"),
        ({"token": "\xe4"}, "token is a text"),
    ],
)
def test_what_makes_no_sense(options: dict[str, Any], error: str) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(error)):
        Metrics(Application(), **options)
