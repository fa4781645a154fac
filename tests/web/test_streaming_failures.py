"""Bodies that are not taken to their end, and handlers that fail while one is coming."""

import asyncio
import gc
import socket
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.web.helpers import Site
from tests.web.streaming import (
    WHOLE_AND_IN_PIECES,
    Noting,
    Pulled,
    Pushed,
    PushedSlowly,
    post,
    tasks,
)
from tornadolike.iostream import StreamClosedError
from tornadolike.web import (
    Finish,
    HTTPError,
    RequestHandler,
    reads_request_body,
    stream_request_body,
)


@stream_request_body
class Failing(Noting):
    where = ""
    error: BaseException = HTTPError(409)

    def initialize(self, **kwargs: Any) -> None:
        vars(self).update(kwargs)
        self.notes = []

    def fail(self, where: str) -> None:
        if where == self.where:
            raise self.error

    async def prepare(self) -> None:
        self.fail("prepare")

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self.fail("data_received")
        return self.later() if self.where == "later" else None

    async def later(self) -> None:
        await asyncio.sleep(0)
        self.fail("later")

    def post(self) -> None:
        self.fail("post")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.finish(f"no: {status_code}")


@WHOLE_AND_IN_PIECES
@pytest.mark.parametrize("where", ["prepare", "data_received", "later", "post"])
def test_an_error_is_answered_at_once(site: Callable[..., Site], where: str, way: str) -> None:
    answer = post(site(("/", Failing, {"where": where})), way, b"12345")
    assert (answer.status, answer.text) == (409, "no: 409")


@pytest.mark.parametrize("where", ["prepare", "data_received", "later"])
def test_without_waiting_for_the_rest(
    site: Callable[..., Site], where: str, expect_log: Any
) -> None:
    served = site(("/", Failing, {"where": where, "error": ZeroDivisionError()}))
    with expect_log("tornadolike.application", "Uncaught exception POST /", count=1):
        with served.connect() as connection:
            connection.send("POST /", "Content-Length: 1000000")
            connection.sock.sendall(b"x")
            assert connection.receive("POST").text == "no: 500"
            assert connection.sock.recv(1) == b""
        served.settle()


@pytest.mark.parametrize("where", ["prepare", "data_received"])
@pytest.mark.parametrize("how", ["finish", "Finish"])
def test_finishing_early(site: Callable[..., Site], where: str, how: str) -> None:
    @stream_request_body
    class Early(RequestHandler):
        def prepare(self) -> None:
            if where == "prepare":
                self.end()

        def data_received(self, chunk: bytes) -> None:
            self.end()

        def end(self) -> None:
            if how == "Finish":
                raise Finish("enough")
            self.finish("enough")

    served = site(("/", Early))
    with served.connect() as connection:
        connection.send("POST /", "Content-Length: 1000")
        connection.sock.sendall(b"x" * 10)
        assert connection.receive("POST").text == "enough"
        assert connection.sock.recv(1) == b""


def test_what_is_not_read_is_left(site: Callable[..., Site]) -> None:
    @reads_request_body
    class Careless(RequestHandler):
        async def post(self) -> None:
            self.write(await self.request_body.read(1))

    served = site(("/", Careless))
    with served.connect() as connection:
        for _ in range(2):
            connection.send("POST /", body=b"abc")
            assert connection.receive("POST").text == "a"
        connection.send("POST /", "Content-Length: 10")
        connection.sock.sendall(b"ab")
        assert connection.receive("POST").text == "a"
        assert connection.sock.recv(1) == b""


def test_reading_on_behind_the_answer(site: Callable[..., Site]) -> None:
    """Nobody brings the rest any more, and whoever waits for it is told."""
    told: list[str] = []

    @reads_request_body
    class Behind(RequestHandler):
        async def post(self) -> None:
            other = asyncio.create_task(self.request_body.read())
            await asyncio.sleep(0)
            self.finish("that was it")
            other.add_done_callback(lambda done: told.append(type(done.exception()).__name__))

        def on_finish(self) -> None:
            told.append("on_finish")

    @reads_request_body
    class Itself(RequestHandler):
        async def post(self) -> None:
            self.finish("that was it")
            with pytest.raises(StreamClosedError):
                await self.request_body.read()
            told.append("itself")

    served = site(("/", Behind), ("/itself", Itself))
    for path in ("/", "/itself"):
        with served.connect() as connection:
            connection.send(f"POST {path}", "Content-Length: 10")
            assert connection.receive("POST").text == "that was it"
            assert connection.sock.recv(1) == b""
        served.settle()
    assert told == ["on_finish", "BodyClosedError", "itself"]


@pytest.mark.parametrize("handler", [Pushed, PushedSlowly, Pulled])
@pytest.mark.parametrize("wire", ["plain", "tls"])
def test_a_client_that_goes_away(
    site: Callable[..., Site], handler: type[Noting], expect_log: Any
) -> None:
    notes: list[Any] = []
    served = site(("/", handler, {"notes": notes}))
    with expect_log("tornadolike.general", "the body did not come whole", count=1):
        with served.connect() as connection:
            connection.send("POST /", "Content-Length: 10")
            connection.sock.sendall(b"x")
        while "on_finish" not in notes:
            served.settle()
    assert [notes.count(what) for what in ("on_connection_close", "on_finish", 10)] == [1, 1, 0]
    assert len(served.finished) == 1
    served.settle()
    assert served.server.call(lambda: tasks(served)) == []


@pytest.mark.parametrize("handler", [Pushed, PushedSlowly, Pulled])
@pytest.mark.parametrize(
    ("piece", "status"), [(b"x\r\n", 400), (b"fff\r\n", 413)], ids=["malformed", "too large"]
)
def test_a_body_that_is_refused_while_it_comes(
    site: Callable[..., Site],
    handler: type[Noting],
    piece: bytes,
    status: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The connection answers, and says in the log why; and the client gets the answer, although it still sends."""
    caplog.set_level("INFO", "tornadolike.general")
    notes: list[Any] = []
    served = site(("/", handler, {"notes": notes}), server={"max_body_size": 1000})
    with served.connect() as connection:
        connection.send("POST /", "Transfer-Encoding: chunked")
        connection.sock.sendall(b"2\r\nab\r\n")
        connection.sock.sendall(piece)
        assert connection.receive("POST").status == status
        connection.sock.sendall(b"x")  # it lingers
        connection.sock.shutdown(socket.SHUT_WR)
        assert connection.sock.recv(1) == b""
    while "on_finish" not in notes:
        served.settle()
    assert [notes.count(what) for what in ("on_connection_close", "on_finish")] == [1, 1]
    [line] = caplog.messages
    assert line.startswith("Malformed HTTP message")


def test_what_came_before_the_end_is_given(site: Callable[..., Site]) -> None:
    """A handler that keeps what it has got, to go on later, gets all of it."""
    kept: list[bytes] = []

    @reads_request_body
    class Resumable(RequestHandler):
        gone = False

        def on_connection_close(self) -> None:
            self.gone = True

        async def post(self) -> None:
            kept.append(await self.request_body.read(1))
            while not self.gone:
                await asyncio.sleep(0)
            try:
                while True:
                    kept.append(await self.request_body.read(1))
            except StreamClosedError:
                kept.append(b"end")
                raise

    served = site(("/", Resumable))
    with served.connect() as connection:
        connection.send("POST /", "Content-Length: 10")
        connection.sock.sendall(b"abcd")
    while b"end" not in kept:
        served.settle()
    assert b"".join(kept) == b"abcdend"


def test_a_task_that_is_cancelled(site: Callable[..., Site]) -> None:
    served = site(("/", Pulled))
    with served.connect() as connection:
        connection.send("POST /", "Content-Length: 10")
        connection.sock.sendall(b"x")
        while not (running := served.server.call(lambda: tasks(served))):
            pass
        served.server.call(lambda: [task.cancel() for task in running] and None)
        assert connection.receive("POST").status == 500
    served.settle()


@pytest.mark.parametrize("handler", [PushedSlowly, Pulled])
def test_a_refused_body_and_a_handler_that_wants_to_be_cancelled(
    site: Callable[..., Site], handler: type[Noting]
) -> None:
    """It is the connection that answers, and it does so to the end."""
    notes: list[Any] = []
    served = site(("/", handler, {"notes": notes}), cancel_on_disconnect=True)
    with served.connect() as connection:
        connection.send("POST /", "Transfer-Encoding: chunked")
        connection.sock.sendall(b"2\r\nab\r\nx\r\n")
        while "on_finish" not in notes:
            served.settle()
        connection.sock.sendall(b"x")
        assert connection.receive("POST").status == 400
        connection.sock.shutdown(socket.SHUT_WR)
        assert connection.sock.recv(1) == b""
    assert served.finished[0].get_status() == 400


@pytest.mark.parametrize("decorate", [stream_request_body, reads_request_body])
@WHOLE_AND_IN_PIECES
def test_a_handler_that_cannot_be_made(
    site: Callable[..., Site], decorate: Any, way: str, expect_log: Any
) -> None:
    @decorate
    class Broken(RequestHandler):
        def initialize(self) -> None:
            raise ZeroDivisionError

    with expect_log("tornadolike.application", "Uncaught exception", count=1):
        assert post(site(("/", Broken)), way, b"12345").status == 500


@WHOLE_AND_IN_PIECES
def test_nobody_answers_this_path(site: Callable[..., Site], way: str) -> None:
    assert post(site(("/there", Pushed)), way, b"12345").status == 404


@pytest.mark.parametrize("handler", [Pushed, PushedSlowly, Pulled])
def test_nothing_is_left_for_the_garbage_collector(
    site: Callable[..., Site], handler: type[Noting]
) -> None:
    kept: list[Any] = []
    served = site(("/", handler), log_function=lambda handler: kept.append(weakref.ref(handler)))
    gc.disable()
    try:
        for way in ("whole", "chunks"):
            assert post(served, way, b"12345").status == 200
        served.settle()
        assert [reference() for reference in kept] == [None, None]
    finally:
        gc.enable()
