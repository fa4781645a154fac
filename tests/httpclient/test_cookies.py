"""Cookies that clients send and keep."""

from http.cookiejar import CookieJar
from http.cookies import SimpleCookie

import pytest

from tornadolike.httpclient.cookies import cookie_header, keep_cookies
from tornadolike.httputil import HTTPHeaders

URL = "https://example.com/path"


def test_mappings():
    assert cookie_header({}, URL) == ""
    assert cookie_header({"a": "b", "c": "", "d": '"x, y"=\\'}, URL) == 'a=b; c=; d="x, y"=\\'


def test_simple_cookies():
    cookies = SimpleCookie()
    cookies["a"] = "b; c"
    cookies["a"]["path"] = "/elsewhere"
    assert cookie_header(cookies, URL) == 'a="b\\073 c"'


def test_nothing_breaks_out():
    for name, value in [
        ("a b", "c"),
        ("", "c"),
        ("a=", "c"),
        ("a;", "c"),
        ("ä", "c"),
        ("a", "b; c=d"),
        ("a", "b\r\nX: y"),
        ("a", "\t"),
        ("a", " b"),
        ("a", "b "),
        ("a", "ü"),
        ("a", "b\n"),
    ]:
        with pytest.raises(ValueError, match="cookie"):
            cookie_header({name: value}, URL)


def test_a_jar_knows_what_goes_where():
    jar = CookieJar()
    keep_cookies(jar, URL, HTTPHeaders())
    headers = HTTPHeaders()
    headers.add("Set-Cookie", "a=1; Secure; Path=/path")
    headers.add("Set-Cookie", "b=2; Expires=Wed, 09 Jun 2100 10:18:14 GMT; Path=/")
    headers.add("Set-Cookie", "c=3; Domain=elsewhere.example")
    keep_cookies(jar, URL, headers)
    assert cookie_header(jar, URL) == "a=1; b=2"
    assert cookie_header(jar, "http://example.com/path") == "b=2"
    assert cookie_header(jar, "https://example.com/") == "b=2"
    assert cookie_header(jar, "https://elsewhere.example/") == ""


def test_others_keep_nothing():
    cookies = {"a": "b"}
    keep_cookies(cookies, URL, HTTPHeaders({"Set-Cookie": "c=d"}))
    keep_cookies(None, URL, HTTPHeaders({"Set-Cookie": "c=d"}))
    assert cookies == {"a": "b"}
