"""Handlers that take too long."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.middleware.helpers import HANDSHAKE, RULES
from tests.running import timers
from tests.web.helpers import Site
from tornadolike.middleware import Timeout
from tornadolike.web import RequestHandler, reads_request_body, url

SOON = 0.02


class Waits(RequestHandler):
    """Waits for ever, before the head of its response or behind it."""

    ended: list[str]

    def initialize(self, ended: list[str]) -> None:
        self.ended = ended

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.finish({"error": status_code})

    async def get(self, when: str) -> None:
        try:
            if when == "behind":
                self.write("a")
                await self.flush()
            elif when == "finished":
                self.finish("whole")
            elif when == "detached":
                stream = self.detach()
                await asyncio.sleep(3 * SOON)
                await stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                stream.close()
                return
            await asyncio.sleep(3 * SOON if when in ("behind", "finished") else 3600)
            self.ended.append(f"{when} in time")
            if when == "behind":
                self.write("b")
        except asyncio.CancelledError:
            self.ended.append(f"{when} cancelled")
            if when == "stubborn":
                self.finish("all the same")
                return
            if when == "polite":
                self.finish("the author's own words")
            raise


class TimesOut(RequestHandler):
    async def get(self) -> None:
        async with asyncio.timeout(0):
            await asyncio.sleep(3600)


@reads_request_body
class Upload(RequestHandler):
    async def post(self) -> None:
        async for _ in self.request_body:
            pass


def waiting(site: Callable[..., Site], **arguments: Any) -> tuple[Site, list[str]]:
    ended: list[str] = []
    rules = [
        *RULES,
        url("/wait/(.*)", Waits, {"ended": ended}),
        ("/own", TimesOut),
        ("/upload", Upload),
    ]
    return site(*rules, middleware=[Timeout(SOON, **arguments)]), ended


def test_a_handler_is_cancelled_before_the_head(site: Callable[..., Site], expect_log: Any) -> None:
    asked, ended = waiting(site)
    with expect_log("tornadolike.general", "503 GET /wait/for.*not answered within 0.02 seconds"):
        answer = asked.ask("GET /wait/for")
    assert (answer.status, answer.json) == (503, {"error": 503})
    assert ended == ["for cancelled"]
    asked, _ = waiting(site, status=504)
    with expect_log("tornadolike.general", "504"), asked.connect() as connection:
        assert connection.ask("GET /wait/for").status == 504
        assert connection.ask("GET /").text == "plain"


def test_what_is_being_sent_is_not_cut(site: Callable[..., Site]) -> None:
    asked, ended = waiting(site)
    assert asked.ask("GET /wait/behind").text == "ab"
    assert asked.ask("GET /wait/finished").text == "whole"
    assert asked.ask("GET /wait/detached").text == "ok"
    for path in ("/", "/streamed", "/failing"):
        assert asked.ask(f"GET {path}").status in (200, 418)
    while len(ended) < 2:
        asked.settle()
    assert ended == ["behind in time", "finished in time"]


def test_the_whole_response_by_choice(site: Callable[..., Site], expect_log: Any) -> None:
    asked, ended = waiting(site, whole_response=True)
    with (
        expect_log("tornadolike.general", "GET /wait/behind.*cut off after 0.02 seconds", count=1),
        asked.connect() as connection,
    ):
        connection.send("GET /wait/behind")
        received = b""
        while data := connection.sock.recv(65536):
            received += data
        assert received.endswith(b"\r\n\r\n1\r\na\r\n")
    assert ended == ["behind cancelled"]
    assert asked.ask("GET /wait/finished").text == "whole"
    while len(ended) < 2:
        asked.settle()
    assert ended[1] == "finished in time"


def test_a_handler_that_answers_all_the_same(site: Callable[..., Site]) -> None:
    asked, ended = waiting(site)
    assert asked.ask("GET /wait/stubborn").text == "all the same"
    assert ended == ["stubborn cancelled"]


def test_a_handler_that_answers_when_it_is_cancelled(
    site: Callable[..., Site], caplog: pytest.LogCaptureFixture
) -> None:
    asked, _ = waiting(site)
    assert asked.ask("GET /wait/polite").text == "the author's own words"
    assert not caplog.records


def test_nothing_waits_for_the_end_of_a_handler_that_was_in_time(site: Callable[..., Site]) -> None:
    asked = site(*RULES, middleware=[Timeout(3600)])
    asked.ask("GET /")  # the server has timers of its own from now on
    before = asked.server.call(timers)
    with asked.connect() as connection:
        for path in ("/", "/streamed", "/failing") * 5:
            connection.ask(f"GET {path}")
    assert asked.server.call(timers) < before + 5


def test_a_handlers_own_time_out_is_its_own(site: Callable[..., Site], expect_log: Any) -> None:
    asked, _ = waiting(site)
    with expect_log("tornadolike.application", "Uncaught exception GET /own"):
        assert asked.ask("GET /own").status == 500


def test_a_body_that_is_taken_as_it_comes(site: Callable[..., Site], expect_log: Any) -> None:
    asked, _ = waiting(site)
    with expect_log("tornadolike.general", "503 POST /upload"), asked.connect() as connection:
        connection.sock.sendall(b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n123")
        assert connection.receive("POST").status == 503
        assert connection.sock.recv(1) == b""


def test_a_websocket_stays_open(site: Callable[..., Site]) -> None:
    asked, _ = waiting(site)
    with asked.connect() as connection:
        connection.send("GET /echo", *HANDSHAKE)
        assert connection.receive().status == 101
        asked.server.call(asyncio.sleep, 2 * SOON)
        connection.sock.sendall(bytes.fromhex("8182 00000000") + b"hi")
        assert connection.sock.recv(100) == b"\x81\x02hi"


def test_a_client_that_leaves(site: Callable[..., Site]) -> None:
    asked, ended = waiting(site)
    with asked.connect() as connection:
        connection.send("GET /wait/for")
    while not asked.finished:
        asked.settle()
    assert asked.finished[0].get_status() in (499, 503)
    assert ended == ["for cancelled"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"seconds": 0}, "a time-out is a number of seconds"),
        ({"seconds": -1}, "a time-out is a number of seconds"),
        ({"seconds": float("inf")}, "a time-out is a number of seconds"),
        ({"seconds": 1, "status": 200}, "the status of a time-out"),
    ],
)
def test_what_is_no_time(arguments: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Timeout(**arguments)


def test_what_is_no_number() -> None:
    wrong: Any = "5"
    with pytest.raises(TypeError, match="seconds is a number, not '5'"):
        Timeout(wrong)
    with pytest.raises(TypeError, match="status is a whole number"):
        Timeout(1, status=wrong)
