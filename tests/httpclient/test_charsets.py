"""Bodies as text."""

import codecs
import encodings.aliases
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.httpclient import HTTPRequest, HTTPResponse
from tornadolike.httpclient.charsets import charset_of, decode_text
from tornadolike.httputil import HTTPHeaders


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("", "utf-8"),
        ("text/html", "utf-8"),
        ("text/html; charset=UTF-8", "utf-8"),
        ('text/html; charset="iso-8859-2"', "iso8859-2"),
        ("text/html; Charset=Shift_JIS", "shift_jis"),
        ("text/html; charset=nothing-known", "utf-8"),
        ("text/html; charset=\0", "utf-8"),
        ("text/html; charset=", "utf-8"),
        ("text/html; charset=hex", "utf-8"),
        ("text/html; charset=zlib", "utf-8"),
        ("text/html; charset=rot13", "utf-8"),
        ("text/html; charset=utf-7", "utf-8"),
        ("text/html; charset=idna", "utf-8"),
        ("text/html; charset=unicode_escape", "utf-8"),
        ("text/html; charset=undefined", "utf-8"),
    ],
)
def test_charsets(content_type, charset):
    assert charset_of(content_type) == charset


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("fünf".encode(), "text/plain", "fünf"),
        ("fünf".encode("latin-1"), "text/plain; charset=latin-1", "fünf"),
        (codecs.BOM_UTF8 + "fünf".encode(), "text/plain; charset=latin-1", "fünf"),
        (codecs.BOM_UTF16_LE + "fünf".encode("utf-16-le"), "", "fünf"),
        (codecs.BOM_UTF16_BE + "fünf".encode("utf-16-be"), "", "fünf"),
        (b"f\xffnf", "text/plain", "f\N{REPLACEMENT CHARACTER}nf"),
        (b"", "text/plain; charset=utf-16", ""),
    ],
)
def test_text(body, content_type, text):
    assert decode_text(body, content_type) == text


@given(st.binary(), st.text())
def test_text_never_fails(body, charset):
    assert isinstance(decode_text(body, f"text/plain; charset={charset}"), str)


@pytest.mark.parametrize("name", sorted({*encodings.aliases.aliases.values()}))
def test_no_codec_of_pythons_fails(name):
    assert isinstance(decode_text(bytes(range(256)), f"text/plain; charset={name}"), str)


def response(body, content_type="application/json"):
    headers = HTTPHeaders({"Content-Type": content_type})
    return HTTPResponse(HTTPRequest("http://x/"), 200, headers, BytesIO(body))


def test_a_response_has_text_and_json():
    assert response(b"f\xfcnf", "text/plain; charset=latin-1").text == "fünf"
    assert response('{"a": "ü"}'.encode()).json() == {"a": "ü"}
    assert response('{"a": "ü"}'.encode("utf-16")).json() == {"a": "ü"}
    assert response(codecs.BOM_UTF8 + b"[]").json() == []
    assert HTTPResponse(HTTPRequest("http://x/"), 200).text == ""


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a": "\xff"}'])
def test_what_is_no_json_is_a_value_error(body):
    with pytest.raises(ValueError, match=r".+"):
        response(body).json()
