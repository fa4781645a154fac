"""Responses that would never end, and a server that is to stop."""

from typing import Any

from tests.http1connection.helpers import Held, drain
from tests.peers import reset
from tests.wire.client import PLAIN_AND_TLS, expect, expect_end, get, head, ok
from tests.wire.site import answer
from tornadolike.httputil import HTTPServerRequest

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Endless:
    """Responses that end when the server is to stop."""

    def __init__(self) -> None:
        self.told = 0
        self.requests: list[HTTPServerRequest] = []

    def __call__(self, request: HTTPServerRequest) -> None:
        self.requests.append(request)
        request.connection.write_headers(*head(), b"hello")
        request.connection.set_drain_callback(self.end)

    def end(self) -> None:
        self.told += 1
        self.requests[0].connection.finish()


@PLAIN_AND_TLS
def test_a_response_that_has_begun_is_told_once(watch: Any) -> None:
    site = Endless()
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(get("/"))
        expect(sock, HEAD + b"5\r\nhello\r\n")
        assert site.told == 0
        drained = drain(server)
        expect_end(sock, b"0\r\n\r\n")
    server.until(drained)
    assert site.told == 1


@PLAIN_AND_TLS
def test_a_response_that_begins_while_the_server_drains(watch: Any) -> None:
    site = Endless()
    server = watch(site)
    with server.connect() as sock:
        request = get("/")
        sock.sendall(request[:10])
        server.until_in("HEAD", 10)
        drained = drain(server)
        sock.sendall(request[10:])
        expect_end(
            sock,
            HEAD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
            + b"5\r\nhello\r\n0\r\n\r\n",
        )
    server.until(drained)
    assert site.told == 1


def test_it_is_only_for_the_response_that_asked_for_it(watch: Any) -> None:
    told: list[str | None] = []
    held = Held()

    def respond(request: HTTPServerRequest) -> None:
        connection = request.connection
        connection.set_drain_callback(lambda: told.append(request.uri))
        held(request)
        # Too late, if it has been answered: there is nothing more to be told.
        if request.path == "/now":
            connection.set_drain_callback(lambda: told.append("late"))

    server = watch(respond)
    with server.connect() as sock:
        sock.sendall(get("/now") + get("/1"))
        server.until(lambda: held.requests)
        drained = drain(server)
        server.until(lambda: told)
        server.call(held.answer_next)
        expect_end(sock, ok("GET /now") + ok("GET /1", "Connection: close"))
    server.until(drained)
    assert told == ["/1"]


def test_it_is_forgotten_with_its_response(watch: Any) -> None:
    told: list[str | None] = []
    held = Held()

    def respond(request: HTTPServerRequest) -> None:
        if request.path == "/now":
            request.connection.set_drain_callback(lambda: told.append(request.uri))
        held(request)

    server = watch(respond)
    with server.connect() as sock:
        sock.sendall(get("/now") + get("/1"))
        server.until(lambda: held.requests)
        drained = drain(server)
        server.call(lambda: None)
        server.call(held.answer_next)
        expect_end(sock, ok("GET /now") + ok("GET /1", "Connection: close"))
    server.until(drained)
    assert told == []


def test_it_can_be_taken_back(watch: Any) -> None:
    told: list[str] = []
    held = Held()
    server = watch(held)
    with server.connect() as sock:
        sock.sendall(get("/1"))
        server.until(lambda: held.requests)
        connection = server.connection
        server.call(connection.set_drain_callback, lambda: told.append("told"))
        server.call(connection.set_drain_callback, None)
        drained = drain(server)
        server.call(held.answer_next)
    server.until(drained)
    assert told == []


def test_who_is_gone_is_not_waited_for(watch: Any) -> None:
    told: list[str] = []
    held = Held()
    server = watch(held)
    sock = server.connect()
    sock.sendall(get("/1"))
    server.until(lambda: held.requests)
    request = held.requests[0]
    server.call(request.connection.set_drain_callback, lambda: told.append("told"))
    reset(sock)
    server.until_gone()
    server.until(drain(server))
    server.call(request.connection.set_drain_callback, lambda: told.append("told"))
    server.call(lambda: None)
    assert told == []


def test_a_callback_that_fails(watch: Any, expect_log: Any) -> None:
    def respond(request: HTTPServerRequest) -> None:
        request.connection.set_drain_callback(lambda: 1 / 0)
        requests.append(request)

    requests: list[HTTPServerRequest] = []
    server = watch(respond)
    with server.connect() as sock:
        sock.sendall(get("/1"))
        server.until(lambda: requests)
        with expect_log("tornadolike.application", "Uncaught exception", count=1) as log:
            drained = drain(server)
            server.until(lambda: log.matched)
        server.call(answer, requests[0])
        expect_end(sock, ok("GET /1", "Connection: close"))
    server.until(drained)
