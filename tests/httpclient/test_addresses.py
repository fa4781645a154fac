"""URLs of HTTP, and what of them a client needs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.httpclient.addresses import Address, _parsed_before, parse_url

GOOD = [
    ("http://example.com", Address("http", "example.com", 80, "/"), "example.com"),
    ("https://example.com", Address("https", "example.com", 443, "/"), "example.com"),
    ("HTTPS://Example.COM:443/a", Address("https", "example.com", 443, "/a"), "example.com"),
    ("http://example.com:443", Address("http", "example.com", 443, "/"), "example.com:443"),
    ("https://h:8443?a=b", Address("https", "h", 8443, "/?a=b"), "h:8443"),
    ("http://h/a#there", Address("http", "h", 80, "/a"), "h"),
    ("http://[::1]:81/x/?y=/", Address("http", "::1", 81, "/x/?y=/"), "[::1]:81"),
    ("http://[fe80::1%eth0]/", Address("http", "fe80::1%eth0", 80, "/"), "[fe80::1]"),
    ("http://[fe80::1%25eth0]/", Address("http", "fe80::1%eth0", 80, "/"), "[fe80::1]"),
    ("http://h//x", Address("http", "h", 80, "//x"), "h"),
    ("http://h/%7e?%23", Address("http", "h", 80, "/%7e?%23"), "h"),
    ("http://h/é?ü='\"<>", Address("http", "h", 80, "/%C3%A9?%C3%BC='%22%3C%3E"), "h"),
    (
        "http://bücher.example/",
        Address("http", "xn--bcher-kva.example", 80, "/"),
        "xn--bcher-kva.example",
    ),
    ("http://u:p%40@h/", Address("http", "h", 80, "/", "u", "p@"), "h"),
    ("http://u@x@h/", Address("http", "h", 80, "/", "u@x"), "h"),
    ("http://:p@h/", Address("http", "h", 80, "/", "", "p"), "h"),
]

BAD = [
    ("", "Unsupported url scheme"),
    ("example.com", "Unsupported url scheme"),
    ("ftp://example.com/", "Unsupported url scheme: 'ftp'"),
    ("http:example.com", "no host"),
    ("http:///path", "no host"),
    ("http://:80/", "no host"),
    ("http://h/a b", "percent-encode"),
    ("http://h/\r\nX: y", "percent-encode"),
    ("http://good.example\\@evil.example/", "percent-encode"),
    ("http://h:65536/", "no URL"),
    ("http://secret:secret@h:secret/", "no URL"),
    ("http://[::1/", "no URL"),
    ("http://secret@a,b<c/", "no host"),
    ("http://good.example%2eevil.example/", "no host"),
    ("http://good.example%00/", "no host"),
    ("http://" + "a" * 64 + "é.example/", "no name"),
]


def test_what_a_url_says():
    for url, address, authority in GOOD:
        assert parse_url(url) == address, url
        assert parse_url(url).authority == authority, url


def test_what_is_no_url():
    for url, why in BAD:
        with pytest.raises(ValueError, match=why) as caught:
            parse_url(url)
        assert "secret" not in str(caught.value), url


def test_places():
    address = parse_url("https://user:password@example.com:8443/a?b#c")
    assert address.url == "https://example.com:8443/a?b"
    assert address.origin == ("https", "example.com", 8443)
    assert address.secure
    assert not parse_url("http://h").secure
    assert "password" not in repr(address)
    assert "user" not in repr(address)


@given(st.text(max_size=30))
def test_redirects_raise_one_thing(location):
    """And what they lead to can be named again."""
    home = parse_url("http://home.example/dir/")
    try:
        found = home.redirected(location)
    except ValueError:
        return
    assert parse_url(found.url) == found
    assert found.resource.isascii()
    assert not set(found.url) & set(" \t\r\n\\")


@pytest.mark.parametrize("location", ["/b", "b", "//[fe80::1]/b", "http://[fe80::1]/b"])
def test_a_redirect_stays_in_the_zone(location):
    """The server does not know by which interface it was found: it names its address, or none."""
    found = parse_url("http://[fe80::1%25eth0]/a").redirected(location)
    assert found == Address("http", "fe80::1%eth0", 80, "/b")


def test_a_redirect_to_another_address_has_no_zone():
    address = parse_url("http://[fe80::1%25eth0]/a")
    assert address.redirected("http://[fe80::2]/").host == "fe80::2"
    assert address.redirected("http://[fe80::1%25eth1]/").host == "fe80::1%eth1"


def test_what_servers_make_long_is_not_remembered():
    """A redirect may lead to a URL of 64 KiB, and another one each time."""
    before = _parsed_before.cache_info().currsize
    address = parse_url("http://h.example/" + "x" * 5000)
    assert address.resource == "/" + "x" * 5000
    assert _parsed_before.cache_info().currsize == before


@pytest.mark.parametrize("label", ["a", "\xfc"])
def test_hosts_that_are_too_long(label):
    with pytest.raises(ValueError, match="longer than any"):
        parse_url(f"http://{f'{label}.' * 20_000}example/")
    assert parse_url(f"http://{'a.' * 100}example/").host.endswith("a.example")
