"""A span for each request that is answered."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import baggage, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import SpanKind, StatusCode

from tests.middleware.helpers import HANDSHAKE, RULES
from tests.tracing.helpers import PARENT, TRACE, TRACEPARENT, Spans, ids, parent_of, told
from tests.web.helpers import Site
from tornadolike import tracing
from tornadolike.routing import route
from tornadolike.web import Application, HTTPError, Mount, RequestHandler
from tornadolike.websocket import WebSocketHandler


class Here(RequestHandler):
    """Says which span it is in, at once and in a task."""

    async def get(self, *args: Any, **kwargs: Any) -> None:
        here = self.here()
        await asyncio.sleep(0)
        later = await asyncio.create_task(self.later())
        self.write({"here": here, "later": later, "baggage": dict(baggage.get_all())})

    async def later(self) -> list[str]:
        return self.here()

    def here(self) -> list[str]:
        context = trace.get_current_span().get_span_context()
        return [f"{context.trace_id:032x}", f"{context.span_id:016x}"]


class Broken(RequestHandler):
    def get(self) -> None:
        raise ZeroDivisionError("by nothing")


class Gone(RequestHandler):
    def get(self) -> None:
        raise HTTPError(410)


class Unavailable(RequestHandler):
    def get(self) -> None:
        self.set_status(503)


def traced(site: Callable[..., Site], spans: Spans, *rules: Any, **options: Any) -> Site:
    asked = site(*RULES, ("/here", Here), *rules)
    tracing.install(asked.application, tracer_provider=spans.provider, **options)
    return asked


def test_a_span_of_a_request(site: Callable[..., Site], spans: Spans) -> None:
    asked = traced(site, spans, route("/users/{number:int}", Here))
    answer = asked.ask("GET /users/5?token=secret", "User-Agent: curl/8")
    span = spans.one()
    assert span.name == "GET /users/{number:int}"
    assert span.kind is SpanKind.SERVER
    assert parent_of(span) is None
    assert answer.json["here"] == answer.json["later"] == list(ids(span))
    assert told(span) == {
        "http.request.method": "GET",
        "http.route": "/users/{number:int}",
        "http.response.status_code": 200,
        "url.path": "/users/5",
        "url.scheme": "http",
        "network.protocol.version": "1.1",
        "client.address": "127.0.0.1",
        "server.address": "127.0.0.1",
        "server.port": 80,
        "user_agent.original": "curl/8",
    }
    assert span.status.status_code is StatusCode.UNSET
    assert span.start_time is not None
    assert span.end_time is not None
    assert span.start_time < span.end_time


def test_whose_part_it_is(site: Callable[..., Site], spans: Spans) -> None:
    asked = traced(site, spans)
    answer = asked.ask("GET /here", TRACEPARENT, "Tracestate: a=b,c=d", "Baggage: user=7")
    span = spans.one()
    assert ids(span)[0] == TRACE
    assert parent_of(span) == PARENT
    assert dict(span.context.trace_state) == {"a": "b", "c": "d"}
    assert answer.json["baggage"] == {"user": "7"}


@pytest.mark.parametrize(
    "field",
    [
        "traceparent: 00-0-0-01",
        f"traceparent: ff-{TRACE}-{PARENT}-01",
        f"traceparent: 00-{'0' * 32}-{PARENT}-01",
        "traceparent: \xff",
        "traceparent:",
        f"{TRACEPARENT}\r\n{TRACEPARENT}",
        "Baggage: " + "," * 5000,
    ],
)
def test_what_makes_no_sense_is_ignored(
    site: Callable[..., Site], spans: Spans, field: str
) -> None:
    asked = traced(site, spans)
    assert asked.ask("GET /", field).status == 200
    span = spans.one()
    assert parent_of(span) is None
    assert ids(span)[0] != TRACE


def test_the_servers_own_span_is_no_parent(site: Callable[..., Site], spans: Spans) -> None:
    with spans.provider.get_tracer("test").start_as_current_span("starting"):
        asked = traced(site, spans)
        asked.ask("GET /")
    request, starting = spans.wait(2)
    assert starting.name == "starting"
    assert parent_of(request) is None


def test_errors(site: Callable[..., Site], spans: Spans, expect_log: Any) -> None:
    asked = traced(site, spans, ("/broken", Broken), ("/gone", Gone), ("/503", Unavailable))
    with expect_log("tornadolike.application", "Uncaught"):
        asked.ask("GET /broken")
    broken = spans.one()
    assert told(broken)["http.response.status_code"] == 500
    assert told(broken)["error.type"] == "ZeroDivisionError"
    assert broken.status.status_code is StatusCode.ERROR
    assert [event.name for event in broken.events] == ["exception"]
    asked.ask("GET /503")
    unavailable = spans.one()
    assert told(unavailable)["error.type"] == "503"
    assert unavailable.status.status_code is StatusCode.ERROR
    for path, status, name in (("/gone", 410, "GET /gone"), ("/nowhere", 404, "GET")):
        asked.ask(f"GET {path}")
        span = spans.one()
        assert (span.name, told(span)["http.response.status_code"]) == (name, status)
        assert "error.type" not in told(span)
        assert span.status.status_code is StatusCode.UNSET
        assert not span.events


def test_all_kinds_of_answers(site: Callable[..., Site], spans: Spans) -> None:
    asked = traced(site, spans)
    with asked.connect() as connection:
        for request, status in (
            *(("GET /", 200), ("GET /streamed", 200), ("GET /failing", 418)),
            *(("GET /unchanged", 304), ("POST /", 200), ("BREW /", 405)),
        ):
            connection.ask(request)
            assert told(spans.one())["http.response.status_code"] == status


def test_a_client_that_leaves(site: Callable[..., Site], spans: Spans) -> None:
    begun = threading.Event()

    class Slow(RequestHandler):
        cancel_on_disconnect = True

        async def get(self) -> None:
            begun.set()
            await asyncio.Event().wait()

    asked = traced(site, spans, ("/slow", Slow))
    with asked.connect() as connection:
        connection.send("GET /slow")
        begun.wait(10)
    span = spans.one()
    assert told(span)["error.type"] == "client_disconnected"
    assert "http.response.status_code" not in told(span)


def test_a_handler_that_answers_when_its_method_has_ended(
    site: Callable[..., Site], spans: Spans
) -> None:
    held: list[RequestHandler] = []

    class Later(RequestHandler):
        def get(self) -> None:
            self._auto_finish = False
            held.append(self)

    asked = traced(site, spans, ("/later", Later))
    with asked.connect() as connection:
        connection.send("GET /later")
        while not held:
            asked.settle()
        assert not spans.exporter.get_finished_spans()
        asked.server.call(lambda: held.pop().finish("done") and None)
        assert connection.receive().text == "done"
    assert told(spans.one())["http.response.status_code"] == 200


def test_a_websocket(site: Callable[..., Site], spans: Spans, expect_log: Any) -> None:
    seen: list[str] = []

    class Socket(WebSocketHandler):
        def on_message(self, message: str | bytes) -> None:
            context = trace.get_current_span().get_span_context()
            seen.append(f"{context.span_id:016x}")
            raise ZeroDivisionError("by nothing")

        def on_close(self) -> None:
            seen.append("closed")
            # Nothing of ours is left in it, or it would have itself.
            seen.extend(name for name in vars(self) if name.startswith(("on_", "log_")))

    asked = traced(site, spans, ("/socket", Socket))
    with asked.connect() as connection:
        connection.send("GET /socket", *HANDSHAKE)
        assert connection.receive().status == 101
        asked.settle()
        assert not spans.exporter.get_finished_spans()
        with expect_log("tornadolike.application", "Uncaught"):
            connection.sock.sendall(b"\x81\x82\0\0\0\0hi")
            assert connection.sock.recv(1)  # a Close frame, to which nobody answers
    span = spans.one()
    assert span.name == "GET /socket"
    assert told(span)["http.response.status_code"] == 101
    assert told(span)["error.type"] == "ZeroDivisionError"
    assert [event.name for event in span.events] == ["upgraded", "exception"]
    assert seen == [ids(span)[1], "closed"]
    asked.ask("GET /socket")
    assert told(spans.one())["http.response.status_code"] == 400


def test_a_websocket_that_is_closed(site: Callable[..., Site], spans: Spans) -> None:
    asked = traced(site, spans)
    with asked.connect() as connection:
        connection.send("GET /echo", *HANDSHAKE)
        connection.receive()
        connection.sock.sendall(b"\x88\x82\0\0\0\0\x03\xe9")
        while connection.sock.recv(100):
            pass
    span = spans.one()
    assert told(span)["websocket.close_code"] == 1001
    assert span.status.status_code is StatusCode.UNSET


def test_what_is_mounted_and_what_is_left_out(site: Callable[..., Site], spans: Spans) -> None:
    inner = Application([("/x", Here), ("/y", Here)])
    asked = traced(site, spans, Mount("/inner", inner), leave_out=["/here", "/inner/y"])
    for path in ("/here", "/inner/y"):
        assert asked.ask(f"GET {path}").json["here"] == ["0" * 32, "0" * 16]
    asked.ask("GET /inner/x")
    assert spans.one().name == "GET /inner/x"


def test_what_is_not_sampled_is_known_all_the_same(site: Callable[..., Site], spans: Spans) -> None:
    asked = site(("/here", Here))
    provider = TracerProvider(sampler=ParentBased(ALWAYS_OFF), shutdown_on_exit=False)
    provider._active_span_processor = spans.provider._active_span_processor
    tracing.install(asked.application, tracer_provider=provider)
    answer = asked.ask("GET /here")
    assert answer.json["here"][0] != "0" * 32
    assert answer.json["here"] == answer.json["later"]
    answer = asked.ask("GET /here", TRACEPARENT)
    assert answer.json["here"][0] == TRACE
    assert ids(spans.one())[0] == TRACE


def test_without_the_sdk(site: Callable[..., Site]) -> None:
    asked = site(("/here", Here), *RULES)
    tracing.install(asked.application, tracer_provider=trace.NoOpTracerProvider(), clients=False)
    assert asked.ask("GET /here").json["here"] == ["0" * 32, "0" * 16]
    # Who is asked by us is told whose part it is, though nobody writes it down here.
    assert asked.ask("GET /here", TRACEPARENT).json["here"] == [TRACE, PARENT]
    assert asked.ask("GET /failing").status == 418
