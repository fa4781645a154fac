"""Handlers that run while their body is coming: pushed to them, or pulled by them."""

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import read_all
from tests.running import turns
from tests.web.helpers import Site
from tests.web.streaming import (
    WHOLE_AND_IN_PIECES,
    Noting,
    Pulled,
    Pushed,
    PushedSlowly,
    Sender,
    post,
)
from tornadolike.ioloop.transports.stream import READ_SIZE
from tornadolike.web import (
    HTTPError,
    RequestHandler,
    reads_request_body,
    stream_request_body,
)
from tornadolike.web.bodies.incoming import HIGH_WATER


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
    assert RequestHandler._run_request is not Plain._run_request

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
