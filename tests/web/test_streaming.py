"""Handlers that run while their body is coming: pushed to them, or pulled by them."""

import asyncio
import contextvars
import gc
import socket
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.conftest import read_all
from tests.running import turns
from tests.web.helpers import Site
from tests.web.streaming import WHOLE_AND_IN_PIECES, Sender, post
from tornadolike.ioloop.transports.stream import READ_SIZE
from tornadolike.iostream import StreamClosedError
from tornadolike.web import (
    Finish,
    HTTPError,
    RequestHandler,
    reads_request_body,
    stream_request_body,
)
from tornadolike.web.body import HIGH_WATER


class Noting(RequestHandler):
    """Notes what happens to it, and answers with its notes."""

    def initialize(self, notes: list[Any] | None = None) -> None:
        self.notes: list[Any] = [] if notes is None else notes

    def prepare(self) -> Awaitable[None] | None:
        self.notes.append("prepare")
        return None

    def on_finish(self) -> None:
        self.notes.append("on_finish")

    def on_connection_close(self) -> None:
        self.notes.append("on_connection_close")

    def tell(self) -> None:
        self.write({"notes": self.notes})


def tasks(served: Site) -> list[Any]:
    """The tasks of the handlers that are not done."""
    return [one.task for one in served.server.server._connections().answering]


@stream_request_body
class Pushed(Noting):
    size = 0

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        assert chunk
        assert self.request.body == b""
        self.size += len(chunk)
        if self.notes[-1] != "data":
            self.notes.append("data")
        return None

    def post(self) -> None:
        self.notes.append(self.size)
        self.tell()

    put = post


@stream_request_body
class PushedSlowly(Pushed):
    async def prepare(self) -> None:
        await asyncio.sleep(0)
        super().prepare()

    async def data_received(self, chunk: bytes) -> None:
        self.notes.append("begin")
        await asyncio.sleep(0)
        self.notes.append("end")
        self.size += len(chunk)

    async def post(self) -> None:
        await asyncio.sleep(0)
        assert self.notes == ["prepare", *["begin", "end"] * ((len(self.notes) - 1) // 2)]
        del self.notes[3:]
        super().post()


@reads_request_body
class Pulled(Noting):
    async def post(self) -> None:
        assert self.request.body == b""
        size = 0
        async for chunk in self.request_body:
            assert chunk
            size += len(chunk)
        self.notes.append(size)
        self.tell()


@WHOLE_AND_IN_PIECES
@pytest.mark.parametrize("wire", ["plain", "tls"])
@pytest.mark.parametrize("size", [1, 300_000])
@pytest.mark.parametrize(
    ("handler", "notes"),
    [
        (Pushed, ["prepare", "data"]),
        (PushedSlowly, ["prepare", "begin", "end"]),
        (Pulled, ["prepare"]),
    ],
)
def test_bodies(
    site: Callable[..., Site], handler: type[Noting], notes: list[str], size: int, way: str
) -> None:
    served = site(("/", handler))
    with Sender(served.server) as sender:
        for _ in range(2):  # on one connection, which stays open
            sender.post(way, b"x" * size)
            assert sender.receive().json == {"notes": [*notes, size]}


@pytest.mark.parametrize("handler", [Pushed, PushedSlowly, Pulled])
@pytest.mark.parametrize("fields", [(), ("Content-Length: 0",)])
def test_no_body(site: Callable[..., Site], handler: type[Noting], fields: tuple[str, ...]) -> None:
    answer = site(("/", handler)).ask("POST /", *fields)
    assert answer.json == {"notes": ["prepare", 0]}


@WHOLE_AND_IN_PIECES
def test_forms_are_not_parsed(site: Callable[..., Site], way: str) -> None:
    @stream_request_body
    class Form(RequestHandler):
        def prepare(self) -> None:
            assert self.get_argument("a", None) is None

        def data_received(self, chunk: bytes) -> None:
            self.write(chunk)

        def post(self) -> None:
            assert self.request.files == {}
            self.write(self.get_argument("a", ", and nothing else"))

    form = "Content-Type: application/x-www-form-urlencoded"
    assert post(site(("/", Form)), way, b"a=1", form).text == "a=1, and nothing else"
    # nor refused for what they are not
    form = "Content-Type: multipart/form-data"
    assert post(site(("/", Form)), way, b"no form", form).status == 200


def test_the_method_runs_before_the_body_is_here(site: Callable[..., Site]) -> None:
    @reads_request_body
    class Echo(RequestHandler):
        async def post(self, path: str) -> None:
            assert path == "there"
            async for chunk in self.request_body:
                self.write(chunk)
                await self.flush()

    served = site(("/(.*)", Echo))
    with served.connect() as connection:
        connection.send("POST /there", "Content-Length: 6")
        for piece in (b"abc", b"def"):
            connection.sock.sendall(piece)
            answer = b""
            while piece not in answer:
                answer += connection.sock.recv(1000)
        assert answer.endswith(b"0\r\n\r\n") or connection.sock.recv(100) == b"0\r\n\r\n"
        # It is whole before the response is: the connection stays open.
        connection.send("POST /there", body=b"")
        assert connection.receive().status == 200


@pytest.mark.parametrize("decorate", [stream_request_body, reads_request_body, lambda cls: cls])
def test_trailers(site: Callable[..., Site], decorate: Any) -> None:
    """They are there when the body is whole."""

    @decorate
    class Trailers(RequestHandler):
        def data_received(self, chunk: bytes) -> None:
            pass

        async def post(self) -> None:
            if decorate is reads_request_body:
                assert not self.request.trailers
                await self.request_body.read()
            self.write(dict(self.request.trailers))

    with site(("/", Trailers)).connect() as connection:
        connection.send("POST /", "Transfer-Encoding: chunked")
        connection.sock.sendall(b"3\r\nabc\r\n")
        connection.sock.sendall(b"0\r\nChecksum: 7\r\n\r\n")
        assert connection.receive("POST").json == {"Checksum": "7"}


def test_an_asyncio_task_with_a_context_of_its_own(site: Callable[..., Site]) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")

    @stream_request_body
    class Context(RequestHandler):
        def prepare(self) -> None:
            assert variable.get() == "unset"
            variable.set("set")
            self.task = asyncio.current_task()
            assert self.task is not None

        async def data_received(self, chunk: bytes) -> None:
            assert asyncio.current_task() is self.task
            async with asyncio.timeout(10):
                await asyncio.sleep(0)

        def post(self) -> None:
            assert asyncio.current_task() is self.task
            self.write(variable.get())

    served = site(("/", Context))
    for way in ("whole", "pieces"):
        assert post(served, way, b"body").text == "set"


def test_read(site: Callable[..., Site]) -> None:
    @reads_request_body
    class Reads(RequestHandler):
        async def post(self) -> None:
            body = self.request_body
            pieces = [await body.read(0), await body.read(2), await body.read(1)]
            assert pieces == [b"", b"12", b"3"]
            self.write(await body.read())
            assert [await body.read(), await body.read(1)] == [b"", b""]
            assert [chunk async for chunk in body] == []

    served = site(("/", Reads))
    for way in ("whole", "chunks"):
        assert post(served, way, b"12345" * 10_000).body == (b"12345" * 10_000)[3:]
    assert post(served, "whole", b"123").body == b""


def test_reading_little_at_a_time_takes_linear_time(site: Callable[..., Site]) -> None:
    @reads_request_body
    class Little(RequestHandler):
        async def post(self) -> None:
            pieces = []
            while piece := await self.request_body.read(3):
                pieces.append(piece)
            assert max(map(len, pieces)) == 3
            self.write(b"".join(pieces))

    body = bytes(range(256)) * 1000
    assert post(site(("/", Little)), "pieces", body).body == body


def test_one_reads_at_a_time(site: Callable[..., Site]) -> None:
    @reads_request_body
    class Two(RequestHandler):
        async def post(self) -> None:
            first = asyncio.create_task(self.request_body.read())
            await asyncio.sleep(0)
            with pytest.raises(RuntimeError, match="another task"):
                await self.request_body.read()
            self.write("ready")
            await self.flush()
            self.write(await first)

    with site(("/", Two)).connect() as connection:
        connection.send("POST /", "Content-Length: 3")
        assert b"ready" in connection.sock.recv(1000)
        connection.sock.sendall(b"abc")
        assert b"abc" in connection.sock.recv(1000)


def test_a_time_out_loses_nothing(site: Callable[..., Site]) -> None:
    @reads_request_body
    class Patient(RequestHandler):
        async def post(self) -> None:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(self.request_body.read(1), 0.01)
            self.write("now")
            await self.flush()
            self.write(await self.request_body.read())

    with site(("/", Patient)).connect() as connection:
        connection.send("POST /", "Content-Length: 3")
        assert b"now" in connection.sock.recv(1000)
        connection.sock.sendall(b"abc")
        assert b"abc" in connection.sock.recv(1000)


# Back-pressure


def test_a_client_waits_for_its_handler(site: Callable[..., Site]) -> None:
    """What is not taken is not read: neither the handler's nor our memory grows with the body."""
    gates: list[asyncio.Event] = []

    @stream_request_body
    class Gated(RequestHandler):
        async def data_received(self, chunk: bytes) -> None:
            gate = asyncio.Event()
            gates.append(gate)
            body = self.request_body
            assert body._size < HIGH_WATER + READ_SIZE
            await gate.wait()

        def post(self) -> None:
            self.write("ok")

    served = site(("/", Gated))
    size = 30_000_000
    with served.connect() as connection:
        connection.send("POST /", f"Content-Length: {size}")
        sock = connection.sock
        sock.setblocking(False)
        sent = waits = 0
        while sent < size:
            try:
                sent += sock.send(bytes(min(65536, size - sent)))
            except BlockingIOError:
                waits += 1
                served.server.call(lambda: [gate.set() for gate in gates])
        sock.settimeout(10)
        while served.server.call(lambda: [gate.set() for gate in gates]) and not served.finished:
            pass
        assert connection.receive("POST").text == "ok"
    assert waits > 50


# The head decides


@WHOLE_AND_IN_PIECES
@pytest.mark.parametrize("limit", [4, 5])
def test_a_limit_of_the_request(site: Callable[..., Site], way: str, limit: int) -> None:
    notes: list[Any] = []

    @stream_request_body
    class Limited(Pushed):
        def prepare(self) -> None:
            self.request.connection.set_max_body_size(limit)

        def data_received(self, chunk: bytes) -> None:
            self.size += len(chunk)

    answer = post(site(("/", Limited, {"notes": notes})), way, b"12345")
    assert answer.status == (200 if limit == 5 else 413)
    assert (5 in notes) == (limit == 5)
    assert notes[-1] == "on_finish"


@pytest.mark.parametrize("decorate", [stream_request_body, reads_request_body, lambda cls: cls])
@WHOLE_AND_IN_PIECES
def test_a_limit_of_the_class(site: Callable[..., Site], way: str, decorate: Any) -> None:
    @decorate
    class Limited(RequestHandler):
        max_body_size = 5

        def data_received(self, chunk: bytes) -> None:
            pass

        async def post(self) -> None:
            if decorate is reads_request_body:
                await self.request_body.read()

    served = site(("/", Limited), server={"max_body_size": 4})
    if way != "whole":
        assert post(served, way, b"12345").status == 200  # more than the server allows
    assert post(served, way, b"1234").status == 200
    assert post(served, way, b"123456").status == 413
    served = site(("/", Limited))
    assert post(served, way, b"123456").status == 413


@pytest.mark.parametrize("handler", [Pushed, PushedSlowly, Pulled])
def test_the_body_is_invited_when_it_is_wanted(
    site: Callable[..., Site], handler: type[Noting]
) -> None:
    class Refusing(handler):  # type: ignore[valid-type, misc]
        async def prepare(self) -> None:
            self.notes.append("prepare")
            await turns()
            if "Refuse" in self.request.headers:
                raise HTTPError(403)

    served = site(("/", Refusing))
    with served.connect() as connection:
        connection.send("POST /", "Content-Length: 3", "Expect: 100-continue")
        assert connection.sock.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sock.sendall(b"abc")
        assert connection.receive("POST").json["notes"][-1] == 3
        connection.send("POST /", "Content-Length: 3", "Expect: 100-continue", "Refuse: yes")
        assert read_all(connection.sock).startswith(b"HTTP/1.1 403")


# What goes wrong


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


# How it is said


@pytest.mark.parametrize("decorate", [stream_request_body, reads_request_body])
@pytest.mark.parametrize("what", [object, None, "RequestHandler"])
def test_only_handlers_are_decorated(decorate: Any, what: Any) -> None:
    with pytest.raises(TypeError, match="RequestHandler"):
        decorate(what)


def test_decorating_changes_nothing_but_the_class() -> None:
    class Plain(RequestHandler):
        pass

    assert stream_request_body(Plain) is Plain
    assert RequestHandler._execute is not Plain._execute

    class Below(Plain):
        pass

    assert Below._streams_body
    assert not RequestHandler._streams_body


def test_data_received_is_needed(site: Callable[..., Site], expect_log: Any) -> None:
    @stream_request_body
    class Forgetful(RequestHandler):
        def post(self) -> None: ...

    with expect_log("tornadolike.application", "Uncaught exception", count=1) as expected:
        assert post(site(("/", Forgetful)), "whole", b"x").status == 500
    assert "Forgetful needs data_received(chunk)" in str(expected.matched[0].exc_info)


def test_an_ordinary_handler_has_its_body_whole(site: Callable[..., Site], expect_log: Any) -> None:
    class Ordinary(RequestHandler):
        async def post(self) -> None:
            await self.request_body.read()

    with expect_log("tornadolike.application", "Uncaught exception", count=1) as expected:
        assert post(site(("/", Ordinary)), "whole", b"x").status == 500
    assert "@reads_request_body" in str(expected.matched[0].exc_info)


@pytest.mark.parametrize("handler", [Pushed, Pulled])
def test_methods_and_paths_are_checked(site: Callable[..., Site], handler: type[Noting]) -> None:
    served = site((r"/(.*)", handler))
    for way, request, status in (
        ("whole", "BREW /", 405),
        ("whole", "GET /", 405),
        ("pieces", "DELETE /", 405),
        ("whole", "POST /%ff", 400),
    ):
        with served.connect() as connection:
            if way == "whole":
                connection.send(request, body=b"x")
            else:
                connection.send(request, "Content-Length: 1")
                connection.sock.sendall(b"x")
            assert connection.receive("POST").status == status
