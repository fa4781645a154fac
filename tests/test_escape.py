"""Text on its way in and out."""

import json
import time
import tracemalloc
from typing import Any
from urllib.parse import parse_qs, unquote_to_bytes

import pytest
import tornado.escape
from hypothesis import given
from hypothesis import strategies as st

from tornadolike import escape
from tornadolike.escape import (
    json_decode,
    json_encode,
    linkify,
    native_str,
    parse_qs_bytes,
    recursive_unicode,
    squeeze,
    to_basestring,
    to_unicode,
    unquote_bytes,
    url_escape,
    url_unescape,
    utf8,
    xhtml_escape,
    xhtml_unescape,
)


def test_the_public_names() -> None:
    for name in escape.__all__:
        assert getattr(escape, name).__doc__, name


@pytest.mark.parametrize(("value", "data"), [("é", b"\xc3\xa9"), (b"\xff", b"\xff"), (None, None)])
def test_utf8(value: Any, data: bytes | None) -> None:
    assert utf8(value) == data


@pytest.mark.parametrize(("value", "text"), [(b"\xc3\xa9", "é"), ("é", "é"), (None, None)])
def test_to_unicode(value: Any, text: str | None) -> None:
    assert to_unicode(value) == native_str(value) == to_basestring(value) == text


@pytest.mark.parametrize("function", [utf8, to_unicode])
@pytest.mark.parametrize("value", [1, 1.5, [], bytearray(b"x")])
def test_neither_text_nor_bytes(function: Any, value: Any) -> None:
    with pytest.raises(TypeError):
        function(value)


def test_to_unicode_of_what_is_none() -> None:
    with pytest.raises(UnicodeDecodeError):
        to_unicode(b"\xff")


def test_recursive_unicode() -> None:
    value = {b"a": [b"b", ("c", b"\xc3\xa9", 1, None)], "d": {b"e": b"f"}}
    assert recursive_unicode(value) == {"a": ["b", ("c", "é", 1, None)], "d": {"e": "f"}}


@pytest.mark.parametrize(
    ("plain", "escaped"),
    [
        ('<a href="x">\'&amp;', "&lt;a href=&quot;x&quot;&gt;&#x27;&amp;amp;"),
        ("é", "é"),
        ("", ""),
    ],
)
def test_xhtml(plain: str, escaped: str) -> None:
    assert xhtml_escape(plain) == xhtml_escape(plain.encode()) == escaped
    assert xhtml_unescape(escaped) == xhtml_unescape(escaped.encode()) == plain


@pytest.mark.parametrize(
    ("escaped", "plain"),
    [("&#39;&#x41;&eacute;&nbsp;", "'A\xe9\xa0"), ("&nonsense;", "&nonsense;"), ("&", "&")],
)
def test_xhtml_unescape(escaped: str, plain: str) -> None:
    assert xhtml_unescape(escaped) == plain


def test_json() -> None:
    value = {"script": "</script>", "é": [1, None, 1.5]}
    text = json_encode(value)
    assert "</" not in text
    assert json_decode(text) == json_decode(text.encode()) == value
    with pytest.raises(TypeError):
        json_encode({1, 2})
    with pytest.raises(json.JSONDecodeError):
        json_decode("{")


@pytest.mark.parametrize(
    ("value", "squeezed"), [("  a \t\r\n b\0c  ", "a b c"), ("", ""), ("a\xa0b", "a\xa0b")]
)
def test_squeeze(value: str, squeezed: str) -> None:
    assert squeeze(value) == squeezed


@pytest.mark.parametrize(
    ("plain", "plus", "escaped"),
    [
        ("a b+c/d", True, "a+b%2Bc%2Fd"),
        ("a b+c/d", False, "a%20b%2Bc/d"),
        ("é", True, "%C3%A9"),
        (b"\xff", True, "%FF"),
        ("~-._", True, "~-._"),
    ],
)
def test_url_escape(plain: Any, plus: bool, escaped: str) -> None:
    assert url_escape(plain, plus) == escaped
    raw = utf8(plain)
    assert url_unescape(escaped, None, plus) == url_unescape(escaped.encode(), None, plus) == raw


@pytest.mark.parametrize(
    ("escaped", "encoding", "plus", "text"),
    [
        ("a+b", "utf-8", True, "a b"),
        ("a+b", "utf-8", False, "a+b"),
        ("%C3%A9", "utf-8", True, "é"),
        ("%E9", "latin1", True, "é"),
        ("é%E9", "latin1", True, "éé"),
        ("%E9", "utf-8", True, "\ufffd"),
        ("%", "utf-8", True, "%"),
        ("%zz%4", "utf-8", True, "%zz%4"),
        ("é+%2B", None, True, b"\xc3\xa9 +"),
        (b"\xff%ff", None, True, b"\xff\xff"),
    ],
)
def test_url_unescape(escaped: Any, encoding: Any, plus: bool, text: Any) -> None:
    assert url_unescape(escaped, encoding, plus) == text


@given(
    pieces=st.lists(
        st.sampled_from(
            [b"%", b"%4", b"%41", b"%2", b"x", b"%zz", b"%%", b"y" * 4090, b"%0a" * 1365]
        )
    )
)
def test_unquote_bytes_is_urllibs(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    assert unquote_bytes(data) == unquote_to_bytes(data)


@pytest.mark.parametrize("piece", [b"%41", b"%", b"%zz"])
def test_unquote_bytes_needs_little_memory(piece: bytes) -> None:
    data = (piece * 200_000)[:200_000]
    tracemalloc.start()
    try:
        unquote_bytes(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6 * len(data)


@pytest.mark.parametrize(
    ("qs", "fields"),
    [
        ("", {}),
        ("a=1&b=2&a=3", {"a": [b"1", b"3"], "b": [b"2"]}),
        ("a=%C3%A9+%2B", {"a": [b"\xc3\xa9 +"]}),
        (b"\xe9=\xff", {"\xe9": [b"\xff"]}),
        ("%E9=1", {"\xe9": [b"1"]}),
        ("a=1;b=2", {"a": [b"1;b=2"]}),
        ("a=b=c", {"a": [b"b=c"]}),
        ("=x", {"": [b"x"]}),
    ],
)
def test_parse_qs_bytes(qs: str | bytes, fields: dict[str, list[bytes]]) -> None:
    assert parse_qs_bytes(qs) == parse_qs_bytes(qs, keep_blank_values=True) == fields


def test_parse_qs_bytes_options() -> None:
    assert parse_qs_bytes("a=&b&=&") == {}
    assert parse_qs_bytes("a=&b&=&", keep_blank_values=True) == {"a": [b""], "b": [b""], "": [b""]}
    for bad in ("a", "a=1&b", "a=1&"):
        with pytest.raises(ValueError, match="bad query field"):
            parse_qs_bytes(bad, strict_parsing=True)
    assert len(parse_qs_bytes("a=1&b=1", max_num_fields=2)) == 2
    with pytest.raises(ValueError, match="Max number of fields"):
        parse_qs_bytes("a=1&b=1&", max_num_fields=2)


@given(
    qs=st.text(st.sampled_from("ab=&+%14Eé\xff;"), max_size=40),
    blank=st.booleans(),
)
def test_parse_qs_bytes_is_urllibs(qs: str, blank: bool) -> None:
    expected = parse_qs(qs, keep_blank_values=blank, encoding="latin1")
    found = parse_qs_bytes(qs, keep_blank_values=blank)
    assert {name: [value.decode("latin1") for value in found[name]] for name in found} == expected


_LONG = "http://example.com/a/path-that-is-long?with=a&query=too"
_PIECES = [
    *(
        "http://",
        "https:///",
        "a-http://",
        "javascript:",
        "ftp://",
        "www.",
        "-",
        "_",
        ":",
        "/",
        "//",
    ),
    *("x.example", "/path", "(", ")", "&", '"', "<", "'", "!", ".", "?q=1&a=b", " ", "\n", "é"),
    *("a-long-piece-of-a-path/and/on", "a" * 31, "longhostnamethatislong.example.com", "mailto:/x"),
]
_LINKING: list[dict[str, Any]] = [
    {},
    {"shorten": True},
    {"shorten": True, "extra_params": ' rel="nofollow" '},
    {"extra_params": lambda url: f" data-length={len(url)}"},
    {"extra_params": lambda url: ""},
    {"require_protocol": True},
    {"permitted_protocols": ["ftp", "a-http"]},
]


@pytest.mark.parametrize(
    ("text", "options", "html"),
    [
        ("see www.x.y!", {}, 'see <a href="http://www.x.y">www.x.y</a>!'),
        ("see www.x.y!", {"require_protocol": True}, "see www.x.y!"),
        (b"<http://x.y>", {}, '&lt;<a href="http://x.y">http://x.y</a>&gt;'),
        ("javascript://%0aalert(1)", {}, "javascript://%0aalert(1)"),
        ('www."onclick=x', {}, '<a href="http://www.&quot;onclick=x">www.&quot;onclick=x</a>'),
        (
            _LONG,
            {"shorten": True},
            f'<a href="{_LONG.replace("&", "&amp;")}" title="{_LONG.replace("&", "&amp;")}">'
            "http://example.com/a...</a>",
        ),
    ],
)
def test_linkify(text: str | bytes, options: dict[str, Any], html: str) -> None:
    assert linkify(text, **options) == html


@given(st.lists(st.sampled_from(_PIECES), max_size=9).map("".join), st.sampled_from(_LINKING))
def test_linkify_gives_what_tornado_gives(text: str, options: dict[str, Any]) -> None:
    assert linkify(text, **options) == tornado.escape.linkify(text, **options)


@pytest.mark.parametrize(
    "piece", ["a-", "www.", "http://!", "a:/", "www.(", "-", "!", "-a:/!", "&"]
)
def test_linkify_takes_linear_time(piece: str) -> None:
    begun = time.process_time()
    linkify(piece * (200_000 // len(piece)))
    assert time.process_time() - begun < 2  # a quadratic one takes minutes
