"""send_download(): of everything that can be sent, with names, conditions and ranges; and what is refused."""

import asyncio
import io
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.web.forms import CONTENT_TYPE, LAST
from tests.web.forms import file as form_file
from tests.web.helpers import Answer, Site, make_handler, open_files
from tests.wire.client import PLAIN_AND_TLS
from tornadolike.web import RequestHandler, spool_uploads

LARGE = bytes(range(256)) * 1024
SMALL = b"0123456789"
DATE = "Wed, 01 Jan 2020 00:00:00 GMT"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    for name, content in (("small.txt", SMALL), ("large.bin", LARGE), ("empty", b"")):
        (folder / name).write_bytes(content)
        os.utime(folder / name, (1577836800, 1577836800.5))
    (folder / "sub").mkdir()
    (folder / "sub" / "deep.pdf").write_bytes(b"deep")
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "inner").symlink_to(folder / "small.txt")
    return folder


class Downloads(RequestHandler):
    """Sends what the test has under a name."""

    def initialize(self, sources: dict[str, Any]) -> None:
        self.sources = sources

    async def get(self, name: str) -> None:
        make, options = self.sources[name]
        source = make()
        try:
            await self.send_download(source, **options)
        finally:
            if hasattr(source, "close"):
                source.close()

    head = post = get


def told(answer: Answer, *names: str) -> list[str | None]:
    return [answer.header(name) for name in names]


def temporary() -> Any:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the handler
    file.write(LARGE)
    return file


async def pieces() -> AsyncIterator[bytes]:
    yield SMALL[:4]
    await asyncio.sleep(0)
    yield SMALL[4:]


@PLAIN_AND_TLS
def test_every_kind_of_source(site: Callable[..., Site], root: Path) -> None:
    txt, pdf, raw = "text/plain", "application/pdf", "application/octet-stream"
    large = root / "large.bin"
    sources: dict[str, tuple[Callable[[], Any], dict[str, Any], bytes, str | None, str]] = {
        "path": (lambda: root / "small.txt", {}, SMALL, "small.txt", txt),
        "text": (lambda: str(large), {}, LARGE, "large.bin", raw),
        "named": (lambda: large, {"filename": "b.pdf"}, LARGE, "b.pdf", pdf),
        "typed": (lambda: large, {"content_type": "a/b"}, LARGE, "large.bin", "a/b"),
        "empty": (lambda: root / "empty", {}, b"", "empty", raw),
        "open": (lambda: large.open("rb"), {}, LARGE, "large.bin", raw),
        "small": (lambda: (root / "small.txt").open("rb"), {}, SMALL, "small.txt", txt),
        "temporary": (temporary, {}, LARGE, None, raw),
        "memory": (lambda: io.BytesIO(LARGE), {"filename": "m.txt"}, LARGE, "m.txt", txt),
        "bytes": (lambda: SMALL, {"filename": "b.txt"}, SMALL, "b.txt", txt),
        "pieces": (pieces, {"filename": "p.txt"}, SMALL, "p.txt", txt),
        "length": (pieces, {"length": 10}, SMALL, None, raw),
    }
    rules = {name: source[:2] for name, source in sources.items()}
    served = site(("/(.*)", Downloads, {"sources": rules}))
    with served.connect() as connection:
        for name, (_, _, content, filename, content_type) in sources.items():
            answer = connection.ask(f"GET /{name}")
            assert (answer.status, answer.body) == (200, content), name
            disposition = "attachment" + (f'; filename="{filename}"' if filename else "")
            assert told(answer, "Content-Type", "Content-Disposition") == [
                content_type,
                disposition,
            ], name
            assert told(answer, "X-Content-Type-Options", "Cache-Control") == [
                "nosniff",
                "no-cache",
            ]
            streamed = name in ("pieces", "length")
            assert answer.header("Accept-Ranges") == (None if streamed else "bytes"), name
            expected = None if name == "pieces" else str(len(content))
            assert answer.header("Content-Length") == expected, name
            head = connection.ask(f"HEAD /{name}")
            assert (head.status, head.body) == (200, b""), name
            assert head.header("Content-Length") == expected, name
            posted = connection.ask(f"POST /{name}", "Range: bytes=1-2", body=b"")
            assert (posted.status, posted.body) == (200, content), name
    assert open_files(root) == []


def test_parts(site: Callable[..., Site], root: Path) -> None:
    sources: dict[str, Any] = {
        "path": (lambda: root / "large.bin", {}),
        "open": (lambda: (root / "large.bin").open("rb"), {}),
        "memory": (lambda: io.BytesIO(LARGE), {}),
        "bytes": (lambda: LARGE, {}),
    }
    served = site(("/(.*)", Downloads, {"sources": sources}))
    size = len(LARGE)
    with served.connect() as connection:
        for name in sources:
            for wanted, start, end in (
                ("0-0", 0, 1),
                ("5-104", 5, 105),
                ("7-", 7, size),
                ("-300", size - 300, size),
                (f"100-{size * 2}", 100, size),
            ):
                answer = connection.ask(f"GET /{name}", f"Range: bytes={wanted}")
                assert (answer.status, answer.body) == (206, LARGE[start:end]), (name, wanted)
                assert answer.header("Content-Range") == f"bytes {start}-{end - 1}/{size}"
            several = connection.ask(f"GET /{name}", "Range: bytes=0-1,10-11")
            assert several.status == 206
            assert (several.header("Content-Type") or "").startswith("multipart/byteranges")
            assert b"\r\n\r\n\x00\x01\r\n" in several.body
            assert b"\r\n\r\n\x0a\x0b\r\n" in several.body
            beyond = connection.ask(f"GET /{name}", f"Range: bytes={size}-")
            assert (beyond.status, beyond.header("Content-Range")) == (416, f"bytes */{size}")
            nonsense = connection.ask(f"GET /{name}", "Range: bytes=b-a")
            assert nonsense.status == 200


def test_conditions(site: Callable[..., Site], root: Path) -> None:
    sources: dict[str, Any] = {
        "path": (lambda: root / "small.txt", {}),
        "open": (lambda: (root / "small.txt").open("rb"), {}),
        "bytes": (lambda: SMALL, {}),
        "memory": (lambda: io.BytesIO(SMALL), {}),
    }
    served = site(("/(.*)", Downloads, {"sources": sources}))
    with served.connect() as connection:
        for name in sources:
            first = connection.ask(f"GET /{name}")
            etag, modified = told(first, "Etag", "Last-Modified")
            assert modified == (DATE if name in ("path", "open") else None)
            assert (etag is None) == (name == "memory")
            table = {
                f"If-None-Match: {etag}": 304 if etag else 200,
                'If-None-Match: "x"': 200,
                f"If-Modified-Since: {DATE}": 304 if modified else 200,
                "If-Modified-Since: nonsense": 200,
                'If-Match: "x"': 412,
                f"If-Match: {etag}": 200 if etag else 412,
                "If-Unmodified-Since: Tue, 31 Dec 2019 00:00:00 GMT": 412 if modified else 200,
            }
            for field, status in table.items():
                answer = connection.ask(f"GET /{name}", field)
                assert answer.status == status, (name, field)
                assert (answer.body == SMALL) == (status == 200)
                assert connection.ask(f"HEAD /{name}", field).status == status
                assert connection.ask(f"POST /{name}", field, body=b"").status == 200
            if etag:
                for condition, status in ((etag, 206), ('"x"', 200)):
                    fields = ("Range: bytes=0-1", f"If-Range: {condition}")
                    assert connection.ask(f"GET /{name}", *fields).status == status
        os.utime(root / "small.txt", (1577836900, 1577836900))
        assert connection.ask("GET /path").header("Etag") != etag


def test_what_the_handler_has_set_stays(site: Callable[..., Site], root: Path) -> None:
    class Handler(RequestHandler):
        async def get(self, status: str) -> None:
            self.set_header("Etag", '"mine"')
            self.set_header("Last-Modified", "Sat, 01 Jan 2000 00:00:00 GMT")
            self.set_header("Cache-Control", "max-age=60")
            self.set_status(int(status))
            await self.send_download(root / "small.txt", inline=True)

    served = site(("/(.*)", Handler))
    answer = served.ask("GET /200")
    assert told(answer, "Etag", "Last-Modified", "Cache-Control", "Content-Disposition") == [
        '"mine"',
        "Sat, 01 Jan 2000 00:00:00 GMT",
        "max-age=60",
        'inline; filename="small.txt"',
    ]
    for field in ('If-None-Match: "mine"', "If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT"):
        assert served.ask("GET /200", field).status == 304
    # Another answer than 200 has no parts and no conditions.
    failed = served.ask("GET /404", "Range: bytes=0-1", 'If-None-Match: "mine"')
    assert (failed.status, failed.body) == (404, SMALL)


def test_names_from_strangers(site: Callable[..., Site], root: Path) -> None:
    class Handler(RequestHandler):
        async def get(self) -> None:
            await self.send_download(root / "small.txt", self.get_argument("name"))

    served = site(("/", Handler))
    answer = served.ask("GET /?name=..%2F%22%3B%20evil%E2%82%AC")
    assert answer.header("Content-Disposition") == (
        "attachment; filename=\"_; evil_\"; filename*=UTF-8''%22%3B%20evil%E2%82%AC"
    )


@pytest.mark.parametrize("relative", [True, False])
def test_nothing_outside_of_the_root(
    site: Callable[..., Site],
    root: Path,
    relative: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(root.parent)

    class Handler(RequestHandler):
        async def get(self) -> None:
            path = os.fsdecode(self.request.query_arguments["path"][0])
            await self.send_download(path, root="root" if relative else root)

    served = site(("/", Handler))
    for path, status in (
        ("small.txt", 200),
        ("sub/deep.pdf", 200),
        ("sub/../small.txt", 200),
        ("inner", 200),
        (f"{root}/small.txt", 200),
        ("../secret", 404),
        ("../root/small.txt", 404),
        ("sub/../../secret", 404),
        (f"{root.parent}/secret", 404),
        (f"{root}/../secret", 404),
        (f"{root}x", 404),
        ("/etc/passwd", 404),
        ("//etc/passwd", 404),
        ("link", 404),
        ("sub", 404),
        (".", 404),
        ("small.txt/", 404),
        ("small.txt/x", 404),
        ("none", 404),
        ("x" * 5000, 404),
        ("small.txt%00", 404),
        ("%ff", 404),
    ):
        answer = served.ask(f"GET /?path={path}")
        assert answer.status == status, path
        assert b"secret" not in answer.body
    assert open_files(root.parent) == []


def test_paths_of_no_file(site: Callable[..., Site], root: Path) -> None:
    sources: dict[str, Any] = {
        "missing": (lambda: root / "none", {}),
        "directory": (lambda: root, {}),
        "device": (lambda: "/dev/null", {}),
    }
    served = site(("/(.*)", Downloads, {"sources": sources}))
    for name in sources:
        assert served.ask(f"GET /{name}").status == 404, name
    assert served.ask("GET /missing").header("Content-Disposition") is None


@pytest.mark.parametrize(
    ("source", "options", "complaint"),
    [
        (b"a", {"root": "/"}, "root is for paths, not for b'a'"),
        (5, {}, "what is streamed is a generator or another iterable, not 5"),
        (io.StringIO("text"), {}, "opened in binary mode"),
    ],
)
def test_what_cannot_be_sent(io_loop: Any, source: Any, options: Any, complaint: str) -> None:
    handler = make_handler()
    with pytest.raises((TypeError, ValueError), match=complaint):
        io_loop.run_sync(lambda: handler.send_download(source, **options))


def test_it_is_the_whole_response(io_loop: Any) -> None:
    written = make_handler()
    written.write("before")
    finished = make_handler()
    finished.finish()
    for handler, complaint in (
        (written, "the whole response"),
        (finished, "after headers have been written"),
    ):
        with pytest.raises(RuntimeError, match=complaint):
            io_loop.run_sync(lambda handler=handler: handler.send_download(b""))


def test_uploads_can_be_sent_back(site: Callable[..., Site]) -> None:
    @spool_uploads
    class Handler(RequestHandler):
        async def post(self) -> None:
            await self.send_download(self.request.files["a"][0])

    body = form_file("a", "..\\b.txt", SMALL) + LAST
    answer = site(("/", Handler)).ask("POST /", CONTENT_TYPE, body=body)
    assert answer.body == SMALL
    assert told(answer, "Content-Disposition", "Content-Type") == [
        'attachment; filename="b.txt"',
        "text/plain",
    ]


def test_large_content_has_no_etag(site: Callable[..., Site]) -> None:
    class Handler(RequestHandler):
        max_etag_size = 5

        async def get(self) -> None:
            await self.send_download(SMALL)

    answer = site(("/", Handler)).ask("GET /")
    assert (answer.body, answer.header("Etag")) == (SMALL, None)


def test_a_file_that_is_cut_short(
    site: Callable[..., Site], root: Path, monkeypatch: pytest.MonkeyPatch, expect_log: Any
) -> None:
    """After it was opened, and before anything was sent."""

    class Handler(RequestHandler):
        async def get(self) -> None:
            await self.send_download(root / "small.txt")

        def _check_preconditions(self, modified: Any) -> None:
            (root / "small.txt").write_bytes(b"")

    with expect_log("tornadolike.general", "became shorter", count=1):
        answer = site(("/", Handler)).ask("GET /")
    assert answer.status == 500
    assert answer.header("Content-Disposition") is None


def test_compressed(site: Callable[..., Site], root: Path) -> None:
    (root / "page.txt").write_bytes(b"x" * 100_000)

    class Handler(RequestHandler):
        async def get(self) -> None:
            await self.send_download(root / "page.txt")

    served = site(("/", Handler), compress_response=True)
    answer = served.ask("GET /", "Accept-Encoding: gzip")
    assert answer.header("Content-Encoding") == "gzip"
    assert len(answer.body) < 10_000
    etag = answer.header("Etag")
    assert etag is not None
    assert etag.startswith("W/")
    again = served.ask("GET /", "Accept-Encoding: gzip", f"If-None-Match: {etag}")
    assert again.status == 304
    part = served.ask("GET /", "Accept-Encoding: gzip", "Range: bytes=0-9")
    assert (part.status, part.body) == (206, b"x" * 10)
