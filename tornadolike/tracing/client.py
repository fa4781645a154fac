""":class:`ClientSpans`: a span for each request that our HTTP client sends."""

from opentelemetry import propagate
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

from ..httpclient import HTTPClientError, Trace
from ..httpclient.engine import Answer, Hop
from .attributes import ERROR_TYPE, STATUS, failed, hop_attributes, name_of_span


class ClientSpans(Trace):
    """The server is told of it by the request's headers. It ends when the head of the response is there.

    Requests behind a redirect, and those that are sent again, have spans of their own.
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._open: dict[int, Span] = {}
        """Those that are not ended, by the ids of their hops, which live as long as they do."""

    def on_request(self, hop: Hop) -> None:
        span = self._tracer.start_span(
            name_of_span(hop.method, None),
            kind=SpanKind.CLIENT,
            attributes=hop_attributes(hop),
        )
        is_there = span.get_span_context().is_valid
        propagate.inject(hop.headers, set_span_in_context(span) if is_there else None)
        if span.is_recording():
            self._open[id(hop)] = span

    def on_response(self, hop: Hop, answer: Answer) -> None:
        span = self._open.pop(id(hop), None)
        if span is None:
            return
        span.set_attribute(STATUS, answer.status)
        span.set_attribute("network.protocol.version", answer.version.removeprefix("HTTP/"))
        if answer.status >= 400:
            span.set_attribute(ERROR_TYPE, str(answer.status))
            span.set_status(Status(StatusCode.ERROR))
        span.end()

    def on_retry(self, hop: Hop, reason: Answer | HTTPClientError, delay: float) -> None:
        if isinstance(reason, HTTPClientError):
            self.on_failure(hop, reason)

    def on_failure(self, hop: Hop, error: BaseException) -> None:
        span = self._open.pop(id(hop), None)
        if span is not None:
            failed(span, error)
            span.end()
