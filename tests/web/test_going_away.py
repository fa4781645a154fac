"""Handlers whose client leaves, and handlers whose server stops."""

import asyncio
import queue
import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.http1connection.helpers import Watched
from tests.peers import reset
from tests.web.helpers import Connection, Site
from tests.wire.client import PLAIN_AND_TLS, read_all
from tornadolike.gen import coroutine
from tornadolike.iostream import StreamClosedError
from tornadolike.web import RequestHandler, reads_request_body
from tornadolike.websocket import WebSocketHandler

PATIENCE = 10.0


class Events:
    """What happened to handlers, told to the test's thread."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[str] = queue.SimpleQueue()

    def __call__(self, event: str) -> None:
        self._queue.put(event)

    def next(self) -> str:
        return self._queue.get(timeout=PATIENCE)

    def rest(self) -> list[str]:
        events = []
        while not self._queue.empty():
            events.append(self._queue.get())
        return events


@pytest.fixture
def happened() -> Events:
    return Events()


class Waits(RequestHandler):
    """Waits for what never comes, or for as long as a subclass says."""

    def initialize(self, happened: Events) -> None:
        self.happened = happened

    async def get(self) -> None:
        self.happened("begins")
        try:
            await self.wait()
        except asyncio.CancelledError:
            self.happened("is cancelled")
            raise
        except BaseException as error:
            self.happened(f"gets {type(error).__name__}")
            raise
        self.happened("has waited")

    async def wait(self) -> None:
        await asyncio.get_running_loop().create_future()

    def on_connection_close(self) -> None:
        self.happened("on_connection_close")

    def on_finish(self) -> None:
        self.happened(f"on_finish {self.get_status()}")


class Cancelled(Waits):
    cancel_on_disconnect = True


CANCELLED = ["on_connection_close", "is cancelled", "on_finish 499"]


def leave(connection: Connection) -> None:
    connection.sock.close()


def crash(connection: Connection) -> None:
    reset(connection.sock)


def end(connection: Connection) -> None:
    connection.sock.shutdown(socket.SHUT_WR)


# The client


@pytest.mark.parametrize(
    ("wire", "leave"),
    [("plain", leave), ("plain", crash), ("plain", end), ("tls", leave), ("tls", crash)],
)
def test_a_client_that_leaves(
    site: Callable[..., Site], happened: Events, leave: Callable[[Connection], None], wire: str
) -> None:
    served = site(("/", Cancelled, {"happened": happened}))
    with served.connect() as connection:
        connection.send("GET /")
        assert happened.next() == "begins"
        leave(connection)
        assert [happened.next() for _ in CANCELLED] == CANCELLED
    served.settle()
    assert [handler.get_status() for handler in served.finished] == [499]
    Watched(served.server).until_gone()


def test_nobody_is_cancelled_unless_it_is_wanted(
    site: Callable[..., Site], happened: Events
) -> None:
    class Patient(Waits):
        async def wait(self) -> None:
            self.left = asyncio.Event()
            await self.left.wait()

        def on_connection_close(self) -> None:
            super().on_connection_close()
            self.left.set()

    served = site(("/", Patient, {"happened": happened}))
    with served.connect() as connection:
        connection.send("GET /")
        assert happened.next() == "begins"
    assert [happened.next() for _ in range(3)] == [
        "on_connection_close",
        "has waited",
        "on_finish 200",
    ]


@pytest.mark.parametrize(
    ("setting", "attribute", "cancelled"),
    [
        (True, None, True),
        (True, False, False),
        (False, True, True),
        (False, None, False),
    ],
)
def test_the_setting_is_for_those_who_do_not_say(
    site: Callable[..., Site],
    happened: Events,
    setting: bool,
    attribute: bool | None,
    cancelled: bool,
) -> None:
    class Handler(Waits):
        cancel_on_disconnect = attribute

    served = site(("/", Handler, {"happened": happened}), cancel_on_disconnect=setting)
    with served.connect() as connection:
        connection.send("GET /")
        assert happened.next() == "begins"
    assert happened.next() == "on_connection_close"
    if cancelled:
        assert [happened.next() for _ in range(2)] == CANCELLED[1:]
    else:
        served.settle()
        assert happened.rest() == []


def ask_and_leave(served: Site, happened: Events) -> None:
    with served.connect() as connection:
        connection.send("GET /")
        assert happened.next() == "begins"


def test_cleaning_up_may_take_its_time(site: Callable[..., Site], happened: Events) -> None:
    class Handler(Cancelled):
        async def wait(self) -> None:
            try:
                await super().wait()
            finally:
                await asyncio.sleep(0.01)
                happened("has cleaned up")

    ask_and_leave(site(("/", Handler, {"happened": happened})), happened)
    assert [happened.next() for _ in range(4)] == [
        "on_connection_close",
        "has cleaned up",
        "is cancelled",
        "on_finish 499",
    ]


def test_what_is_shielded_goes_on(site: Callable[..., Site], happened: Events) -> None:
    class Handler(Cancelled):
        async def wait(self) -> None:
            await asyncio.shield(asyncio.ensure_future(self.work()))

        async def work(self) -> None:
            await asyncio.sleep(0.01)
            happened("has worked")

    ask_and_leave(site(("/", Handler, {"happened": happened})), happened)
    assert [happened.next() for _ in range(4)] == [*CANCELLED, "has worked"]


def test_a_time_out_is_not_mistaken_for_it(site: Callable[..., Site], happened: Events) -> None:
    class Handler(Cancelled):
        async def wait(self) -> None:
            try:
                async with asyncio.timeout(0.001):
                    await super().wait()
            except TimeoutError:
                happened("has timed out")
            async with asyncio.timeout(PATIENCE):
                await super().wait()

    served = site(("/", Handler, {"happened": happened}))
    with served.connect() as connection:
        connection.send("GET /")
        assert [happened.next(), happened.next()] == ["begins", "has timed out"]
    assert [happened.next() for _ in CANCELLED] == CANCELLED


def test_who_is_cancelled_while_he_prepares(site: Callable[..., Site], happened: Events) -> None:
    class Handler(Cancelled):
        async def prepare(self) -> None:
            happened("begins")
            await self.wait()

    ask_and_leave(site(("/", Handler, {"happened": happened})), happened)
    assert [happened.next(), happened.next()] == ["on_connection_close", "on_finish 499"]


def test_who_is_cancelled_in_the_middle_of_his_answer(
    site: Callable[..., Site], happened: Events
) -> None:
    class Handler(Cancelled):
        async def wait(self) -> None:
            self.write("part")
            await self.flush()
            await super().wait()

    served = site(("/", Handler, {"happened": happened}))
    with served.connect() as connection:
        connection.send("GET /")
        assert connection.sock.recv(5) == b"HTTP/"
    assert [happened.next() for _ in range(4)] == ["begins", *CANCELLED[:2], "on_finish 200"]


def test_who_will_not_be_cancelled(site: Callable[..., Site], happened: Events) -> None:
    class Handler(Cancelled):
        async def wait(self) -> None:
            try:
                await super().wait()
            except asyncio.CancelledError:
                self.write("to nobody")

    ask_and_leave(site(("/", Handler, {"happened": happened})), happened)
    expected = ["on_connection_close", "has waited", "on_finish 200"]
    assert [happened.next() for _ in range(3)] == expected


def test_what_goes_wrong_in_cleaning_up_is_an_error(
    site: Callable[..., Site], happened: Events, expect_log: Callable[..., Any]
) -> None:
    class Handler(Cancelled):
        async def wait(self) -> None:
            try:
                await super().wait()
            finally:
                raise ZeroDivisionError

    served = site(("/", Handler, {"happened": happened}))
    with expect_log("tornadolike.application", "Uncaught exception GET /", count=1):
        ask_and_leave(served, happened)
        assert [happened.next() for _ in range(3)] == [
            "on_connection_close",
            "gets ZeroDivisionError",
            "on_finish 500",
        ]


def test_on_connection_close_may_fail(
    site: Callable[..., Site], happened: Events, expect_log: Callable[..., Any]
) -> None:
    class Handler(Cancelled):
        def on_connection_close(self) -> None:
            raise ZeroDivisionError

    served = site(("/", Handler, {"happened": happened}))
    with expect_log("tornadolike.application", "Uncaught exception", count=1):
        ask_and_leave(served, happened)
        assert [happened.next() for _ in range(2)] == CANCELLED[1:]


def test_a_generator_is_not_waited_for(site: Callable[..., Site], happened: Events) -> None:
    """It cannot be cancelled: it goes on, and only the request ends."""

    class Handler(Cancelled):
        @coroutine
        def get(self) -> Any:
            happened("begins")
            try:
                yield asyncio.sleep(0.02)
            finally:
                happened("ends")

    ask_and_leave(site(("/", Handler, {"happened": happened})), happened)
    expected = ["on_connection_close", "on_finish 499", "ends"]
    assert [happened.next() for _ in range(3)] == expected


def test_work_behind_the_answer_is_not_cancelled(
    site: Callable[..., Site], happened: Events
) -> None:
    class Handler(Cancelled):
        async def get(self) -> None:
            await self.answer()
            await asyncio.sleep(0.02)
            happened("has worked")

        async def answer(self) -> None:
            await self.finish("x")

    class Later(Handler):
        async def answer(self) -> None:
            await asyncio.sleep(0)
            await self.finish("x")

    for handler in (Handler, Later):
        served = site(("/", handler, {"happened": happened}))
        served.ask("GET /")
        assert [happened.next(), happened.next()] == ["on_finish 200", "has worked"]


def test_the_next_request_is_not_confused_with_work_behind_an_answer(
    site: Callable[..., Site], happened: Events
) -> None:
    gate: list[asyncio.Future[None]] = []

    class Handler(Cancelled):
        async def get(self) -> None:
            await self.finish("x")
            gate.append(asyncio.get_running_loop().create_future())
            await gate[0]
            happened("has worked")

    served = site(("/", Handler, {"happened": happened}))
    with served.connect() as connection:
        assert connection.ask("GET /").text == "x"
        connection.send("POST /", "Content-Length: 5")
        connection.sock.sendall(b"he")
        Watched(served.server).until_in("BODY")
    Watched(served.server).until(lambda: not served.server.server._serving.connections)
    served.server.call(gate[0].set_result, None)
    assert [happened.next(), happened.next()] == ["on_finish 200", "has worked"]


def test_who_answers_later_without_being_a_coroutine(
    site: Callable[..., Site], happened: Events
) -> None:
    class Handler(Waits):
        _auto_finish = False
        cancel_on_disconnect = True

        def get(self) -> None:  # type: ignore[override]
            happened("begins")

    class InOneStep(Handler):
        async def get(self) -> None:
            happened("begins")

    for handler in (Handler, InOneStep):
        ask_and_leave(site(("/", handler, {"happened": happened})), happened)
        assert happened.next() == "on_connection_close"


def test_a_handler_that_has_ended_knows_no_task(
    site: Callable[..., Site], happened: Events
) -> None:
    """Or it would be garbage that only the collector finds."""
    served = site(("/", Cancelled, {"happened": happened}))
    ask_and_leave(served, happened)
    assert [happened.next() for _ in CANCELLED] == CANCELLED
    served.settle()
    assert served.server.call(lambda: served.finished[0]._answering) is None


# The server


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


def test_a_flush_to_a_client_that_left(site: Callable[..., Site], happened: Events) -> None:
    """A handler that is not to be cancelled learns of it when it writes."""

    class Handler(Waits):
        async def wait(self) -> None:
            while True:
                self.write("x")
                await self.flush()
                await asyncio.sleep(0.001)

    served = site(("/", Handler, {"happened": happened}))
    with served.connect() as connection:
        connection.send("GET /")
        assert connection.sock.recv(5) == b"HTTP/"
    expected = ["begins", "on_connection_close", f"gets {StreamClosedError.__name__}"]
    assert [happened.next() for _ in range(4)] == [*expected, "on_finish 200"]


def test_a_body_that_the_connection_refuses(site: Callable[..., Site], happened: Events) -> None:
    """It has answered for the handler; what stands in the log is what the client got."""

    @reads_request_body
    class Handler(Waits):
        async def wait(self) -> None:
            async for _ in self.request_body:
                happened("reads")

        post = Waits.get

    served = site(("/", Handler, {"happened": happened}))
    with served.connect() as connection:
        connection.send("POST /", "Transfer-Encoding: chunked")
        connection.sock.sendall(b"2\r\nab\r\n")
        assert [happened.next(), happened.next()] == ["begins", "reads"]
        connection.sock.sendall(b"nonsense\r\n")
        assert connection.receive("POST").status == 400
    Watched(served.server).until_gone()
    assert happened.rest()[-1] == "on_finish 400"


@pytest.mark.parametrize("cancels", [True, False])
def test_a_client_that_leaves_in_the_middle_of_its_upload(
    site: Callable[..., Site], happened: Events, cancels: bool
) -> None:
    @reads_request_body
    class Handler(Waits):
        cancel_on_disconnect = cancels

        async def wait(self) -> None:
            async for _ in self.request_body:
                happened("reads")

        post = Waits.get

    served = site(("/", Handler, {"happened": happened}))
    with served.connect() as connection:
        connection.send("POST /", "Content-Length: 5")
        connection.sock.sendall(b"he")
        assert [happened.next(), happened.next()] == ["begins", "reads"]
    Watched(served.server).until_gone()
    events = happened.rest()
    assert events[0] == "on_connection_close"
    assert events[-1] == "on_finish 499"
    if cancels:
        assert events == CANCELLED
