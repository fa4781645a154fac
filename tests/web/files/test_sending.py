"""send_file(): of every kind of file, as a whole response and among others, and what is refused."""

import asyncio
import contextlib
import gzip
import http.client
import io
import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import read_all
from tests.web.forms import CONTENT_TYPE, LAST
from tests.web.forms import file as form_file
from tests.web.helpers import Answer, Site, make_handler
from tests.wire.client import PLAIN_AND_TLS
from tornadolike.iostream import StreamClosedError
from tornadolike.web import RequestHandler, spool_uploads
from tornadolike.web.files import sending
from tornadolike.web.files.sending import checked_count
from tornadolike.web.transforms import GZipContentEncoding, OutputTransform

LARGE = bytes(range(256)) * 4096 + b"end"
SMALL = LARGE[-10_000:]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sending")
    (path / "small").write_bytes(SMALL)
    (path / "large").write_bytes(LARGE)
    with gzip.open(path / "packed", "wb") as packed:
        packed.write(LARGE)
    return path


def whole(answer: Answer, body: bytes) -> bool:
    """Whether this is ``body`` with its length told."""
    return (answer.status, answer.body, answer.header("Content-Length")) == (
        200,
        body,
        str(len(body)),
    )


@PLAIN_AND_TLS
def test_every_kind_of_file(site: Callable[..., Site], folder: Path) -> None:
    large = folder / "large"
    kinds: dict[str, tuple[Callable[[], Any], bytes]] = {
        "small": (partial((folder / "small").open, "rb"), SMALL),
        "large": (partial(large.open, "rb"), LARGE),
        "unbuffered": (partial(large.open, "rb", buffering=0), LARGE),
        "for update": (partial(large.open, "r+b"), LARGE),
        "temporary": (temporary, LARGE),
        "named temporary": (tempfile.NamedTemporaryFile, b""),
        "in memory": (partial(io.BytesIO, LARGE), LARGE),
        "packed": (partial(gzip.open, folder / "packed"), LARGE),
    }

    class Sender(RequestHandler):
        async def get(self) -> None:
            make, _ = kinds[self.get_argument("kind")]
            count = self.get_argument("count", None)
            with make() as file:
                file.read(3)  # where it is does not matter
                offset = int(self.get_argument("offset", "0"))
                await self.send_file(file, offset, None if count is None else int(count))

        head = get

    served = site(("/", Sender))
    with served.connect() as connection:
        for kind, (_, content) in kinds.items():
            path = f"/?kind={kind.replace(' ', '+')}"
            assert whole(connection.ask(f"GET {path}"), content), kind
            if not content:
                continue
            assert whole(connection.ask(f"GET {path}&offset=7"), content[7:]), kind
            part = connection.ask(f"GET {path}&offset=1&count=9000")
            assert whole(part, content[1:9001]), kind
            assert whole(connection.ask(f"GET {path}&offset=5&count=0"), b""), kind
            head = connection.ask(f"HEAD {path}")
            assert (head.body, head.header("Content-Length")) == (b"", str(len(content))), kind


def temporary() -> Any:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    file.write(LARGE)
    return file


def test_among_other_things(site: Callable[..., Site], folder: Path) -> None:
    class Sender(RequestHandler):
        async def get(self, how: str) -> None:
            name = self.get_argument("file")
            self.set_cookie("a", "b")
            self.write("before ")
            if how == "flushed":
                await self.flush()
            elif how == "length":
                self.set_header("Content-Length", 7 + 2 * (folder / name).stat().st_size + 6)
            elif how == "trailer":
                self.set_trailer("X-Sum", "1")
            with open(folder / name, "rb") as file:
                await self.send_file(file)
                if how != "alone":
                    await self.send_file(file)
            if how != "alone":
                self.write(" after")

    served = site(("/(.*)", Sender))
    with served.connect() as connection:
        for name, content in (("small", SMALL), ("large", LARGE)):
            for how in ("alone", "flushed", "length", "trailer"):
                answer = connection.ask(f"GET /{how}?file={name}")
                expected = b"before " + content
                if how != "alone":
                    expected += content + b" after"
                assert answer.body == expected, (name, how)
                assert answer.header("Set-Cookie") == "a=b; Path=/"
                told = {"alone", "length"}
                length = str(len(expected)) if how in told else None
                assert answer.header("Content-Length") == length, (name, how)
                served.settle()
                assert served.finished[-1].body_size == len(expected)


def test_uploaded_files(site: Callable[..., Site]) -> None:
    """Back to whoever has sent them."""

    @spool_uploads
    class Echo(RequestHandler):
        async def post(self) -> None:
            await self.send_file(self.request.files["a"][0], 1)

    form = form_file("a", "a", LARGE) + LAST
    for memory in (0, 1 << 30):
        served = site(("/", Echo), upload_memory_size=memory)
        assert whole(served.ask("POST /", CONTENT_TYPE, body=form), LARGE[1:])


def count_sendfile(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    counts: list[int] = []
    send = os.sendfile

    def sendfile(*arguments: Any) -> int:
        counts.append(send(*arguments))
        return counts[-1]

    monkeypatch.setattr(os, "sendfile", sendfile)
    return counts


def test_compressed_or_not(
    site: Callable[..., Site], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is compressed has to be read; what is not for compressing is not."""
    counts = count_sendfile(monkeypatch)

    class Sender(RequestHandler):
        async def get(self, kind: str, name: str) -> None:
            self.set_header("Content-Type", kind)
            with open(folder / name, "rb") as file:
                await self.send_file(file)

        head = get

    served = site(("/(.*)/(small|large)", Sender), compress_response={"codings": ["gzip"]})
    with served.connect() as connection:
        for name, content in (("small", SMALL), ("large", LARGE)):
            for method in ("GET", "HEAD"):
                answer = connection.ask(f"{method} /text/plain/{name}", "Accept-Encoding: gzip")
                assert answer.header("Content-Encoding") == "gzip"
                assert answer.header("Content-Length") is None
                if method == "GET":
                    assert gzip.decompress(answer.body) == content
            assert not counts
            assert whole(connection.ask(f"GET /text/plain/{name}"), content)
            assert whole(connection.ask(f"GET /image/png/{name}", "Accept-Encoding: gzip"), content)
            served.settle()  # the last is counted when the client has it already
            assert sum(counts) == (2 * len(content) if name == "large" else 0)
            counts.clear()


@pytest.mark.parametrize("base", [OutputTransform, GZipContentEncoding])
def test_a_transform_of_the_authors_own_sees_all_of_it(
    site: Callable[..., Site],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    base: type[OutputTransform],
) -> None:
    counts = count_sendfile(monkeypatch)

    class Upper(base):  # type: ignore[misc, valid-type]
        def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
            return chunk.swapcase()

    class Sender(RequestHandler):
        async def get(self) -> None:
            await self.flush()  # all of the file goes through transform_chunk()
            with open(folder / "large", "rb") as file:
                await self.send_file(file)

    served = site(("/", Sender))
    served.application.add_transform(Upper)
    assert served.ask("GET /").body == LARGE.swapcase()
    assert not counts


# What goes wrong


def test_what_is_no_part_of_a_file(folder: Path) -> None:
    reader, writer = os.pipe()
    with (
        open(folder / "small") as text,
        open(folder / "small", "rb") as file,
        open(reader, "rb") as pipe,
        open(writer, "wb"),
        open(folder / "new", "wb") as unreadable,
    ):
        refused: list[tuple[tuple[Any, ...], type[Exception], str]] = [
            ((text,), TypeError, "binary mode"),
            ((str(folder / "small"),), TypeError, "binary mode"),
            ((unreadable,), ValueError, "for reading"),
            ((pipe,), ValueError, "cannot move"),
            ((file, -1), ValueError, "negative"),
            ((file, 0, -1), ValueError, "negative"),
            ((file, 0, "1"), TypeError, "numbers of bytes"),
            ((file, 1.0), TypeError, "numbers of bytes"),
            ((file, len(SMALL) + 1), ValueError, "leads? out of"),
            ((file, 1, len(SMALL)), ValueError, "leads? out of"),
            ((io.BytesIO(b"abc"), 4), ValueError, "leads? out of"),
        ]
        for arguments, error, text_of_it in refused:
            handler = make_handler()
            with pytest.raises(error, match=text_of_it):
                handler.send_file(*arguments).send(None)
            assert not handler._headers_written
            assert "Content-Length" not in handler._headers
        handler = make_handler()
        handler.finish()
        with pytest.raises(RuntimeError, match="after finish"):
            handler.send_file(file).send(None)


@PLAIN_AND_TLS
def test_a_file_that_becomes_shorter(
    site: Callable[..., Site],
    tmp_path: Path,
    expect_log: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is logged once, and the client cannot take what it got for the whole; where it can be, it is a 500."""
    path = tmp_path / "file"

    def then_shorter(file: Any, offset: object, count: object) -> int:
        size = checked_count(file, offset, count)
        os.truncate(path, 10)
        return size

    class Sender(RequestHandler):
        async def get(self) -> None:
            if self.get_argument("begun", ""):
                await self.flush()
            with open(path, "rb") as file:
                await self.send_file(file)

    monkeypatch.setattr(sending, "checked_count", then_shorter)
    served = site(("/", Sender))
    path.write_bytes(bytes(100))
    with expect_log("tornadolike.general", "^500 GET / .* became shorter", count=1):
        assert served.ask("GET /").status == 500
    for size, target in ((100, "/?begun=1"), (1_000_000, "/?begun=1"), (1_000_000, "/")):
        path.write_bytes(bytes(size))
        with (
            expect_log("tornadolike.application", "^A response was cut off", count=1),
            served.connect() as connection,
        ):
            connection.send(f"GET {target}")
            with pytest.raises((OSError, http.client.HTTPException)):
                connection.receive()
        served.settle()
    assert [handler.get_status() for handler in served.finished] == [500, 200, 200, 200]


@pytest.fixture
def huge(tmp_path: Path) -> Path:
    """A file that takes a client some time, and no room on the disk."""
    with open(tmp_path / "huge", "wb") as file:
        file.truncate(1 << 33)
    return tmp_path / "huge"


@PLAIN_AND_TLS
def test_a_client_that_leaves(site: Callable[..., Site], huge: Path) -> None:
    """The handler is told, and its file closed."""
    ends: list[str] = []

    class Sender(RequestHandler):
        async def get(self) -> None:
            with open(huge, "rb") as file:
                try:
                    await self.send_file(file)
                except StreamClosedError:
                    ends.append("gone")
                    raise
                finally:
                    ends.append("closed")

    served = site(("/", Sender))
    with served.connect() as connection:
        connection.send("GET /")
        connection.sock.recv(1000)
    while not served.finished:
        served.settle()
    assert ends == ["gone", "closed"]


@PLAIN_AND_TLS
def test_a_handler_that_waits_no_longer(
    site: Callable[..., Site], huge: Path, expect_log: Callable[..., Any]
) -> None:
    """The connection is cut, and the rest of the file not sent."""

    class Sender(RequestHandler):
        async def get(self) -> None:
            with open(huge, "rb") as file:
                async with asyncio.timeout(0.01):
                    await self.send_file(file)

    served = site(("/", Sender))
    with (
        expect_log("tornadolike.application", "^Uncaught exception GET / ", count=1),
        expect_log("tornadolike.general", "^Cannot send error response", count=1),
        served.connect() as connection,
    ):
        connection.send("GET /")
        with pytest.raises(OSError, match=r"reset|EOF"):
            read_all(connection.sock)
    while not served.finished:
        served.settle()
    served.settle()
    assert not any("huge" in target for target in open_files())


def open_files() -> list[str]:
    links = []
    for descriptor in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            links.append(os.readlink(f"/proc/self/fd/{descriptor}"))
    return links
