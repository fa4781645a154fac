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
from tornadolike.locale.shelf import loaded
from tornadolike.middleware import RateLimit
from tornadolike.stores import MemoryStore, windows

from .blog_visitors import FORM, PASSWORD, Browser, signed_up

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


@pytest.mark.usefixtures("languages")
def test_who_knocks_too_often_has_to_wait(
    serve: Callable[..., Any], blog_store: Any, tmp_path: Path, clock: SimpleNamespace
) -> None:
    server = serve(make_app(blog_store, Pictures(tmp_path), MemoryStore()))
    reader = Browser(server.port, "de")
    reader.get("/signin")
    for number in range(30):
        assert reader.post("/signin", name=f"Name {number}", password="x").status == 400
    body = urlencode({"_xsrf": reader.token, "name": "Ann", "password": PASSWORD}).encode()
    for path in ("/signin", "/signup"):
        forged = {"X-Forwarded-For": "192.0.2.7", "X-Real-IP": "192.0.2.7"}
        answer = reader.ask("POST", path, body, FORM, **forged)
        assert (answer.status, "Das war zu oft." in answer.page) == (429, True)
        assert answer.headers["Retry-After"] == "600"
    assert reader.get("/signin").status == 200
    assert reader.post("/signout").status == 303
    clock.seconds += 600
    assert reader.post("/signin", name="Ann", password="x").status == 400
    server.stop()


def test_a_password_is_tried_so_often_from_however_many_addresses(
    serve: Callable[..., Any], blog_store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "GUESSES", RateLimit("2/hour"))
    app = make_app(blog_store, Pictures(tmp_path), MemoryStore())
    server = serve(app, xheaders=True)
    ann = signed_up(server.port, "Ann")
    other = Browser(server.port)
    other.get("/signin")
    statuses = []
    for number, (name, password) in enumerate(
        [
            ("ann", "wrong horse"),
            ("Ann", PASSWORD),  # which is right: it is counted from the beginning
            ("ANN", "wrong horse"),
            (" Ann ", "wrong horse"),
            ("Ann", PASSWORD),
            ("Bob", PASSWORD),
        ]
    ):
        fields = {"_xsrf": other.token, "name": name, "password": password}
        forwarded = {"X-Forwarded-For": f"192.0.2.{number}"}
        answer = other.ask("POST", "/signin", urlencode(fields).encode(), FORM, **forwarded)
        statuses.append(answer.status)
    assert statuses == [400, 303, 400, 400, 429, 400]
    assert "Sign out" in ann.get("/").page  # who is in stays in
    server.stop()
