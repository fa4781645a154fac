"""Files as pieces of bodies: in every framing, on every wire, in order, and what goes wrong on the way."""

import asyncio
import contextlib
import io
import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.http1connection.helpers import Watched, connect_slowly, drain, shrink
from tests.wire.client import PLAIN_AND_TLS, expect, expect_end, get, head, ok, read_all
from tornadolike.http1connection.files import WHOLE_FILE_SIZE
from tornadolike.httputil import HTTPOutputError, HTTPServerRequest
from tornadolike.ioloop.transports.files import UnreadableFile
from tornadolike.iostream import StreamClosedError

SMALL = os.urandom(WHOLE_FILE_SIZE)
LARGE = os.urandom(5 << 18) + b"end"
HUGE = 256 * 1024 * 1024

Waiting = list["asyncio.Future[None]"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files")
    (path / "small").write_bytes(SMALL)
    (path / "large").write_bytes(LARGE)
    with open(path / "huge", "wb") as file:
        file.truncate(HUGE)  # takes no room on the disk
    return path


@contextlib.contextmanager
def opened(folder: Path, name: str) -> Iterator[Any]:
    """A file of the folder; ``memory`` has the content of ``large``, and no descriptor."""
    if name == "memory":
        yield io.BytesIO(LARGE)
    else:
        with open(folder / name, "rb") as file:
            yield file


def answer_with(
    folder: Path, name: str, *parts: tuple[int, int], **headers: str
) -> Callable[[HTTPServerRequest], None]:
    """Send these parts of a file, each in its turn behind the other, and close the file at once."""

    def answer(request: HTTPServerRequest) -> None:
        connection: Any = request.connection
        if request.path == "/plain":
            connection.respond(200, "OK", "text/plain", None, b"", b"GET /plain")
            return
        connection.write_headers(*head(**headers), more=True)
        with opened(folder, name) as file:
            for offset, count in parts:
                connection.write_file(file, offset, count)
                connection.write(b"|")
        connection.finish()

    return answer


def body_of(received: bytes) -> bytes:
    top, _, rest = received.partition(b"\r\n\r\n")
    if b"Transfer-Encoding: chunked" not in top:
        return rest
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return body


@PLAIN_AND_TLS
def test_every_framing(serve: Any, folder: Path) -> None:
    parts_of = {"small": [(0, len(SMALL)), (5, 0), (1, 1), (7, 5000)]}
    parts_of["large"] = parts_of["memory"] = [
        *((0, len(LARGE)), (5, 0), (1, 1), (len(LARGE) - 70_000, 70_000), (3, 65_537))
    ]

    def body(name: str) -> bytes:
        whole = SMALL if name == "small" else LARGE
        return b"".join(whole[start : start + size] + b"|" for start, size in parts_of[name])

    def answer(request: HTTPServerRequest) -> None:
        name = request.path[1:]
        headers = {"Content_Length": str(len(body(name)))} if request.query else {}
        answer_with(folder, name, *parts_of[name], **headers)(request)

    server = serve(answer)
    for name, query, version in itertools.product(parts_of, ("", "?length"), ("1.0", "1.1")):
        with server.connect() as sock:
            sock.sendall(get(f"/{name}{query}", "Connection: close", version=version))
            assert body_of(read_all(sock)) == body(name), (name, query, version)


@PLAIN_AND_TLS
def test_answers_keep_their_order(serve: Any, folder: Path) -> None:
    """Those of requests that came together, and the connection goes on behind them."""
    size = str(len(LARGE) + 1)
    server = serve(answer_with(folder, "large", (0, len(LARGE)), Content_Length=size))
    with server.connect() as sock:
        for _ in range(2):
            sock.sendall(get("/plain") + get("/") + get("/plain") + get("/") * 2 + get("/plain"))
            for path in ("/plain", "/", "/plain", "/", "/", "/plain"):
                if path == "/":
                    expect(sock, b"HTTP/1.1 200 OK\r\nContent-Length: %b\r\n\r\n" % size.encode())
                    expect(sock, LARGE + b"|")
                else:
                    expect(sock, ok("GET /plain"))


@PLAIN_AND_TLS
def test_no_body_to_head(serve: Any, folder: Path) -> None:
    server = serve(answer_with(folder, "large", (0, 100_000), Content_Length="100001"))
    with server.connect() as sock:
        sock.sendall(get("/", method="HEAD") + get("/plain", "Connection: close"))
        answer = read_all(sock)
    assert answer == (
        b"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n" + ok("GET /plain", "Connection: close")
    )


def test_a_head_leaves_with_its_file(serve: Any, folder: Path) -> None:
    """In one segment, as far as one can see from outside: what comes first has both."""
    for name, size in (("small", len(SMALL)), ("large", 70_000)):
        server = serve(answer_with(folder, name, (0, size), Content_Length=str(size + 1)))
        for _ in range(5):
            with server.connect() as sock:
                sock.sendall(get("/"))
                first = sock.recv(65536)
                assert len(first.partition(b"\r\n\r\n")[2]) > 100, name


def failing(
    folder: Path, name: str, offset: int, count: int, **headers: str
) -> tuple[Callable[[HTTPServerRequest], None], list[BaseException], Waiting]:
    """An application that sends a part of a file, and what it hears of it."""
    outcomes: list[BaseException] = []
    waiting: Waiting = []

    def answer(request: HTTPServerRequest) -> None:
        connection: Any = request.connection
        connection.write_headers(*head(**headers), more=True)
        try:
            with opened(folder, name) as file:
                future = connection.write_file(file, offset, count)
        except Exception as error:
            outcomes.append(error)
            return
        waiting.append(future)
        future.add_done_callback(
            lambda done: outcomes.append(done.exception()) if not done.cancelled() else None
        )

    return answer, outcomes, waiting


@PLAIN_AND_TLS
def test_more_than_was_announced(serve: Any, folder: Path) -> None:
    answer, outcomes, _ = failing(folder, "large", 0, 100_000, Content_Length="99999")
    server = serve(answer)
    with server.connect() as sock:
        sock.sendall(get("/"))
        expect_end(sock, b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n")
    server.call(lambda: None)
    assert [type(error) for error in outcomes] == [HTTPOutputError]


def test_out_of_turn(serve: Any, folder: Path) -> None:
    outcomes: list[BaseException | None] = []

    def answer(request: HTTPServerRequest) -> None:
        connection: Any = request.connection
        with open(folder / "small", "rb") as file:
            with pytest.raises(RuntimeError, match=r"write_file\(\) needs write_headers\(\)"):
                connection.write_file(file, 0, 1)
            connection.respond(200, "OK", "text/plain", None, b"", b"GET /")
            outcomes.append(connection.write_file(file, 0, 1).exception())

    server = serve(answer)
    with server.connect() as sock:
        sock.sendall(get("/"))
        expect(sock, ok("GET /"))
    server.call(lambda: None)
    assert [type(error) for error in outcomes] == [StreamClosedError]


@PLAIN_AND_TLS
@pytest.mark.parametrize(
    ("name", "offset", "count"),
    [("small", 5, len(SMALL)), ("large", 5, len(LARGE)), ("large", len(LARGE), 70_000)],
    ids=["small", "large", "nothing of it is there"],
)
def test_a_file_that_is_too_short(
    watch: Any, folder: Path, expect_log: Any, name: str, offset: int, count: int
) -> None:
    """It cannot be taken for a whole, not even where the end of the connection is that of the body."""
    answer, outcomes, _ = failing(folder, name, offset, count)
    server = watch(answer)
    with (
        expect_log(
            "tornadolike.application", "^A response was cut off: .* became shorter", count=1
        ),
        server.connect() as sock,
    ):
        sock.sendall(get("/", version="1.0"))
        with pytest.raises(OSError, match=r"reset|EOF"):
            read_all(sock)
        server.until_gone()
    (error,) = outcomes
    assert isinstance(error, StreamClosedError)
    assert isinstance(error.real_error, UnreadableFile)
    assert open_descriptors(folder) == 0


def open_descriptors(folder: Path) -> int:
    count = 0
    for descriptor in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            count += os.readlink(f"/proc/self/fd/{descriptor}").startswith(str(folder))
    return count


@PLAIN_AND_TLS
def test_a_client_that_leaves(watch: Any, folder: Path) -> None:
    answer, outcomes, _ = failing(folder, "huge", 0, HUGE, Content_Length=str(HUGE))
    server = watch(answer)
    with server.connect() as sock:
        sock.sendall(get("/"))
        sock.recv(100_000)
        server.call(lambda: None)
        assert open_descriptors(folder) == 1  # ours: whoever opened it has closed his
    server.until_gone()
    assert [type(error) for error in outcomes] == [StreamClosedError]
    assert open_descriptors(folder) == 0


@PLAIN_AND_TLS
def test_a_client_that_does_not_read(watch: Any, folder: Path) -> None:
    answer, outcomes, _ = failing(folder, "huge", 0, HUGE, Content_Length=str(HUGE))
    server = watch(answer)
    with connect_slowly(server) as sock:
        sock.sendall(get("/"))
        connection = server.connection
        server.until(lambda: connection._drained)
        while server.serving.connections:
            assert not outcomes
            server.advance(61)  # in which its kernel has taken less and less, and then nothing
        server.until_gone()
    assert [type(error) for error in outcomes] == [StreamClosedError]


@PLAIN_AND_TLS
def test_a_client_that_reads_slowly_but_steadily(watch: Any, folder: Path) -> None:
    size = 4 * 1024 * 1024
    server = watch(answer_with(folder, "huge", (0, size), Content_Length=str(size + 1)))
    with connect_slowly(server) as sock:
        shrink(server.connection)
        sock.sendall(get("/"))
        connection = server.connection
        server.until(lambda: connection._drained is not None)
        received = 0
        while received < size // 4:
            before = server.call(connection.transport.write_progress)
            while server.call(connection.transport.write_progress) == before:
                received += len(sock.recv(65536))
            server.advance(55)
        while received < size:
            received += len(sock.recv(1 << 20))
        server.until_in("IDLE")
    server.until_gone()


@PLAIN_AND_TLS
def test_a_server_that_stops_sends_the_rest(watch: Any, folder: Path) -> None:
    size = 16 * 1024 * 1024
    server = watch(answer_with(folder, "huge", (0, size), Content_Length=str(size + 1)))
    with server.connect() as sock:
        sock.sendall(get("/"))
        first = sock.recv(1000)
        over = drain(server)
        received = len(body_of(first))
        while data := sock.recv(1 << 20):
            received += len(data)
        assert received == size + 1
    server.until(over)
    assert open_descriptors(folder) == 0


@PLAIN_AND_TLS
def test_nobody_else_cancels_it(watch: Any, folder: Path) -> None:
    """Who waits for it no more has written it all the same."""
    answer, _, waiting = failing(folder, "large", 0, len(LARGE), Content_Length=str(len(LARGE)))

    def answer_and_finish(request: HTTPServerRequest) -> None:
        answer(request)
        waiting[0].cancel() if not waiting[0].done() else None
        request.connection.finish()  # type: ignore[union-attr]

    server = watch(answer_and_finish)
    with server.connect() as sock:
        sock.sendall(get("/", "Connection: close"))
        assert body_of(read_all(sock)) == LARGE
    server.until_gone()


@PLAIN_AND_TLS
def test_others_have_their_turn(watch: Any, folder: Path, wire: str) -> None:
    """However fast a client is: between two system calls the loop goes round."""
    sizes: list[int] = []
    size = 8 * 1024 * 1024
    server = watch(answer_with(folder, "huge", (0, size), Content_Length=str(size + 1)))
    with server.connect() as sock, server.connect() as other:
        sock.sendall(get("/"))
        received = len(body_of(sock.recv(100_000)))
        while received < size + 1:
            received += len(sock.recv(1 << 20))
            if len(sizes) < 5:
                other.sendall(get("/plain"))
                expect(other, ok("GET /plain"))
                sizes.append(received)
    assert sizes[-1] < size


def test_files_without_a_kernel_that_sends_them(
    watch: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, expect_log: Any
) -> None:
    monkeypatch.delattr(os, "sendfile")
    server = watch(answer_with(folder, "large", (0, len(LARGE))))
    with server.connect() as sock:
        sock.sendall(get("/", "Connection: close"))
        assert body_of(read_all(sock)) == LARGE + b"|"
    short: Watched = watch(failing(folder, "large", 5, len(LARGE))[0])
    with (
        expect_log("tornadolike.application", "^A response was cut off", count=1),
        short.connect() as sock,
    ):
        sock.sendall(get("/", version="1.0"))
        with pytest.raises(OSError, match=r"reset|EOF"):
            read_all(sock)
        short.until_gone()


def test_a_file_that_is_removed_meanwhile(watch: Any) -> None:
    """What was open stays readable."""

    def answer(request: HTTPServerRequest) -> None:
        connection: Any = request.connection
        connection.write_headers(*head())
        with tempfile.TemporaryFile() as file:
            file.write(LARGE)
            connection.write_file(file, 0, len(LARGE))
        connection.finish()

    with watch(answer).connect() as sock:
        sock.sendall(get("/", "Connection: close"))
        assert body_of(read_all(sock)) == LARGE
