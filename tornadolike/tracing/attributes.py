"""What spans tell of requests, by the names of OpenTelemetry's semantic conventions for HTTP (the stable ones).

Of addresses the path is told and the query is not: there stand what people look for, and at times secrets.
"""

from typing import Any, Final

from opentelemetry.trace import Span, Status, StatusCode

from ..httpclient.engine import Hop
from ..httputil import HTTPServerRequest

METHODS: Final = frozenset(
    {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "QUERY"}
)
"""Those that are told as they are; spans of others are called ``HTTP``."""

OTHER_METHOD: Final = "_OTHER"

ERROR_TYPE: Final = "error.type"
STATUS: Final = "http.response.status_code"

Attributes = dict[str, Any]


def name_of_span(method: str | None, route: str | None) -> str:
    """What a span is called: of a server it has the pattern of the path, of a client just the method."""
    known = method if method in METHODS else "HTTP"
    assert known is not None
    return known if route is None else f"{known} {route}"


def method_attributes(method: str | None) -> Attributes:
    """The method; one that clients have made up beside it."""
    if method in METHODS:
        return {"http.request.method": method}
    return {
        "http.request.method": OTHER_METHOD,
        "http.request.method_original": (method or "")[:50],
    }


def request_attributes(request: HTTPServerRequest) -> Attributes:
    """What is told of a request that is traced, beside what its sampler has seen."""
    name, port = _split(request.host or "")
    found = {
        "network.protocol.version": (request.version or "").removeprefix("HTTP/"),
        "client.address": request.remote_ip,
        "server.address": name,
        "server.port": port or (443 if request.protocol == "https" else 80),
        "user_agent.original": request.headers.get("User-Agent"),
    }
    return {key: value for key, value in found.items() if value}


def hop_attributes(hop: Hop) -> Attributes:
    """What is told of a request that our client sends."""
    address = hop.address
    path = address.resource.partition("?")[0]
    return {
        **method_attributes(hop.method),
        "server.address": address.host,
        "server.port": address.port,
        "url.full": f"{address.scheme}://{address.authority}{path}",
    }


def failed(span: Span, error: BaseException) -> None:
    """A span ends with an exception."""
    kind = type(error)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    span.record_exception(error)
    span.set_attribute(ERROR_TYPE, module + kind.__qualname__)
    span.set_status(Status(StatusCode.ERROR, str(error)[:200]))


def _split(host: str) -> tuple[str, int | None]:
    name, colon, port = host.rpartition(":")
    if colon and port.isascii() and port.isdigit() and len(port) <= 5:
        return name.strip("[]"), int(port)
    return host.strip("[]"), None
