"""The names that we have."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.middleware.helpers import RULES, ask_host
from tests.web.helpers import Site
from tornadolike.httputil import TrustedProxies
from tornadolike.middleware import TrustedHosts

HOSTS = ["example.com", "*.Example.org.", "127.0.0.1", "[0:0:0::1]", "b\u00fccher.test"]

OURS = [
    "example.com",
    "EXAMPLE.com",
    "example.com.",
    "example.com:8080",
    "example.com.:8080",
    "example.com:",
    "a.example.org",
    "a.b.example.org:1",
    "127.0.0.1:80",
    "[::1]",
    "[::1]:8443",
    "[0:0:0:0:0:0:0:1]:80",
    "xn--bcher-kva.test",
]
OTHERS = [
    "example.com.evil.test",
    "evilexample.com",
    "evilexample.org",
    "example.org",
    ".example.org",
    "www.example.com",
    "example.com..",
    "127.1",
    "127.0.0.2",
    "[::2]",
    "[::ffff:127.0.0.1]",
    "localhost",
    "%65xample.com",
    "example.com%2eevil.test",
    "%2e.example.org",
    "evil.test,a.example.org",
    "-.example.org",
]


def test_hosts(site: Callable[..., Site]) -> None:
    asked = site(*RULES, middleware=[TrustedHosts(HOSTS)])
    for host in OURS:
        assert ask_host(asked, host).text == "plain", host
    for host in OTHERS:
        answer = ask_host(asked, host)
        assert answer.status == 400, host
    assert "No site of this name is here" in answer.text
    # What is no host never comes here.
    for host in ("example.com/", "example.com@evil.test", "exam ple.com", "[::1", "example.com:x"):
        assert ask_host(asked, host).status == 400, host


def test_a_target_with_a_host_and_a_request_without(site: Callable[..., Site]) -> None:
    asked = site(*RULES, middleware=[TrustedHosts(["example.com"])])
    assert ask_host(asked, "example.com", "http://evil.test/").status == 400
    assert ask_host(asked, "example.com", "http://example.com/").status == 200
    assert ask_host(asked, "").status == 400
    assert ask_host(site(*RULES, middleware=[TrustedHosts(["*"])]), "").status == 200


def test_no_path_is_left_out(site: Callable[..., Site]) -> None:
    asked = site(*RULES, middleware=[TrustedHosts(["example.com"], status=421)])
    for path in ("/", "/nowhere", "/failing"):
        assert ask_host(asked, "evil.test", path).status == 421


def test_what_proxies_tell(site: Callable[..., Site]) -> None:
    forwarded = "X-Forwarded-Host: example.com"
    asked = site(*RULES, middleware=[TrustedHosts(["example.com"])])
    assert ask_host(asked, "evil.test", "/", forwarded).status == 400
    trust = TrustedProxies("127.0.0.1", headers="X-Forwarded-Host")
    asked = site(*RULES, middleware=[TrustedHosts(["example.com"])], server={"trust": trust})
    assert ask_host(asked, "inside", "/", forwarded).status == 200
    assert ask_host(asked, "example.com", "/", "X-Forwarded-Host: evil.test").status == 400


@pytest.mark.parametrize(
    "host",
    [
        "",
        "https://example.com",
        "example.com:80",
        "example.com/",
        "*example.com",
        "*.",
        "a.*.example.com",
        ".example.com",
        "exam ple.com",
        "[::1",
        "[nonsense]",
        "::1",
        "a..b",
        "x" * 64 + ".test",
    ],
)
def test_what_is_no_host(host: str) -> None:
    with pytest.raises(ValueError, match="is no host: write it like"):
        TrustedHosts(["example.com", host])


def test_lists_that_cannot_be_meant() -> None:
    with pytest.raises(TypeError, match=r"hosts is a list: \['example.com'\]"):
        TrustedHosts("example.com")
    with pytest.raises(ValueError, match="hosts is empty"):
        TrustedHosts([])
    with pytest.raises(ValueError, match="400 or 421"):
        TrustedHosts(["example.com"], status=404)
    wrong: Any = [7]
    with pytest.raises(TypeError, match="a host is a str"):
        TrustedHosts(wrong)
