"""What is said of requests that take long, while they do and afterwards."""

import asyncio
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.web.conftest import site  # noqa: F401 (a fixture)
from tests.web.helpers import Connection, Site
from tornadolike.middleware import RequestID
from tornadolike.slowness import SlowRequests
from tornadolike.web import RequestHandler, reads_request_body

SHORT = 0.05


class Waiting(RequestHandler):
    """Waits until the test lets it go on."""

    go_on: asyncio.Event

    async def get(self, *path: str) -> None:
        await self.look_up()
        self.set_status(202)

    async def look_up(self) -> None:
        await type(self).go_on.wait()


class Streaming(Waiting):
    async def get(self, *path: str) -> None:
        self.write("begins")
        await self.flush()
        await self.look_up()


@reads_request_body
class Uploading(Waiting):
    async def post(self) -> None:
        await self.request_body.read()


Watched = Callable[..., Site]


@pytest.fixture
def watched(site: Callable[..., Site]) -> Iterator[Watched]:  # noqa: F811
    """``watched(SlowRequests(...))``: a site whose requests are watched."""
    ends = []

    def start(slow: SlowRequests, **settings: Any) -> Site:
        served = site(
            (r"/waits/(\d+)", Waiting),
            ("/streams", Streaming),
            ("/uploads", Uploading),
            **settings,
        )
        app = served.application
        app.lifetime(slow)

        async def begin() -> None:
            Waiting.go_on = asyncio.Event()
            app._life.servers.add(served.server.server)
            await app.start()

        async def end() -> None:
            Waiting.go_on.set()
            app._life.servers.clear()  # whose end is the fixture's
            await app.stop()

        served.server.call(begin)
        ends.append((served, end))
        return served

    yield start
    for served, end in ends:
        served.server.call(end)


def wait_for(served: Site, said: Callable[[], list[str]], count: int) -> list[str]:
    """The lines, when there are so many: a while is as long as it takes."""

    async def wait() -> None:
        async with asyncio.timeout(20):
            while len(said()) < count:
                await asyncio.sleep(0.01)

    served.server.call(wait)
    return said()


def looked(served: Site, times: int = 4) -> None:
    """Wait until it must have been looked so often."""

    async def wait() -> None:
        await asyncio.sleep(SHORT / 2 * (times + 1))

    served.server.call(wait)


def test_a_request_that_waits(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    served = watched(SlowRequests(SHORT), middleware=[RequestID()])
    with served.connect() as connection:
        connection.send("GET /waits/1?a=b")
        (first,) = wait_for(served, lambda: caplog.messages, 1)
        looked(served)
        assert len(caplog.messages) == 1  # it is said once
        served.server.call(Waiting.go_on.set)
        name = connection.receive().header("X-Request-ID")
    _, second = wait_for(served, lambda: caplog.messages, 2)
    begin = rf"Slow: GET /waits/1\?a=b \(127\.0\.0\.1\), route /waits/\(\\d\+\), request_id {name} "
    assert re.match(rf"{begin}has been at work for \d\.\d\d s, and waits here:\n  File ", first)
    assert "in look_up\n    await type(self).go_on.wait()" in first
    assert re.fullmatch(rf"{begin}was answered by 202 after \d\.\d\d s", second)
    for record in caplog.records:
        assert (record.route, record.request_id) == (r"/waits/(\d+)", name)  # type: ignore[attr-defined]


def test_what_is_left_out(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    served = watched(SlowRequests(SHORT))
    streaming, uploading = served.connect(), served.connect()
    with streaming, uploading:
        streaming.send("GET /streams")
        uploading.sock.sendall(b"POST /uploads HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12")
        looked(served, 6)
        uploading.sock.sendall(b"345")
        assert uploading.receive().status == 200
        served.server.call(Waiting.go_on.set)
        assert streaming.receive().text == "begins"
    assert caplog.messages == []


def test_one_that_is_cancelled(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    served = watched(SlowRequests(SHORT), cancel_on_disconnect=True)
    with served.connect() as connection:
        connection.send("GET /waits/1")
        wait_for(served, lambda: caplog.messages, 1)
    assert "was cancelled after" in wait_for(served, lambda: caplog.messages, 2)[1]


def test_when_all_are_stuck(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    served = watched(SlowRequests(SHORT, most=2))
    connections = [served.connect() for _ in range(5)]
    for number, connection in enumerate(connections):
        connection.send(f"GET /waits/{number}")

    def counted() -> int:
        """How many have been told of, by themselves or as a number."""
        more = [re.match(r"Slow: (\d) more requests", message) for message in caplog.messages]
        single = [message for message in caplog.messages if "has been at work" in message]
        return len(single) + sum(int(match[1]) for match in more if match)

    wait_for(served, lambda: [""] * counted(), 5)
    looked(served)
    assert counted() == 5
    assert len([message for message in caplog.messages if "more requests" in message]) >= 1
    served.server.call(Waiting.go_on.set)
    for connection in connections:
        answered(connection)


def answered(connection: Connection) -> None:
    with connection:
        assert connection.receive().status == 202


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_what_is_no_time(seconds: float) -> None:
    with pytest.raises(ValueError, match=r"seconds is 0\.01 to 86400"):
        SlowRequests(seconds)


def test_what_is_no_number() -> None:
    with pytest.raises(ValueError, match="most is 1 or more"):
        SlowRequests(most=0)
