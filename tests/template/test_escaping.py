"""The escapers, one by one."""

import decimal
import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.escape import xhtml_escape
from tornadolike.template import escaping
from tornadolike.template.escaping import ESCAPERS, URL_SCHEMES


class Markup(str):
    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


class Liar(str):
    """A text that answers for another one."""

    def replace(self, *arguments: Any) -> str:
        return "<script>"

    translate = encode = lower = replace
    __str__ = __format__ = replace


class Vouching:
    """What answers a liar to the question for its HTML, and for its text."""

    def __html__(self) -> str:
        return Liar("'\"><b>")

    def __str__(self) -> str:
        return Liar("'\"><b>")


class Lazy:
    """A text that is made when it is needed, as a translation may be."""

    def __str__(self) -> str:
        return "<é>"


@pytest.mark.parametrize(
    ("name", "value", "escaped"),
    [
        ("text", "<a href='b'>&\"", "&lt;a href=&#x27;b&#x27;&gt;&amp;&quot;"),
        ("text", Markup("<b>&amp;</b>"), "<b>&amp;</b>"),
        ("text", "<é>".encode(), "&lt;é&gt;"),
        ("text", Lazy(), "&lt;é&gt;"),
        ("text", None, "None"),
        ("text", 1.5, "1.5"),
        ("quoted", Markup("<b title='a'>&amp;</b>"), "&lt;b title=&#x27;a&#x27;&gt;&amp;&lt;/b&gt;"),
        ("unquoted", "a b\t=`\0", "a&#32;b&#9;&#61;&#96;\ufffd"),
        ("bare", "", '""'),
        ("bare", "a b\"", '"a b&quot;"'),
        ("comment", "-->", " --&gt; "),
        ("document_quoted", "<b>", "&amp;lt;b&amp;gt;"),
        ("document_quoted", Markup("<b title='&lt;'>"), "&lt;b title=&#x27;&amp;lt;&#x27;&gt;"),
        ("url_quoted", "/a b?c=ü&d='%20#e", "/a%20b?c=%C3%BC&amp;d=%27%20#e"),
        ("url_quoted", "HTTPS://[::1]:80/@~;,+$!*", "HTTPS://[::1]:80/@~;,+$!*"),
        ("url_quoted", "a/b:c", "a/b:c"),
        ("url_quoted", "?b:c", "?b:c"),
        ("url_quoted", "", ""),
        ("url_quoted", b"tel:1", "tel:1"),
        ("url_quoted", "b:c", "#blocked"),
        ("url_quoted", "java\nscript:x", "#blocked"),
        ("url_quoted", Markup("javascript:x"), "#blocked"),
        ("url_rest_quoted", "script:x", "script%3Ax"),
        ("url_path_quoted", "a:b/c", "a:b/c"),
        ("url_root_quoted", "//evil.example/", "%2F/evil.example/"),
        ("url_root_quoted", "a//b", "a//b"),
        ("style_url_root", "/evil.example", "%2Fevil.example"),
        ("url_query_quoted", "a:b/c&d=é e", "a%3Ab%2Fc%26d%3D%C3%A9%20e"),
        ("url_query", 12, "12"),
        ("url_list_quoted", "/a,b 2x", "/a%2Cb%202x"),
        ("animated_quoted", "0;1", "0;1"),
        ("animated_quoted", "0;javascript:x", "#blocked"),
        ("script", "</script>'&", '"\\u003c/script\\u003e\\u0027\\u0026"'),
        ("script", 1, " 1 "),
        ("script", -1.5, " -1.5 "),
        ("script", None, " null "),
        ("script", True, " true "),
        ("script", {"a": [b"b", Lazy.__name__]}, '{"a": ["b", "Lazy"]}'),
        ("script", b"a", '"a"'),
        ("script", "\u2028é", '"\\u2028\\u00e9"'),
        ("script", float("inf"), " Infinity "),
        ("script", Markup("<b>"), '"\\u003cb\\u003e"'),
        ("script_quoted", "a", "&quot;a&quot;"),
        ("script_bare", 1, '" 1 "'),
        ("script_string", "a'b\n\\é\u2028😀", "a\\u0027b\\u000a\\u005cé\\u2028😀"),
        ("script_string", 1, "1"),
        ("script_string", Lazy(), "\\u003cé\\u003e"),
        ("script_regex", "a.b", "a\\u002eb"),
        ("script_regex", "", "(?:)"),
        ("style", "1px solid #fff", "1px solid #fff"),
        ("style", "rgb(1, 2, 3), hsla(1deg 2% 3% / .5)", "rgb(1, 2, 3), hsla(1deg 2% 3% / .5)"),
        ("style", -1.5, "-1.5"),
        ("style", "Grün !important", "Grün !important"),
        ("style", "a;b", "blocked"),
        ("style", "expression(1)", "blocked"),
        ("style", "rgb(url(x))", "blocked"),
        ("style", "", ""),
        ("style_string", "a'b é", "a\\27 b é"),
        ("style_url", "/a b", "\\2f a%20b"),
        ("style_url", "javascript:x", "#blocked"),
        ("style_url_rest", "a:b", "a%3Ab"),
        ("style_url_path", "a:b(c)", "a\\3a b%28c%29"),
        ("json_data", decimal.Decimal, None),
    ],
)  # fmt: skip
def test_escapers(name: str, value: Any, escaped: str | None) -> None:
    if escaped is None:
        with pytest.raises(TypeError, match="make it text, a number"):
            ESCAPERS[name](value)
    else:
        assert ESCAPERS[name](value) == escaped


def test_json_has_no_infinity() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        ESCAPERS["json_data"](float("nan"))


def test_bytes_that_are_no_text() -> None:
    for name in ESCAPERS:
        with pytest.raises(UnicodeDecodeError):
            ESCAPERS[name](b"\xff")


def test_the_names_can_be_names_of_variables() -> None:
    assert all(name.isidentifier() for name in ESCAPERS)


def test_a_scheme_of_the_authors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escaping, "URL_SCHEMES", URL_SCHEMES | {"matrix"})
    assert ESCAPERS["url_quoted"]("Matrix:r/x") == "Matrix:r/x"


def test_html_that_prints_itself_as_other_html() -> None:
    class Lying(str):
        __slots__ = ()

        def __html__(self) -> str:
            return self

        def __str__(self) -> str:
            return "<script>"

        def translate(self, table: Any, /) -> str:
            return '">'

    assert ESCAPERS["text"](Lying("<b>")) == "<b>"
    assert ESCAPERS["quoted"](Lying("<b>")) == "&lt;b&gt;"


@given(st.text())
def test_text_is_what_the_default_makes_of_it(value: str) -> None:
    assert ESCAPERS["text"](value) == ESCAPERS["quoted"](value) == xhtml_escape(value)
    long = f"{value}{value:x<300}{value}"
    assert ESCAPERS["text"](long) == ESCAPERS["quoted"](long) == xhtml_escape(long)


@pytest.mark.parametrize("char", ["x", *map(chr, range(128)), "é"])
def test_an_address_is_encoded_as_the_standard_library_has_it(char: str) -> None:
    address = f"/a{char}b"
    assert ESCAPERS["url_query"](char) == quote(char, safe="")
    assert escaping.url_path(address) == quote(address, safe="/:?#[]@!$&*+,;=%~")
    assert escaping.url(address) == escaping.url_path(address)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_json_comes_back(value: Any) -> None:
    for name in ("script", "json_data"):
        escaped = ESCAPERS[name](value)
        assert not set(escaped) & set("<>&'`\u2028\u2029")
        assert json.loads(escaped) == value


@given(st.characters(categories=["L", "N", "P", "S", "Z", "Cc", "Cf"]))
def test_no_character_leaves_a_string(char: str) -> None:
    assert not set(ESCAPERS["script_string"](char)) & set("<>&'\"`$\n\r\u2028\u2029/*{}()") - {"\\"}
    assert not set(ESCAPERS["style_string"](char)) & set("<>&'\"\n\r\f(){}*/;@")
    assert not set(ESCAPERS["style"](char)) & set("<>&'\"(){}*/\\;:@")


@pytest.mark.parametrize("name", sorted(ESCAPERS))
def test_each_says_what_it_does(name: str) -> None:
    assert ESCAPERS[name].__doc__


@pytest.mark.parametrize("name", sorted(set(ESCAPERS) - {"script", "json_data"}))
def test_subclasses_of_str_are_what_they_hold(name: str) -> None:
    escape = ESCAPERS[name]
    assert escape(Liar("-->'\"")) == escape("-->'\"")


@pytest.mark.parametrize("name", ["quoted", "unquoted", "bare", "url_quoted", "comment"])
def test_html_that_lies(name: str) -> None:
    page = ESCAPERS[name](Vouching())
    assert "<" not in page
    assert page.count('"') == 2 * (name == "bare")


def test_html_of_a_subclass_is_what_it_holds() -> None:
    assert ESCAPERS["text"](Vouching()) == "'\"><b>"
