"""URLs of WebSockets, and where redirects lead to."""

import pytest

from tornadolike.websocket.client.addresses import Address, basic, parse_url

GOOD = [
    ("ws://example.com", Address(False, "example.com", 80, "/"), "example.com"),
    ("wss://example.com", Address(True, "example.com", 443, "/"), "example.com"),
    ("WSS://Example.COM:443/a", Address(True, "example.com", 443, "/a"), "example.com"),
    ("ws://example.com:443/", Address(False, "example.com", 443, "/"), "example.com:443"),
    ("https://h:8443?a=b", Address(True, "h", 8443, "/?a=b"), "h:8443"),
    ("http://h/", Address(False, "h", 80, "/"), "h"),
    ("ws://[::1]:81/x/?y=/", Address(False, "::1", 81, "/x/?y=/"), "[::1]:81"),
    ("ws://[fe80::1%eth0]/", Address(False, "fe80::1%eth0", 80, "/"), "[fe80::1]"),
    ("ws://h//x", Address(False, "h", 80, "//x"), "h"),
    ("ws://h/%7e?%23", Address(False, "h", 80, "/%7e?%23"), "h"),
    ("ws://h/é?ü='\"<>", Address(False, "h", 80, "/%C3%A9?%C3%BC='%22%3C%3E"), "h"),
    ("ws://bücher.example/", Address(False, "xn--bcher-kva.example", 80, "/"), "xn--bcher-kva.example"),
    ("ws://u:p%40@h/", Address(False, "h", 80, "/", basic("u", "p@")), "h"),
    ("ws://u@h/", Address(False, "h", 80, "/", basic("u", "")), "h"),
    ("ws://u@x@h/", Address(False, "h", 80, "/", basic("u@x", "")), "h"),
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
    ("ws://secret%3Ax:y@h/", "colon"),
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
        assert url == "ws://secret%3Ax:y@h/" or "secret" not in str(caught.value), url


def test_both_names_of_a_place():
    address = parse_url("wss://user:password@example.com:8443/a?b")
    assert address.url == "wss://example.com:8443/a?b"
    assert address.http_url == "https://example.com:8443/a?b"
    assert address.origin == (True, "example.com", 8443)


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
    found = parse_url("wss://user:password@example.com/dir/file?q").redirected(location)
    assert found.url == url
    assert found.authorization is None


def test_nobody_is_introduced_by_a_redirect():
    assert parse_url("ws://h/").redirected("ws://user:password@h/").authorization is None


def test_redirects_to_nowhere():
    for location in ("mailto:x@y", "ws://h:port/", "/a b", "http://h\\@evil/"):
        with pytest.raises(ValueError, match="URL"):
            parse_url("ws://h/").redirected(location)
