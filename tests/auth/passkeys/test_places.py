"""Domains and origins: what browsers take, and what not."""

import pytest

from tornadolike.auth.passkeys.places import checked_domain, checked_origins


@pytest.mark.parametrize(
    "domain", ["example.org", "localhost", "a.b-c.example", "xn--mnchen-3ya.de", "4.example"]
)
def test_domains(domain: str) -> None:
    assert checked_domain(domain) == domain


@pytest.mark.parametrize(
    "domain",
    [
        "",
        "Example.org",
        "example.org:443",
        "https://example.org",
        "127.0.0.1",
        "::1",
        "a..b",
        ".a",
        "a.",
        "-a",
        "a b",
        "münchen.de",
        "a\n",
        None,
    ],
)
def test_what_is_no_domain(domain: str) -> None:
    with pytest.raises(ValueError, match="rp_id is a domain"):
        checked_domain(domain)


@pytest.mark.parametrize(
    ("origin", "rp_id"),
    [
        ("https://example.org", "example.org"),
        ("https://www.example.org:8443", "example.org"),
        ("http://localhost:8888", "localhost"),
        ("http://localhost", "localhost"),
        ("http://app.localhost:1", "localhost"),
        ("https://localhost", "localhost"),
        ("android:apk-key-hash:7d1b7c", "example.org"),
    ],
)
def test_origins(origin: str, rp_id: str) -> None:
    assert checked_origins((origin,), rp_id) == [origin]


@pytest.mark.parametrize(
    ("origin", "complaint"),
    [
        ("https://example.org/", "browsers write it"),
        ("https://example.org/login", "browsers write it"),
        ("https://example.org:443", "browsers write it"),
        ("https://Example.org", "browsers write it"),
        ("https://user@example.org", "browsers write it"),
        ("example.org", "browsers write it"),
        ("", "browsers write it"),
        ("https://example.org:x", "no URL"),
        ("https://[x", "no URL"),
        ("https://evil.example", "another domain"),
        ("https://notexample.org", "another domain"),
        ("https://example.org.evil.example", "another domain"),
        ("http://example.org", "https only"),
        ("ftp://example.org", "https only"),
    ],
)
def test_what_is_no_origin_of_such_pages(origin: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        checked_origins([origin], "example.org")


def test_there_has_to_be_one() -> None:
    with pytest.raises(ValueError, match=r"\['https://example.org'\]"):
        checked_origins([], "example.org")
    with pytest.raises(TypeError, match="is a list"):
        checked_origins("https://example.org", "example.org")
