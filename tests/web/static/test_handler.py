"""Files: what is served, what is not, and what becomes of them on the way."""

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.helpers import Answer, Site, make_handler
from tests.web.static.conftest import ETAG, HELLO, SECRET
from tornadolike.web import HTTPError, StaticFileHandler
from tornadolike.web.static.content import read_file


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
        ("../root/hello.txt", 403),  # or one could guess where the root is
        ("sub/../../root/hello.txt", 403),
        ("sub/../hello.txt", 200),
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


def test_nobody_learns_where_the_root_is(files: Site, tree: Path) -> None:
    out = "../" * len(tree.parts)
    for known in (
        tree,
        f"{tree}/hello.txt",
        f"/{out}{tree}/hello.txt",
        f"sub/../{out}{tree}/hello.txt",
    ):
        assert files.ask(f"GET /s/{known}").status == 403


# Directories


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/i/sub", 301, "/i/sub/"),
        ("/i/sub?x=1", 301, "/i/sub/"),
        ("/i/linked", 301, "/i/linked/"),
        ("/i/empty/", 404, None),
        ("/i/empty", 301, "/i/empty/"),
        ("/i/d%C3%A9", 301, "/i/d%C3%A9/"),
        ("/i/d\xc3\xa9", 301, "/i/d%C3%A9/"),
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


@pytest.mark.parametrize(
    ("version", "cache_control"),
    [
        (ETAG[1:-1], "max-age=315360000, immutable"),
        # An author's own, of whatever kind.
        ("1", "max-age=315360000"),
        ("", "max-age=315360000"),
        ("%ff", "max-age=315360000"),
        ("a" * 127, "max-age=315360000"),
        ("-" * 128, "max-age=315360000"),
        # Of another content: the page is newer than the file, or older.
        ("0" * 128, None),
    ],
)
def test_versions_are_cached_for_long(files: Site, version: str, cache_control: str | None) -> None:
    answer = files.ask(f"GET /s/hello.txt?v={version}")
    assert (answer.status, answer.header("Cache-Control")) == (200, cache_control)
    assert (answer.header("Expires") is not None) == (cache_control is not None)


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
        hashed: list[str] = []  # noqa: RUF012 (of one test)

        @classmethod
        def get_content_version(cls, abspath: str) -> str:
            cls.hashed.append(Path(abspath).name)
            return super().get_content_version(abspath)

    Counting.reset()
    for name in "abc":
        (tmp_path / name).write_text(name)
    served = site((r"/(.*)", Counting, {"path": str(tmp_path)}))
    for name in "aabbcca":
        served.ask(f"GET /{name}")
    assert Counting.hashed == ["a", "b", "c", "a"]
    assert len(Counting._versions) == 2


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PermissionError(), 403),
        (FileNotFoundError(), 404),
        (IsADirectoryError(), 403),
        (OSError(errno.EMFILE, "Too many open files"), 503),
    ],
)
def test_a_file_that_changes_before_it_is_opened(
    site: Callable[..., Site],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: OSError,
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
