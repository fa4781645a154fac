"""The chat over real sockets: the same conversation by either transport, and by both at once."""

import asyncio
import hashlib
import http.client
import itertools
import json
import secrets
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from demos.chat.app import make_app
from demos.chat.hub import Hub
from demos.chat.limits import Limits
from demos.chat.rooms import MemoryLedger
from tornadolike.ioloop import PeriodicCallback

from .chat_tabs import PATIENCE, TRANSPORTS, PollTab, SocketTab, Tab, new_room, tabs
from .conftest import Demo

pytestmark = pytest.mark.once

either = pytest.mark.parametrize("kind", TRANSPORTS.values(), ids=TRANSPORTS)
pairs = pytest.mark.parametrize(
    ("first", "second"),
    list(itertools.product(TRANSPORTS.values(), repeat=2)),
    ids=["-".join(pair) for pair in itertools.product(TRANSPORTS, repeat=2)],
)


# --- the conversation ---


@pairs
def test_two_tabs_talk(chat: Demo, first: type[Tab], second: type[Tab]) -> None:
    room = new_room()
    with tabs(first(chat.port, "Ann"), second(chat.port, "Bob")) as (ann, bob):
        assert ann.join(room)["members"] == [{"id": public_id(ann), "name": "Ann"}]
        bob.join(room)
        assert ann.wait("joined")["member"]["name"] == "Bob"
        ann.say("<b>hello</b>")
        assert bob.hears() == ann.hears() == "<b>hello</b>"
        bob.say("שלום 👋\nand a second line")
        assert ann.hears() == bob.hears() == "שלום 👋\nand a second line"


@pairs
def test_coming_back_by_any_transport(chat: Demo, first: type[Tab], second: type[Tab]) -> None:
    """The same secret on a new link is the same member: nothing is lost, nobody notices."""
    room = new_room()
    with tabs(SocketTab(chat.port, "Bob"), first(chat.port, "Ann")) as (bob, ann):
        bob.join(room)
        epoch = ann.join(room)["epoch"]
        bob.say("one")
        assert ann.hears() == "one"
        ann.close()
        bob.say("two")
        bob.wait("message")
        bob.wait("message")
        with second(chat.port, "Ann", ann.secret) as again:
            welcome = again.join(room, epoch=epoch, since=1)
            assert [message["text"] for message in welcome["messages"]] == ["two"]
            assert welcome["resumed"]
            again.say("three")
            assert again.hears() == bob.hears() == "three"
        assert [event["type"] for event in bob.events] == []


@either
def test_changing_rooms_on_the_same_link(chat: Demo, kind: type[Tab]) -> None:
    with kind(chat.port) as ann:
        ann.join(new_room())
        ann.say("here")
        ann.hears()
        ann.join(new_room())
        ann.say("there")
        assert ann.wait("message")["seq"] == 1


@either
def test_what_cannot_be_done_is_answered(chat: Demo, kind: type[Tab]) -> None:
    with kind(chat.port) as ann:
        ann.join(new_room())
        ann.say("x" * 2001, id="a-much-too-long-one")
        error = ann.wait("error")
        assert (error["code"], error["id"]) == ("long-message", "a-much-too-long-one")
        ann.send([])
        assert ann.wait("error")["code"] == "bad-event"
        ann.send({"type": "ping"})
        ann.wait("pong")


@either
def test_a_message_sent_again_is_said_once(chat: Demo, kind: type[Tab]) -> None:
    with kind(chat.port) as ann:
        ann.join(new_room())
        ann.say("once", id="the-very-same-id")
        ann.say("once", id="the-very-same-id")
        assert ann.hears() == "once"
        assert ann.wait("accepted")["id"] == "the-very-same-id"
        ann.say("last")
        assert ann.hears() == "last"


@either
def test_too_fast(chat: Demo, kind: type[Tab]) -> None:
    with kind(chat.port) as ann:
        ann.join(new_room())
        for number in range(30):
            ann.say(str(number))
        error = ann.wait("error")
        assert error["code"] == "too-fast"
        assert 0 < error["retry"] < 1


@either
def test_a_stranger_without_a_secret_is_turned_away(chat: Demo, kind: type[Tab]) -> None:
    with kind(chat.port, secret="short") as nobody:
        assert nobody.wait("error")["code"] == "bad-client"
        with pytest.raises(EOFError):
            nobody.receive()


@pairs
def test_the_newest_link_wins(chat: Demo, first: type[Tab], second: type[Tab]) -> None:
    """A duplicated browser tab brings the same secret; the older tab is told."""
    room = new_room()
    with first(chat.port, "Ann") as older:
        older.join(room)
        with second(chat.port, "Ann", older.secret) as newer:
            newer.join(room)
            if first is SocketTab:
                assert older.wait("bye")["reason"] == "replaced"
            newer.say("mine now")
            assert newer.hears() == "mine now"


# --- the WebSocket's own manners ---


def test_a_socket_must_say_hello_first(chat: Demo) -> None:
    with connect(f"ws://127.0.0.1:{chat.port}/socket") as sock:
        sock.send('{"type":"join","room":"lobby","name":"Ann"}')
        assert json.loads(sock.recv(PATIENCE))["code"] == "bad-event"
        with pytest.raises(ConnectionClosed) as closed:
            sock.recv(PATIENCE)
        assert closed.value.rcvd.code == 1013


@pytest.mark.parametrize(
    ("frame", "code"), [(b"bytes", 1003), ("x" * 40_000, 1009)], ids=["binary", "too big"]
)
def test_a_socket_is_closed_for(chat: Demo, frame: str | bytes, code: int) -> None:
    with SocketTab(chat.port) as ann:
        ann.join(new_room())
        ann.wait("rooms")
        ann.socket.send(frame)
        with pytest.raises(EOFError) as ended:
            ann.wait("nothing else")
        assert ended.value.__cause__.rcvd.code == code


@pytest.mark.parametrize("text", ["", "{", "[" * 20_000, "NaN", '"x"', "null"])
def test_a_socket_survives_nonsense(chat: Demo, text: str) -> None:
    with SocketTab(chat.port) as ann:
        ann.join(new_room())
        ann.socket.send(text)
        assert ann.wait("error")["code"] == "bad-event"
        ann.send({"type": "ping"})
        ann.wait("pong")


def test_another_sites_page_cannot_open_a_socket(chat: Demo) -> None:
    url = f"ws://127.0.0.1:{chat.port}/socket"
    with pytest.raises(InvalidStatus) as refused, connect(url, origin="http://elsewhere.example"):
        pass
    assert refused.value.response.status_code == 403


# --- long-polling's own manners ---


def request(
    chat: Demo, method: str, path: str, body: str | None = None, **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", chat.port, timeout=PATIENCE)
    try:
        connection.request(
            method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}
        )
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/poll/send", "/poll/receive"])
@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("{}", "text/plain", 415),
        ("{}", "application/x-www-form-urlencoded", 415),
        ("", "application/json", 400),
        ("{", "application/json", 400),
        ("[]", "application/json", 400),
        ("{}", "application/json", 400),
        ('{"events":[{}],"seen":0}', "application/json; charset=utf-8", 410),
        ('{"events":[{}],"seen":0,"client":["x"]}', "application/json", 410),
        ('{"events":[],"seen":-1}', "application/json", 400),
        ('{"events":{},"seen":"1"}', "application/json", 400),
        (json.dumps({"events": [1] * 21, "seen": None}), "application/json", 400),
        (" " * 40_000, "application/json", 413),
    ],
)
def test_a_bad_request_gets_its_status(
    chat: Demo, path: str, body: str, content_type: str, status: int
) -> None:
    answer, content = request(chat, "POST", path, body, Content_Type=content_type)
    assert answer.status == status
    assert b"Traceback" not in content


def test_only_post_polls(chat: Demo) -> None:
    answer, _ = request(chat, "GET", "/poll/receive", "{}", Content_Type="application/json")
    assert answer.status == 405


def test_a_lost_answer_is_given_again(chat: Demo) -> None:
    with PollTab(chat.port) as ann:
        ann.join(new_room())
        ann.say("hello")
        seen = ann.seen
        assert ann.hears() == "hello"
        ann.seen = seen  # as if that answer had never arrived
        ann.events.clear()
        assert ann.hears() == "hello"


def test_an_abandoned_poll_is_no_link_any_more(chat: Demo) -> None:
    """Closing the connection is how a page stops polling; the next poll must not be hindered."""
    with PollTab(chat.port) as ann:
        ann.join(new_room())
        while ann.events or ann.seen < 2:
            ann.events = ann.receive() and []
        body = json.dumps({"client": ann.secret, "seen": ann.seen})
        head = (
            "POST /poll/receive HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", chat.port), PATIENCE) as sock:
            sock.sendall((head + body).encode())
        ann.say("still here")
        assert ann.hears() == "still here"


# --- what takes its time, with less patience ---


Start = Callable[[Limits], tuple[Hub, Any]]


@pytest.fixture
def start(serve: Any) -> Iterator[Start]:
    """`hub, server = start(limits)`: a chat in this process, with limits to a test's liking."""
    tickers: list[tuple[Any, PeriodicCallback]] = []

    def start(limits: Limits) -> tuple[Hub, Any]:
        hub = Hub(limits)
        server = serve(make_app(hub))
        ticker = PeriodicCallback(hub.tick, 20)
        server.call(ticker.start)
        tickers.append((server, ticker))
        return hub, server

    yield start
    for server, ticker in tickers:
        server.call(ticker.stop)


@either
def test_who_closes_the_tab_has_left_after_the_grace(start: Start, kind: type[Tab]) -> None:
    hub, server = start(Limits(grace=0.1))
    with SocketTab(server.port, "Bob") as bob:
        bob.join("lobby")
        with kind(server.port, "Ann") as ann:
            ann.join("lobby")
            assert bob.wait("joined")["member"]["name"] == "Ann"
        assert bob.wait("left")["member"]["name"] == "Ann"
        assert len(hub.sessions) == 1


def test_a_poll_that_waits_is_presence_enough(start: Start) -> None:
    """However short the grace: only a tab that does not poll any more is gone."""
    hub, server = start(Limits(grace=0.2))
    with PollTab(server.port, "Ann") as ann, ThreadPoolExecutor(1) as elsewhere:
        ann.join("lobby")
        ann.wait("rooms")
        ann.wait("rooms")
        waiting = elsewhere.submit(ann.receive)
        server.call(asyncio.sleep, 0.5)
        assert not waiting.done()
        assert len(hub.sessions) == 1
        server.call(hub.close)
        assert waiting.result(PATIENCE) == [{"type": "bye", "reason": "closing"}]


@either
def test_a_full_house_says_so(start: Start, kind: type[Tab]) -> None:
    _, server = start(Limits(sessions=1))
    with SocketTab(server.port) as ann:
        ann.join("lobby")
        with kind(server.port) as bob:
            error = bob.wait("error")
            assert (error["code"], error["retry"]) == ("full", 30.0)


def test_who_does_not_read_is_let_go_and_costs_little(start: Start) -> None:
    """What cannot be sent waits in the outbox, to its limit, and not in the socket's buffers."""
    hub, server = start(Limits(outbox=50))

    async def flood() -> int:
        assert isinstance(hub.ledger, MemoryLedger)
        (session,) = hub.sessions.values()
        sent = 0
        while session.link is not None and not session.behind:
            hub.ledger.rooms["lobby"].broadcast(
                {"type": "noise", "text": secrets.token_hex(15_000)}
            )
            sent += 1
            await asyncio.sleep(0)
        return sent

    url = f"ws://127.0.0.1:{server.port}/socket"
    with connect(url, max_queue=1, close_timeout=0.1) as deaf:
        deaf.send(json.dumps({"type": "hello", "client": "a-secret-of-sixteen"}))
        deaf.send(json.dumps({"type": "join", "room": "lobby", "name": "Ann"}))
        assert json.loads(deaf.recv(PATIENCE))["type"] == "welcome"
        assert 50 < server.call(flood) < 2_000


# --- the page ---


@pytest.mark.parametrize("path", ["/", "/index.html", "/chat.js", "/chat.css", "/favicon.svg"])
def test_files_come_with_the_rules_of_the_house(chat: Demo, path: str) -> None:
    answer, content = request(chat, "GET", path)
    assert answer.status == 200
    assert content
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache"
    again, _ = request(chat, "GET", path, If_None_Match=answer.headers["Etag"])
    assert again.status == 304


def test_the_page_brings_no_script_or_style_of_its_own(chat: Demo) -> None:
    _, content = request(chat, "GET", "/")
    page = content.decode()
    assert page.count("<script") == page.count("<script type=") == 1
    for inline in ("<style", " style=", " onclick=", "://"):
        assert inline not in page.replace("http://www.w3.org", "")


@pytest.mark.parametrize("path", ["/rooms.py", "/../rooms.py", "/%2e%2e/rooms.py", "/static", "/x"])
def test_nothing_else_is_served(chat: Demo, path: str) -> None:
    answer, content = request(chat, "GET", path)
    assert answer.status in (400, 403, 404)
    assert b"import" not in content


# --- starting and stopping ---


def test_a_taken_port_is_stepped_over(demo: Callable[..., Demo]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = demo("chat", port=port)
        assert server.port > port
        assert server.said[0] == f"Port {port} is taken; using {server.port}."
        assert request(server, "GET", "/")[0].status == 200


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_at_once_and_quietly(demo: Callable[..., Demo], how: signal.Signals) -> None:
    """With a socket open and a poll waiting, both of which are told."""
    server = demo("chat")
    with SocketTab(server.port) as ann, PollTab(server.port) as bob:
        ann.join("lobby")
        bob.join("lobby")
        bob.wait("rooms")
        bob.wait("rooms")  # the server's tick told the news: now nothing keeps a poll from waiting
        body = json.dumps({"client": bob.secret, "seen": bob.seen})
        bob.connection.request("POST", "/poll/receive", body, {"Content-Type": "application/json"})
        request(server, "GET", "/")  # answered, so the poll before it has been read
        assert server.stop(how) == 0
        assert json.load(bob.connection.getresponse())["events"] == [
            {"type": "bye", "reason": "closing"}
        ]
        assert ann.wait("bye")["reason"] == "closing"
    assert server.said == [f"Chat on {server.url}  (Ctrl-C stops)"]
    assert server.complaints == ""


def public_id(tab: Tab) -> str:
    """What others see instead of the secret."""
    return hashlib.sha256(tab.secret.encode()).hexdigest()[:16]
