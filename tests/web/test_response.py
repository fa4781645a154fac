"""Writing, flushing, finishing, redirecting."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.http1connection.helpers import Watched, connect_slowly
from tests.peers import reset
from tests.web.helpers import Site, make_handler
from tests.wire.client import PLAIN_AND_TLS, get, lines
from tornadolike.httputil import HTTPOutputError
from tornadolike.iostream import StreamClosedError
from tornadolike.web import HTTPError, RequestHandler


@pytest.mark.parametrize(
    ("chunks", "body", "content_type"),
    [
        ([], b"", "text/html; charset=UTF-8"),
        (["a", b"b", "é"], b"ab\xc3\xa9", "text/html; charset=UTF-8"),
        (
            [{"a": [1, None, "</script>", "é"]}],
            b'{"a": [1, null, "<\\/script>", "\\u00e9"]}',
            "application/json; charset=UTF-8",
        ),
    ],
)
def test_write(chunks: list[Any], body: bytes, content_type: str) -> None:
    handler = make_handler()
    for chunk in chunks:
        handler.write(chunk)
    handler.finish()
    connection = handler.request.connection
    assert (connection.body, connection.content_type) == (body, content_type)


@pytest.mark.parametrize(
    "chunk", [["a"], 1, None, 1.5, bytearray(b"x"), {"a": {1, 2}}, {"a": b"x"}]
)
def test_what_cannot_be_written(chunk: Any) -> None:
    handler = make_handler()
    with pytest.raises(TypeError):
        handler.write(chunk)


def test_a_list_is_refused_with_advice() -> None:
    with pytest.raises(TypeError, match="wrap a list in a dict"):
        make_handler().write([])


def test_nothing_after_finish() -> None:
    handler = make_handler()
    handler.finish("a")
    for method, arguments in (("write", "b"), ("finish", "c"), ("redirect", "/")):
        with pytest.raises(RuntimeError):
            getattr(handler, method)(arguments)


@pytest.mark.parametrize("status", [100, 204, 304])
def test_no_body_where_there_is_none(status: int) -> None:
    handler = make_handler()
    handler.set_status(status)
    handler.write("x")
    with pytest.raises(RuntimeError, match=f"body with status {status}"):
        handler.finish()


@pytest.mark.parametrize(("status", "left"), [(204, []), (304, ["Content-Length"])])
def test_no_headers_about_a_body_that_is_none(status: int, left: list[str]) -> None:
    handler = make_handler()
    handler.set_status(status)
    for name in ("Content-Type", "Content-Encoding", "Content-Language", "Content-Length"):
        handler.set_header(name, "5")
    handler.set_header("X-Other", "1")
    handler.finish()
    assert list(handler.request.connection.headers) == ["Server", "Date", *left, "X-Other"]


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Content-Length", "42"),
        ("Content-Length", "1"),
        ("Content-Length", "-2"),
        ("Content-Length", "\xb2"),
        ("Transfer-Encoding", "chunked"),
    ],
)
def test_headers_that_would_mislead_the_client(
    site: Callable[..., Site], expect_log: Callable[..., Any], header: str, value: str
) -> None:
    class Handler(RequestHandler):
        def get(self) -> None:
            self.set_header(header, value)
            self.write("ok")

    with expect_log("tornadolike.application", "Uncaught exception", count=1) as log:
        assert site(("/", Handler)).ask("GET /").status == 500
    assert log.matched[0].exc_info[0] is HTTPOutputError


def test_a_head_may_tell_a_length_without_a_body() -> None:
    handler = make_handler(request="HEAD /")
    handler.set_header("Content-Length", "42")
    handler.finish()
    assert handler.request.connection.headers["Content-Length"] == "42"


@pytest.mark.parametrize(
    ("arguments", "status", "location"),
    [
        ({"url": "/x"}, 302, "/x"),
        ({"url": "/x", "permanent": True}, 301, "/x"),
        ({"url": "/x", "status": 307}, 307, "/x"),
        ({"url": "http://example.com/é"}, 302, "http://example.com/\xc3\xa9"),
    ],
)
def test_redirect(arguments: dict[str, Any], status: int, location: str) -> None:
    handler = make_handler()
    handler.redirect(**arguments)
    connection = handler.request.connection
    assert (connection.status, connection.headers["Location"]) == (status, location)
    assert connection.whole


def test_redirects_that_are_refused() -> None:
    for status in (200, 299, 400, "302"):
        with pytest.raises(ValueError, match="300 to 399"):
            make_handler().redirect("/x", status=status)
    for url in ("/x\r\nSet-Cookie: a=b", "/\n", "/\x00", "/\x7f", b"/\r", "/\ud800"):
        with pytest.raises(ValueError, match="invalid characters") as caught:
            make_handler().redirect(url)
        assert isinstance(caught.value, HTTPError)
        assert caught.value.status_code == 400
    handler = make_handler()
    handler.flush()
    with pytest.raises(RuntimeError, match="after headers"):
        handler.redirect("/x")


def test_an_address_that_a_client_has_made_up(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    class Onwards(RequestHandler):
        def get(self) -> None:
            self.set_cookie("a", "b")
            self.redirect(self.get_argument("next"), permanent=True)

    class Asks(RequestHandler):
        def get(self) -> None:
            try:
                self.redirect(self.get_argument("next"))
            except ValueError:
                self.redirect("/home")

    served = site(("/", Onwards), ("/asks", Asks))
    with expect_log("tornadolike.general", "400 GET .* Redirect URL contains invalid", count=1):
        answer = served.ask("GET /?next=/x%0d%0aSet-Cookie:%20c=d")
    assert answer.status == 400
    assert "Redirect URL contains invalid characters" in answer.text
    assert (answer.header("Location"), answer.headers.get_all("Set-Cookie")) == (
        None,
        ["a=b; Path=/"],
    )
    answer = served.ask("GET /asks?next=a%0ab")
    assert (answer.status, answer.header("Location")) == (302, "/home")


def test_a_flush_that_is_refused_leaves_room_for_an_error_page(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    class Handler(RequestHandler):
        async def get(self) -> None:
            self.set_header("Content-Length", "nonsense")
            await self.flush()

    with expect_log("tornadolike.application", "Uncaught exception GET /", count=1):
        assert site(("/", Handler)).ask("GET /").status == 500


def test_pieces(site: Callable[..., Site]) -> None:
    class Handler(RequestHandler):
        def get(self) -> None:
            for piece in ("one", "two", ""):
                self.write(piece)
                self.flush()
            self.write("three")

    class WithLength(Handler):
        def prepare(self) -> None:
            self.set_header("Content-Length", "11")

    class Later(RequestHandler):
        async def get(self) -> None:
            await self.flush()
            self.set_cookie("too", "late")
            await asyncio.sleep(0)
            self.write("onetwo")
            await self.flush()
            await self.finish("three")

    served = site(("/", Handler), ("/length", WithLength), ("/later", Later))
    with served.connect() as connection:
        for path, coding in (("/", "chunked"), ("/length", None), ("/later", "chunked")):
            answer = connection.ask(f"GET {path}")
            assert answer.body == b"onetwothree"
            assert answer.header("Transfer-Encoding") == coding
            assert answer.header("Etag") is None
            assert answer.header("Set-Cookie") is None
            assert connection.ask(f"HEAD {path}").status == 405
    assert [handler.get_status() for handler in served.finished] == [200, 405] * 3


def test_flush_waits_for_the_client_and_tells_that_it_is_gone(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    gone = threading.Event()
    cleaned_up = threading.Event()

    class Endless(RequestHandler):
        async def get(self) -> None:
            try:
                while True:
                    self.write(b"x" * 65536)
                    await self.flush()
            except StreamClosedError:
                gone.set()
                raise

        def on_finish(self) -> None:
            cleaned_up.set()

    served = site(("/", Endless))
    with expect_log("tornadolike.general", "the client closed the connection", count=1):
        with served.connect() as connection:
            connection.send("GET /")
            connection.sock.recv(1000)
        assert gone.wait(10)
        assert cleaned_up.wait(10)
    # It is neither logged as an error (nothing_leaks would see that) nor left out of the log.
    assert [type(handler) for handler in served.finished] == [Endless]


def test_another_streams_end_is_an_error(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    class Handler(RequestHandler):
        async def get(self) -> None:
            raise StreamClosedError

    with expect_log("tornadolike.application", "Uncaught exception", count=1):
        assert site(("/", Handler)).ask("GET /").status == 500


def test_the_order_of_what_happens_at_the_end(site: Callable[..., Site]) -> None:
    order: list[str] = []

    class Handler(RequestHandler):
        def prepare(self) -> None:
            order.append("prepare")

        def get(self) -> None:
            order.append("get")

        def on_finish(self) -> None:
            assert self._finished
            order.append("on_finish")

    served = site(("/", Handler), log_function=lambda handler: order.append("log"))
    served.ask("GET /")
    assert order == ["prepare", "get", "log", "on_finish"]


def test_flush_behind_finish(site: Callable[..., Site], expect_log: Callable[..., Any]) -> None:
    behind: list[str] = []

    class Handler(RequestHandler):
        async def get(self) -> None:
            if self.get_argument("pieces", ""):
                await self.flush()
            finished = self.finish("done")
            self.send_error(500)  # which is too late, and only logged
            assert self.flush() is finished
            await self.flush()
            behind.append(self.request.uri)
            raise ValueError("text")

        head = get

    served = site(("/", Handler))
    for request in ("GET /", "HEAD /", "GET /?pieces=1"):
        with (
            expect_log("tornadolike.general", "Cannot send error response", count=1),
            expect_log("tornadolike.application", "Uncaught exception", count=1),
        ):
            assert served.ask(request).status == 200
            served.settle()
    assert behind == ["/", "/", "/?pieces=1"]


# Before the response and behind it


class Hints(RequestHandler):
    async def get(self) -> None:
        self.send_early_hints("</a.css>; rel=preload", "</b.js>; rel=preload")
        await self.send_interim(102)
        self.write("x")
        if self.get_argument("pieces", ""):
            await self.flush()
            self.write("y")


INTERIM = lines(
    "HTTP/1.1 103 Early Hints",
    "Link: </a.css>; rel=preload",
    "Link: </b.js>; rel=preload",
    "",
    "HTTP/1.1 102 Processing",
    "",
    "HTTP/1.1 200 OK",
    "",
)


@pytest.mark.parametrize("path", ["/", "/?pieces=1"])
def test_interim_responses(site: Callable[..., Site], path: str) -> None:
    served = site(("/", Hints))
    answer = served.server.exchange(get(path))
    assert answer.startswith(INTERIM)
    assert served.server.exchange(get(path, version="1.0")).startswith(b"HTTP/1.1 200 OK\r\n")
    (handler, _) = served.finished
    assert handler.get_status() == 200


def test_interim_responses_that_are_refused() -> None:
    handler = make_handler()
    for status in (100, 101, 200, 404):
        with pytest.raises(ValueError, match="from 102 to 199"):
            handler.send_interim(status)
    with pytest.raises(ValueError, match="Unsafe header value"):
        handler.send_early_hints("a\r\nb")
    handler.flush()
    with pytest.raises(RuntimeError, match="after headers"):
        handler.send_interim(103)


def test_an_interim_response_to_a_client_that_has_left(site: Callable[..., Site]) -> None:
    left = threading.Event()

    class Handler(RequestHandler):
        async def get(self) -> None:
            self.left = asyncio.Event()
            await self.left.wait()
            await self.send_interim(102)

        def on_connection_close(self) -> None:
            self.left.set()

        def on_finish(self) -> None:
            left.set()

    served = site(("/", Handler))
    with served.connect() as connection:
        connection.send("GET /")
        Watched(served.server).until_in("HANDLING")
        reset(connection.sock)
    assert left.wait(10)
    assert [handler.get_status() for handler in served.finished] == [499]


class Trailing(RequestHandler):
    SUPPORTED_METHODS = (*RequestHandler.SUPPORTED_METHODS, "WHOLE")

    def prepare(self) -> None:
        self.set_header("Trailer", "X-Sum")

    def get(self) -> None:
        self.write("ab")
        self.flush()
        self.write("c")
        self.set_trailer("X-Sum", 6)

    head = get

    def whole(self) -> None:
        self.write("abc")
        self.set_trailer("X-Sum", "1")
        self.set_trailer("x-sum", 6)

    def put(self) -> None:
        self.set_header("Content-Length", 3)
        self.get()

    def delete(self) -> None:
        self.set_status(204)
        self.set_trailer("X-Sum", 0)


@pytest.mark.parametrize(
    ("method", "version", "expected"),
    [
        ("GET", "1.1", b"2\r\nab\r\n1\r\nc\r\n0\r\nX-Sum: 6\r\n\r\n"),
        ("WHOLE", "1.1", b"3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n"),
        ("GET", "1.0", b"abc"),
        ("WHOLE", "1.0", b"abc"),
        ("PUT", "1.1", b"abc"),
        ("HEAD", "1.1", b""),
        ("DELETE", "1.1", b""),
    ],
)
def test_trailers(site: Callable[..., Site], method: str, version: str, expected: bytes) -> None:
    served = site(("/", Trailing))
    answer = served.server.exchange(get(method=method, version=version))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"\r\nTrailer: X-Sum" in head
    assert body == expected
    (handler,) = served.finished
    assert handler.body_size == (3 if expected else 0)


def test_a_connection_goes_on_behind_trailers(site: Callable[..., Site]) -> None:
    with site(("/", Trailing)).connect() as connection:
        for method in ("GET", "WHOLE", "HEAD", "PUT", "DELETE", "GET"):
            assert connection.ask(f"{method} /").status in (200, 204)


def test_an_error_page_has_no_trailers(site: Callable[..., Site]) -> None:
    class Handler(RequestHandler):
        def get(self) -> None:
            self.set_trailer("X-Sum", 6)
            raise HTTPError(405)

    served = site(("/", Handler))
    assert served.ask("GET /").header("Content-Length") == "87"


def test_cookies_beside_trailers(site: Callable[..., Site]) -> None:
    class Handler(RequestHandler):
        def get(self) -> None:
            self.set_cookie("a", "b")
            self.set_trailer("X-Sum", 6)

    answer = site(("/", Handler)).ask("GET /")
    assert answer.headers.get_all("Set-Cookie") == ["a=b; Path=/"]


@pytest.mark.parametrize(("name", "value"), [("X Y", "1"), ("X", "a\r\nb"), ("X", "\u20ac")])
def test_trailers_that_are_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="Unsafe header"):
        make_handler().set_trailer(name, value)


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding", "Set-Cookie"])
def test_what_must_be_known_before_the_body_is_no_trailer(name: str) -> None:
    handler = make_handler()
    with pytest.raises(ValueError, match="use set_header"):
        handler.set_trailer(name, "1")
    assert handler._trailers == {}


# Back-pressure


@PLAIN_AND_TLS
def test_a_slow_reader_costs_no_memory(site: Callable[..., Site], wire: str) -> None:
    """What a handler writes waits for its client, however much it is."""
    size, chunk = 200 * 1024 * 1024, bytes(256 * 1024)
    ahead = [0]
    waiting = [0]
    sent = received = 0

    class Large(RequestHandler):
        async def get(self) -> None:
            nonlocal sent
            transport = self.request.connection.transport
            self.set_header("Content-Length", size)
            for _ in range(size // len(chunk)):
                self.write(chunk)
                sent += len(chunk)
                flushed = self.flush()
                waiting.append(transport.get_write_buffer_size())
                await flushed
                ahead.append(sent - received)

    served = site(("/", Large))
    with connect_slowly(served.server) as sock:
        sock.sendall(get())
        # It does not read, until the handler has to wait; and then in spurts.
        Watched(served.server).until(lambda: waiting[-1] > 0)
        buffer = bytearray(1024 * 1024)
        while received < size and (count := sock.recv_into(buffer)):
            received += count
    assert received >= size
    assert max(waiting) <= 2 * len(chunk)
    # The kernel's buffers, of both sides, are in this.
    assert max(ahead) < 16 * 1024 * 1024


def test_on_finish_is_called_whatever_logs() -> None:
    class Handler(RequestHandler):
        cleaned = False

        def on_finish(self) -> None:
            self.cleaned = True

    def log(handler: RequestHandler) -> None:
        raise OSError("disk full")

    handler = make_handler(Handler, settings={"log_function": log})
    with pytest.raises(OSError, match="disk full"):
        handler.finish()
    assert handler.cleaned
