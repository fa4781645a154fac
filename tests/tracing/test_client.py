"""A span for each request that our client sends."""

import socket
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from tests.tracing.helpers import PARENT, TRACE, TRACEPARENT, Spans, ids, parent_of, told
from tornadolike import ioloop, tracing
from tornadolike.httpclient import AsyncHTTPClient, HTTPClientError, Retries
from tornadolike.web import Application, RequestHandler


class Headers(RequestHandler):
    def get(self) -> None:
        self.write({"traceparent": self.request.headers.get("traceparent")})


class Away(RequestHandler):
    def get(self) -> None:
        self.redirect("/?a=secret")


class Asking(RequestHandler):
    """Asks another server."""

    def initialize(self, url: str) -> None:
        self.url = url

    async def get(self) -> None:
        async with AsyncHTTPClient(force_instance=True) as client:
            self.write((await client.fetch(self.url)).body)


@pytest.fixture(params=["simple_httpclient.Simple", "curl_httpclient.Curl"])
def engine(request: pytest.FixtureRequest) -> str:
    if request.param.startswith("curl"):
        pytest.importorskip("pycurl")
    return f"tornadolike.{request.param}AsyncHTTPClient"


def fetched(engine: str, url: str, **options: Any) -> Any:
    async def fetch() -> Any:
        AsyncHTTPClient.configure(engine)
        try:
            async with AsyncHTTPClient(force_instance=True) as client:
                return await client.fetch(url, **options)
        finally:
            AsyncHTTPClient.configure(None)

    return ioloop.run(fetch())


def told_to(span: Any) -> str:
    trace_id, span_id = ids(span)
    return f"00-{trace_id}-{span_id}-{span.context.trace_flags:02x}"


def test_the_server_is_told(serve: Callable[..., Any], spans: Spans, engine: str) -> None:
    server = serve(Application([("/", Headers)]))
    tracing.install(Application(), tracer_provider=spans.provider)
    with spans.provider.get_tracer("test").start_as_current_span("job"):
        response = fetched(engine, f"{server.url}/?q=secret")
    span, job = spans.wait(2)
    assert span.name == "GET"
    assert span.kind is SpanKind.CLIENT
    assert parent_of(span) == ids(job)[1]
    assert response.json()["traceparent"] == told_to(span)
    assert told(span) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "network.protocol.version": "1.1",
        "server.address": "127.0.0.1",
        "server.port": server.port,
        "url.full": f"{server.url}/",
    }
    assert span.status.status_code is StatusCode.UNSET


def test_each_request_has_a_span(serve: Callable[..., Any], spans: Spans, engine: str) -> None:
    server = serve(Application([("/", Headers), ("/away", Away)]))
    tracing.install(Application(), tracer_provider=spans.provider)
    response = fetched(engine, f"{server.url}/away")
    away, arrived = spans.wait(2)
    assert told(away)["http.response.status_code"] == 302
    assert told(arrived)["url.full"] == f"{server.url}/"
    assert response.json()["traceparent"] == told_to(arrived)


def test_what_goes_wrong(serve: Callable[..., Any], spans: Spans, engine: str) -> None:
    server = serve(Application())
    with socket.create_server(("127.0.0.1", 0)) as unused:
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}/"
    tracing.install(Application(), tracer_provider=spans.provider)
    assert fetched(engine, server.url, raise_error=False).code == 404
    missing = spans.one()
    assert told(missing)["error.type"] == "404"
    assert missing.status.status_code is StatusCode.ERROR
    with pytest.raises(HTTPClientError):
        fetched(engine, nobody, retries=Retries(2, backoff=0.0))
    for span in spans.wait(2):
        assert span.status.status_code is StatusCode.ERROR
        assert told(span)["error.type"].startswith("tornadolike.")
        assert [event.name for event in span.events] == ["exception"]


def test_a_trace_through_two_servers(serve: Callable[..., Any], spans: Spans) -> None:
    second = Application([("/", Headers)])
    tracing.install(second, tracer_provider=spans.provider)
    first = Application([("/", Asking, {"url": serve(second).url})])
    tracing.install(first, tracer_provider=spans.provider, clients=False)
    asked = serve(first)
    asked.exchange(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    spans_by_kind = {(one.kind, parent_of(one) is None): one for one in spans.wait(3)}
    outer = spans_by_kind[SpanKind.SERVER, True]
    between = spans_by_kind[SpanKind.CLIENT, False]
    inner = spans_by_kind[SpanKind.SERVER, False]
    assert parent_of(between) == ids(outer)[1]
    assert parent_of(inner) == ids(between)[1]
    assert len({ids(one)[0] for one in (outer, between, inner)}) == 1


def test_without_the_sdk_a_trace_goes_through(serve: Callable[..., Any], spans: Spans) -> None:
    nothing = trace.NoOpTracerProvider()
    first = Application([("/", Asking, {"url": serve(Application([("/", Headers)])).url})])
    tracing.install(first, tracer_provider=nothing)
    answer = serve(first).exchange(
        f"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{TRACEPARENT}\r\n\r\n".encode()
    )
    assert f"00-{TRACE}-{PARENT}-01".encode() in answer


def test_in_pieces(serve: Callable[..., Any], spans: Spans) -> None:
    server = serve(Application([("/", Headers)]))
    tracing.install(Application(), tracer_provider=spans.provider)

    async def fetch() -> bytes:
        async with (
            AsyncHTTPClient(force_instance=True) as client,
            client.stream("GET", server.url) as one,
            client.stream("GET", server.url) as other,
        ):
            return await one.read() + await other.read()

    assert ioloop.run(fetch()).count(b"traceparent") == 2
    spans.wait(2)
