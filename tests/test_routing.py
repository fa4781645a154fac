"""Which rule answers which path."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.httputil import HTTPInputError
from tornadolike.routing import RuleTable, URLSpec


class Handler:
    pass


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
    spec = URLSpec(pattern, Handler)
    assert spec.match(path) == (spec, args, kwargs)
    assert RuleTable([spec]).find(path) == (spec, args, kwargs)


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
    spec = URLSpec(pattern, Handler)
    assert spec.match(path) is None
    assert RuleTable([spec]).find(path) is None


def test_a_compiled_pattern_is_taken_as_it_is() -> None:
    assert URLSpec(re.compile("/a"), Handler).match("/abc") is not None
    assert URLSpec(re.compile("/A", re.I), Handler).match("/abc") is not None
    assert URLSpec(re.compile("/a"), Handler).literal is None


def test_groups_are_all_named_or_none() -> None:
    with pytest.raises(ValueError, match="all named or all positional"):
        URLSpec(r"/(.*)/(?P<a>.*)", Handler)


def test_a_path_that_is_no_text_of_bytes() -> None:
    with pytest.raises(HTTPInputError) as caught:
        URLSpec(r"/(.*)", Handler).match("/\u20ac")
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
    ],
)
def test_reverse(pattern: str, args: tuple[Any, ...], path: str) -> None:
    assert URLSpec(pattern, Handler, name="n").reverse(*args) == path


@pytest.mark.parametrize(
    "pattern",
    [
        r"/(a|(b))",
        r"/(?:a|b)",
        r"/x?",
        r"/[ab]",
        r"/\d",
        r"/a*",
        r"/a{2}",
        r"/a|/b",
        r"/([()])",
        r"/(a)(?=b)",
    ],
)
def test_what_cannot_be_reversed(pattern: str) -> None:
    spec = URLSpec(pattern, Handler)
    with pytest.raises(ValueError, match=r"Cannot reverse|takes"):
        spec.reverse(*["x"] * spec.regex.groups)


@pytest.mark.parametrize("args", [(), ("a", "b")])
def test_reverse_wants_each_argument(args: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="takes 1 arguments"):
        URLSpec(r"/(.*)", Handler).reverse(*args)


@given(text=st.text())
def test_what_was_reversed_matches(text: str) -> None:
    spec = URLSpec(r"/(.*)/x", Handler)
    path = spec.reverse(text)
    assert path.isascii()
    assert spec.match(path) == (spec, (text.encode(),), {})


PATTERNS = [
    "/",
    "/a",
    "/a/b",
    "/a$",
    "/a.b",
    r"/(.*)",
    r"/([ab])",
    r"/a/(?P<x>.*)",
    r"/(?:a|b)",
    "",
]


@given(
    patterns=st.lists(st.sampled_from(PATTERNS), max_size=8),
    path=st.sampled_from(["/", "/a", "/b", "/a/b", "/a/", "/axb", "", "/c"]),
)
def test_the_table_changes_nothing_of_the_order(patterns: list[str], path: str) -> None:
    specs = [URLSpec(pattern, Handler) for pattern in patterns]
    first = next((found for spec in specs if (found := spec.match(path)) is not None), None)
    assert RuleTable(specs).find(path) == first


def test_repr() -> None:
    spec = URLSpec(r"/(.*)", Handler, {"a": 1}, "n")
    assert repr(spec) == f"URLSpec('/(.*)$', {Handler!r}, kwargs={{'a': 1}}, name='n')"
