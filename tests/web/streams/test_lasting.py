"""What ends streams: clients that leave, servers that stop, time-outs."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from tests.conftest import read_all
from tests.http1connection.helpers import Watched
from tests.running import turns
from tests.web.going_away import PATIENCE, Events, crash, end, leave
from tests.web.helpers import Connection, Site, make_handler
from tests.web.test_draining import Draining
from tornadolike.iostream import StreamClosedError
from tornadolike.web import RequestHandler

LARGE = bytes(range(256)) * 2048


class Watching(RequestHandler):
    """Streams what a subclass makes, and tells when that comes to its end."""

    endless = False

    def initialize(self, happened: Events) -> None:
        self.happened = happened

    async def pieces(self) -> AsyncIterator[str]:
        yield "begun"
        await self.wait()

    async def wait(self) -> None:
        await asyncio.get_running_loop().create_future()

    async def watched(self) -> AsyncIterator[str]:
        task = asyncio.current_task()
        try:
            async for piece in self.pieces():
                yield piece
        except BaseException as error:
            self.happened(type(error).__name__)
            raise
        finally:
            assert asyncio.current_task() is task
            await turns()  # a connection to a database may be given back
            self.happened("closed")

    async def get(self) -> None:
        try:
            await self.stream(self.watched(), endless=self.endless)
        except BaseException as error:
            self.happened(f"gets {type(error).__name__}")
            raise
        self.happened("goes on")

    def on_connection_close(self) -> None:
        self.happened("on_connection_close")

    def on_finish(self) -> None:
        self.happened(f"on_finish {self.get_status()}")


LEFT = ["on_connection_close", "CancelledError", "closed", "gets StreamClosedError"]


@pytest.mark.parametrize(
    ("wire", "leave"),
    [("plain", leave), ("plain", crash), ("plain", end), ("tls", leave), ("tls", crash)],
)
def test_a_client_that_leaves_while_the_generator_waits(
    site: Callable[..., Site], happened: Events, leave: Callable[[Connection], None], wire: str
) -> None:
    served = site(("/", Watching, {"happened": happened}))
    with served.connect() as connection:
        connection.send("GET /")
        assert connection.sock.recv(1000).startswith(b"HTTP/1.1 200")
        leave(connection)
        assert [happened.next() for _ in range(5)] == [*LEFT, "on_finish 200"]
    Watched(served.server).until_gone()


def test_a_client_that_leaves_before_anything_is_sent(
    site: Callable[..., Site], happened: Events
) -> None:
    class Handler(Watching):
        async def pieces(self) -> AsyncIterator[str]:
            self.happened("asked")
            await self.wait()
            yield ""

    served = site(("/", Handler, {"happened": happened}))
    with served.connect() as connection:
        connection.send("GET /")
        assert happened.next() == "asked"
    assert [happened.next() for _ in range(5)] == [*LEFT, "on_finish 499"]


def test_a_client_that_has_left_before(site: Callable[..., Site], happened: Events) -> None:
    class Handler(Watching):
        async def get(self) -> None:
            self.left = asyncio.Event()
            self.happened("begins")
            await self.left.wait()
            await super().get()

        def on_connection_close(self) -> None:
            super().on_connection_close()
            self.left.set()

    served = site(("/", Handler, {"happened": happened}))
    with served.connect() as connection:
        connection.send("GET /")
        assert happened.next() == "begins"
    assert [happened.next() for _ in range(3)] == [
        "on_connection_close",
        "gets StreamClosedError",
        "on_finish 499",
    ]


@pytest.mark.parametrize("cancels", [True, False])
def test_a_client_that_does_not_read(
    site: Callable[..., Site], happened: Events, cancels: bool
) -> None:
    """It costs no memory: nothing more is made for it. And it may leave."""
    made = 0

    class Handler(Watching):
        cancel_on_disconnect = cancels

        async def pieces(self) -> AsyncIterator[bytes]:  # type: ignore[override]
            nonlocal made
            while True:
                made += 1
                yield LARGE

    served = site(("/", Handler, {"happened": happened}))
    with served.connect() as connection:
        connection.send("GET /")
        watched = Watched(served.server)
        connection_side = watched.connection
        watched.until(lambda: connection_side._drained is not None)
        before = made
        served.settle()
        assert made == before < 100
        leave(connection)
        events = [happened.next() for _ in range(4)]
    error = "CancelledError" if cancels else "StreamClosedError"
    assert events == ["on_connection_close", "GeneratorExit", "closed", f"gets {error}"]


@pytest.mark.parametrize("endless", [True, False])
def test_a_server_that_stops(site: Callable[..., Site], happened: Events, endless: bool) -> None:
    """What has an end may come to it; what has none is ended, and whole."""

    class Handler(Watching):
        async def pieces(self) -> AsyncIterator[str]:
            self.going = asyncio.Event()
            yield "begun"
            await self.going.wait()
            yield ", done"

        def on_going_away(self) -> None:
            self.happened("on_going_away")
            asyncio.get_running_loop().call_soon(self.going.set)

    Handler.endless = endless
    served = site(("/", Handler, {"happened": happened}))
    with served.connect() as connection:
        connection.send("GET /")
        assert connection.sock.recv(5) == b"HTTP/"
        drained = Draining(served)
        rest = read_all(connection.sock)
        connection.sock.close()
        drained()
    events = happened.rest()
    if endless:
        assert rest.endswith(b"\r\n5\r\nbegun\r\n0\r\n\r\n")
        expected = ["on_going_away", "CancelledError", "closed", "goes on", "on_finish 200"]
    else:
        assert rest.endswith(b"\r\n5\r\nbegun\r\n6\r\n, done\r\n0\r\n\r\n")
        expected = ["on_going_away", "closed", "goes on", "on_finish 200"]
    assert events == expected


def test_an_endless_stream_that_begins_while_the_server_stops(
    site: Callable[..., Site], happened: Events
) -> None:
    class Late(Watching):
        endless = True

        async def post(self) -> None:
            await self.get()

    served = site(("/", Late, {"happened": happened}))
    with served.connect() as connection:
        connection.send("POST /", "Content-Length: 5")
        connection.sock.sendall(b"he")
        Watched(served.server).until_in("BODY")
        drained = Draining(served)
        connection.sock.sendall(b"llo")
        answer = connection.receive()
        connection.sock.close()
        drained()
    assert answer.text in ("", "begun")
    assert happened.rest()[-1] == "on_finish 200"


def test_a_server_whose_time_for_stopping_is_over(
    site: Callable[..., Site], happened: Events
) -> None:
    served = site(("/", Watching, {"happened": happened}))
    with served.connect() as connection:
        connection.send("GET /")
        assert connection.sock.recv(5) == b"HTTP/"
        drained = Draining(served, 0.01)
        drained()
    events = happened.rest()
    assert events == [
        "CancelledError",
        "on_connection_close",
        "closed",
        "gets CancelledError",
        "on_finish 200",
    ]


def test_a_generator_that_will_not_be_broken_off(
    site: Callable[..., Site], happened: Events
) -> None:
    class Stubborn(Watching):
        async def pieces(self) -> AsyncIterator[str]:
            yield "begun"
            while True:
                try:
                    await self.wait()
                except asyncio.CancelledError:
                    yield "more"

    served = site(("/", Stubborn, {"happened": happened}))
    with served.connect() as connection:
        connection.send("GET /")
        assert connection.sock.recv(5) == b"HTTP/"
    assert [happened.next() for _ in range(5)] == [
        "on_connection_close",
        "GeneratorExit",
        "closed",
        "gets StreamClosedError",
        "on_finish 200",
    ]


def test_a_client_that_leaves_while_a_thread_is_at_work(
    site: Callable[..., Site], happened: Events
) -> None:
    """What runs in a thread cannot be broken off: it is waited for, and then closed."""
    goes_on = threading.Event()

    class Handler(Watching):
        async def get(self) -> None:
            await self.stream(self.blocking(), in_thread=True)

        def blocking(self) -> Iterator[str]:
            try:
                yield "begun"
                self.happened("blocks")
                assert goes_on.wait(PATIENCE)
                yield "more"
            finally:
                self.happened("closed")

    served = site(("/", Handler, {"happened": happened}))
    with served.connect() as connection:
        connection.send("GET /")
        assert happened.next() == "blocks"
    assert happened.next() == "on_connection_close"
    goes_on.set()
    assert [happened.next(), happened.next()] == ["closed", "on_finish 200"]


def test_one_stream_at_a_time(site: Callable[..., Site]) -> None:
    said = []

    class Handler(RequestHandler):
        async def get(self) -> None:
            async def outer() -> AsyncIterator[str]:
                try:
                    await self.stream(["inner"])
                except RuntimeError as error:
                    said.append(str(error))
                yield "outer"

            await self.stream(outer())
            await self.stream(["and then another"])

    assert site(("/", Handler)).ask("GET /").text == "outerand then another"
    assert said == ["one response is being streamed already: a handler can send only one"]


def test_time_outs_around_a_stream(site: Callable[..., Site], happened: Events) -> None:
    class Handler(Watching):
        async def get(self) -> None:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await self.stream(self.watched())
            self.write(", and goes on")

    answer = site(("/", Handler, {"happened": happened})).ask("GET /")
    assert answer.text == "begun, and goes on"
    assert happened.rest() == ["CancelledError", "closed", "on_finish 200"]


def test_who_waits_for_it_may_be_another_task(site: Callable[..., Site], happened: Events) -> None:
    class Handler(Watching):
        async def get(self) -> None:
            await asyncio.create_task(super().get())

    served = site(("/", Handler, {"happened": happened}))
    with served.connect() as connection:
        connection.send("GET /")
        assert connection.sock.recv(5) == b"HTTP/"
    assert [happened.next() for _ in range(5)] == [*LEFT, "on_finish 200"]


def test_a_client_that_is_gone_is_an_error_one_may_catch(io_loop: Any) -> None:
    handler = make_handler()

    async def stream() -> None:
        handler.request.connection.closed = True
        with pytest.raises(StreamClosedError):
            await handler.stream(["a"])
        assert handler._says_that_client_is_gone(handler._sending.exception())

    io_loop.run_sync(stream)
