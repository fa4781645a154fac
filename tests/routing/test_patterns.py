"""What patterns tell without being run is true of all that they match."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tornadolike.routing import patterns

PIECES = st.sampled_from(
    [
        *(
            "/",
            "a",
            "b",
            "ab/",
            r"\.",
            r"\-",
            r"\d",
            r"\Z",
            "[ab]",
            "[]|(]",
            "[^/]+",
            ".",
            "^",
            "$",
        ),
        *(
            "(",
            ")",
            "(?:",
            "(?P<n>",
            "|",
            "?",
            "*",
            "+",
            "{2}",
            "(?#(",
            "(?i:",
            r"\\",
            r"\(",
            r"\|",
        ),
    ]
)
PATHS = st.text(st.sampled_from("/ab.-1|(\\"), max_size=8).map(lambda text: "/" + text)


@given(pieces=st.lists(PIECES, max_size=8), closed=st.booleans(), path=PATHS)
def test_what_is_told_is_true(pieces: list[str], closed: bool, path: str) -> None:
    try:
        regex = re.compile("".join(["/", *pieces, "$" if closed else ""]))
    except re.error:
        assume(False)
    matches = regex.match(path) is not None
    texts = patterns.texts(regex)
    if texts:
        assert matches == (path in texts)
    if matches:
        assert path.startswith(patterns.prefix(regex))


@pytest.mark.parametrize(
    ("pattern", "texts", "prefix"),
    [
        ("/$", ("/",), "/"),
        ("^/a/b$", ("/a/b",), "/a/b"),
        ("/a/?$", ("/a", "/a/"), "/a"),
        (r"/robots\.txt$", ("/robots.txt",), "/robots.txt"),
        (r"/price\$", (), "/price$"),
        ("/a", (), "/a"),
        ("$", ("",), ""),
        (r"/story/([0-9]+)$", (), "/story/"),
        (r"/story/([0-9]+|new)$", (), "/story/"),
        ("/a+$", (), "/a"),
        ("/a*$", (), "/"),
        ("/a{0,2}$", (), "/"),
        ("/a|/b$", (), ""),
        ("(/a|/b)$", (), ""),
        ("(?i)/a$", (), ""),
        ("(?x)/ a$", (), ""),
        (r"/a\d$", (), "/a"),
        ("/a[|]b$", (), "/a"),
        ("/a(?# ( )|/b$", (), ""),
        ("/a(?#[)|/b(]x)$", (), ""),  # to us a set; it is not
    ],
)
def test_what_is_told(pattern: str, texts: tuple[str, ...], prefix: str) -> None:
    regex = re.compile(pattern)
    assert patterns.texts(regex) == texts
    assert patterns.prefix(regex) == prefix


def test_flags_change_what_a_pattern_means() -> None:
    regex = re.compile("/a$", re.IGNORECASE)
    assert patterns.texts(regex) == ()
    assert patterns.prefix(regex) == ""
