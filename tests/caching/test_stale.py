"""Responses that are used behind their time."""

import threading
import time
from typing import Any

import pytest

from tests.caching.helpers import cached, counting, ways
from tests.caching.test_waiting import Gate, together
from tornadolike.web import reads_request_body


class Now:
    """A clock of our own in the place of :func:`time.time`, which stands until it is put forward."""

    def __init__(self, patch: Any) -> None:
        self._seconds = time.time()
        patch.setattr(time, "time", lambda: self._seconds)

    def add(self, seconds: float) -> None:
        self._seconds += seconds


@pytest.fixture
def now(monkeypatch: Any) -> Now:
    return Now(monkeypatch)


def test_stale_while_somebody_makes_a_new_one(site, now):
    renewed = threading.Semaphore(0)

    class Page(counting()):  # type: ignore[misc]
        def initialize(self, word: str) -> None:
            self.word = word

        def get(self) -> None:
            self.write(f"{self.word} {self.number}")

        def on_finish(self) -> None:
            renewed.release()

    pages = cached(stale_while_revalidate=100)
    seen = []

    async def watch(handler: Any, call_next: Any) -> None:
        handler.before_head(seen.append)
        await call_next(handler)

    site = site(("/", Page, {"word": "page"}), middleware=[watch, pages])
    assert ways(site, "GET /") == [("MISS", "page 1")]
    now.add(61)
    assert ways(site, "GET /") == [("STALE", "page 1")]
    for _ in range(3):  # the first one, who got the stale one, and who made the new one
        assert renewed.acquire(timeout=10)
    assert ways(site, "GET /") == [("HIT", "page 2")]
    assert len(site.finished) == len(seen) == 3  # the log has no line of who works for nobody
    now.add(200)
    assert ways(site, "GET /") == [("MISS", "page 3")]


def test_failing_to_make_a_new_one_costs_nobody_anything(site, now, expect_log):
    def get(self: Any) -> None:
        if self.number == 2:
            raise ValueError("no")
        self.write(str(self.number))

    pages = cached(stale_while_revalidate=100)
    site = site(("/", counting(get=get)), middleware=[pages])
    assert ways(site, "GET /") == [("MISS", "1")]
    now.add(61)
    with expect_log("tornadolike.application", "Uncaught", count=1):
        assert ways(site, "GET /") == [("STALE", "1")]
    assert ways(site, "GET /", "GET /") == [("STALE", "1"), ("HIT", "3")]
    assert len(pages._flights) == 0


def test_those_who_wait_for_a_failure_have_what_is_there(site, now, expect_log):
    gate = Gate()

    async def get(self: Any) -> None:
        if self.number > 1:
            await gate.wait()
            raise ValueError("no")
        self.write(str(self.number))

    pages = cached(stale_if_error=100)
    site = site(("/", counting(get=get)), middleware=[pages])
    assert ways(site, "GET /") == [("MISS", "1")]
    now.add(61)
    with expect_log("tornadolike.application", "Uncaught", count=1):
        assert {answer.text for answer in together(site, 5, gate.let_go)} == {"1"}
    assert (gate.inside, pages.counts.stale) == (1, 4)


def test_a_body_that_is_read_is_read_once(site, now):
    page = reads_request_body(counting())
    site = site(("/", page), middleware=[cached(stale_while_revalidate=100)])
    assert ways(site, "GET /") == [("MISS", "1")]
    now.add(61)
    assert ways(site, "GET /", "GET /") == [("MISS", "2"), ("HIT", "2")]


def test_stale_in_the_place_of_an_error(site, now, expect_log):
    def get(self: Any) -> None:
        if self.number == 2:
            raise ValueError("no")
        if self.number == 3:
            self.set_status(503)
        self.write(str(self.number))

    pages = cached(stale_if_error=100)
    site = site(("/", counting(get=get)), middleware=[pages])
    assert ways(site, "GET /") == [("MISS", "1")]
    now.add(61)
    with expect_log("tornadolike.application", "Uncaught", count=1):
        answer = site.ask("GET /")
    assert (answer.status, answer.text, answer.header("X-Cache")) == (200, "1", "STALE")
    assert answer.header("Age") == "61"
    assert ways(site, "GET /", "GET /", "GET /") == [("STALE", "1"), ("MISS", "4"), ("HIT", "4")]
