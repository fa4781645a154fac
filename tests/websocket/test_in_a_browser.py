"""WebSockets as Chromium has them: what is agreed, what arrives, and how it is told of the end."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tornadolike.web import Application, RequestHandler
from tornadolike.websocket import WebSocketHandler

pytest.importorskip("selenium", reason="drives a browser by selenium")
from tests.chromium import chromium

pytestmark = [pytest.mark.browser, pytest.mark.timeout(60), pytest.mark.slow]

LIMIT = 300_000
SIZES = [0, 1, 125, 126, 127, 1000, 65_535, 65_536, LIMIT]
OFFER = "permessage-deflate; client_max_window_bits"

# Each message is sent when the answer to the last is there, then all of them at once. The bytes of half of
# them are such that compression makes them larger, of the other half nearly nothing.
CONVERSE = """
const [sizes, done] = arguments;
const random = size => {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += 65536)
        crypto.getRandomValues(bytes.subarray(at, at + 65536));
    return bytes;
};
const messages = sizes.flatMap(size => [
    "x".repeat(size), "\u20ac".repeat(size / 3), random(size), new Uint8Array(size)]);
const same = (sent, got) => typeof sent == "string"
    ? sent === got
    : got instanceof ArrayBuffer && got.byteLength == sent.length
        && new Uint8Array(got).every((byte, at) => byte == sent[at]);
const socket = new WebSocket("ws://" + location.host + "/echo");
socket.binaryType = "arraybuffer";
let answers = 0, wrong = 0;
socket.onopen = () => socket.send(messages[0]);
socket.onmessage = event => {
    wrong += !same(messages[answers % messages.length], event.data);
    answers += 1;
    if (answers < messages.length) socket.send(messages[answers]);
    if (answers == messages.length) messages.forEach(message => socket.send(message));
    if (answers == 2 * messages.length) socket.close(3000, "d\u20acne");
};
socket.onclose = event => done(
    {answers, wrong, extensions: socket.extensions, end: [event.code, event.reason, event.wasClean]});
"""

# How it ends; the server is told what to do by the first message.
END = """
const [message, done] = arguments;
const socket = new WebSocket("ws://" + location.host + "/echo");
socket.onopen = () => socket.send(typeof message == "number" ? "x".repeat(message) : message);
socket.onclose = event => done([event.code, event.reason, event.wasClean]);
"""

WAIT = """
const [done] = arguments;
window.ended = new Promise(resolve => {
    const socket = new WebSocket("ws://" + location.host + "/echo");
    socket.onopen = () => done(true);
    socket.onclose = event => resolve([event.code, event.reason, event.wasClean]);
});
"""
ENDED = "const [done] = arguments; window.ended.then(done);"


class Page(RequestHandler):
    def get(self) -> None:
        self.write("<!doctype html><title>empty</title>")


class Echo(WebSocketHandler):
    """Answers each message with itself, but for orders to end."""

    def initialize(self, seen: list[Any]) -> None:
        self.seen = seen

    def open(self, *args: str, **kwargs: str) -> None:
        self.seen.append(self.request.headers.get("Sec-WebSocket-Extensions"))

    async def on_message(self, message: str | bytes) -> None:
        if isinstance(message, str) and message.startswith("close"):
            _, code, reason = message.split(" ", 2)
            self.close(int(code) if code else None, reason or None)
        elif message == "fail":
            raise ZeroDivisionError
        else:
            await self.write_message(message, binary=isinstance(message, bytes))

    def on_close(self) -> None:
        self.seen.append((self.close_code, self.close_reason))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as driver:
        driver.set_script_timeout(20)
        yield driver


@pytest.fixture
def seen() -> list[Any]:
    """What the server had of each handshake, and of each end."""
    return []


@pytest.fixture
def visit(serve: Any, browser: Any, seen: list[Any]) -> Callable[..., Any]:
    """``visit(**settings)`` serves the page and shows it in the browser; the server."""

    def start(**settings: Any) -> Any:
        settings.setdefault("websocket_max_message_size", LIMIT)
        server = serve(Application([("/", Page), ("/echo", Echo, {"seen": seen})], **settings))
        browser.get(server.url)
        return server

    return start


@pytest.mark.parametrize(
    ("compression", "agreed"),
    [
        (None, ""),
        ({}, "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12"),
        ({"max_window_bits": 15, "threshold": 0}, "permessage-deflate"),
        (
            {"server_no_context_takeover": True, "client_no_context_takeover": True},
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
            "server_max_window_bits=12; client_max_window_bits=12",
        ),
    ],
    ids=["plain", "compressed", "large window", "each alone"],
)
def test_messages_of_all_sizes(
    visit: Callable[..., Any], browser: Any, seen: list[Any], compression: Any, agreed: str
) -> None:
    visit(websocket_compression_options=compression)
    found = browser.execute_async_script(CONVERSE, SIZES)
    assert found["extensions"] == agreed
    assert found["answers"] == 8 * len(SIZES)
    assert found["wrong"] == 0
    assert found["end"] == [3000, "", True]  # a reason is not said again
    assert seen == [OFFER, (3000, "d\u20acne")]


@pytest.mark.parametrize(
    ("order", "code", "reason"),
    [
        ("close  ", 1005, ""),
        ("close 1000 ", 1000, ""),
        ("close 4000 as you wish, \N{EURO SIGN}", 4000, "as you wish, \N{EURO SIGN}"),
        (LIMIT + 1, 1009, "message too big"),
    ],
)
def test_how_it_ends(
    visit: Callable[..., Any], browser: Any, order: Any, code: int, reason: str
) -> None:
    visit(websocket_compression_options={})
    assert browser.execute_async_script(END, order) == [code, reason, True]


def test_a_handler_that_fails(
    visit: Callable[..., Any], browser: Any, expect_log: Callable[..., Any]
) -> None:
    visit()
    with expect_log("tornadolike.application", "Uncaught exception GET /echo"):
        assert browser.execute_async_script(END, "fail") == [1011, "", True]


def test_the_server_stops(visit: Callable[..., Any], browser: Any, seen: list[Any]) -> None:
    server = visit()
    assert browser.execute_async_script(WAIT)
    server.call(server.server.drain, 5.0)
    assert browser.execute_async_script(ENDED) == [1001, "", True]
    assert seen[1:] == [(1001, None)]
