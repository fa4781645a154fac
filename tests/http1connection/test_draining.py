"""A server that is to stop: responses that would never end, and requests that are under way."""

import asyncio
import socket
from typing import Any

import pytest

from tests.http1connection.helpers import Held, drain
from tests.peers import reset
from tests.wire.client import PLAIN_AND_TLS, expect, expect_end, get, head, ok, read_all
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


# Requests that may be under way


@PLAIN_AND_TLS
def test_a_request_under_way_is_answered(watch: Any) -> None:
    """Behind an answer or on a new connection: who has sent it could not know that we stop."""
    server = watch()
    with server.connect() as fresh, server.connect() as used:
        used.sendall(get("/1"))
        expect(used, ok("GET /1"))
        drained = drain(server)
        server.call(lambda: None)
        for sock in (used, fresh):
            sock.sendall(get("/2"))
            expect_end(sock, ok("GET /2", "Connection: close"))
    server.until(drained)


@PLAIN_AND_TLS
def test_none_comes(watch: Any) -> None:
    server = watch()
    with server.connect() as fresh, server.connect() as used:
        used.sendall(get("/1"))
        expect(used, ok("GET /1"))
        drained = drain(server)
        assert not server.call(drained)
        assert server.serving.draining_idle_time == 1
        server.advance(2.1)
        expect_end(used)
        expect_end(fresh)
    server.until(drained)


@PLAIN_AND_TLS
@pytest.mark.parametrize(
    ("options", "seconds"), [({"draining_idle_time": 0}, 10), ({}, 0.5)], ids=["unwanted", "hurry"]
)
def test_nobody_waits_for_one(watch: Any, options: dict[str, Any], seconds: float) -> None:
    """The clock stands still (but for the fraction of a second that a goodbye of TLS may take)."""
    server = watch(**options)
    with server.connect() as used:
        used.sendall(get("/1"))
        expect(used, ok("GET /1"))
        drained = drain(server, seconds)
        expect_end(used)
        server.until(drained)


@PLAIN_AND_TLS
@pytest.mark.parametrize("idle", [0, 10], ids=["just answered", "idle for long"])
def test_one_that_has_arrived_is_answered(watch: Any, idle: float) -> None:
    server = watch()
    with server.connect() as sock:
        sock.sendall(get("/1"))
        expect(sock, ok("GET /1"))
        server.advance(idle)
        drainings = []

        def send_and_drain() -> None:
            sock.sendall(get("/2"))
            drainings.append(asyncio.ensure_future(server.server.server.drain(10)))

        server.call(send_and_drain)
        server.until(lambda: server.server.server.counts.requests == 2)
        server.advance(3)
        answered = read_all(sock)
        # Whether it is said to be the last depends on whether it was read before.
        assert answered.replace(b"Connection: close\r\n", b"") == ok("GET /2")
        server.until(drainings[0].done)


def test_requests_that_wait_behind_another(watch: Any) -> None:
    held = Held()
    server = watch(held)
    with server.connect() as sock:
        sock.sendall(get("/1") + get("/now") + get("/2") + get("/now") + get("/3")[:9])
        server.until(lambda: held.requests)
        drained = drain(server)
        server.call(held.answer_next)
        server.until(lambda: held.requests)
        server.call(held.answer_next)
        sock.sendall(get("/3")[9:])
        server.until(lambda: held.requests)
        server.call(held.answer_next)
        expect_end(
            sock,
            ok("GET /1")
            + ok("GET /now")
            + ok("GET /2")
            + ok("GET /now")
            + ok("GET /3", "Connection: close"),
        )
    server.until(drained)


def test_a_promise_to_stay_open_is_kept_for_a_while(watch: Any) -> None:
    """The head had left before the server was to stop."""
    site = Endless()

    def respond(request: HTTPServerRequest) -> None:
        (site if request.path == "/" else answer)(request)

    server = watch(respond)
    with server.connect() as sock:
        sock.sendall(get("/"))
        expect(sock, HEAD + b"5\r\nhello\r\n")
        drained = drain(server)
        expect(sock, b"0\r\n\r\n")
        sock.sendall(get("/2"))
        expect_end(sock, ok("GET /2", "Connection: close"))
    server.until(drained)


# Connections that have only begun


def test_connections_that_nobody_has_accepted_yet(watch: Any) -> None:
    server = watch()
    socks: list[socket.socket] = []
    drainings = []

    def connect_and_drain() -> None:
        for number in range(5):
            socks.append(socket.create_connection(("127.0.0.1", server.server.port), 10))
            socks[-1].sendall(get(f"/{number}"))
        drainings.append(asyncio.ensure_future(server.server.server.drain(10)))

    server.call(connect_and_drain)
    for number, sock in enumerate(socks):
        with sock:
            expect_end(sock, ok(f"GET /{number}", "Connection: close"))
    server.until(drainings[0].done)
