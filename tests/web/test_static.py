"""Files: what is served, what is not, and what becomes of them on the way."""

import asyncio
import datetime
import hashlib
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.helpers import Answer, Site, make_handler
from tornadolike.web import HTTPError, StaticFileHandler
from tornadolike.web.static import CHUNK_SIZE, CHUNKS_IN_A_ROW, read_file

SECRET = "this is nobody's business"
HELLO = b"hello world, this is a file\n"
ETAG = f'"{hashlib.sha512(HELLO).hexdigest()}"'
DATE = "Wed, 01 Jan 2020 00:00:00 GMT"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory to serve, and beside it what is not to be served."""
    root = tmp_path_factory.mktemp("static") / "root"
    outside = root.parent / "outside"
    for directory in (root / "sub" / "deep", root / "empty", outside, root.parent / "root-not"):
        directory.mkdir(parents=True)
    (root / "hello.txt").write_bytes(HELLO)
    (root / "empty.txt").write_bytes(b"")
    (root / "caf\xe9 \u2603.txt").write_bytes(b"unicode")
    (root / "back\\slash.txt").write_bytes(b"backslash")
    (root / "sub" / "index.html").write_bytes(b"<h1>index</h1>")
    (root / "sub" / "deep" / "a.css").write_bytes(b"a{}")
    for secret in (outside / "secret.txt", root.parent / "root-not" / "secret.txt"):
        secret.write_text(SECRET)
    (root / "inside.txt").symlink_to("hello.txt")
    (root / "linked").symlink_to("sub")
    (root / "secret.txt").symlink_to(outside / "secret.txt")
    (root / "elsewhere").symlink_to("../outside")
    (root / "broken").symlink_to("nowhere")
    (root / "circle").symlink_to("circle")
    (root / "device").symlink_to("/dev/zero")
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as sock:
        here = os.getcwd()
        os.chdir(root)  # the path of a socket has to be short
        try:
            sock.bind("socket")
        finally:
            os.chdir(here)
    moment = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC).timestamp()
    os.utime(root / "hello.txt", (moment, moment + 0.5))
    return root


@pytest.fixture
def files(site: Callable[..., Site], tree: Path) -> Site:
    path = str(tree)
    with_index = {"path": path, "default_filename": "index.html"}
    return site(
        (r"/s/(.*)", StaticFileHandler, {"path": path}),
        (r"/i/(.*)", StaticFileHandler, with_index),
        (r"/(.*)", StaticFileHandler, with_index),
    )


@pytest.mark.parametrize(
    ("path", "body", "content_type"),
    [
        ("/s/hello.txt", HELLO, "text/plain"),
        ("/s/empty.txt", b"", "text/plain"),
        ("/s/caf%C3%A9%20%E2%98%83.txt", b"unicode", "text/plain"),
        ("/s/caf\xc3\xa9%20\xe2\x98\x83.txt", b"unicode", "text/plain"),
        ("/s/back%5Cslash.txt", b"backslash", "text/plain"),
        ("/s/back\\slash.txt", b"backslash", "text/plain"),
        ("/s/sub/index.html", b"<h1>index</h1>", "text/html"),
        ("/s/sub%2Findex.html", b"<h1>index</h1>", "text/html"),
        ("/s/sub//deep/./a.css", b"a{}", "text/css"),
        ("/s/sub/../hello.txt", HELLO, "text/plain"),
        ("/s/nowhere/../hello.txt", HELLO, "text/plain"),
        ("/s/inside.txt", HELLO, "text/plain"),
        ("/s/linked/index.html", b"<h1>index</h1>", "text/html"),
        ("/i/sub/", b"<h1>index</h1>", "text/html"),
        ("/i/linked/", b"<h1>index</h1>", "text/html"),
    ],
)
def test_what_is_served(files: Site, path: str, body: bytes, content_type: str) -> None:
    answer = files.ask(f"GET {path}")
    assert (answer.status, answer.body) == (200, body)
    assert answer.header("Content-Type") == content_type
    assert answer.header("Content-Length") == str(len(body))
    assert answer.header("Accept-Ranges") == "bytes"
    assert answer.header("Etag") == f'"{hashlib.sha512(body).hexdigest()}"'
    assert answer.header("Last-Modified") is not None
    assert answer.header("Cache-Control") is None
    head = files.ask(f"HEAD {path}")
    assert (head.status, head.body) == (200, b"")
    assert [f for f in head.headers.items() if f[0] != "Date"] == [
        f for f in answer.headers.items() if f[0] != "Date"
    ]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("nope.txt", 404),
        ("hello.txt/", 200),  # as Tornado: normalized like any other path
        ("hello.txt/more", 404),
        ("HELLO.TXT", 404),
        ("", 403),
        ("sub", 403),
        ("sub/", 403),
        ("empty", 403),
        ("fifo", 403),
        ("socket", 403),
        ("device", 403),
        ("broken", 404),
        ("circle", 404),
        ("secret.txt", 403),
        ("elsewhere", 403),
        ("elsewhere/", 403),
        ("elsewhere/secret.txt", 403),
        ("elsewhere/nope.txt", 403),  # no telling what is there
        ("..", 403),
        ("../", 403),
        ("../outside/secret.txt", 403),
        ("%2e%2e/outside/secret.txt", 403),
        ("..%2foutside%2fsecret.txt", 403),
        ("%2e%2e%2foutside/secret.txt", 403),
        ("sub/../../outside/secret.txt", 403),
        ("../root-not/secret.txt", 403),
        ("../root/hello.txt", 200),
        ("..\\outside\\secret.txt", 404),
        ("%5C..%5Coutside%5Csecret.txt", 404),
        ("/etc/passwd", 403),
        ("%2Fetc%2Fpasswd", 403),
        ("//etc/passwd", 403),
        ("%252e%252e/outside/secret.txt", 404),
        ("hello.txt%00", 404),
        ("hello.txt%00.html", 404),
        ("%00", 404),
        ("%00/../../outside/secret.txt", 403),
        ("x" * 300, 404),
        ("/".join(["x"] * 2000), 404),
        ("%ff", 400),
    ],
)
def test_what_is_not(files: Site, path: str, status: int) -> None:
    for method in ("GET", "HEAD"):
        answer = files.ask(f"{method} /s/{path}")
        assert answer.status == status
        assert SECRET not in answer.text


def test_no_path_makes_a_line_in_the_log(files: Site, caplog: pytest.LogCaptureFixture) -> None:
    assert files.ask("GET /s/..%0A500%20GET%20/forged/../../..").status == 403
    (record,) = caplog.records
    assert "\n" not in record.getMessage()


PIECES = ["..", ".", "", "%2e%2e", "%2f", "/", "\\", "%5c", "%00", "sub", "elsewhere", "outside",
          "secret.txt", "root-not", "linked", "~", "%c0%ae", "..;", "hello.txt"]  # fmt: skip


@settings(max_examples=200)
@given(
    pieces=st.lists(st.sampled_from(PIECES), max_size=8), between=st.sampled_from(["/", "%2f", ""])
)
def test_no_path_leads_out(files: Site, pieces: list[str], between: str) -> None:
    for prefix in ("/s/", "/i/", "/"):
        answer = files.ask(f"GET {prefix}{between.join(pieces)}")
        assert answer.status in (200, 301, 400, 403, 404)
        assert SECRET not in answer.text
        location = answer.header("Location") or ""
        assert not location.replace("\\", "/").startswith("//")


def test_allowed_symlink_directory(site: Callable[..., Site], tree: Path) -> None:
    outside = str(tree.parent / "outside")
    for allowed in (outside, [outside, str(tree)], [str(tree.parent)]):
        served = site(
            (r"/(.*)", StaticFileHandler, {"path": str(tree), "allowed_symlink_directory": allowed})
        )
        for path in ("/secret.txt", "/elsewhere/secret.txt"):
            assert served.ask(f"GET {path}").text == SECRET
        # It is for links only.
        assert served.ask("GET /../outside/secret.txt").status == 403
        assert served.ask("GET /device").status == 403


def test_a_root_that_is_a_link_or_the_root_of_all(site: Callable[..., Site], tree: Path) -> None:
    served = site((r"/(.*)", StaticFileHandler, {"path": str(tree / "linked")}))
    assert served.ask("GET /index.html").body == b"<h1>index</h1>"
    served = site((r"/(.*)", StaticFileHandler, {"path": "/"}))
    assert served.ask(f"GET {tree}/hello.txt").body == HELLO


# Directories


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/i/sub", 301, "/i/sub/"),
        ("/i/sub?x=1", 301, "/i/sub/"),
        ("/i/linked", 301, "/i/linked/"),
        ("/i/empty/", 404, None),
        ("/i/empty", 301, "/i/empty/"),
        ("/i/", 404, None),
        # Where a browser would find another host there is no redirect.
        ("//sub", 403, None),
        ("//evil.com/%2e%2e/sub", 403, None),
        ("///sub", 403, None),
        ("/\\evil.com/../sub", 403, None),
        ("/\\\\evil.com/%2e%2e/sub", 403, None),
        ("/%5Cevil.com/../sub", 301, "/%5Cevil.com/../sub/"),
    ],
)
def test_directories(files: Site, path: str, status: int, location: str | None) -> None:
    answer = files.ask(f"GET {path}")
    assert (answer.status, answer.header("Location")) == (status, location)


# Ranges


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-4", (0, 4)),
        ("bytes=5-", (5, 27)),
        ("bytes=-5", (23, 27)),
        ("bytes=27-27", (27, 27)),
        ("bytes=1-1000", (1, 27)),
        ("bytes=1-99999999999999999999999", (1, 27)),
        ("Bytes = 1 - 3 ", (1, 3)),
        # Everything: no need of a 206, over which some players stumble.
        ("bytes=0-", None),
        ("bytes=0-27", None),
        ("bytes=-28", None),
        ("bytes=-1000", None),
        # Not understood: as if it were not there.
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=0-1,3-4", None),
        ("bytes=+1-3", None),
        ("bytes=1_0-11", None),
        ("bytes=\xb2-3", None),
        ("items=0-4", None),
        ("0-4", None),
        ("", None),
        ("bytes=" + "9" * 5000 + "-", None),
        # Nothing there.
        ("bytes=28-", ()),
        ("bytes=28-30", ()),
        ("bytes=-0", ()),
        ("bytes=5-3", ()),
        ("bytes=5", ()),
        ("bytes=99999999999999999999999-", ()),
    ],
)
def test_ranges(files: Site, header: str, part: tuple[int, int] | tuple[()] | None) -> None:
    for method in ("GET", "HEAD"):
        answer = files.ask(f"{method} /s/hello.txt", f"Range: {header}")
        if part is None:
            expected = (200, HELLO, None)
        elif part:
            first, last = part
            expected = (206, HELLO[first : last + 1], f"bytes {first}-{last}/28")
        else:
            expected = (416, b"", "bytes */28")
        status, body, content_range = expected
        assert answer.status == status
        assert answer.header("Content-Range") == content_range
        assert answer.header("Content-Length") == str(len(body))
        assert answer.body == (body if method == "GET" else b"")
        assert answer.header("Etag") == ETAG
        assert answer.header("Accept-Ranges") == "bytes"


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0"])
def test_no_range_of_an_empty_file(files: Site, header: str) -> None:
    answer = files.ask("GET /s/empty.txt", f"Range: {header}")
    assert (answer.status, answer.header("Content-Range")) == (416, "bytes */0")


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (ETAG, 206),
        (DATE, 206),
        ("Wednesday, 01-Jan-20 00:00:00 GMT", 206),
        (f"W/{ETAG}", 200),
        ('"other"', 200),
        ("Wed, 01 Jan 2020 00:00:01 GMT", 200),
        ("nonsense", 200),
        ("", 200),
    ],
)
def test_if_range(files: Site, condition: str, status: int) -> None:
    answer = files.ask("GET /s/hello.txt", "Range: bytes=0-4", f"If-Range: {condition}")
    assert answer.status == status


def test_if_range_of_a_file_without_a_date(site: Callable[..., Site], tree: Path) -> None:
    class Dateless(StaticFileHandler):
        def get_modified_time(self) -> None:
            return None

    served = site((r"/(.*)", Dateless, {"path": str(tree)}))
    for condition in (f"W/{ETAG}", "nonsense"):
        answer = served.ask("GET /hello.txt", "Range: bytes=0-4", f"If-Range: {condition}")
        assert answer.status == 200


# Conditions


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ([f"If-Modified-Since: {DATE}"], 304),
        (["If-Modified-Since: Fri, 01 Jan 2038 00:00:00 GMT"], 304),
        (["If-Modified-Since: Wednesday, 01-Jan-20 00:00:00 GMT"], 304),
        (["If-Modified-Since: Wed Jan  1 00:00:00 2020"], 304),
        (["If-Modified-Since: Wed, 01 Jan 2020 01:00:00 +0100"], 304),
        (["If-Modified-Since: Tue, 31 Dec 2019 23:59:59 GMT"], 200),
        (["If-Modified-Since: nonsense"], 200),
        (["If-Modified-Since: "], 200),
        (["If-Modified-Since: Mon, 01 Jan 0001 00:00:00 +2359"], 200),
        (["If-Modified-Since: Fri, 31 Dec 9999 23:59:59 -2359"], 200),
        ([f"If-None-Match: {ETAG}"], 304),
        ([f"If-None-Match: W/{ETAG}"], 304),
        ([f'If-None-Match: "x", {ETAG}'], 304),
        (["If-None-Match: *"], 304),
        (['If-None-Match: "x"'], 200),
        # The Etag counts, not the date.
        (['If-None-Match: "x"', "If-Modified-Since: Fri, 01 Jan 2038 00:00:00 GMT"], 200),
        ([f"If-None-Match: {ETAG}", "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT"], 304),
        ([f"If-None-Match: {ETAG}", "Range: bytes=0-4"], 304),
    ],
)
def test_conditions(files: Site, fields: list[str], status: int) -> None:
    for method in ("GET", "HEAD"):
        answer = files.ask(f"{method} /s/hello.txt", *fields)
        assert answer.status == status
        assert answer.header("Etag") == ETAG
        assert answer.header("Last-Modified") == DATE
        if status == 304:
            assert answer.body == b""
            assert answer.header("Content-Type") is None


def test_versions_are_cached_for_long(files: Site) -> None:
    for query in ("?v=1", "?v="):
        answer = files.ask(f"GET /s/hello.txt{query}")
        assert answer.header("Cache-Control") == "max-age=315360000"
        assert answer.header("Expires") is not None


def test_other_methods(files: Site) -> None:
    answer = files.ask("POST /s/hello.txt", body=b"")
    assert (answer.status, answer.header("Allow")) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.html", "text/html"),
        ("a.json", "application/json"),
        ("a.png", "image/png"),
        ("a.tar.gz", "application/gzip"),
        ("a.txt.bz2", "application/octet-stream"),
        ("a.unheardof", "application/octet-stream"),
        ("none", "application/octet-stream"),
    ],
)
def test_content_types(name: str, content_type: str) -> None:
    handler = make_handler(StaticFileHandler, path="/")
    handler.absolute_path = f"/{name}"
    assert handler.get_content_type() == content_type


# What changes meanwhile


def ask_for(site: Callable[..., Site], directory: Path, name: str, *fields: str) -> Answer:
    served = site((r"/(.*)", StaticFileHandler, {"path": str(directory)}))
    return served.ask(f"GET /{name}", *fields)


def test_a_file_that_is_replaced_has_another_etag(
    site: Callable[..., Site], tmp_path: Path
) -> None:
    served = site((r"/(.*)", StaticFileHandler, {"path": str(tmp_path)}))
    file = tmp_path / "a.txt"
    file.write_text("one")
    first = served.ask("GET /a.txt").header("Etag")
    file.write_text("two")
    os.utime(file, (1, 1))
    answer = served.ask("GET /a.txt", f"If-None-Match: {first}")
    assert answer.text == "two"
    file.unlink()
    assert served.ask("GET /a.txt").status == 404


def test_big_files_are_not_hashed(
    site: Callable[..., Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("hello")
    os.utime(tmp_path / "a.txt", ns=(0, 0x1234))
    monkeypatch.setattr(StaticFileHandler, "MAX_VERSION_CONTENT_SIZE", 4)
    assert ask_for(site, tmp_path, "a.txt").header("Etag") == '"5-1234"'


def test_hashes_are_remembered_and_not_for_ever(
    site: Callable[..., Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Counting(StaticFileHandler):
        MAX_CACHED_VERSIONS = 2
        _versions = {}  # noqa: RUF012 (of one test)
        hashed: list[str] = []  # noqa: RUF012 (of one test)

        @classmethod
        def get_content_version(cls, abspath: str) -> str:
            cls.hashed.append(Path(abspath).name)
            return super().get_content_version(abspath)

    for name in "abc":
        (tmp_path / name).write_text(name)
    served = site((r"/(.*)", Counting, {"path": str(tmp_path)}))
    for name in "aabbcca":
        served.ask(f"GET /{name}")
    assert Counting.hashed == ["a", "b", "c", "a"]
    assert len(Counting._versions) == 2


def test_a_file_that_we_may_not_read(
    site: Callable[..., Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("a")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert ask_for(site, tmp_path, "a.txt").status == 403


@pytest.mark.parametrize(("error", "status"), [(PermissionError, 403), (FileNotFoundError, 404)])
def test_a_file_that_changes_before_it_is_opened(
    site: Callable[..., Site],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: type[OSError],
    status: int,
) -> None:
    (tmp_path / "a.txt").write_text("a")
    really_open = os.open

    def refuse(path: Any, *args: Any) -> int:
        if path == str(tmp_path / "a.txt"):
            raise error
        return really_open(path, *args)

    monkeypatch.setattr(os, "open", refuse)
    assert ask_for(site, tmp_path, "a.txt").status == status


def test_a_fifo_in_place_of_a_file_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(HTTPError) as caught:
        next(read_file(str(tmp_path / "fifo"), 0, None))
    assert caught.value.status_code == 403


BIG = 40 * CHUNK_SIZE + 123


def in_pieces(site: Callable[..., Site], path: Path, between: Callable[[int], None]) -> Site:
    """Serve ``path``; ``between`` is called after each chunk that was read."""

    class Watched(StaticFileHandler):
        @classmethod
        def get_content(
            cls, abspath: str, start: int | None = None, end: int | None = None
        ) -> Iterator[bytes]:
            for number, chunk in enumerate(super().get_content(abspath, start, end)):
                yield chunk
                between(number)

        @classmethod
        def get_content_version(cls, abspath: str) -> str:
            return "version"

    return site((r"/(.*)", Watched, {"path": str(path)}))


def test_big_files_come_whole(site: Callable[..., Site], tmp_path: Path) -> None:
    content = os.urandom(BIG)
    (tmp_path / "big").write_bytes(content)
    served = site((r"/(.*)", StaticFileHandler, {"path": str(tmp_path)}))
    with served.connect() as connection:
        answer = connection.ask("GET /big")
        assert answer.body == content
        assert answer.header("Content-Length") == str(BIG)
        assert answer.header("Transfer-Encoding") is None
        part = connection.ask("GET /big", f"Range: bytes=1-{BIG - 2}")
        assert part.body == content[1:-1]
        assert connection.ask("HEAD /big").header("Content-Length") == str(BIG)


def test_no_more_is_read_than_the_client_takes(site: Callable[..., Site], tmp_path: Path) -> None:
    with open(tmp_path / "big", "wb") as file:
        file.truncate(10_000 * CHUNK_SIZE)  # takes no room on the disk
    read: list[int] = []
    served = in_pieces(site, tmp_path, read.append)
    with served.connect() as connection:
        connection.send("GET /big")
        connection.sock.recv(1000)
        for _ in range(100):
            served.settle()
        assert len(read) < 1000
        assert len(open_files(tmp_path)) == 1
    # The client is gone: the file is closed, and that is no error.
    while open_files(tmp_path):
        served.settle()
    assert [handler.get_status() for handler in served.finished] == [200]


def open_files(below: Path) -> list[str]:
    found = []
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{descriptor}")
        except OSError:
            continue
        if target.startswith(str(below)):
            found.append(target)
    return found


def test_a_big_file_leaves_others_a_turn(site: Callable[..., Site], tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(bytes(BIG))
    turns: list[int] = []

    class ToAFastClient(StaticFileHandler):
        pieces = 0

        def flush(self, include_footers: bool = False) -> "asyncio.Future[None]":
            super().flush(include_footers)
            self.pieces += 1
            loop = asyncio.get_running_loop()
            if self.pieces == 1:
                loop.call_soon(lambda: turns.append(self.pieces))
            done = loop.create_future()
            done.set_result(None)  # more may be written at once, whatever has been written
            return done

    served = site((r"/(.*)", ToAFastClient, {"path": str(tmp_path)}))
    assert len(served.ask("GET /big").body) == BIG
    assert turns == [CHUNKS_IN_A_ROW]


def test_a_file_that_is_cut_short_cuts_the_response(
    site: Callable[..., Site], tmp_path: Path, expect_log: Callable[..., Any]
) -> None:
    (tmp_path / "big").write_bytes(bytes(BIG))

    def between(number: int) -> None:
        if number == 1:
            os.truncate(tmp_path / "big", 10)

    served = in_pieces(site, tmp_path, between)
    with (
        expect_log("tornadolike.general", "cut short while it was sent", count=1),
        expect_log("tornadolike.general", "Cannot send error response", count=1),
    ):
        sent = served.server.exchange(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
    assert len(sent) < BIG
    assert served.ask("GET /big").body == bytes(10)


def test_a_small_file_that_is_cut_short_is_a_500(
    site: Callable[..., Site], tmp_path: Path, expect_log: Callable[..., Any]
) -> None:
    (tmp_path / "small").write_bytes(bytes(100))

    class Shrinking(StaticFileHandler):
        def get_content_size(self) -> int:
            return 200

    served = site((r"/(.*)", Shrinking, {"path": str(tmp_path)}))
    with expect_log("tornadolike.general", "cut short while it was sent", count=1):
        assert served.ask("GET /small").status == 500


def test_a_file_that_grows_ends_where_it_did(site: Callable[..., Site], tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(bytes(BIG))

    def between(number: int) -> None:
        with open(tmp_path / "big", "ab") as file:
            file.write(b"x" * CHUNK_SIZE)

    served = in_pieces(site, tmp_path, between)
    with served.connect() as connection:
        assert connection.ask("GET /big").body == bytes(BIG)
        assert connection.ask("HEAD /big").status == 200


# Overriding


def test_content_from_elsewhere(site: Callable[..., Site]) -> None:
    class Database(StaticFileHandler):
        content = {"db:a.txt": b"from the database", "db:big": bytes(BIG)}  # noqa: RUF012 (of one test)

        @classmethod
        def get_absolute_path(cls, root: str, path: str) -> str:
            return f"{root}:{path}"

        def validate_absolute_path(self, root: str, absolute_path: str) -> str:
            if absolute_path not in self.content:
                raise HTTPError(404)
            return absolute_path

        @classmethod
        def get_content(
            cls, abspath: str, start: int | None = None, end: int | None = None
        ) -> bytes | list[bytes]:
            content = cls.content[abspath][slice(start, end)]
            return content if len(content) < 100 else [content[:100], content[100:]]

        def get_content_size(self) -> int:
            return len(self.content[self.absolute_path])

        def get_modified_time(self) -> None:
            return None

        def get_cache_time(self, path: str, modified: Any, mime_type: str) -> int:
            return 60

    served = site((r"/(.*)", Database, {"path": "db"}))
    answer = served.ask("GET /a.txt")
    assert answer.text == "from the database"
    assert answer.header("Etag") == f'"{hashlib.sha512(answer.body).hexdigest()}"'
    assert answer.header("Last-Modified") is None
    assert answer.header("Cache-Control") == "max-age=60"
    assert served.ask("GET /a.txt", "Range: bytes=5-7").text == "the"
    assert served.ask("GET /a.txt", f"If-None-Match: {answer.header('Etag')}").status == 304
    assert served.ask("GET /a.txt", f"If-Modified-Since: {DATE}").status == 200
    assert served.ask("GET /big").body == bytes(BIG)
    assert served.ask("GET /nope").status == 404


def test_an_initialize_of_ones_own_need_not_call_ours(
    site: Callable[..., Site], tree: Path
) -> None:
    class Own(StaticFileHandler):
        def initialize(self) -> None:
            self.root = str(tree)
            self.default_filename = None

    served = site((r"/(.*)", Own))
    assert served.ask("GET /hello.txt").body == HELLO
    assert served.ask("GET /secret.txt").status == 403
