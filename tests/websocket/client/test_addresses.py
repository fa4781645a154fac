"""URLs of WebSockets, and where redirects lead to."""

import pytest

from tornadolike.httpclient.addresses import Address
from tornadolike.websocket.client.addresses import parse_url, redirected, websocket_url

GOOD = [
    ("ws://example.com", Address("http", "example.com", 80, "/"), "example.com"),
    ("wss://example.com", Address("https", "example.com", 443, "/"), "example.com"),
    ("WSS://Example.COM:443/a", Address("https", "example.com", 443, "/a"), "example.com"),
    ("ws://example.com:443/", Address("http", "example.com", 443, "/"), "example.com:443"),
    ("https://h:8443?a=b", Address("https", "h", 8443, "/?a=b"), "h:8443"),
    ("http://h/", Address("http", "h", 80, "/"), "h"),
    ("ws://[::1]:81/x/?y=/", Address("http", "::1", 81, "/x/?y=/"), "[::1]:81"),
    ("ws://[fe80::1%eth0]/", Address("http", "fe80::1%eth0", 80, "/"), "[fe80::1]"),
    ("ws://h//x", Address("http", "h", 80, "//x"), "h"),
    ("ws://h/%7e?%23", Address("http", "h", 80, "/%7e?%23"), "h"),
    ("ws://h/é?ü='\"<>", Address("http", "h", 80, "/%C3%A9?%C3%BC='%22%3C%3E"), "h"),
    ("ws://bücher.example/", Address("http", "xn--bcher-kva.example", 80, "/"), "xn--bcher-kva.example"),
    ("ws://u:p%40@h/", Address("http", "h", 80, "/", "u", "p@"), "h"),
    ("ws://u@h/", Address("http", "h", 80, "/", "u"), "h"),
    ("ws://u@x@h/", Address("http", "h", 80, "/", "u@x"), "h"),
]  # fmt: skip

BAD = [
    ("", "begins with ws:// or wss://"),
    ("example.com", "begins with ws:// or wss://"),
    ("ftp://example.com/", "not with 'ftp'"),
    ("ws:example.com", "no host"),
    ("ws:///path", "no host"),
    ("ws://:80/", "no host"),
    ("ws://h/#there", "fragment"),
    ("ws://h/#", "fragment"),
    ("ws://h/a b", "percent-encode"),
    ("ws://h/\r\nX: y", "percent-encode"),
    ("ws://h/\t", "percent-encode"),
    ("ws://good.example\\@evil.example/", "percent-encode"),
    ("ws://h:65536/", "no URL"),
    ("ws://secret:secret@h:secret/", "no URL"),
    ("ws://[::1/", "no URL"),
    ("ws://[1::2::3]/", "no URL|no host"),
    ("ws://secret@a,b<c/", "no host"),
    ("ws://" + "a" * 64 + "é.example/", "no name"),
]


def test_what_a_url_says():
    for url, address, authority in GOOD:
        assert parse_url(url) == address, url
        assert parse_url(url).authority == authority, url


def test_what_is_no_url_of_a_websocket():
    for url, why in BAD:
        with pytest.raises(ValueError, match=why) as caught:
            parse_url(url)
        assert "secret" not in str(caught.value), url


def test_both_names_of_a_place():
    address = parse_url("wss://user:password@example.com:8443/a?b")
    assert websocket_url(address) == "wss://example.com:8443/a?b"
    assert address.url == "https://example.com:8443/a?b"
    assert websocket_url(parse_url("ws://h/https")) == "ws://h/https"


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/other?x#there", "wss://example.com/other?x"),
        ("other", "wss://example.com/dir/other"),
        ("//else.example/", "wss://else.example/"),
        ("ws://example.com/", "ws://example.com/"),
        ("https://example.com:8443", "wss://example.com:8443/"),
    ],
)
def test_redirects(location, url):
    address = parse_url("wss://user:password@example.com/dir/file?q")
    found = redirected(address, location)
    assert websocket_url(found) == url
    assert found.username is None


def test_nobody_is_introduced_by_a_redirect():
    assert redirected(parse_url("ws://h/"), "WS://user:password@h/").username is None


def test_redirects_to_nowhere():
    for location in ("mailto:x@y", "ws://h:port/", "/a\tb", "http://h\\@evil/"):
        with pytest.raises(ValueError, match="URL"):
            redirected(parse_url("ws://h/"), location)
