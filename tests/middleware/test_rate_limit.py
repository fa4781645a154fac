"""How often a client may ask."""

import asyncio
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.middleware.helpers import HANDSHAKE, RULES, Plain
from tests.stores.servers import running
from tests.web.helpers import Site
from tornadolike.httputil import TrustedProxies
from tornadolike.middleware import Limit, RateLimit
from tornadolike.stores import MemoryStore, RedisStore, SQLiteStore, Store, StoreError, windows
from tornadolike.web import HTTPError, RequestHandler, url

Clock = SimpleNamespace


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands at the beginning of a minute until it is set."""
    now = SimpleNamespace(seconds=6000.0)
    monkeypatch.setattr(windows, "time", SimpleNamespace(time_ns=lambda: int(now.seconds * 10**9)))
    return now


class Down(MemoryStore):
    """A store that fails when it is told to."""

    down = True

    async def count(self, key: str, seconds: float, by: int = 1) -> tuple[int, float]:
        if self.down:
            raise StoreError("nobody is there: start it")
        return await super().count(key, seconds, by)

    async def delete(self, key: str) -> bool:
        if self.down:
            raise StoreError("nobody is there: start it")
        return await super().delete(key)


def test_who_asks_too_often_is_refused(site: Callable[..., Site], clock: Clock) -> None:
    asked = site(*RULES, middleware=[RateLimit("3/minute")])
    with asked.connect() as connection:
        for left, path in ((2, "/"), (1, "/failing"), (0, "/streamed")):
            answer = connection.ask(f"GET {path}")
            assert answer.status in (200, 418)
            assert answer.header("RateLimit-Policy") == '"3/60s";q=3;w=60'
            assert answer.header("RateLimit") == f'"3/60s";r={left};t=60'
            assert answer.header("Retry-After") is None
        for _ in range(5):
            answer = connection.ask("GET /")
            assert (answer.status, answer.header("Retry-After")) == (429, "60")
            assert "try again in 60 seconds" in answer.text
            assert answer.header("RateLimit") == '"3/60s";r=0;t=60'
        clock.seconds += 59
        assert connection.ask("GET /").status == 429
        clock.seconds += 1
        assert connection.ask("GET /").status == 200


def test_all_of_several_limits_hold(site: Callable[..., Site], clock: Clock) -> None:
    asked = site(*RULES, middleware=[RateLimit("2/second", Limit(3, 60))])
    with asked.connect() as connection:

        def ask() -> tuple[int, str | None, str | None]:
            answer = connection.ask("GET /")
            return answer.status, answer.header("RateLimit"), answer.header("Retry-After")

        assert ask() == (200, '"2/1s";r=1;t=1, "3/60s";r=2;t=60', None)
        assert ask()[0] == 200
        for _ in range(3):  # which the minute does not count
            assert ask() == (429, '"2/1s";r=0;t=1', "1")
        clock.seconds += 2
        assert ask() == (200, '"2/1s";r=1;t=1, "3/60s";r=0;t=58', None)
        for _ in range(3):  # which the second does not count
            assert ask() == (429, '"2/1s";r=0;t=1, "3/60s";r=0;t=58', "58")


FORGED = [
    "X-Forwarded-For: 198.51.100.{}",
    "X-Real-Ip: 198.51.100.{}",
    "Forwarded: for=198.51.100.{}",
    "Client-IP: 198.51.100.{}",
    "True-Client-IP: 198.51.100.{}",
    "CF-Connecting-IP: 198.51.100.{}",
]


def test_headers_cannot_forge_an_address(site: Callable[..., Site]) -> None:
    asked = site(*RULES, middleware=[RateLimit("2/minute")])
    statuses = [
        asked.ask("GET /", *(line.format(number) for line in FORGED)).status for number in range(4)
    ]
    assert statuses == [200, 200, 429, 429]


def test_a_trusted_proxy_tells_the_address_and_its_client_does_not(
    site: Callable[..., Site],
) -> None:
    trust = TrustedProxies("127.0.0.1", headers="X-Forwarded-For")
    asked = site(*RULES, middleware=[RateLimit("2/minute")], server={"trust": trust})

    def ask(forwarded: str) -> int:
        return asked.ask("GET /", f"X-Forwarded-For: {forwarded}").status

    # The last entry is the proxy's, those before it are its client's.
    assert [ask(f"198.51.100.{number}, 203.0.113.9") for number in range(4)] == [200, 200, 429, 429]
    assert ask("203.0.113.8") == 200
    # One machine has a whole network of addresses.
    assert [ask(f"2001:db8::{number}") for number in range(4)] == [200, 200, 429, 429]
    assert ask("2001:db8:0:1::1") == 200


def test_head_is_no_way_around_get(site: Callable[..., Site]) -> None:
    asked = site(*RULES, middleware=[RateLimit("2/minute", methods=["GET"])])
    statuses = [asked.ask(f"{method} /").status for method in ("HEAD", "GET", "HEAD", "GET")]
    assert statuses == [200, 200, 429, 429]
    assert asked.ask("OPTIONS /").status == 200


def test_keys_and_methods(site: Callable[..., Site]) -> None:
    def user(handler: RequestHandler) -> str | None:
        name: str | None = handler.get_argument("user", None)
        return "\ud800" if name == "half" else name

    limit = RateLimit(
        "1/minute",
        key=user,
        methods=["post"],
    )
    asked = site(*RULES, middleware=[limit])
    long = "x" * 5000
    for name in ("a", "\u00fc", "", "half", long):
        path = f"POST /?user={name if name.isascii() else '%C3%BC'}"
        assert [asked.ask(path, body=b"").status for _ in range(2)] == [200, 429], name[:10]
    assert [asked.ask("POST /", body=b"").status for _ in range(3)] == [200] * 3  # None
    assert asked.ask("GET /?user=a").header("RateLimit") is None


def test_a_key_that_is_none(site: Callable[..., Site], expect_log: Any) -> None:
    wrong: Any = lambda handler: 7  # noqa: E731 - it is to have no name
    with expect_log("tornadolike.application", "Uncaught"):
        asked = site(*RULES, middleware=[RateLimit("1/minute", key=wrong)])
        assert asked.ask("GET /").status == 500

    def missing(handler: RequestHandler) -> str:
        return handler.get_argument("user")

    asked = site(*RULES, middleware=[RateLimit("1/minute", key=missing)])
    assert asked.ask("GET /").status == 400


def test_rules_have_limits_of_their_own(site: Callable[..., Site]) -> None:
    rule = url("/login", Plain, middleware=[RateLimit("1/hour", name="logins")])
    asked = site(*RULES, rule, middleware=[RateLimit("100/minute")])
    answer = asked.ask("GET /login")
    assert sorted(answer.headers.get_all("RateLimit") or []) == [
        '"1/3600s";r=0;t=1200',
        '"100/60s";r=99;t=60',
    ]
    assert asked.ask("GET /login").status == 429
    assert asked.ask("GET /").status == 200


def test_handlers_count_themselves(site: Callable[..., Site]) -> None:
    """Only logins that fail count, until one is right."""
    tries = RateLimit("2/hour", name="logins")

    class Login(RequestHandler):
        async def post(self) -> None:
            name, password = self.get_argument("name"), self.get_argument("password")
            if password != "right":
                await tries.check(self, name)
                raise HTTPError(403)
            await tries.forget(name)

    asked = site(("/", Login))

    def login(name: str, password: str) -> int:
        return asked.ask(f"POST /?name={name}&password={password}", body=b"").status

    assert [login("a", "wrong") for _ in range(3)] == [403, 403, 429]
    assert login("b", "wrong") == 403
    assert login("a", "right") == 200
    assert [login("a", "wrong") for _ in range(3)] == [403, 403, 429]


def test_what_is_no_request(expect_log: Any) -> None:
    async def main() -> None:
        limit = RateLimit("2/minute")
        assert [await limit.allows("a") for _ in range(3)] == [True, True, False]
        assert await limit.allows("b")
        with expect_log("tornadolike.general", "RateLimit cannot count"):
            assert await RateLimit("2/minute", store=Down()).allows("a")
            strict = RateLimit("2/minute", store=Down(), refuse_without_store=True)
            assert not await strict.allows("a")

    asyncio.run(main())


def test_several_count_together(site: Callable[..., Site]) -> None:
    store = MemoryStore()
    one = site(*RULES, middleware=[RateLimit("2/minute", store=store)])
    other = site(*RULES, middleware=[RateLimit("2/minute", store=store)])
    third = site(*RULES, middleware=[RateLimit("2/minute", store=store, name="third")])
    assert [asked.ask("GET /").status for asked in (one, other, one, other)] == [200, 200, 429, 429]
    assert third.ask("GET /").status == 200
    assert all("127.0.0.1" not in key for key in store._entries)


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_several_processes_count_together(
    site: Callable[..., Site], tmp_path: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    """As far as a process can tell that has two stores of the same place."""
    prefix = f"tornadolike-{uuid.uuid4()}:"
    url = request.getfixturevalue("redis_url") if kind == "redis" else ""
    stores: list[Store] = [
        RedisStore(url, prefix=prefix) if url else SQLiteStore(tmp_path / "limits")
        for _ in range(2)
    ]
    sites = [site(*RULES, middleware=[RateLimit("3/hour", store=store)]) for store in stores]
    try:
        statuses = [sites[number % 2].ask("GET /").status for number in range(6)]
        assert statuses == [200] * 3 + [429] * 3
    finally:
        for asked, store in zip(sites, stores, strict=True):
            asked.server.call(store.close)


@pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed")
def test_a_server_that_goes_and_comes_back(
    site: Callable[..., Site], tmp_path: Path, expect_log: Any
) -> None:
    store = RedisStore(f"unix://{tmp_path / 'redis.sock'}")
    asked = site(*RULES, middleware=[RateLimit("2/hour", store=store)])
    with expect_log("tornadolike.general", "RateLimit cannot count", count=1):
        with running(tmp_path):
            assert [asked.ask("GET /").status for _ in range(3)] == [200, 200, 429]
        assert [asked.ask("GET /").status for _ in range(3)] == [200] * 3
        with running(tmp_path):
            assert [asked.ask("GET /").status for _ in range(3)] == [200, 200, 429]
            asked.server.call(store.close)


def test_a_store_that_is_down(site: Callable[..., Site], expect_log: Any) -> None:
    store = Down()
    limit = RateLimit("1/minute", store=store)
    asked = site(*RULES, middleware=[limit])
    message = "RateLimit cannot count: nobody is there: start it"
    with expect_log("tornadolike.general", message, count=1):
        assert [asked.ask("GET /").status for _ in range(4)] == [200] * 4
        asked.server.call(limit.forget, "x")
    assert asked.ask("GET /").header("RateLimit") is None
    store.down = False
    assert [asked.ask("GET /").status for _ in range(2)] == [200, 429]
    store.down = True
    with expect_log("tornadolike.general", message):
        strict = RateLimit("1/minute", store=store, refuse_without_store=True)
        asked = site(*RULES, middleware=[strict])
        assert asked.ask("GET /").status == 503


def test_what_is_counted_has_a_bound(site: Callable[..., Site]) -> None:
    store = MemoryStore(max_entries=10)
    limit = RateLimit("5/minute", store=store, key=lambda handler: handler.get_argument("user"))
    asked = site(*RULES, middleware=[limit])
    with asked.connect() as connection:
        for number in range(50):
            assert connection.ask(f"GET /?user={number}").status == 200
    assert len(store) <= 10


def test_websockets_are_counted_at_their_beginning(site: Callable[..., Site]) -> None:
    asked = site(*RULES, middleware=[RateLimit("1/minute")])
    for status in (101, 429):
        with asked.connect() as connection:
            connection.send("GET /echo", *HANDSHAKE)
            assert connection.receive().status == status


def test_the_store_ends_with_the_application() -> None:
    class Closed(MemoryStore):
        times = 0

        async def close(self) -> None:
            self.times += 1

    async def main() -> None:
        store = Closed()
        async with RateLimit("1/minute", store=store).lifetime(None):
            assert store.times == 0
        assert store.times == 1

    asyncio.run(main())


def test_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match=r"RateLimit has a limit: RateLimit\('100/minute'\)"):
        RateLimit()
    with pytest.raises(TypeError, match=r"methods are a list, such as .*, not 'POST'"):
        RateLimit("1/minute", methods="POST")
    for methods, why in (([""], "no method of HTTP"), ([], "leave them out")):
        with pytest.raises(ValueError, match=why):
            RateLimit("1/minute", methods=methods)
    wrong: Any = "redis://"
    with pytest.raises(TypeError, match="store is a Store, such as MemoryStore"):
        RateLimit("1/minute", store=wrong)
    with pytest.raises(TypeError, match="key is a function"):
        RateLimit("1/minute", key=wrong)
    with pytest.raises(TypeError, match="seconds is a number"):
        Limit(1, wrong)
    with pytest.raises(ValueError, match="no method of HTTP"):
        RateLimit("1/minute", methods=["P OST"])
