"""Guessing passwords on the blog: from one address, and from many."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest

from demos.blog import accounts
from demos.blog.app import HERE, make_app
from demos.blog.pictures import Pictures
from tornadolike import locale
from tornadolike.auth import LoginThrottle
from tornadolike.locale.shelf import loaded
from tornadolike.stores import MemoryStore, windows

from .blog_visitors import FORM, PASSWORD, SECRET, Browser, signed_up

pytestmark = pytest.mark.once

DAYS = itertools.count(1000)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock of limits that stands, where windows begin: between two requests none ends.

    For each test it is a day of its own, as the blog's limits are of the whole process.
    """
    now = SimpleNamespace(seconds=next(DAYS) * 86400)
    stand = SimpleNamespace(time_ns=lambda: now.seconds * 10**9)
    monkeypatch.setattr(windows, "time", stand)
    return now


@pytest.fixture
def languages() -> Iterator[None]:
    """The blog's, for the test's own process."""
    locale.load_gettext_translations(str(HERE / "locale"), "blog")
    yield
    loaded.__init__()  # type: ignore[misc]


@pytest.fixture
def port(
    serve: Callable[..., Any], blog_store: Any, tmp_path: Path, languages: None
) -> Iterator[int]:
    """Where a blog is that believes whoever says which address they have."""
    app = make_app(blog_store, Pictures(tmp_path), MemoryStore(), SECRET)
    server = serve(app, xheaders=True)
    yield server.port
    server.stop()


def tries(browser: Browser, name: str, password: str, address: str, path: str = "/signin") -> int:
    """Somebody asks to be let in."""
    fields = {"_xsrf": browser.token, "name": name, "password": password}
    headers = {"X-Forwarded-For": address}
    return browser.ask("POST", path, urlencode(fields).encode(), FORM, **headers).status


def stranger(port: int) -> Browser:
    """A browser with the form before it."""
    browser = Browser(port, "de")
    browser.get("/signin")
    return browser


def test_who_knocks_too_often_has_to_wait(
    port: int, clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "THROTTLE", LoginThrottle(address=["3/minute"]))
    guesser = stranger(port)
    answers = [tries(guesser, f"Name {n}", "x", "192.0.2.1") for n in range(4)]
    assert answers == [400, 400, 400, 429]
    assert tries(guesser, "Name 5", "x", "192.0.2.2") == 400
    clock.seconds += 60
    assert tries(guesser, "Name 4", "x", "192.0.2.1") == 400


def test_who_is_too_fast_is_told_so(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "THROTTLE", LoginThrottle(address=["1/minute"]))
    guesser = stranger(port)
    guesser.post("/signin", name="Ann", password="x")
    answer = guesser.post("/signin", name="Ann", password=PASSWORD)
    assert (answer.status, "Das war zu oft." in answer.page) == (429, True)
    assert answer.headers["Retry-After"] == "60"
    assert guesser.get("/signin").status == 200
    assert guesser.post("/signout").status == 303


def test_nobody_makes_users_without_end(port: int, clock: SimpleNamespace) -> None:
    crowd = stranger(port)
    for _ in range(30):
        assert tries(crowd, "Name", "short", "192.0.2.3", "/signup") == 400
    assert tries(crowd, "Name", PASSWORD, "192.0.2.3", "/signup") == 429
    clock.seconds += 600
    assert tries(crowd, "Name", "short", "192.0.2.3", "/signup") == 400


def test_a_password_is_tried_so_often_from_however_many_addresses(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But its user gets in where they have been before."""
    monkeypatch.setattr(accounts, "THROTTLE", LoginThrottle(account=["2/hour"]))
    ann = signed_up(port, "Ann")
    ann.get("/signin")
    assert tries(ann, "Ann", PASSWORD, "192.0.2.100") == 303
    other = stranger(port)
    statuses = [
        tries(other, name, password, f"192.0.2.{number}")
        for number, (name, password) in enumerate(
            [
                ("ann", "wrong horse"),
                ("ANN", "wrong horse"),
                (" Ann ", "wrong horse"),
                ("Ann", PASSWORD),
                ("Bob", PASSWORD),
            ]
        )
    ]
    assert statuses == [400, 400, 429, 429, 400]
    assert "Sign out" in ann.get("/").page  # who is in stays in
    ann.get("/signin")
    assert tries(ann, "Ann", PASSWORD, "192.0.2.101") == 303
