"""Responses from generators: what is sent, and what becomes of what they raise."""

import asyncio
import contextlib
import contextvars
import gzip
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import read_all
from tests.web.going_away import PATIENCE
from tests.web.helpers import Answer, Connection, Site, make_handler, open_files
from tests.wire.client import PLAIN_AND_TLS
from tornadolike.web import HTTPError, RequestHandler
from tornadolike.web.streams.generators import TURN_SIZE

LARGE = bytes(range(256)) * 2048


async def countdown() -> AsyncIterator[str | bytes]:
    yield "three, "
    await asyncio.sleep(0)
    yield b"two, "
    yield ""
    yield "one\u2026"


class Pieces:
    """Something asynchronous that is no generator, and cannot be closed."""

    def __init__(self) -> None:
        self.left = 2

    def __aiter__(self) -> "Pieces":
        return self

    async def __anext__(self) -> bytes:
        if not self.left:
            raise StopAsyncIteration
        self.left -= 1
        return b"piece "


def framed(answer: Answer) -> tuple[str | None, str | None]:
    return answer.header("Transfer-Encoding"), answer.header("Content-Length")


def cut_off(served: Site, expect_log: Any, request: str) -> bytes:
    """What arrives of a response that is told to fail, before the connection is cut."""
    received = b""
    with (
        expect_log("tornadolike.application", "Uncaught exception", count=1),
        expect_log("tornadolike.general", "Cannot send error response", count=1),
        served.connect() as connection,
    ):
        connection.sock.sendall(request.encode())
        with contextlib.suppress(ConnectionResetError):
            while data := connection.sock.recv(1000):
                received += data
        served.settle()
    return received


@PLAIN_AND_TLS
def test_every_kind_of_source(site: Callable[..., Site], tmp_path: Path) -> None:
    (tmp_path / "lines").write_bytes(b"a\nb\n")
    sources: dict[str, tuple[Callable[[], Any], dict[str, Any], bytes]] = {
        "async": (countdown, {}, "three, two, one\u2026".encode()),
        "plain": (Pieces, {}, b"piece piece "),
        "sync": (lambda: (f"{number} " for number in range(3)), {}, b"0 1 2 "),
        "list": (lambda: ["a", bytearray(b"b"), memoryview(b"c")], {}, b"abc"),
        "file": (partial((tmp_path / "lines").open, "rb"), {}, b"a\nb\n"),
        "thread": (lambda: iter(["a", "b"]), {"in_thread": True}, b"ab"),
        "many": (lambda: ("x" for _ in range(500)), {}, b"x" * 500),
        "large": (lambda: [LARGE, LARGE], {}, LARGE * 2),
    }

    class Handler(RequestHandler):
        async def get(self, name: str) -> None:
            make, options, _ = sources[name]
            self.write("<")
            await self.stream(make(), "text/plain", **options)
            self.write(">")

        head = get

    served = site(("/(.*)", Handler))
    with served.connect() as connection:
        for name, (_, _, body) in sources.items():
            answer = connection.ask(f"GET /{name}")
            assert (answer.status, answer.body) == (200, b"<" + body + b">"), name
            assert framed(answer) == ("chunked", None)
            assert answer.header("Content-Type") == "text/plain"
            head = connection.ask(f"HEAD /{name}")
            assert (head.status, head.body, *framed(head)) == (200, b"", None, None), name
            assert open_files(tmp_path) == []
    with served.connect() as connection:
        connection.sock.sendall(b"GET /async HTTP/1.0\r\n\r\n")
        old = read_all(connection.sock)
    assert old.endswith("\r\n\r\n<three, two, one\u2026>".encode())
    assert b"chunked" not in old


def test_lengths(site: Callable[..., Site], expect_log: Any) -> None:
    class Handler(RequestHandler):
        async def get(self, length: str) -> None:
            await self.stream(["abc", "def"], length=int(length))

    served = site(("/(.*)", Handler))
    answer = served.ask("GET /6")
    assert (answer.text, *framed(answer)) == ("abcdef", None, "6")
    for length in (5, 7):
        cut = cut_off(served, expect_log, f"GET /{length} HTTP/1.1\r\nHost: x\r\n\r\n")
        body = cut.partition(b"\r\n\r\n")[2]
        assert len(body) < length, cut


def test_an_empty_stream_is_an_empty_response(site: Callable[..., Site]) -> None:
    class Handler(RequestHandler):
        async def get(self, name: str) -> None:
            await self.stream([] if name == "nothing" else [b""])

    served = site(("/(.*)", Handler))
    assert (framed(served.ask("GET /nothing")), served.ask("GET /nothing").body) == (
        (None, "0"),
        b"",
    )
    assert framed(served.ask("GET /piece")) == ("chunked", None)


def test_lines_of_json(site: Callable[..., Site]) -> None:
    values: list[Any] = [{"a": "</b>\u2028\n"}, [1, None], "text", 1.5]

    class Handler(RequestHandler):
        async def get(self) -> None:
            async def rows() -> AsyncIterator[Any]:
                for value in values:
                    yield value

            await self.stream_json_lines(rows())

    answer = site(("/", Handler)).ask("GET /")
    assert answer.header("Content-Type") == "application/x-ndjson"
    assert [json.loads(line) for line in answer.text.removesuffix("\n").split("\n")] == values


@pytest.mark.parametrize(
    ("make", "options", "complaint"),
    [
        (lambda: "text", {}, "'text': write\\(\\) it"),
        (lambda: b"bytes", {}, "write\\(\\) it"),
        (lambda: {"a": 1}, {}, "write\\(\\) it"),
        (lambda: countdown, {}, "call the function that makes one"),
        (lambda: 5, {}, "not 5"),
        (Pieces, {"in_thread": True}, "in_thread=True is for what is not asynchronous"),
        (lambda: [1], {}, "str or bytes, not int; stream_json_lines"),
        (list, {"length": "5"}, "length is a number of bytes, not '5'"),
        (list, {"length": -1}, "length should not be negative"),
    ],
)
def test_what_cannot_be_streamed(
    io_loop: Any, make: Any, options: dict[str, Any], complaint: str
) -> None:
    handler = make_handler()
    with pytest.raises((TypeError, ValueError), match=complaint):
        io_loop.run_sync(lambda: handler.stream(make(), **options))
    assert not handler._headers_written


def test_too_late(io_loop: Any) -> None:
    handler = make_handler()
    handler.finish()
    for stream in (handler.stream, handler.stream_json_lines):
        with pytest.raises(RuntimeError, match=r"after finish\(\)"):
            io_loop.run_sync(lambda stream=stream: stream([]))


def test_exceptions(site: Callable[..., Site], expect_log: Any) -> None:
    """An error page as long as nothing was sent; then a connection that is cut."""

    async def failing(when: str) -> AsyncIterator[str]:
        if when == "begin":
            raise HTTPError(409)
        yield "piece"
        raise LookupError("in the middle")

    class Handler(RequestHandler):
        async def get(self, when: str) -> None:
            await self.stream(failing(when), "text/plain")

    served = site(("/(.*)", Handler))
    answer = served.ask("GET /begin")
    assert (answer.status, answer.header("Content-Type")) == (409, "text/html; charset=UTF-8")
    for version in ("1.1", "1.0"):
        received = cut_off(served, expect_log, f"GET /later HTTP/{version}\r\nHost: x\r\n\r\n")
        assert not received.endswith(b"0\r\n\r\n")


USER: contextvars.ContextVar[str] = contextvars.ContextVar("user")


def test_the_context_is_the_handlers(site: Callable[..., Site]) -> None:
    """From middleware to each piece, in threads too; and what a generator sets, its next piece sees."""
    loop_thread: list[int] = []

    async def log_in(handler: RequestHandler, call_next: Any) -> None:
        USER.set(handler.get_argument("user"))
        loop_thread.append(threading.get_ident())
        await call_next(handler)
        assert USER.get() == f"{handler.get_argument('user')} changed"

    async def asynchronous() -> AsyncIterator[str]:
        yield USER.get()
        await asyncio.sleep(0)
        USER.set(f"{USER.get()} changed")
        yield USER.get()

    def plain() -> Iterator[str]:
        assert threading.get_ident() != loop_thread[-1]
        yield USER.get()
        USER.set("mine")
        yield USER.get()
        assert threading.get_ident() != loop_thread[-1]

    class Handler(RequestHandler):
        async def get(self) -> None:
            await self.stream(plain(), in_thread=True)
            await self.stream(asynchronous())

    served = site(("/", Handler), middleware=[log_in])
    for user in ("ann", "bob"):
        assert served.ask(f"GET /?user={user}").text == f"{user}mine{user}{user} changed"


def test_what_is_in_a_thread_may_fail(site: Callable[..., Site]) -> None:
    def failing() -> Iterator[str]:
        raise HTTPError(418)
        yield ""

    class Handler(RequestHandler):
        async def get(self) -> None:
            await self.stream(failing(), in_thread=True)

    assert site(("/", Handler)).ask("GET /").status == 418


def test_compressed_pieces_arrive_one_by_one(site: Callable[..., Site]) -> None:
    asked = threading.Event()

    async def pieces() -> AsyncIterator[str]:
        yield "first"
        await asyncio.to_thread(asked.wait, PATIENCE)
        yield "second"

    class Handler(RequestHandler):
        async def get(self) -> None:
            await self.stream(pieces(), "text/plain")

    served = site(("/", Handler), compress_response=True)
    with served.connect() as connection:
        connection.send("GET /", "Accept-Encoding: gzip")
        file = connection.sock.makefile("rb")
        head = b"".join(iter(file.readline, b"\r\n"))
        assert b"Content-Encoding: gzip" in head
        first = file.read(int(file.readline(), 16))
        assert gzip.zlib.decompressobj(31).decompress(first) == b"first"  # type: ignore[attr-defined]
        asked.set()
        rest = file.readline() + file.read(int(file.readline(), 16))
        file.close()
    assert gzip.zlib.decompressobj(31).decompress(first + rest[2:]) == b"firstsecond"  # type: ignore[attr-defined]


def test_others_are_served_meanwhile(site: Callable[..., Site]) -> None:
    """However fast the generator, and the client that reads."""
    steps = 0
    asked = threading.Event()

    class Fast(RequestHandler):
        async def get(self) -> None:
            def pieces() -> Iterator[bytes]:
                nonlocal steps
                while not asked.is_set():
                    steps += 1
                    yield b"" if self.get_argument("empty", "") else b"x"

            await self.stream(pieces())

    class Other(RequestHandler):
        def get(self) -> None:
            asked.set()

    served = site(("/fast", Fast), ("/other", Other))
    for query in ("", "?empty=1"):
        asked.clear()
        with served.connect() as connection:
            connection.send(f"GET /fast{query}")
            assert connection.sock.recv(5) == b"HTTP/"
            assert served.ask("GET /other").status == 200
            read_all_of(connection)
    assert steps


def read_all_of(connection: Connection) -> None:
    while not connection.sock.recv(TURN_SIZE).endswith(b"0\r\n\r\n"):
        pass
