"""Server-sent events: as clients read them, and in silence."""

import asyncio
import contextlib
import gc
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from tests.conftest import read_all
from tests.http1connection.helpers import Watched
from tests.web.event_reader import Read
from tests.web.going_away import PATIENCE, Events, leave
from tests.web.helpers import Site, make_handler
from tests.web.streams.listening import Silent, listening
from tests.wire.client import PLAIN_AND_TLS
from tornadolike.iostream import StreamClosedError
from tornadolike.web import Event, EventStream, HTTPError, RequestHandler
from tornadolike.web.streams import events as events_module


def test_what_events_are_on_the_wire() -> None:
    table: list[tuple[Event, bytes]] = [
        (Event("a"), b"data: a\n\n"),
        (Event(""), b"data: \n\n"),
        (Event(" a: b"), b"data:  a: b\n\n"),
        (Event("a\nb\r\nc\rd\n"), b"data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"),
        # What Python takes for line breaks, and the standard does not.
        (Event("\x0b\x0c\x1c\u2028\x85"), "data: \x0b\x0c\x1c\u2028\x85\n\n".encode()),
        (Event("\u20ac".encode()), "data: \u20ac\n\n".encode()),
        (Event({"a": "\n"}), b'data: {"a": "\\n"}\n\n'),
        (Event("a", "b", "c", 4), b"event: b\nid: c\nretry: 4\ndata: a\n\n"),
        (Event(None, id=""), b"id: \n\n"),
        (Event(retry=0), b"retry: 0\n\n"),
        (Event(comment="a\nb"), b": a\n: b\n\n"),
        (Event("a\0b"), b"data: a\0b\n\n"),
    ]
    for event, expected in table:
        assert event.encode() == expected, event


@pytest.mark.parametrize(
    ("event", "complaint"),
    [
        (Event(), "an event has data"),
        (Event("a", event="b\nc"), "the event of an event can have no line break and no NUL"),
        (Event("a", event="b\rc"), "no line break"),
        (Event("a", id="b\ndata: c"), "the id of an event can have no line break"),
        (Event("a", id="b\0"), "no NUL"),
        (Event("a", retry=-1), "retry should not be negative"),
        (Event("a", retry=1.5), "whole number of milliseconds, not 1.5"),  # type: ignore[arg-type]
        (Event("a", retry=True), "whole number of milliseconds"),
        (Event(["a"]), "str, bytes or a dict, not list; json_encode"),  # type: ignore[arg-type]
        (Event("a", id=5), "the id of an event is a str, not 5"),  # type: ignore[arg-type]
        (Event(comment=b"a"), "the comment of an event is a str"),  # type: ignore[arg-type]
        (Event(b"\xff"), "utf-8"),
        (Event("\ud800"), "surrogates"),
    ],
)
def test_what_can_be_no_event(event: Event, complaint: str) -> None:
    with pytest.raises((ValueError, TypeError), match=complaint):
        event.encode()


class Ticks(RequestHandler):
    """Events of all kinds, and the end."""

    async def get(self) -> None:
        async with self.event_stream(retry=1500) as events:
            await events.send("a\nb")
            await events.send({"n": 1}, event="tick", id="7")
            await events.send(Event("\u20ac", comment="note"))
            await events.send(None, id="8")
            assert events.post("posted")
            assert not events.closed
        assert events.closed

    head = get


@PLAIN_AND_TLS
def test_a_client_reads_them(site: Callable[..., Site]) -> None:
    served = site(("/", Ticks), compress_response=True)
    with listening(served, "/", "Accept-Encoding: gzip") as reader:
        found = [reader.read() for _ in range(4)]
        assert reader.read() is None
    assert found == [
        Read("a\nb", "message", ""),
        Read('{"n": 1}', "tick", "7"),
        Read("\u20ac", "message", "7"),
        Read("posted", "message", "8"),
    ]
    assert (reader.retry, reader.comments) == (1500, ["note"])
    lines = reader.head.split("\r\n")
    assert "Content-Type: text/event-stream" in lines
    assert "Cache-Control: no-store, no-transform" in lines
    assert "X-Accel-Buffering: no" in lines
    assert "Content-Encoding" not in reader.head
    with served.connect() as connection:
        head = connection.ask("HEAD /")
        assert (head.status, head.body) == (200, b"")
        assert head.header("Content-Type") == "text/event-stream"
    with served.connect() as connection:
        connection.sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert b"\r\n\r\nretry: 1500\n\ndata: a\n" in read_all(connection.sock)


def test_what_the_handler_has_set_stays(site: Callable[..., Site]) -> None:
    class Handler(RequestHandler):
        async def get(self) -> None:
            self.set_header("Cache-Control", "private")
            self.set_header("X-Accel-Buffering", "yes")
            async with self.event_stream():
                pass

    answer = site(("/", Handler)).ask("GET /")
    assert answer.header("Cache-Control") == "private"
    assert answer.header("X-Accel-Buffering") == "yes"
    assert answer.body == b""


def test_the_last_event_id(site: Callable[..., Site]) -> None:
    class Handler(RequestHandler):
        async def get(self) -> None:
            async with self.event_stream() as events:
                assert events.last_event_id == self.last_event_id
                await events.send({"last": events.last_event_id})

    served = site(("/", Handler))
    for sent, known in (
        ([], None),
        (["Last-Event-ID: 7"], "7"),
        (["Last-Event-ID: \u20ac".encode().decode("latin1")], "\u20ac"),
        (["Last-Event-ID: "], None),
    ):
        with listening(served, "/", *sent) as reader:
            event = reader.read()
        assert event is not None
        assert event.json == {"last": known}

    class Early(RequestHandler):
        def get(self) -> None:
            self.write({"last": self.last_event_id})

    for handler in (Early, Handler):  # the latter asks when it would be too late to say so
        answer = site(("/", handler)).ask("GET /", "Last-Event-ID: \xff")
        assert answer.status == 400
        assert "Last-Event-ID is not UTF-8." in answer.text


def test_events_from_a_generator(site: Callable[..., Site], happened: Events) -> None:
    class Handler(RequestHandler):
        async def get(self, kind: str) -> None:
            await self.send_events(getattr(self, kind)(), retry=100)
            happened("goes on")

        head = get

        async def asynchronous(self) -> AsyncIterator[Any]:
            try:
                yield "text"
                yield {"a": "dict"}
                yield Event("event", id="1")
            finally:
                happened("closed")

        def plain(self) -> Iterator[str]:
            yield "plain"

    served = site(("/(.*)", Handler))
    with listening(served, "/asynchronous") as reader:
        assert [event.data for _ in range(3) if (event := reader.read())] == [
            "text",
            '{"a": "dict"}',
            "event",
        ]
        assert reader.read() is None
    assert [happened.next(), happened.next()] == ["closed", "goes on"]
    assert served.ask("GET /plain").text == "retry: 100\n\ndata: plain\n\n"
    assert served.ask("HEAD /plain").status == 200
    assert happened.rest() == ["goes on"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"retry": "1"}, "whole number of milliseconds"),
        ({"keep_alive": 0}, "keep_alive is a number of seconds, or None for never"),
        ({"max_waiting": 0}, "max_waiting is a number of events"),
        ({"when_full": "wait"}, "when_full is one of close, drop_oldest, drop_newest, not 'wait'"),
    ],
)
def test_wrong_options(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises((ValueError, TypeError), match=complaint):
        make_handler().event_stream(**options)


def test_wrong_moments(site: Callable[..., Site]) -> None:
    class Handler(RequestHandler):
        async def get(self) -> None:
            stream = self.event_stream()
            assert stream.closed
            assert not stream.post("too early")
            with pytest.raises(StreamClosedError):
                await stream.send("too early")
            async with stream as events:
                with pytest.raises(TypeError, match="an Event has its own"):
                    await events.send(Event("a"), id="1")
                with pytest.raises(RuntimeError, match="after headers have been written"):
                    await self.event_stream().__aenter__()
            assert not events.post("too late")
            with pytest.raises(StreamClosedError):
                await events.send("too late")
            self.write("the end")

    assert site(("/", Handler)).ask("GET /").text == "the end"


def test_what_is_raised(site: Callable[..., Site], expect_log: Any) -> None:
    class Handler(RequestHandler):
        async def get(self, when: str) -> None:
            if when == "before":
                raise HTTPError(403)
            async with self.event_stream():
                raise LookupError("in the middle")

    served = site(("/(.*)", Handler))
    assert served.ask("GET /before").status == 403
    with (
        expect_log("tornadolike.application", "Uncaught exception", count=1),
        expect_log("tornadolike.general", "Cannot send error response"),
        served.connect() as connection,
    ):
        connection.send("GET /later")
        with contextlib.suppress(ConnectionResetError):
            assert not read_all(connection.sock).endswith(b"0\r\n\r\n")
        served.settle()


# Silence


def advance(watched: Watched, seconds: float) -> None:
    """Let so much time pass at once for the streams."""

    def jump() -> None:
        watched._ahead += seconds
        (wheel,) = events_module._wheels.values()
        wheel._timer.cancel()  # type: ignore[union-attr]
        wheel._tick()

    watched.call(jump)


def test_keep_alive(site: Callable[..., Site], happened: Events) -> None:
    """A comment, only where nothing else was sent meanwhile."""
    streams: list[EventStream] = []

    class Handler(Silent):
        keep_alive = 10.0

        def opened(self, events: EventStream) -> None:
            streams.append(events)

    served = site(("/", Handler, {"happened": happened}))
    watched = Watched(served.server)
    with listening(served) as reader:
        advance(watched, 9)
        assert watched.call(streams[0].post, "event")
        advance(watched, 9)
        assert watched.call(streams[0].post, "another")
        first, second = reader.read(), reader.read()
        assert first is not None
        assert second is not None
        assert (first.data, second.data, reader.comments) == ("event", "another", [])
        for _ in range(2):
            advance(watched, 11)
            assert reader.comment() == ""
    assert [happened.next() for _ in range(3)] == [
        "on_connection_close",
        "StreamClosedError",
        "on_finish 200",
    ]
    served.settle()
    wheel = streams[0]._wheel
    assert wheel is not None
    assert wheel._buckets == {}
    assert streams[0].bucket == wheel.NOWHERE


def test_keep_alive_by_the_clock(site: Callable[..., Site], happened: Events) -> None:
    class Handler(Silent):
        keep_alive = 0.01

    with listening(site(("/", Handler, {"happened": happened}))) as reader:
        before = time.monotonic()
        assert reader.comment() == ""
        assert time.monotonic() - before < 5


def test_many_streams_have_one_timer(site: Callable[..., Site], happened: Events) -> None:
    class Handler(Silent):
        keep_alive = 15.0

    served = site(("/", Handler, {"happened": happened}))
    with contextlib.ExitStack() as stack:
        stack.enter_context(listening(served))
        timers = served.server.call(lambda: len(served.server.loop._timers))
        for _ in range(20):
            stack.enter_context(listening(served))
        assert len(events_module._wheels) == 1
        assert served.server.call(lambda: len(served.server.loop._timers)) <= timers
    for _ in range(63):
        happened.next()
    served.server.stop()
    gc.collect()
    assert len(events_module._wheels) == 0


# Beside others


def test_on_a_loop_of_another_kind(
    site: Callable[..., Site],
    happened: Events,
    new_foreign_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    class Handler(Silent):
        keep_alive = 0.01

    served = site(("/", Handler, {"happened": happened}), server={"loop_factory": new_foreign_loop})
    with listening(served) as reader:
        assert reader.comment() == ""
        reader.close()
        leave(reader.connection)
        assert [happened.next() for _ in range(3)] == [
            "on_connection_close",
            "StreamClosedError",
            "on_finish 200",
        ]


def test_a_fast_sender_leaves_others_their_turn(site: Callable[..., Site]) -> None:
    asked = threading.Event()

    class Fast(RequestHandler):
        async def get(self) -> None:
            async with self.event_stream() as events:
                while not asked.is_set():
                    await events.send("x")

    class Other(RequestHandler):
        def get(self) -> None:
            asked.set()

    served = site(("/", Fast), ("/other", Other))
    with listening(served) as reader:
        assert served.ask("GET /other").status == 200
        while reader.read() is not None:
            pass
    assert asked.wait(PATIENCE)
