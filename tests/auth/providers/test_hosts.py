"""Where a provider is that everybody may run."""

import pytest

from tornadolike.auth.providers.hosts import checked_base


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
def test_good_ones(url, base):
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
def test_bad_ones(url):
    with pytest.raises(ValueError, match="a provider is at a URL"):
        checked_base(url)
