"""What of a request a rule looks at."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.httputil import HTTPHeaders, HTTPInputError, HTTPServerRequest
from tornadolike.routing import HostMatches, PathMatches
from tornadolike.routing.changes import changes


@pytest.mark.parametrize(
    ("pattern", "path", "args", "kwargs"),
    [
        ("/", "/", (), {}),
        ("/a", "/a", (), {}),
        ("/a$", "/a", (), {}),
        (r"/a/?", "/a/", (), {}),
        (r"/(.*)", "/", (b"",), {}),
        (r"/(.*)/(\d*)", "/a/b/12", (b"a/b", b"12"), {}),
        (r"/(\d+)?", "/", (None,), {}),
        (r"/(?P<a>[^/]*)/(?P<b>.*)", "/x/y", (), {"a": b"x", "b": b"y"}),
        (r"/(?P<a>x)?", "/", (), {"a": None}),
        (r"/(?:a|b)/(.)", "/b/c", (b"c",), {}),
        # The groups are decoded, the path that is matched is not.
        (r"/(.*)", "/a%2Fb%20c+d", (b"a/b c+d",), {}),
        (r"/(.*)", "/%C3%A9%ff%zz%", (b"\xc3\xa9\xff%zz%",), {}),
        (r"/(.*)", "/\xc3\xa9", (b"\xc3\xa9",), {}),
        (r"/([^/]*)/b", "/a%2Fb/b", (b"a/b",), {}),
    ],
)
def test_match(pattern: str, path: str, args: Any, kwargs: Any) -> None:
    matcher = PathMatches(pattern)
    assert matcher.arguments(path) == (args, kwargs)
    expected = {"path_args": list(args), "path_kwargs": kwargs} if matcher.regex.groups else {}
    assert matcher.match(HTTPServerRequest("GET", path)) == expected


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/", ""),
        ("/a", "/ab"),
        ("/a", "x/a"),
        ("/a", "/A"),
        (r"/(\d+)", "/x"),
        (r"/(\d+)", "/%31"),
        ("/a.b", "/a/b/"),
        (r"/a\.b", "/axb"),
    ],
)
def test_no_match(pattern: str, path: str) -> None:
    assert PathMatches(pattern).match(HTTPServerRequest("GET", path)) is None


def test_a_compiled_pattern_is_taken_as_it_is() -> None:
    assert PathMatches(re.compile("/a")).arguments("/abc") is not None
    assert PathMatches(re.compile("/A", re.I)).arguments("/abc") is not None


def test_groups_are_all_named_or_none() -> None:
    with pytest.raises(ValueError, match="all named or all positional"):
        PathMatches(r"/(.*)/(?P<a>.*)")


def test_a_path_that_is_no_text_of_bytes() -> None:
    with pytest.raises(HTTPInputError) as caught:
        PathMatches(r"/(.*)").arguments("/\u20ac")
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("pattern", "args", "path"),
    [
        ("/", (), "/"),
        ("/a$", (), "/a"),
        ("^/a", (), "/a"),
        (r"/a\.b", (), "/a.b"),
        (r"/a.b", (), "/a.b"),
        (r"/a%20b", (), "/a%20b"),
        (r"/(.*)", ("x",), "/x"),
        (r"/(.*)/b/([0-9]+)", ("a", 7), "/a/b/7"),
        (r"/(?P<a>[^/]*)/x", ("1",), "/1/x"),
        (r"/x(\d+)y", (1,), "/x1y"),
        (r"/(.*)", ("a b/c?d#e&f=g+h%",), "/a%20b/c%3Fd%23e%26f%3Dg%2Bh%25"),
        (r"/(.*)", ("é",), "/%C3%A9"),
        (r"/(.*)", (b"\xff",), "/%FF"),
        (r"/(.*)", (None,), "/None"),
        (r"/100%/(.*)", ("x",), "/100%/x"),
        # What may be missing, or come often, comes once.
        ("/a/?", (), "/a/"),
        (r"/a\.?b*?/([0-9]+)?", (7,), "/a.b/7"),
        (r"/a\+", (), "/a+"),
        (r"/a\\\\?", (), "/a\\\\"),
        # What an argument begins with names no host.
        (r"/(.*)", ("/example.com/x",), "/%2Fexample.com/x"),
        (r"/(.*)/(.*)", ("", "example.com"), "/%2Fexample.com"),
        (r"/(.*)", ("\\\\example.com",), "/%5C%5Cexample.com"),
    ],
)
def test_reverse(pattern: str, args: tuple[Any, ...], path: str) -> None:
    assert PathMatches(pattern).reverse(*args) == path


@pytest.mark.parametrize(
    "pattern",
    [
        r"/(a|(b))",
        r"/(?:a|b)",
        r"/[ab]",
        r"/\d",
        r"/a{2}",
        r"/a|/b",
        r"/([()])",
        r"/(a)(?=b)",
    ],
)
def test_what_cannot_be_reversed(pattern: str) -> None:
    matcher = PathMatches(pattern)
    with pytest.raises(ValueError, match=r"Cannot reverse|takes"):
        matcher.reverse(*["x"] * matcher.regex.groups)


@pytest.mark.parametrize("args", [(), ("a", "b")])
def test_reverse_wants_each_argument(args: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=rf"takes 1 argument, not {len(args)}"):
        PathMatches(r"/(.*)").reverse(*args)


@given(text=st.text(min_size=1))
def test_what_was_reversed_matches(text: str) -> None:
    matcher = PathMatches(r"/(.*)/x")
    path = matcher.reverse(text)
    assert path.isascii()
    assert matcher.arguments(path) == ((text.encode(),), {})


def test_a_host_in_all_its_spellings() -> None:
    matcher = HostMatches(r"admin\.example\.com")
    for host in ("admin.example.com", "Admin.EXAMPLE.com", "admin.example.com."):
        for port in ("", ":", ":80"):
            request = HTTPServerRequest("GET", "/", headers=HTTPHeaders({"Host": host + port}))
            assert matcher.match(request) == {}


def test_matchers_may_be_changed() -> None:
    class Notes(PathMatches):
        def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
            self.seen = request
            return super().match(request)

    path, notes = PathMatches("/a"), Notes("/a")
    request = HTTPServerRequest("GET", "/b/7")
    before = changes.count
    path.regex = re.compile(r"/b/(\d)$")
    assert changes.count > before
    assert path.match(request) == {"path_args": [b"7"], "path_kwargs": {}}
    assert path.reverse(8) == "/b/8"
    with pytest.raises(ValueError, match="all named or all positional"):
        path.regex = re.compile(r"/(.)/(?P<b>.)")
    assert path.reverse(8) == "/b/8"
    # What it asks anew each time a table need not know.
    before = changes.count
    for _ in range(2):
        notes.match(request)
    assert changes.count == before
