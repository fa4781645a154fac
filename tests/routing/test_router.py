"""How what a router has found is told of a request."""

from typing import Any

import pytest

from tests.web.helpers import FakeConnection
from tornadolike.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerRequest,
    RequestStartLine,
)
from tornadolike.routing import Router
from tornadolike.routing.router import RequestCollector

POST = RequestStartLine("POST", "/", "HTTP/1.1")


class Notes(HTTPMessageDelegate):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> Any:
        self.told.append(start_line.path)
        return "wait"

    def data_received(self, chunk: bytes) -> Any:
        self.told.append(chunk)
        return "wait for this"

    def trailers_received(self, trailers: HTTPHeaders) -> None:
        self.told.append(dict(trailers))

    def finish(self) -> None:
        self.told.append("finish")

    def on_connection_close(self) -> None:
        self.told.append("close")


class Found(Router):
    """Finds this, whatever is asked for."""

    def __init__(self, delegate: HTTPMessageDelegate | None) -> None:
        self.delegate = delegate

    def find_handler(
        self, request: HTTPServerRequest, **kwargs: object
    ) -> HTTPMessageDelegate | None:
        self.request = request
        return self.delegate


def test_all_is_passed_on() -> None:
    connection: Any = FakeConnection()
    notes = Notes()
    router = Found(notes)
    delegate = router.start_request("server", connection)
    delegate.on_connection_close()  # there is nobody yet to be told
    assert delegate.headers_received(POST, HTTPHeaders({"A": "b"})) == "wait"  # type: ignore[comparison-overlap]
    assert delegate.data_received(b"1") == "wait for this"  # type: ignore[comparison-overlap]
    delegate.trailers_received(HTTPHeaders({"C": "d"}))
    delegate.finish()
    delegate.on_connection_close()
    assert notes.told == ["/", b"1", {"C": "d"}, "finish", "close"]
    request = router.request
    assert (request.server_connection, request.connection) == ("server", connection)
    assert (request.method, dict(request.headers)) == ("POST", {"A": "b"})


@pytest.mark.parametrize("found", [5, "handler", Notes])
def test_what_cannot_answer(found: Any) -> None:
    delegate = Found(found).start_request(None, FakeConnection())  # type: ignore[arg-type]
    with pytest.raises(
        TypeError, match=r"gives an HTTPMessageDelegate or None, not .*get_handler_"
    ):
        delegate.headers_received(POST, HTTPHeaders())


def test_what_nobody_wants_is_a_404_behind_its_body() -> None:
    connection: Any = FakeConnection()
    delegate = Found(None).start_request(None, connection)
    delegate.headers_received(POST, HTTPHeaders())
    delegate.data_received(b"1")
    assert not connection.status
    delegate.finish()
    assert (connection.status, connection.body, connection.whole) == (404, b"", True)


def test_a_function_gets_the_whole_request() -> None:
    connection: Any = FakeConnection()
    request = HTTPServerRequest("POST", "/", connection=connection)
    asked: list[HTTPServerRequest] = []
    delegate = RequestCollector(asked.append, request)
    delegate.headers_received(POST, HTTPHeaders())
    for chunk in (b"1", b"2"):
        delegate.data_received(chunk)
    assert asked == []
    delegate.finish()
    assert asked == [request]
    assert request.body == b"12"
