"""Which URLs a provider may have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.auth import ProviderAnswerError
from tornadolike.auth.oauth2.urls import (
    LONGEST,
    check_issuer,
    checked_base,
    checked_url,
    is_safe_url,
)

GOOD = [
    "https://id.example.com",
    "https://id.example.com/",
    "https://id.example.com:8443/realms/a?x=1",
    "https://[2001:db8::1]/a",
    "HTTPS://ID.EXAMPLE.COM",
    "http://localhost",
    "http://localhost:8080/a",
    "http://LOCALHOST",
    "http://a.localhost/b",
    "https://a_b.example/x?y=%20",
    "https://xn--bcher-kva.example",
    "http://127.0.0.1:1",
    "http://127.8.9.1",
    "http://[::1]:8080/",
]
ONLY_IF_ALLOWED = ["http://id.example.com", "http://keycloak:8080/realms/a", "http://10.0.0.1"]
BAD = [
    "",
    None,
    17,
    b"https://id.example.com",
    ["https://id.example.com"],
    "id.example.com",
    "//id.example.com",
    "/authorize",
    "https:id.example.com",
    "https:///authorize",
    "https://",
    "ftp://id.example.com",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "https://user@id.example.com",
    "https://user:pass@id.example.com",
    "https://@id.example.com",
    "https://id.example.com#a",
    "https://id.example.com/#",
    "https://id.example.com\\@evil.example",
    "https://id.example.com /",
    "https://id.example.com/\n",
    "https://id.example.com/\0",
    "https://id.éxample.com",
    "https://id.example.com:port",
    "https://id.example.com:99999",
    "https://[::1",
    "https://id.example.com/" + "a" * LONGEST,
    "http://@localhost",
    "https://%41/",
    "https://a%00b/",
    "https://[fe80::1%25eth0]/",
    "https://a,b/",
    "https://" + "a" * 254,
]


@pytest.mark.parametrize("url", GOOD)
def test_urls_that_may_be_used(url):
    assert is_safe_url(url)
    assert checked_url(url, "x") == url


@pytest.mark.parametrize("url", [*BAD, *ONLY_IF_ALLOWED], ids=lambda url: str(url)[:40])
def test_urls_that_may_not(url):
    assert not is_safe_url(url)
    with pytest.raises(ProviderAnswerError, match="the provider's token_endpoint is no https URL"):
        checked_url(url, "token_endpoint")
    with pytest.raises(ValueError, match="issuer is an https URL"):
        check_issuer(url)


@pytest.mark.parametrize("url", [*BAD, *ONLY_IF_ALLOWED], ids=lambda url: str(url)[:40])
def test_http_can_be_allowed_and_nothing_else(url):
    assert is_safe_url(url, allow_http=True) is (url in ONLY_IF_ALLOWED)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://127.evil.example",
        "http://evil.example/?localhost",
        "http://notlocalhost",
        "http://.localhost.example",
        "http://127.0.0.1@evil.example",
        "http://0.0.0.0",
        "http://[::ffff:127.0.0.1]",
        "http://2130706433",
        "http://localhost%2eevil.example",
    ],
)
def test_what_only_looks_like_this_machine(url):
    assert not is_safe_url(url)


@pytest.mark.parametrize("url", ["https://id.example.com?a=b", "https://id.example.com/?"])
def test_an_issuer_has_no_query(url):
    assert is_safe_url(url)
    with pytest.raises(ValueError, match="without query"):
        check_issuer(url)


@given(st.text())
def test_whatever_text_comes_there_is_an_answer(text):
    assert is_safe_url(text) in (True, False)
    assert is_safe_url(f"https://{text}") in (True, False)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://git.example.com", "https://git.example.com"),
        ("https://git.example.com/", "https://git.example.com"),
        ("https://example.com:8443/gitlab/", "https://example.com:8443/gitlab"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_where_a_provider_is(url, base):
    assert checked_base(url) == base


@pytest.mark.parametrize(
    "url",
    [
        *("", "git.example.com", "http://git.example.com", "ftp://git.example.com", "https://"),
        *("https://a.example/?x=1", "https://a.example/#x", "https://user:pw@a.example"),
        *("javascript:alert(1)", "https:///path", "http://localhost.evil.example"),
        *("https://a.example/ b", "https://a.example:port", "https://[::1", "https://a.example\\b"),
        *("https://a.example\n", "https://a.example/\nb", "//a.example", "https://ä.example"),
    ],
)
def test_where_no_provider_is(url):
    with pytest.raises(ValueError, match="a provider is at a URL"):
        checked_base(url)
