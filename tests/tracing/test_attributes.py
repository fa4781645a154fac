"""What spans tell of requests."""

from typing import Any

import pytest
from opentelemetry.semconv.attributes import (
    client_attributes,
    error_attributes,
    http_attributes,
    network_attributes,
    server_attributes,
    url_attributes,
    user_agent_attributes,
)

from tornadolike.httpclient.addresses import parse_url
from tornadolike.httpclient.engine import Hop
from tornadolike.httputil import HTTPHeaders, HTTPServerRequest
from tornadolike.tracing.attributes import (
    ERROR_TYPE,
    STATUS,
    hop_attributes,
    method_attributes,
    name_of_span,
    request_attributes,
)

STABLE = {
    value
    for module in (
        *(client_attributes, error_attributes, http_attributes, network_attributes),
        *(server_attributes, url_attributes, user_agent_attributes),
    )
    for name, value in vars(module).items()
    if isinstance(value, str) and name.isupper()
}
"""The names of OpenTelemetry's own package of them."""


def request(host: str, **options: Any) -> HTTPServerRequest:
    made = HTTPServerRequest("GET", "/a?b=c", "HTTP/1.1", HTTPHeaders(), host=host)
    for name, value in options.items():
        setattr(made, name, value)
    return made


def test_names() -> None:
    assert name_of_span("GET", "/users/{id}") == "GET /users/{id}"
    assert name_of_span("POST", None) == "POST"
    assert name_of_span("GETT", "/") == "HTTP /"
    assert name_of_span(None, None) == "HTTP"


def test_methods() -> None:
    assert method_attributes("PUT") == {"http.request.method": "PUT"}
    assert method_attributes("x" * 100) == {
        "http.request.method": "_OTHER",
        "http.request.method_original": "x" * 50,
    }


@pytest.mark.parametrize(
    ("host", "protocol", "address", "port"),
    [
        ("a.example", "http", "a.example", 80),
        ("a.example", "https", "a.example", 443),
        ("a.example:8080", "https", "a.example", 8080),
        ("[::1]:81", "http", "::1", 81),
        ("[::1]", "http", "::1", 80),
        ("a.example:x", "http", "a.example:x", 80),
    ],
)
def test_where_a_request_goes(host: str, protocol: str, address: str, port: int) -> None:
    found = request_attributes(request(host, protocol=protocol, remote_ip="192.0.2.1"))
    assert found == {
        "network.protocol.version": "1.1",
        "client.address": "192.0.2.1",
        "server.address": address,
        "server.port": port,
    }


def test_names_are_those_of_the_conventions() -> None:
    asked = request("a", protocol="http", remote_ip="192.0.2.1")
    asked.headers["User-Agent"] = "x"
    hop = Hop("GET", parse_url("https://me:secret@a.example:99/b/c?d=e"), HTTPHeaders())
    found = request_attributes(asked) | hop_attributes(hop) | method_attributes("X")
    assert {*found, ERROR_TYPE, STATUS} <= STABLE
    assert {"url.path", "url.scheme", "http.route"} <= STABLE
    assert found["url.full"] == "https://a.example:99/b/c"
