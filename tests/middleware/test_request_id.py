"""Names of requests, in the response and in the log."""

import asyncio
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.middleware.helpers import RULES
from tests.web.helpers import Site
from tornadolike.httputil import TrustedProxies
from tornadolike.log import access_log, app_log
from tornadolike.middleware import RequestID, RequestIDFilter, request_id
from tornadolike.web import RequestHandler

NAME = "X-Request-ID"


class Told(RequestHandler):
    """Says the name where it has been, and writes a line into the log."""

    async def get(self) -> None:
        before = request_id.get()
        later = asyncio.create_task(self.later())
        await asyncio.sleep(0)
        app_log.warning("at work")
        self.write({"names": [before, request_id.get(), await later]})

    async def later(self) -> str | None:
        return request_id.get()


def test_each_request_has_a_name(site: Callable[..., Site]) -> None:
    asked = site(*RULES, ("/told", Told), middleware=[RequestID()])
    names = [asked.ask(f"GET {path}").header(NAME) for path in ("/", "/streamed", "/failing", "/x")]
    with asked.connect() as connection:
        names += [connection.ask("GET /").header(NAME) for _ in range(3)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[0-9a-f]{32}", str(name)) for name in names)


def test_the_name_is_known_everywhere(site: Callable[..., Site]) -> None:
    records: list[logging.LogRecord] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    kept = Kept()
    kept.addFilter(RequestIDFilter())
    app_log.addHandler(kept)
    try:
        answer = site(("/told", Told), middleware=[RequestID()]).ask("GET /told")
        app_log.warning("outside")
    finally:
        app_log.removeHandler(kept)
    name = answer.header(NAME)
    assert answer.json["names"] == [name] * 3
    told: list[Any] = [vars(record)["request_id"] for record in records]
    assert told == [name, "-"]


def test_the_access_log_has_it(site: Callable[..., Site]) -> None:
    told: list[str | None] = []

    async def slow(handler: RequestHandler, call_next: Any) -> None:
        @handler.before_head
        async def save(handler: RequestHandler) -> None:
            await asyncio.sleep(0)

        await call_next(handler)

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(vars(record)["request_id"])

    kept = Kept()
    kept.addFilter(RequestIDFilter())
    access_log.addHandler(kept)
    try:
        for middleware in ([RequestID()], [RequestID(), slow]):
            asked = site(*RULES, middleware=middleware, log_function=None)
            for path in ("/failing", "/nowhere"):
                name = asked.ask(f"GET {path}").header(NAME)
                asked.settle()
                assert told.pop() == name
    finally:
        access_log.removeHandler(kept)


GOOD = [
    "abc",
    "0",
    "a" * 128,
    "3f2b1c9e-1111-4222-8333-944445555566",
    "Root=1-67891233:a/b+c@d_e.f",
]
BAD = ["", "a" * 129, "a b", "a,b", "-a", "a;b", "<b>", "a\x7f", "\xe4", '"a"', "${jndi}"]


def test_a_clients_name(site: Callable[..., Site]) -> None:
    asked = site(*RULES, middleware=[RequestID(accept=True)])
    for name in GOOD:
        assert asked.ask("GET /", f"{NAME}: {name}").header(NAME) == name
    with asked.connect() as connection:
        for name in BAD:
            if "\x7f" not in name:  # which no head can have
                taken = connection.ask("GET /", f"{NAME}: {name}").header(NAME)
                assert re.fullmatch("[0-9a-f]{32}", str(taken)), name
        taken = connection.ask("GET /", f"{NAME}: a", f"{NAME}: b").header(NAME)
        assert re.fullmatch("[0-9a-f]{32}", str(taken))


def test_whose_names_are_taken(site: Callable[..., Site]) -> None:
    sent = (f"{NAME}: theirs", "X-Forwarded-For: 10.1.2.3")
    trust = {"trust": TrustedProxies("127.0.0.1", headers="X-Forwarded-For")}
    for accept, taken in (
        (False, False),
        (True, True),
        ("127.0.0.0/8", True),  # it is the proxy who has connected
        (["10.0.0.0/8", "unix"], False),
    ):
        asked = site(*RULES, middleware=[RequestID(accept=accept)], server=trust)
        assert (asked.ask("GET /", *sent).header(NAME) == "theirs") == taken, accept


def test_another_header_and_names_of_ones_own(site: Callable[..., Site]) -> None:
    names = iter(["first", "second"])
    asked = site(*RULES, middleware=[RequestID("X-Trace", make=lambda: next(names))])
    assert [asked.ask("GET /").header("X-Trace") for _ in range(2)] == ["first", "second"]


def test_what_is_no_header_and_no_network() -> None:
    with pytest.raises(ValueError, match="Unsafe header name"):
        RequestID("X Y")
    with pytest.raises(ValueError, match="is no network"):
        RequestID(accept="proxy")
    with pytest.raises(TypeError, match="make is a function"):
        RequestID(make="name")  # type: ignore[arg-type]
