"""Wherever a link to the log-in says that users go: they stay with us."""

import re
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.auth import safe_next
from tornadolike.auth.signin.returning import LONGEST

OURS = [
    "/",
    "/inbox",
    "/inbox?page=2&next=https%3A%2F%2Fevil.example",
    "/a//b",
    "/a?b=//evil.example",
    "/a#b",
    "/@evil.example",
    "/:80",
    "/.evil.example",
    "/.well-known/change-password",
    "/a?b=/../c",
    "/a/...",
    "/%5Cevil.example",
    "/%2Fevil.example",
    "/" + "a" * (LONGEST - 1),
]
NOT_OURS = [
    "",
    "inbox",
    "?a",
    "#a",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/a/../%2E//evil.example",
    "/%2e%2e//evil.example",
    "/.",
    "/a/..?b",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\0//evil.example",
    "/\0/evil.example",
    "https://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "HTTPS://evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "mailto:a@evil.example",
    "/a\\b",
    "/a b",
    "/a\r\nSet-Cookie: a=b",
    '/a"b',
    "/é",
    "/\u2028",
    "/\ud800",
    "/\uff0fevil.example",
    "/" + "a" * LONGEST,
]


@pytest.mark.parametrize("url", OURS)
def test_a_page_of_ours(url: str) -> None:
    assert safe_next(url) == url


@pytest.mark.parametrize("url", NOT_OURS, ids=repr)
def test_what_is_none(url: str) -> None:
    assert safe_next(url) == "/"
    assert safe_next(url, "/home") == "/home"


def test_nothing() -> None:
    assert safe_next(None) == "/"


PIECES = "/|\\|//|evil.example|:|@|https|?|#|\t|\n| |.|..|%2f|javascript|a|\0|\x7f|é|[|]|;|&|\u3002|\uff0f"
TRICKS = st.lists(st.sampled_from(PIECES.split("|")), max_size=8).map("".join)


@given(st.one_of(TRICKS, st.text(max_size=20), TRICKS.map(lambda tail: "/" + tail)))
def test_as_a_browser_reads_it(url: str) -> None:
    """WHATWG URL: control characters at both ends and line breaks anywhere do not count, a backslash is a slash."""
    there = safe_next(url)
    seen = re.sub(r"[\t\r\n]", "", there.strip("".join(map(chr, range(0x21))))).replace("\\", "/")
    assert seen == there
    assert urlsplit(urljoin("https://site.example/signin", seen)).netloc == "site.example"
    assert not urlsplit(urljoin("/signin", seen)).netloc
    assert there.isascii()
    assert there.isprintable()
