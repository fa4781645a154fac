"""What libcurl is told of a request."""

import pycurl
import pytest

from tests.curl_httpclient.helpers import hop
from tornadolike.curl_httpclient.options import (
    body_of,
    body_size,
    milliseconds,
    proxy_url,
    set_request,
    set_way,
)
from tornadolike.httpclient import Proxy
from tornadolike.httpclient.engine import Way
from tornadolike.httputil import HTTPOutputError


class Told:
    """Keeps what it is told."""

    def __init__(self):
        self.options = {}

    def setopt(self, option, value):
        self.options[option] = value


def told(sent, has_body=False, size=None):
    curl = Told()
    set_request(curl, sent, has_body, size)
    set_way(curl, sent)
    return curl.options


def lines(*args, **options):
    return told(hop("http://a/", *args, **options), has_body="body" in options)[pycurl.HTTPHEADER]


def test_headers():
    assert lines(headers={"A": "b", "C": ""}) == [
        b"Host: a",
        b"A: b",
        b"C;",
        b"Accept:",
        b"Expect:",
        b"User-Agent:",
    ]
    assert b"Accept: x" in lines(headers={"Accept": "x"})
    assert b"Accept:" not in lines(headers={"Accept": "x"})


@pytest.mark.parametrize("value", ["a\r\nB: c", "a\nB: c", "a\0", "\u20ac"])
def test_what_cannot_stand_in_a_header(value):
    with pytest.raises(HTTPOutputError):
        lines(headers={"A": value})


@pytest.mark.parametrize("host", ["a b", "a, b", "a/b@c"])
def test_a_host_that_is_none(host):
    with pytest.raises(HTTPOutputError, match="one Host header"):
        lines(headers={"Host": host})


def test_framing_is_left_to_libcurl():
    assert b"Content-Length: 3" not in lines(
        "POST", body=b"abc", headers={"Content-Length": "3", "Transfer-Encoding": "chunked"}
    )
    assert b"Content-Length: 3" in lines("HEAD", headers={"Content-Length": "3"})


def test_sizes():
    async def produce(write):
        pass

    assert body_size(hop("http://a/")) is None
    assert body_size(hop("http://a/", "POST")) == 0
    assert body_of(hop("http://a/", "POST")) == b""
    assert body_of(hop("http://a/", "POST", producer=produce)) is None
    assert body_size(hop("http://a/", "PUT", body=b"abc")) == 3
    assert (
        body_size(hop("http://a/", "PUT", body=b"abc", headers={"Transfer-Encoding": "chunked"}))
        is None
    )
    assert body_size(hop("http://a/", "PUT", producer=produce)) is None
    assert (
        body_size(hop("http://a/", "PUT", producer=produce, headers={"Content-Length": "7"})) == 7
    )


@pytest.mark.parametrize("text", ["2", "4", "-3", "+3", "3, 3", "\u0663", "9" * 30, ""])
def test_a_length_that_is_not_true(text):
    with pytest.raises(HTTPOutputError, match="Content-Length"):
        body_size(hop("http://a/", "PUT", body=b"abc", headers={"Content-Length": text}))


def test_a_body_with_head():
    with pytest.raises(ValueError, match="no body with HEAD"):
        told(hop("http://a/", "HEAD"), has_body=True)


@pytest.mark.parametrize(
    ("url", "as_told"),
    [
        ("http://a/b?c", "http://a/b?c"),
        ("http://name:secret@a/", "http://a/"),
        ("http://[::1]:8/", "http://[::1]:8/"),
        ("http://[fe80::1%25lo]:8/x", "http://[fe80::1%25lo]:8/x"),
    ],
)
def test_urls(url, as_told):
    assert told(hop(url))[pycurl.URL] == as_told


def test_ways():
    options = told(hop("http://a/", way=Way(allow_ipv6=False, source_ip="127.0.0.2")))
    assert options[pycurl.IPRESOLVE] == pycurl.IPRESOLVE_V4
    assert options[pycurl.INTERFACE] == "127.0.0.2"
    assert options[pycurl.PROXY] == ""


@pytest.mark.parametrize(
    ("proxy", "url"),
    [
        (Proxy("p", 1), "http://p:1"),
        (Proxy("p", 1, ssl_options={}), "https://p:1"),
        (Proxy("::1", 1, "name", "secret", socks=True), "socks5h://[::1]:1"),
    ],
)
def test_proxies(proxy, url):
    assert proxy_url(proxy) == url


def test_a_name_that_an_http_proxy_cannot_be_told():
    with pytest.raises(ValueError, match="colon"):
        told(hop("http://a/", way=Way(proxy=Proxy("p", 1, "a:b"))))
    told(hop("http://a/", way=Way(proxy=Proxy("p", 1, "a:b", socks=True))))


def test_milliseconds():
    assert milliseconds(0) == 2**31 - 1
    assert milliseconds(1e12) == 2**31 - 1
    assert milliseconds(1.5) == 1500
    assert milliseconds(1e-9) == 1
