"""The status page of a supervisor, and what programs ask beside it."""

import dataclasses
import json
from collections.abc import Callable
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest

from tests.web.helpers import Answer, Connection
from tornadolike.workers import admin_page
from tornadolike.workers.admin import AdminSite, is_address
from tornadolike.workers.state import Status, WorkerState, WorkerStatus

NOW = 1_800_000_000.0

WORKER = WorkerStatus(
    number=1,
    pid=4711,
    generation=2,
    state=WorkerState.READY,
    started=NOW - 3725,
    requests=1000,
    connections=12,
    websockets=3,
    lag=0.004,
    memory=45_600_000,
    heard=NOW,
)

STATUS = Status(
    application="site:app",
    addresses=("http://127.0.0.1:8888", "unix:/run/site.sock"),
    version="0.1.0",
    pid=4700,
    started=NOW - 7200,
    generation=2,
    wanted=2,
    reloading=False,
    stopping=False,
    restarts=0,
    last_end="",
    workers=(WORKER, dataclasses.replace(WORKER, number=2, pid=4712, requests=234)),
)

STARTING = dataclasses.replace(WORKER, state=WorkerState.STARTING)
DRAINING = dataclasses.replace(WORKER, state=WorkerState.DRAINING)


@pytest.fixture(autouse=True)
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_page, "time", SimpleNamespace(time=lambda: NOW))


class Text(HTMLParser):
    """The words of a page, its titles and what it would load."""

    LOADS = ("src", "srcset", "data", "action")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data.split()

    @property
    def loaded(self) -> list[Any]:
        return [
            (tag, attributes)
            for tag, attributes in self.tags
            if tag in ("script", "link", "img", "iframe") or attributes.keys() & set(self.LOADS)
        ]


class Admin:
    """An admin site whose status the test sets."""

    def __init__(self, serve: Callable[..., Any], status: Status, **options: Any) -> None:
        self.status = status
        self.server = serve(AdminSite(lambda: self.status, **options))

    def ask(self, request: str, *fields: str, host: str = "") -> Answer:
        with Connection(self.server) as connection:
            if not host:
                return connection.ask(request, *fields)
            head = f"{request} HTTP/1.1\r\nHost: {host}\r\n\r\n"
            connection.sock.sendall(head.encode())
            return connection.receive()


@pytest.fixture
def admin(serve: Callable[..., Any]) -> Callable[..., Admin]:
    def start(status: Status = STATUS, **options: Any) -> Admin:
        return Admin(serve, status, **options)

    return start


def changed(**values: Any) -> Status:
    return dataclasses.replace(STATUS, **values)


def test_the_page(admin: Callable[..., Admin]) -> None:
    answer = admin().ask("GET /")
    assert answer.status == 200
    assert answer.header("Content-Type") == "text/html; charset=UTF-8"
    text = " ".join(Text(answer.text).words)
    for said in (
        *("site:app serving", "http://127.0.0.1:8888, unix:/run/site.sock"),
        *("2 of 2", "1234", "4711", "4712", "1:02:05", "4 ms", "45.6 MB", "2:00:00"),
    ):
        assert said in text, said
    assert "metrics" not in text
    assert "last end" not in text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"stopping": True}, "site:app stopping"),
        ({"reloading": True}, "site:app reloading"),
        ({"workers": (STARTING,)}, "site:app not ready"),
        ({"workers": ()}, "0 of 2"),
        ({"restarts": 3, "last_end": "worker 2 was killed by SIGKILL"}, "killed by SIGKILL"),
    ],
)
def test_what_else_the_page_says(
    admin: Callable[..., Admin], values: dict[str, Any], words: str
) -> None:
    assert words in " ".join(Text(admin(changed(**values)).ask("GET /").text).words)


def test_the_page_shows_what_is_wrong(admin: Callable[..., Admin]) -> None:
    late = dataclasses.replace(WORKER, lag=0.3)
    page = Text(admin(changed(workers=(WORKER, late))).ask("GET /").text)
    assert [attributes for tag, attributes in page.tags if tag == "td"].count({"class": "bad"}) == 1


def test_nobody_gets_into_the_page(admin: Callable[..., Admin]) -> None:
    evil = "<script>alert(1)</script>\" onload='x'"
    status = changed(application=evil, addresses=(evil,), last_end=evil, restarts=1, version=evil)
    page = Text(admin(status).ask("GET /").text)
    assert not page.loaded
    assert not [attributes for _, attributes in page.tags if "onload" in attributes]
    assert page.words.count('<script>alert(1)</script>"') == 5


def test_the_page_needs_nothing_from_elsewhere(admin: Callable[..., Admin]) -> None:
    answer = admin().ask("GET /")
    page = Text(answer.text)
    assert not page.loaded
    (style,) = [attributes for tag, attributes in page.tags if tag == "style"]
    assert answer.header("Content-Security-Policy") == (
        f"default-src 'none'; style-src 'nonce-{style['nonce']}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert answer.header("Strict-Transport-Security") is None


def test_the_same_for_programs(admin: Callable[..., Admin]) -> None:
    site = admin(changed(workers=(WORKER, DRAINING)))
    answer = site.ask("GET /status.json")
    assert answer.json == json.loads(json.dumps(site.status.as_dict()))
    assert [worker["state"] for worker in answer.json["workers"]] == ["ready", "draining"]


@pytest.mark.parametrize(
    ("values", "status", "said"),
    [
        ({}, 200, "ok"),
        ({"workers": (DRAINING, WORKER)}, 200, "ok"),
        ({"reloading": True}, 200, "ok"),
        ({"workers": (STARTING, DRAINING)}, 503, "no worker is ready"),
        ({"workers": ()}, 503, "no worker is ready"),
        ({"stopping": True}, 503, "stopping"),
    ],
)
def test_ready(admin: Callable[..., Admin], values: dict[str, Any], status: int, said: str) -> None:
    site = admin(changed(**values))
    answer = site.ask("GET /ready")
    assert (answer.status, answer.json) == (status, {"status": said})
    answer = site.ask("GET /live")
    assert (answer.status, answer.json) == (200, {"status": "ok"})


def test_metrics(admin: Callable[..., Admin]) -> None:
    async def metrics() -> tuple[str, bytes]:
        return "text/plain; version=0.0.4; charset=utf-8", b"up 1\n"

    site = admin(metrics=metrics)
    answer = site.ask("GET /metrics")
    assert answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.body == b"up 1\n"
    assert "metrics" in Text(site.ask("GET /").text).words


def test_without_metrics(admin: Callable[..., Admin]) -> None:
    assert admin().ask("GET /metrics").status == 404


@pytest.mark.parametrize("path", ["/", "/status.json", "/live", "/ready"])
def test_what_all_answers_are(admin: Callable[..., Admin], path: str) -> None:
    site = admin()
    answer = site.ask(f"GET {path}")
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert site.ask(f"HEAD {path}").status == 200
    assert site.ask(f"POST {path}", "Content-Length: 0").status == 405


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:9000", 200),
        ("127.0.0.1", 200),
        ("10.1.2.3:9000", 200),
        ("[::1]:9000", 200),
        ("ops.example", 200),
        ("evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("[evil]", 400),
    ],
)
def test_which_hosts_may_be_asked_for(admin: Callable[..., Admin], host: str, status: int) -> None:
    """A page elsewhere may have its own name lead to this address, and read along in an operator's browser."""
    site = admin(hosts=["ops.example"])
    assert site.ask("GET /status.json", host=host).status == status
    if status == 400:
        assert b"4711" not in site.ask("GET /status.json", host=host).body


def test_what_is_an_address() -> None:
    assert is_address("127.0.0.1")
    assert is_address("[2001:db8::1]")
    for name in ("localhost", "127.1", "0x7f000001", "[::1", "", "[x]"):
        assert not is_address(name)


def test_who_asks_has_no_line_in_the_log(
    admin: Callable[..., Admin], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "tornadolike.access")
    admin().ask("GET /live")
    assert not caplog.records
