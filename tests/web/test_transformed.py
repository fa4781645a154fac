"""A site that compresses, as its clients see it."""

import asyncio
import gzip
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.codings.samples import decoded, each_coding
from tests.http1connection.helpers import Watched
from tests.web.helpers import Answer, Site
from tests.wire.client import PLAIN_AND_TLS
from tornadolike.codings import CODINGS
from tornadolike.httputil import HTTPHeaders
from tornadolike.web import OutputTransform, RequestHandler, StaticFileHandler

PAGE = "It is what it is, and again. " * 1000
LARGE = PAGE * 50

GZIP = "Accept-Encoding: gzip"


def plain(answer: Answer) -> bytes:
    """The body, decoded."""
    coding = answer.header("Content-Encoding")
    return answer.body if coding is None else decoded(coding, answer.body)


class Page(RequestHandler):
    def get(self) -> None:
        self.write(PAGE)

    head = get


@each_coding
def test_a_page(site: Callable[..., Site], name: str) -> None:
    served = site(("/", Page), compress_response={"codings": [name]})
    answer = served.ask("GET /", f"Accept-Encoding: {name}")
    assert answer.header("Content-Encoding") == name
    assert answer.header("Content-Length") == str(len(answer.body))
    assert answer.header("Vary") == "Accept-Encoding"
    assert plain(answer) == PAGE.encode()
    assert served.ask("GET /").body == PAGE.encode()


def test_the_etag_of_what_was_compressed_is_recognized(site: Callable[..., Site]) -> None:
    served = site(("/", Page), compress_response=True)
    etag = served.ask("GET /", GZIP).header("Etag")
    assert etag is not None
    assert etag.startswith("W/")
    again = served.ask("GET /", GZIP, f"If-None-Match: {etag}")
    assert (again.status, again.header("Etag"), again.body) == (304, etag, b"")
    assert again.header("Vary") == "Accept-Encoding"
    assert again.header("Content-Encoding") is None


def test_head_and_get_agree(site: Callable[..., Site]) -> None:
    served = site(("/", Page), compress_response=True)
    with served.connect() as connection:
        head = connection.ask("HEAD /", GZIP)
        get = connection.ask("GET /", GZIP)
    assert head.status == 200
    assert head.body == b""
    ours = {"Content-Length", "Date"}
    assert {**head.headers} == {n: v for n, v in get.headers.items() if n not in ours} | {
        "Date": head.header("Date")
    }


def test_pages_of_errors_too(site: Callable[..., Site]) -> None:
    class Wrong(RequestHandler):
        def write_error(self, status_code: int, **kwargs: Any) -> None:
            self.finish(PAGE)

    answer = site(("/", Wrong), compress_response=True).ask("GET /", GZIP)
    assert (answer.status, plain(answer)) == (405, PAGE.encode())


@PLAIN_AND_TLS
@each_coding
def test_each_flush_arrives(site: Callable[..., Site], name: str) -> None:
    class Stream(RequestHandler):
        async def get(self) -> None:
            self.set_header("Content-Type", "text/event-stream")
            await self.flush()
            for number in range(3):
                self.write(f"event: {number}\n\n")
                await self.flush()
                await told.acquire()

    told = asyncio.Semaphore(0)
    served = site(("/", Stream), compress_response={"codings": [name]})
    decoder = CODINGS[name].make_decoder()
    with served.connect() as connection:
        connection.send("GET /", f"Accept-Encoding: {name}")
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.sock.recv(1)
        for number in range(3):
            said = b""
            while not said.endswith(b"\n\n"):
                size = b""
                while not size.endswith(b"\r\n"):
                    size += connection.sock.recv(1)
                chunk = b""
                while len(chunk) < int(size, 16) + 2:
                    chunk += connection.sock.recv(int(size, 16) + 2 - len(chunk))
                said += b"".join(decoder.decode(chunk[:-2]))
            assert said == f"event: {number}\n\n".encode()
            served.server.call(told.release)


def test_to_an_old_client_in_pieces(site: Callable[..., Site]) -> None:
    class Pieces(RequestHandler):
        async def get(self) -> None:
            for word in ("one ", "two ", "three"):
                self.write(word)
                await self.flush()

    served = site(("/", Pieces), compress_response=True)
    answer = served.server.exchange(b"GET / HTTP/1.0\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Length" not in head
    assert gzip.decompress(body) == b"one two three"


# Files


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "small.txt").write_text("small")
    (tmp_path / "page.txt").write_text(PAGE[:30_000])
    (tmp_path / "large.txt").write_text(LARGE)
    (tmp_path / "image.png").write_bytes(bytes(5000))
    return tmp_path


@pytest.fixture
def disk(site: Callable[..., Site], files: Path) -> Site:
    return site(("/(.*)", StaticFileHandler, {"path": str(files)}), compress_response=True)


@pytest.mark.parametrize("name", ["page.txt", "large.txt"])
def test_files(disk: Site, files: Path, name: str) -> None:
    answer = disk.ask(f"GET /{name}", GZIP)
    assert answer.header("Content-Encoding") == "gzip"
    assert answer.header("Accept-Ranges") is None
    assert plain(answer) == (files / name).read_bytes()
    assert len(answer.body) < len(plain(answer)) / 10
    head = disk.ask(f"HEAD /{name}", GZIP)
    assert head.header("Content-Encoding") == "gzip"
    assert head.header("Content-Length") is None
    assert head.header("Etag") == answer.header("Etag")
    again = disk.ask(f"GET /{name}", GZIP, f"If-None-Match: {answer.header('Etag')}")
    assert (again.status, again.header("Etag")) == (304, answer.header("Etag"))


@pytest.mark.parametrize("name", ["small.txt", "image.png"])
def test_files_that_are_left_as_they_are(disk: Site, files: Path, name: str) -> None:
    for method in ("GET", "HEAD"):
        answer = disk.ask(f"{method} /{name}", GZIP)
        assert answer.header("Content-Encoding") is None
        assert answer.header("Content-Length") == str((files / name).stat().st_size)


def test_ranges_are_of_the_file(disk: Site, files: Path) -> None:
    answer = disk.ask("GET /large.txt", GZIP, "Range: bytes=5-5004")
    assert (answer.status, answer.header("Content-Encoding")) == (206, None)
    assert answer.body == (files / "large.txt").read_bytes()[5:5005]
    assert answer.header("Vary") == "Accept-Encoding"
    # A range of what was compressed there is not; by its Etag nobody gets one.
    etag = disk.ask("GET /large.txt", GZIP).header("Etag")
    whole = disk.ask("GET /large.txt", GZIP, "Range: bytes=5-5004", f"If-Range: {etag}")
    assert whole.status == 200
    assert plain(whole) == (files / "large.txt").read_bytes()


# Large bodies


class Large(RequestHandler):
    def get(self) -> None:
        self.write(LARGE)


def test_a_large_page_is_compressed_elsewhere(site: Callable[..., Site]) -> None:
    threads: list[threading.Thread] = []

    class Watched(OutputTransform):
        def takes_long(self, status_code: int, headers: HTTPHeaders, chunk: bytes) -> bool:
            return True

        def transform_first_chunk(
            self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
        ) -> tuple[int, HTTPHeaders, bytes]:
            threads.append(threading.current_thread())
            return status_code, headers, chunk

    served = site(("/", Large), ("/small", Page), compress_response=True)
    served.application.add_transform(Watched)
    # What comes behind it waits for it.
    request = b"GET %b HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n"
    rest = served.server.exchange(request % b"/" + request % b"/small")
    for page in (LARGE, PAGE):
        head, _, rest = rest.partition(b"\r\n\r\n")
        fields = HTTPHeaders.parse(head.decode().partition("\r\n")[2])
        length = int(fields["Content-Length"])
        assert gzip.decompress(rest[:length]) == page.encode()
        rest = rest[length:]
    assert rest == b""
    assert len(threads) == 2
    assert threading.main_thread() not in threads
    assert not any(thread.name == "test server" for thread in threads)


class Slow(OutputTransform):
    """Holds a response in its thread until it is let go."""

    begun: threading.Event
    go_on: threading.Event

    def takes_long(self, status_code: int, headers: HTTPHeaders, chunk: bytes) -> bool:
        return True

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        if chunk == b"slow":
            self.begun.set()
            assert self.go_on.wait(10)
        if chunk == b"broken":
            raise ZeroDivisionError
        return status_code, headers, chunk


@pytest.fixture
def slow() -> type[Slow]:
    Slow.begun, Slow.go_on = threading.Event(), threading.Event()
    return Slow


class Echo(RequestHandler):
    results: list[Any]

    async def get(self, word: str) -> None:
        if word == "impatient":
            try:
                await asyncio.wait_for(self.finish("slow"), 0.01)
            except TimeoutError:
                self.results.append("timed out")
                Slow.go_on.set()
            return
        try:
            self.results.append(await self.finish(word))
        except BaseException as error:
            self.results.append(type(error).__name__)
            raise

    def on_connection_close(self) -> None:
        self.results.append("on_connection_close")


@pytest.fixture
def echo(site: Callable[..., Site], slow: type[Slow]) -> Site:
    Echo.results = []
    return site(("/(.*)", Echo), transforms=[slow])


def test_others_are_served_meanwhile(echo: Site) -> None:
    with echo.connect() as connection:
        connection.send("GET /slow")
        assert Slow.begun.wait(10)
        assert echo.ask("GET /fast").body == b"fast"
        Slow.go_on.set()
        assert connection.receive().body == b"slow"
    Watched(echo.server).until(lambda: Echo.results == [None, None])


def test_a_client_that_leaves_meanwhile(echo: Site) -> None:
    with echo.connect() as connection:
        connection.send("GET /slow")
        assert Slow.begun.wait(10)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server = Watched(echo.server)
    server.until(lambda: not server.serving.connections)
    Slow.go_on.set()
    server.until(lambda: Echo.results)
    assert Echo.results == ["StreamClosedError"]
    server.until_gone()


def test_who_does_not_wait_to_the_end(echo: Site) -> None:
    assert echo.ask("GET /impatient").body == b"slow"
    assert Echo.results == ["timed out"]


def test_a_transform_that_fails(echo: Site, expect_log: Callable[..., Any]) -> None:
    with (
        expect_log("tornadolike.application", "could not be sent"),
        expect_log("tornadolike.application", "Uncaught exception"),
        echo.connect() as connection,
    ):
        connection.send("GET /broken")
        assert connection.sock.recv(100) == b""
        Watched(echo.server).until(lambda: Echo.results)
    assert Echo.results == ["ZeroDivisionError"]
