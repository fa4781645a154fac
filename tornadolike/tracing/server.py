""":class:`ServerSpans`: a span for each request that an application answers."""

from collections.abc import Collection, Mapping
from functools import partial
from types import TracebackType
from typing import Any

from opentelemetry import propagate
from opentelemetry.context import Context, attach
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

from ..web import HTTPError, RequestHandler, route_of
from ..web.around import Next
from .attributes import (
    ERROR_TYPE,
    STATUS,
    failed,
    method_attributes,
    name_of_span,
    request_attributes,
)


class ServerSpans:
    """A middleware: what a handler does, and what is started from there, belongs to the span of its request.

    The span ends when the response was handed over for sending; that of a WebSocket when the connection is gone.

    :arg tracer: makes the spans.
    :arg leave_out: the routes of which there are none.
    """

    def __init__(self, tracer: Tracer, leave_out: Collection[str] = ()) -> None:
        self._tracer = tracer
        self._leave_out = frozenset(leave_out)
        self._propagator = propagate.get_global_textmap()
        self._fields = tuple(
            "-".join(word.capitalize() for word in field.split("-"))
            for field in sorted(self._propagator.fields)
        )
        """The headers by which a request may tell whose part it is."""

    async def __call__(self, handler: RequestHandler, call_next: Next) -> None:
        route = route_of(handler)
        if route in self._leave_out:
            await call_next(handler)
            return
        request = handler.request
        parent = self._parent(request._fields, handler)
        attributes = {
            **method_attributes(request.method),
            "url.path": handler.logged_uri.partition("?")[0],
            "url.scheme": request.protocol,
        }
        if route is not None:
            attributes["http.route"] = route
        span = self._tracer.start_span(
            name_of_span(request.method, route), parent, SpanKind.SERVER, attributes
        )
        # It is never taken back: the context is this request's alone, and a line in its log still wants the span.
        # (Without an SDK there are none: then whoever is asked by us hears of the parent.)
        is_there = span.get_span_context().is_valid
        attach(set_span_in_context(span, parent) if is_there else parent)
        if not span.is_recording():
            await call_next(handler)
            return
        span.set_attributes(request_attributes(request))
        handler._call_afterwards(partial(_answered, span, handler))
        try:
            await call_next(handler)
        except Exception as error:
            if not isinstance(error, HTTPError) or error.status_code >= 500:
                failed(span, error)
            raise

    def _parent(self, fields: Mapping[str, Any], handler: RequestHandler) -> Context:
        """The context of who has asked; an empty one if he does not tell, whatever has started this server."""
        for field in self._fields:
            if field in fields:
                return self._propagator.extract(handler.request.headers, Context())
        return Context()


def _answered(span: Span, handler: Any) -> None:
    """The response is finished, or nobody waits for it any more."""
    if getattr(handler, "_upgraded", False):
        span.set_attribute(STATUS, 101)
        span.add_event("upgraded")
        _follow(span, handler)
        return
    if handler._headers_written:
        status = handler.get_status()
        span.set_attribute(STATUS, status)
        if status >= 500:
            attributes = getattr(span, "attributes", None) or {}
            if ERROR_TYPE not in attributes:
                span.set_attribute(ERROR_TYPE, str(status))
                span.set_status(Status(StatusCode.ERROR))
    else:
        span.set_attribute(ERROR_TYPE, "client_disconnected")
    span.end()


def _follow(span: Span, handler: Any) -> None:
    """End the span of a WebSocket with its connection; until then it tells of exceptions in its callbacks."""
    closed, log = handler.on_ws_connection_close, handler.log_exception

    def on_ws_connection_close(code: int | None = None, reason: str | None = None) -> None:
        del handler.on_ws_connection_close, handler.log_exception
        try:
            closed(code, reason)
        finally:
            if code is not None:
                span.set_attribute("websocket.close_code", code)
            span.end()

    def log_exception(
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            failed(span, error)
        log(kind, error, traceback)

    handler.on_ws_connection_close = on_ws_connection_close
    handler.log_exception = log_exception
