"""What answers those who ask whether a site is well."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

import tornadolike
from tests.web.helpers import Answer, Connection, Site
from tornadolike.health import Health
from tornadolike.httpclient import AsyncHTTPClient
from tornadolike.middleware import HTTPSRedirect, RateLimit, TrustedHosts
from tornadolike.stores import MemoryStore
from tornadolike.web import Application, Mount, RequestHandler

Serve = Callable[..., Site]


@pytest.fixture
def site(serve: Callable[..., Any]) -> Serve:
    def start(*rules: Any, **settings: Any) -> Site:
        return Site(serve, rules, {}, settings)

    return start


def refused() -> None:
    raise ConnectionRefusedError("refused by db.internal")


async def well() -> None:
    await asyncio.sleep(0)


def health_of(*functions: Any, **options: Any) -> Health:
    """With critical checks of the names of these functions."""
    health = Health(**options)
    for function in functions:
        health.check(function.__name__, function)
    return health


def test_a_site_that_is_well(site: Serve) -> None:
    asked = site(*health_of(well).rules())
    for path in ("/live", "/ready"):
        answer = asked.ask(f"GET {path}")
        assert (answer.status, answer.json) == (200, {"status": "ok"})
        assert answer.header("Cache-Control") == "no-store"
        assert answer.header("Content-Type") == "application/json; charset=UTF-8"


def test_a_check_that_fails(site: Serve, caplog: pytest.LogCaptureFixture) -> None:
    asked = site(*health_of(well, refused).rules())
    answer = asked.ask("GET /ready")
    assert (answer.status, answer.json) == (503, {"status": "failing"})
    assert answer.header("Cache-Control") == "no-store"
    assert asked.ask("GET /live").status == 200
    assert caplog.messages == [
        "The health check refused fails: ConnectionRefusedError: refused by db.internal"
    ]


def test_a_check_of_what_the_site_can_do_without(site: Serve) -> None:
    health = health_of(well)
    health.check("search", refused, critical=False)
    answer = site(*health.rules()).ask("GET /ready")
    assert (answer.status, answer.json) == (200, {"status": "degraded"})


def test_details(site: Serve) -> None:
    health = health_of(well, refused, details=True)
    told = site(*health.rules()).ask("GET /ready").json["checks"]
    assert told["well"]["status"] == "ok"
    assert told["refused"]["error"] == "ConnectionRefusedError: refused by db.internal"
    assert set(told["refused"]) == {"status", "critical", "seconds", "when", "error"}


def test_details_for_some(site: Serve) -> None:
    health = health_of(well, details=lambda request: request.headers.get("Secret") == "yes")
    asked = site(*health.rules())
    assert "checks" not in asked.ask("GET /ready").json
    assert "checks" in asked.ask("GET /ready", "Secret: yes").json


def test_other_paths_and_methods(site: Serve) -> None:
    asked = site(*health_of(well).rules(live="/healthz", ready="/readyz"))
    for path in ("/healthz", "/readyz"):
        answer = asked.ask(f"HEAD {path}")
        assert (answer.status, answer.body) == (200, b"")
        assert asked.ask(f"POST {path}", body=b"").status == 405
    assert asked.ask("GET /live").status == 404


def test_what_stands_around_the_site_is_not_for_them(site: Serve) -> None:
    """Probes come by an address, without TLS, often; and a redirect would pass for a yes."""
    around = [
        TrustedHosts(["example.com"]),
        HTTPSRedirect(),
        RateLimit("1/hour", store=MemoryStore()),
    ]
    asked = site(*health_of(well).rules(), ("/", RequestHandler), middleware=around)
    for _ in range(3):
        assert asked.ask("GET /live").status == 200
        assert asked.ask("GET /ready").status == 200
    assert asked.ask("GET /").status == 400


def test_in_a_site_within_a_site(site: Serve) -> None:
    inner = Application(health_of(well).rules())
    asked = site(Mount("/inner", inner), middleware=[TrustedHosts(["example.com"])])
    assert asked.ask("GET /inner/ready").json == {"status": "ok"}
    assert asked.ask("GET /inner/live").status == 200


@pytest.mark.parametrize("logged", [False, True])
def test_lines_in_the_log(site: Serve, caplog: pytest.LogCaptureFixture, logged: bool) -> None:
    caplog.set_level(logging.INFO, "tornadolike.access")
    asked = site(*health_of(well, logged=logged).rules())
    asked.ask("GET /live")
    asked.ask("GET /ready")
    said = [message.partition(" (")[0] for message in caplog.messages]
    assert said == (["200 GET /live", "200 GET /ready"] if logged else [])
    assert not asked.finished


def test_from_its_start_to_its_end() -> None:
    """It is not ready while it starts, nor while it stops, and alive all the time."""
    health = health_of(well)
    app = Application(health.rules())
    answers: list[tuple[str, int, Any]] = []

    async def ask(application: Application) -> None:
        # Kept alive: who stops listens no more.
        for path in ("live", "ready"):
            response = await client.fetch(f"http://127.0.0.1:{port}/{path}", raise_error=False)
            answers.append((path, response.code, json.loads(response.body)["status"]))

    @app.lifetime
    async def asking(app: Application) -> AsyncIterator[None]:
        nonlocal port
        (sock,) = app.listen(0, "127.0.0.1")._sockets.values()
        port = sock.getsockname()[1]
        await ask(app)
        yield

    app.on("application.started", ask)
    app.on("application.stopping", ask)

    async def main() -> None:
        nonlocal client
        client = AsyncHTTPClient(force_instance=True)
        async with app:
            pass
        client.close()

    client: Any = None
    port = 0
    tornadolike.run(main())
    assert answers == [
        *[("live", 200, "ok"), ("ready", 503, "starting")],
        *[("live", 200, "ok"), ("ready", 200, "ok")],
        *[("live", 200, "ok"), ("ready", 503, "stopping")],
    ]


def test_many_who_ask_are_one_for_the_check(site: Serve) -> None:
    called = 0
    go_on = asyncio.Event()

    async def slow() -> None:
        nonlocal called
        called += 1
        await go_on.wait()

    asked = site(*health_of(slow).rules())
    connections = [asked.connect() for _ in range(20)]
    for connection in connections:
        connection.send("GET /ready")
    while not called:
        asked.settle()
    asked.server.call(go_on.set)
    answers = [receive(connection) for connection in connections]
    assert [answer.status for answer in answers] == [200] * 20
    assert called == 1


def receive(connection: Connection) -> Answer:
    with connection:
        return connection.receive()
