"""Files that are there in a content coding already."""

import gzip
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.web.helpers import Site, open_files
from tornadolike.web import StaticFileHandler

CONTENT = b"a { color: red }\n" * 100
GZIPPED = gzip.compress(CONTENT)
# Only their names say what these are.
OTHERS = {".br": b"as br has it", ".zst": b"as zstd has it"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    for name, content in {
        "a.css": CONTENT,
        "a.css.gz": GZIPPED,
        **{f"a.css{suffix}": content for suffix, content in OTHERS.items()},
        "only.txt": CONTENT,
        "only.txt.gz": GZIPPED,
    }.items():
        (root / name).write_bytes(content)
        os.utime(root / name, (1577836800, 1577836800))
    return root


@pytest.fixture
def files(site: Callable[..., Site], tree: Path) -> Site:
    return site((r"/(.*)", StaticFileHandler, {"path": str(tree), "precompressed": True}))


@pytest.mark.parametrize(
    ("accepted", "coding", "body"),
    [
        ("gzip", "gzip", GZIPPED),
        ("x-gzip", "gzip", GZIPPED),
        ("gzip, br, zstd", "br", OTHERS[".br"]),
        ("gzip, zstd", "zstd", OTHERS[".zst"]),
        ("gzip, br;q=0.5", "gzip", GZIPPED),
        ("*", "br", OTHERS[".br"]),
        ("br;q=0, *;q=0.1", "zstd", OTHERS[".zst"]),
        ("gzip;q=0.5, identity", None, CONTENT),
        ("gzip;q=0", None, CONTENT),
        ("deflate", None, CONTENT),
        ("", None, CONTENT),
        (None, None, CONTENT),
    ],
)
def test_which_file_is_sent(
    files: Site, accepted: str | None, coding: str | None, body: bytes
) -> None:
    fields = [] if accepted is None else [f"Accept-Encoding: {accepted}"]
    for method in ("GET", "HEAD"):
        answer = files.ask(f"{method} /a.css", *fields)
        assert (answer.status, answer.header("Content-Encoding")) == (200, coding)
        assert answer.header("Content-Type") == "text/css"
        assert answer.header("Vary") == "Accept-Encoding"
        assert answer.header("Etag") == f'"{hashlib.sha512(body).hexdigest()}"'
        assert answer.header("Content-Length") == str(len(body))
        assert answer.body == (body if method == "GET" else b"")


def test_a_coding_that_is_not_there_is_passed_over(files: Site) -> None:
    answer = files.ask("GET /only.txt", "Accept-Encoding: br, zstd, gzip;q=0.1")
    assert (answer.header("Content-Encoding"), answer.body) == ("gzip", GZIPPED)


def test_what_is_asked_for_by_its_name_is_a_file(files: Site) -> None:
    answer = files.ask("GET /a.css.gz", "Accept-Encoding: gzip")
    assert answer.header("Content-Encoding") is None
    assert answer.header("Content-Type") == "application/gzip"
    assert answer.body == GZIPPED


def test_only_who_wants_it_has_it(site: Callable[..., Site], tree: Path) -> None:
    served = site((r"/(.*)", StaticFileHandler, {"path": str(tree)}))
    answer = served.ask("GET /a.css", "Accept-Encoding: gzip")
    assert (answer.body, answer.header("Vary")) == (CONTENT, None)
    served = site(static_path=str(tree), static_handler_args={"precompressed": True})
    answer = served.ask("GET /static/a.css", "Accept-Encoding: gzip")
    assert answer.body == GZIPPED


def test_an_older_sibling_is_of_another_content(files: Site, tree: Path) -> None:
    os.utime(tree / "only.txt.gz", ns=(0, (tree / "only.txt").stat().st_mtime_ns - 1))
    answer = files.ask("GET /only.txt", "Accept-Encoding: gzip")
    assert (answer.body, answer.header("Content-Encoding")) == (CONTENT, None)


def test_what_is_beside_it_and_is_not_served(files: Site, tree: Path) -> None:
    sibling = tree / "only.txt.gz"
    secret = tree.parent / "secret.gz"
    secret.write_bytes(b"secret")

    def fifo() -> None:
        os.mkfifo(sibling)

    for make in (
        lambda: sibling.symlink_to(secret),
        lambda: sibling.symlink_to("nowhere"),
        lambda: sibling.symlink_to("/dev/zero"),
        sibling.mkdir,
        fifo,
    ):
        sibling.rmdir() if sibling.is_dir() else sibling.unlink()
        make()
        assert files.ask("GET /only.txt", "Accept-Encoding: gzip").body == CONTENT


def test_a_sibling_that_may_not_be_read_is_passed_over(
    files: Site, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_open = os.open

    def refuse(path: Any, *args: Any) -> int:
        if str(path).endswith(".gz"):
            raise PermissionError
        return really_open(path, *args)

    monkeypatch.setattr(os, "open", refuse)
    assert files.ask("GET /only.txt", "Accept-Encoding: gzip").body == CONTENT


def test_parts_and_conditions_are_those_of_what_is_sent(files: Site) -> None:
    accepts = "Accept-Encoding: gzip"
    etag = files.ask("GET /a.css", accepts).header("Etag")
    part = files.ask("GET /a.css", accepts, "Range: bytes=0-9", f"If-Range: {etag}")
    assert (part.status, part.body) == (206, GZIPPED[:10])
    assert part.header("Content-Encoding") == "gzip"
    assert part.header("Content-Range") == f"bytes 0-9/{len(GZIPPED)}"
    # The rest of another coding would not fit.
    whole = files.ask("GET /a.css", "Range: bytes=0-9", f"If-Range: {etag}")
    assert (whole.status, whole.body) == (200, CONTENT)
    same = files.ask("GET /a.css", accepts, f"If-None-Match: {etag}")
    assert (same.status, same.header("Vary")) == (304, "Accept-Encoding")


def test_it_is_not_compressed_once_more(site: Callable[..., Site], tree: Path) -> None:
    rule = (r"/(.*)", StaticFileHandler, {"path": str(tree), "precompressed": True})
    served = site(rule, compress_response=True)
    answer = served.ask("GET /only.txt", "Accept-Encoding: gzip")
    assert (answer.body, answer.header("Content-Encoding")) == (GZIPPED, "gzip")
    assert answer.header("Vary") == "Accept-Encoding"
    # What is not there is made.
    answer = served.ask("GET /only.txt", "Accept-Encoding: gzip;q=0, br;q=0, zstd")
    assert answer.header("Content-Encoding") == "zstd"


@pytest.mark.parametrize("large", [10, 1000, 10_000])  # both files, the original, none
def test_the_version_is_that_of_the_file_itself(
    site: Callable[..., Site], tree: Path, large: int
) -> None:
    class Handler(StaticFileHandler):
        LARGE_SIZE = large

    Handler.reset()
    served = site((r"/(.*)", Handler, {"path": str(tree), "precompressed": True}))
    version = hashlib.sha512(CONTENT).hexdigest()
    for accepted in ("gzip", "identity"):
        answer = served.ask(f"GET /a.css?v={version}", f"Accept-Encoding: {accepted}")
        assert answer.header("Cache-Control") == "max-age=315360000, immutable"


def test_content_of_ones_own_has_no_siblings(site: Callable[..., Site], tree: Path) -> None:
    class Own(StaticFileHandler):
        @classmethod
        def get_content(cls, *args: Any) -> Any:
            return super().get_content(*args)

    served = site((r"/(.*)", Own, {"path": str(tree), "precompressed": True}))
    assert served.ask("GET /a.css", "Accept-Encoding: gzip").body == CONTENT


def test_who_tells_the_size_gets_that_of_the_file_itself(
    site: Callable[..., Site], tree: Path
) -> None:
    class Own(StaticFileHandler):
        def get_content_size(self) -> int:
            return os.path.getsize(self.absolute_path)

    served = site((r"/(.*)", Own, {"path": str(tree), "precompressed": True}))
    assert served.ask("GET /a.css", "Accept-Encoding: gzip").body == CONTENT


def test_what_is_not_there_is_in_no_coding(files: Site) -> None:
    answer = files.ask("GET /a.css", "Accept-Encoding: gzip", "Range: bytes=100000-")
    assert (answer.status, answer.header("Content-Encoding")) == (416, None)
    assert answer.header("Content-Range") == f"bytes */{len(GZIPPED)}"
    assert files.ask("GET /nope.css", "Accept-Encoding: gzip").status == 404


def test_nothing_stays_open(files: Site, tree: Path) -> None:
    for fields in (["Range: bytes=900000-"], ['If-Match: "x"'], ["If-None-Match: *"], []):
        for method in ("GET", "HEAD"):
            files.ask(f"{method} /a.css", "Accept-Encoding: gzip", *fields)
            assert open_files(tree) == []
