"""Field sections: how they are read, what they say about framing, and the cache of them."""

import pytest

from tests.http1.feeding import assert_all
from tests.http1.transcripts import FIELDS, FRAMING
from tornadolike.http1 import FieldSectionCache
from tornadolike.http1.fields import (
    CONTROL_IN_PART,
    FieldSection,
    parse_fields,
)
from tornadolike.httputil import HTTPInputError


def section(*lines: str) -> FieldSection:
    return FieldSection("\r\n".join(lines), 100)


def test_field_lines() -> None:
    assert_all(FIELDS)


def test_framing() -> None:
    assert_all(FRAMING)


# What they say


def test_parsed_fields() -> None:
    assert parse_fields("", 0) == {}
    assert parse_fields("a: b", 1) == {"A": "b"}
    assert parse_fields("x-y:1\r\nB: 2\r\nX-Y:\t3\r\nx-Y:", 4) == {"X-Y": ["1", "3", ""], "B": "2"}
    for text in ("\r\n", "a: b\r\n", "\r\na: b", "a: b\r\n\r\nc: d", " ", "a"):
        with pytest.raises(HTTPInputError):
            parse_fields(text, 9)


def test_too_many_fields() -> None:
    with pytest.raises(HTTPInputError) as caught:
        parse_fields("a: b\r\nc: d", 1)
    assert caught.value.status == 431


@pytest.mark.parametrize(
    ("lines", "close", "keep_alive"),
    [
        ([], False, False),
        (["Connection: close"], True, False),
        (["Connection: Keep-Alive"], False, True),
        (["Connection: keep-alive, close"], True, False),
        (["Connection: keep-alive", "Connection: CLOSE"], True, False),
        (["Connection: ,\tclose\t,"], True, False),
        (["Connection: Upgrade, keep-alive"], False, True),
        (["Connection: closed"], False, False),
        (["Connection: not-close"], False, False),
        (["Connection: close keep-alive"], False, False),
        (['Connection: "close"'], False, False),
        (["Connection: close;q=1"], False, False),
        (["Connection: \xa0close"], False, False),
        (["Connection:"], False, False),
        (["Proxy-Connection: close", "Keep-Alive: close"], False, False),
    ],
)
def test_what_connection_says(lines: list[str], close: bool, keep_alive: bool) -> None:
    found = section(*lines)
    assert (found.close, found.keep_alive) == (close, keep_alive)


@pytest.mark.parametrize(
    ("lines", "expect"),
    [
        ([], None),
        (["Expect: 100-continue"], "100-continue"),
        (["expect: 100-CONTINUE"], "100-continue"),
        (["Expect: 100-continue", "Expect: 100-continue"], "100-continue,100-continue"),
        (["Expect:"], ""),
        (["Expect: 200-ok;a=B"], "200-ok;a=b"),
    ],
)
def test_what_is_expected(lines: list[str], expect: str | None) -> None:
    """Judged by the connection: anything but 100-continue is 417."""
    assert section(*lines).expect == expect


@pytest.mark.parametrize(
    ("lines", "plain"),
    [
        (["Host: a"], True),
        (["Host:"], True),
        (["Host: a", "Content-Length: 0"], True),
        (["Host: a", "Connection: keep-alive"], True),
        ([], False),
        (["Host: a", "Content-Length: 1"], False),
        (["Host: a", "Transfer-Encoding: chunked"], False),
        (["Host: a", "Connection: close"], False),
        (["Host: a", "Expect: 100-continue"], False),
        (["Host: a", "Expect:"], False),
    ],
)
def test_plain_is_only_what_needs_no_further_look(lines: list[str], plain: bool) -> None:
    assert section(*lines).plain == plain


def test_another_host() -> None:
    found = section("A: b", "Host: c", "A: d")
    assert found.with_host("e") == {"A": ["b", "d"], "Host": "e"}
    assert found.fields["Host"] == "c"


def test_control_characters() -> None:
    """What is refused in a value that is there as a whole, and where more may come, is the same."""
    allowed = {"\t", *map(chr, range(0x20, 0x7F)), *map(chr, range(0x80, 0x100))}
    for code in range(256):
        char = chr(code)
        if char in allowed:
            assert parse_fields(f"X: a{char}b", 1) == {"X": f"a{char}b"}
        else:
            with pytest.raises(HTTPInputError):
                parse_fields(f"X: a{char}b", 1)
        for text in (f"a{char}b", f"\r\n{char}\r\n"):
            found = CONTROL_IN_PART.search(text.encode("latin1")) is not None
            assert found == (char not in allowed)
    with pytest.raises(HTTPInputError):
        parse_fields("X: a\r", 1)
    assert not CONTROL_IN_PART.search(b"a\r")
    assert CONTROL_IN_PART.search(b"a\rb")
    assert not CONTROL_IN_PART.search(b"a\r\n", 2)  # it looks back beyond where it starts


# The cache


def test_equal_sections_are_one() -> None:
    cache = FieldSectionCache(10)
    assert cache[b"A: b"] is cache[b"A: b"]
    assert cache[b"A: b"] is not cache[b"a: b"]
    assert cache[b"A: b"].fields == {"A": "b"}


def test_what_is_wrong_is_not_remembered() -> None:
    cache = FieldSectionCache(1)
    for raw, status in ((b"A : b", 400), (b"A: b\r\nC: d", 431)):
        for _ in range(2):
            with pytest.raises(HTTPInputError) as caught:
                cache[raw]
            assert caught.value.status == status
    assert not cache


def test_the_cache_is_bounded() -> None:
    cache = FieldSectionCache(10)
    for number in range(3 * cache.MAX_ENTRIES):
        cache[b"A: %d" % number]
        assert len(cache) <= cache.MAX_ENTRIES
    cache.clear()
    for size in (cache.MAX_BYTES, cache.MAX_BYTES + 1):
        raw = b"A: ".ljust(size, b"b")
        assert cache[raw].fields == {"A": raw[3:].decode()}
    assert [len(raw) for raw in cache] == [cache.MAX_BYTES]
