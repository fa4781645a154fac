"""Spans leave by OTLP, and a receiver on our own server reads them."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from tests.tracing.helpers import PARENT, TRACE, TRACEPARENT
from tests.web.helpers import Site
from tornadolike import tracing
from tornadolike.routing import route
from tornadolike.web import Application, RequestHandler


class Receiver(RequestHandler):
    """Takes what an exporter sends."""

    def initialize(self, received: list[Any]) -> None:
        self.received = received

    def post(self) -> None:
        body = self.request.body
        if self.request.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.received.append(ExportTraceServiceRequest.FromString(body))
        self.set_header("Content-Type", "application/x-protobuf")
        self.write(ExportTraceServiceResponse().SerializeToString())


class User(RequestHandler):
    def get(self, number: int) -> None:
        self.write(str(number))


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_spans_are_received(
    site: Callable[..., Site], serve: Callable[..., Any], compression: str
) -> None:
    from opentelemetry.exporter.otlp.proto.http import Compression

    received: list[ExportTraceServiceRequest] = []
    collector = serve(Application([("/v1/traces", Receiver, {"received": received})]))
    provider = TracerProvider(
        resource=Resource.create({"service.name": "shop"}), shutdown_on_exit=False
    )
    exporter = OTLPSpanExporter(
        f"{collector.url}/v1/traces", compression=Compression(compression), timeout=20
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    asked = site(route("/users/{number:int}", User))
    tracing.install(asked.application, tracer_provider=provider, clients=False)
    try:
        for number in range(3):
            asked.ask(f"GET /users/{number}", TRACEPARENT)
        assert provider.force_flush(20_000)
    finally:
        provider.shutdown()
    resources = [one for request in received for one in request.resource_spans]
    assert {
        attribute.value.string_value
        for one in resources
        for attribute in one.resource.attributes
        if attribute.key == "service.name"
    } == {"shop"}
    scopes = [scope for one in resources for scope in one.scope_spans]
    assert {scope.scope.name for scope in scopes} == {"tornadolike"}
    spans = [span for scope in scopes for span in scope.spans]
    assert [span.name for span in spans] == ["GET /users/{number:int}"] * 3
    assert {span.trace_id.hex() for span in spans} == {TRACE}
    assert {span.parent_span_id.hex() for span in spans} == {PARENT}
    assert [
        attribute.value.string_value
        for span in spans
        for attribute in span.attributes
        if attribute.key == "url.path"
    ] == [f"/users/{number}" for number in range(3)]
