"""Handlers whose client leaves before it is answered."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.http1connection.helpers import Watched
from tests.web.going_away import CANCELLED, PATIENCE, Cancelled, Events, Waits, crash, end, leave
from tests.web.helpers import Connection, Site
from tornadolike.gen import coroutine
from tornadolike.iostream import StreamClosedError
from tornadolike.web import reads_request_body


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
    # In which order depends on who finds out first: the loop, or the handler by writing.
    expected = {"on_connection_close", f"gets {StreamClosedError.__name__}", "on_finish 200"}
    assert happened.next() == "begins"
    assert {happened.next() for _ in expected} == expected


def test_a_flush_that_finds_out_that_the_client_has_left(
    site: Callable[..., Site], happened: Events
) -> None:
    """Also then ``on_connection_close`` is called."""
    left = threading.Event()

    class Handler(Waits):
        async def wait(self) -> None:
            self.write("x")
            await self.flush()
            await asyncio.sleep(0)  # until now what is written leaves when the handler first waits
            self.happened("flushed")
            assert left.wait(PATIENCE)  # with the loop, which does not see the client leave
            self.write("y")
            await self.flush()

    served = site(("/", Handler, {"happened": happened}))
    with served.connect() as connection:
        connection.send("GET /")
        assert [happened.next(), happened.next()] == ["begins", "flushed"]
        crash(connection)
    left.set()
    expected = [f"gets {StreamClosedError.__name__}", "on_connection_close", "on_finish 200"]
    assert [happened.next() for _ in expected] == expected


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
