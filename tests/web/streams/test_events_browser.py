"""Server-sent events as a browser's EventSource has them."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.web.going_away import PATIENCE
from tests.web.helpers import Site
from tornadolike.web import RequestHandler

pytest.importorskip("selenium", reason="drives a browser by selenium")
from tests.chromium import chromium

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.slow]

PAGE = """<!doctype html><title>events</title><script>
const told = [];
const source = new EventSource("/events");
source.onopen = () => told.push(["open"]);
source.onerror = () => told.push(["error", source.readyState]);
for (const name of ["message", "tick"])
    source.addEventListener(name, e => told.push([name, e.data, e.lastEventId]));
</script>"""


class Page(RequestHandler):
    def get(self) -> None:
        self.write(PAGE)


class Counting(RequestHandler):
    """Two events for each connection, which goes on behind the last id; and no more of them in the end."""

    asked: list[str | None]

    def initialize(self, asked: list[str | None]) -> None:
        self.asked = asked

    async def get(self) -> None:
        self.asked.append(self.last_event_id)
        first = int((self.last_event_id or "0").removeprefix("\u20ac"))
        if first >= 4:
            self.set_status(204)  # do not come back
            return
        async with self.event_stream(retry=30) as events:
            await events.send(f"line one\r\nline two \u20ac {first}", id=f"\u20ac{first + 1}")
            await events.send({"n": first}, event="tick", id=f"\u20ac{first + 2}")
            await events.send("nobody listens", event="other")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as driver:
        yield driver


def wait_for(browser: Any, condition: Callable[[list[Any]], bool]) -> list[Any]:
    end = time.monotonic() + PATIENCE
    while not condition(told := browser.execute_script("return told")):
        assert time.monotonic() < end, told
        time.sleep(0.02)
    return told


def test_an_event_source(site: Callable[..., Site], browser: Any) -> None:
    """It gets the events, comes back when told to with the id of the last, and stays away when told to."""
    asked: list[str | None] = []
    served = site(("/", Page), ("/events", Counting, {"asked": asked}))
    started = time.monotonic()
    browser.get(served.server.url)
    told = wait_for(browser, lambda told: told[-1:] == [["error", 2]])
    assert time.monotonic() - started < 6  # a browser of its own waits 3 s, each time
    browser.get("about:blank")
    assert asked == [None, "\u20ac2", "\u20ac4"]
    assert told == [
        ["open"],
        ["message", "line one\nline two \u20ac 0", "\u20ac1"],
        ["tick", '{"n": 0}', "\u20ac2"],
        ["error", 0],
        ["open"],
        ["message", "line one\nline two \u20ac 2", "\u20ac3"],
        ["tick", '{"n": 2}', "\u20ac4"],
        ["error", 0],
        ["error", 2],
    ]
