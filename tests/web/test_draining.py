"""Handlers whose server stops."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.http1connection.helpers import Watched
from tests.web.going_away import Cancelled, Events, Waits, crash
from tests.web.helpers import Site
from tests.wire.client import PLAIN_AND_TLS, read_all
from tornadolike.web import RequestHandler
from tornadolike.websocket import WebSocketHandler


class Draining:
    """A server that stops. Calling this waits until it has, and raises what that raised."""

    def __init__(self, served: Site, *timeout: float) -> None:
        self._server = served.server
        self._server.call(self._begin, *timeout)
        served.settle()

    def _begin(self, *timeout: float) -> None:
        self._task = asyncio.ensure_future(self._server.server.drain(*timeout))

    def done(self) -> bool:
        return bool(self._server.call(self._task.done))

    def __call__(self) -> None:
        self._server.call(lambda: self._task)


class Stream(RequestHandler):
    """A stream of events without end, unless the server goes away."""

    async def get(self) -> None:
        self.going = asyncio.Event()
        self.write("hello\n")
        await self.flush()
        await self.going.wait()
        self.write("goodbye\n")

    def on_going_away(self) -> None:
        self.going.set()


@PLAIN_AND_TLS
def test_a_stream_ends_when_the_server_stops(site: Callable[..., Site], wire: str) -> None:
    served = site(("/", Stream))
    with served.connect() as connection:
        connection.send("GET /")
        assert connection.sock.recv(5) == b"HTTP/"
        drained = Draining(served)
        assert read_all(connection.sock).endswith(b"8\r\ngoodbye\n\r\n0\r\n\r\n")
        connection.sock.close()
        drained()


def test_a_stream_that_begins_while_the_server_stops(site: Callable[..., Site]) -> None:
    """The rest of its request was still to come."""

    class Late(Stream):
        async def post(self) -> None:
            await self.get()

    served = site(("/", Late))
    with served.connect() as connection:
        connection.send("POST /", "Content-Length: 5")
        connection.sock.sendall(b"he")
        Watched(served.server).until_in("BODY")
        drained = Draining(served)
        connection.sock.sendall(b"llo")
        assert connection.receive().text == "hello\ngoodbye\n"
        connection.sock.close()
        drained()


def test_on_going_away_is_for_those_at_work(site: Callable[..., Site], happened: Events) -> None:
    class Handler(Waits):
        async def wait(self) -> None:
            self.going = asyncio.Event()
            await self.going.wait()

        def on_going_away(self) -> None:
            happened("on_going_away")
            self.going.set()

    class Done(Handler):
        async def wait(self) -> None:
            await asyncio.sleep(0)

    served = site(("/", Handler, {"happened": happened}), ("/done", Done, {"happened": happened}))
    with served.connect() as idle, served.connect() as connection:
        idle.ask("GET /done")
        assert [happened.next() for _ in range(3)] == ["begins", "has waited", "on_finish 200"]
        connection.send("GET /")
        assert happened.next() == "begins"
        drained = Draining(served)
        expected = ["on_going_away", "has waited", "on_finish 200"]
        assert [happened.next() for _ in range(3)] == expected
        assert connection.receive().status == 200
        connection.sock.close()
        drained()
    assert happened.rest() == []


def test_on_going_away_may_fail(
    site: Callable[..., Site], happened: Events, expect_log: Callable[..., Any]
) -> None:
    class Handler(Waits):
        async def wait(self) -> None:
            self.going = asyncio.Event()
            await self.going.wait()

        def on_going_away(self) -> None:
            self.going.set()
            raise ZeroDivisionError

    served = site(("/", Handler, {"happened": happened}))
    with served.connect() as connection:
        connection.send("GET /")
        assert happened.next() == "begins"
        with expect_log("tornadolike.application", "Uncaught exception", count=1):
            drained = Draining(served)
            assert connection.receive().status == 200
        connection.sock.close()
        drained()


@PLAIN_AND_TLS
@pytest.mark.parametrize("base", [Waits, Cancelled])
def test_whoever_takes_too_long_is_cut_off_and_cancelled(
    site: Callable[..., Site],
    happened: Events,
    expect_log: Callable[..., Any],
    wire: str,
    base: type[Waits],
) -> None:
    """Once, also if it would be cancelled for its client: that would disturb its cleaning up."""

    class Handler(base):  # type: ignore[misc,valid-type]
        async def wait(self) -> None:
            try:
                await super().wait()
            finally:
                await asyncio.sleep(0.01)
                happened("has cleaned up")

    served = site(("/", Handler, {"happened": happened}))
    with served.connect() as connection:
        connection.send("GET /")
        assert happened.next() == "begins"
        with expect_log("tornadolike.general", "Cutting 1 connections that did not end", count=1):
            Draining(served, 0.01)()
        # All of it before drain() returned.
        assert sorted(happened.rest()) == [
            "has cleaned up",
            "is cancelled",
            "on_connection_close",
            "on_finish 499",
        ]


def test_an_answer_under_way_that_takes_too_long(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    class Endless(RequestHandler):
        async def get(self) -> None:
            while True:
                self.write(b"x" * 65536)
                await self.flush()

    served = site(("/", Endless))
    with served.connect() as connection:
        connection.send("GET /")
        assert connection.sock.recv(5) == b"HTTP/"
        with expect_log("tornadolike.general", "Cutting 1 connections"):
            Draining(served, 0.01)()
    assert [handler.get_status() for handler in served.finished] == [200]


def test_an_upload_under_way_that_takes_too_long(
    site: Callable[..., Site], happened: Events, expect_log: Callable[..., Any]
) -> None:
    served = site(("/", Waits, {"happened": happened}))
    with served.connect() as connection:
        connection.send("POST /", "Content-Length: 5")
        connection.sock.sendall(b"he")
        Watched(served.server).until_in("BODY")
        with expect_log("tornadolike.general", "Cutting 1 connections"):
            Draining(served, 0.01)()
        assert connection.sock.recv(1) == b""
    assert happened.rest() == []


def test_a_websocket_is_told_by_itself(site: Callable[..., Site]) -> None:
    class Echo(WebSocketHandler):
        def on_going_away(self) -> None:
            raise AssertionError("to HTTP it has ended")

    served = site(("/", Echo))
    with served.connect() as connection:
        connection.send(
            "GET /",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        )
        assert connection.receive().status == 101
        drained = Draining(served)
        assert connection.sock.recv(4) == b"\x88\x02\x03\xe9"  # 1001
        connection.sock.close()
        drained()


def test_a_handler_whose_client_has_left_is_waited_for(
    site: Callable[..., Site], happened: Events
) -> None:
    gate: list[asyncio.Future[None]] = []

    class Handler(Waits):
        async def wait(self) -> None:
            gate.append(asyncio.get_running_loop().create_future())
            await gate[0]

    served = site(("/", Handler, {"happened": happened}))
    with served.connect() as connection:
        connection.send("GET /")
        assert happened.next() == "begins"
        crash(connection)
    assert happened.next() == "on_connection_close"
    drained = Draining(served)
    Watched(served.server).until(lambda: not served.server.server._serving.connections)
    served.settle()
    assert not drained.done()
    assert happened.rest() == []
    served.server.call(gate[0].set_result, None)
    drained()
    assert happened.rest() == ["has waited", "on_finish 200"]


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("method", ["drain", "close_all_connections"])
def test_a_handler_that_stops_the_server(
    site: Callable[..., Site], method: str, at_once: bool
) -> None:
    class Stop(RequestHandler):
        async def get(self) -> None:
            if not at_once:
                await asyncio.sleep(0)
            server = served.server.server
            await getattr(server, method)()
            self.write(f"{len(server._serving.connections)}")

    served = site(("/", Stop), ("/idle", RequestHandler))
    with served.connect() as idle, served.connect() as connection:
        assert idle.ask("GET /idle").status == 405
        assert connection.ask("GET /").text == "1"
        assert idle.sock.recv(1) == b""


def test_a_handler_that_stops_the_server_is_alone_with_it(site: Callable[..., Site]) -> None:
    class Stop(RequestHandler):
        async def get(self) -> None:
            await served.server.server.drain()
            self.write("done")

    served = site(("/", Stop))
    with served.connect() as connection:
        assert connection.ask("GET /").text == "done"


def test_two_handlers_that_stop_the_server_do_not_wait_for_each_other_for_ever(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    both = asyncio.Barrier(2)

    class Stop(RequestHandler):
        async def get(self) -> None:
            await both.wait()
            await served.server.server.drain(0.01)

    served = site(("/", Stop))
    with (
        served.connect() as first,
        served.connect() as second,
        expect_log("tornadolike.general", "Cutting 1 connections"),
    ):
        first.send("GET /")
        second.send("GET /")
        Watched(served.server).until(lambda: len(served.finished) == 2)
    assert 499 in {handler.get_status() for handler in served.finished}


def test_a_stream_whose_client_has_left_meanwhile(site: Callable[..., Site]) -> None:
    """It is told of both; the second is not for it any more."""
    told: list[str] = []

    class Handler(Stream):
        def on_connection_close(self) -> None:
            told.append("close")
            self.going.set()

        def on_going_away(self) -> None:
            told.append("going")

    served = site(("/", Handler))
    with served.connect() as connection:
        connection.send("GET /")
        assert connection.sock.recv(5) == b"HTTP/"
    Watched(served.server).until(lambda: told)
    Draining(served)()
    assert told == ["close"]
