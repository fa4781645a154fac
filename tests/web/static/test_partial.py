"""A part of a file (RFC 9110 section 14)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.web.helpers import Site
from tests.web.static.conftest import DATE, ETAG, HELLO
from tornadolike.web import StaticFileHandler


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


def test_a_refusal_is_not_of_the_type_of_the_file(files: Site) -> None:
    answer = files.ask("GET /s/sub/deep/a.css", "Range: bytes=99-")
    assert (answer.status, answer.header("Content-Type")) == (416, "text/plain")
    assert files.ask("GET /s/sub/deep/a.css").header("Content-Type") == "text/css"
