"""Nothing in the clear."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.middleware.helpers import RULES, Plain, ask_host
from tests.web.helpers import Site
from tornadolike.httputil import TrustedProxies
from tornadolike.middleware import HTTPSRedirect


def redirected(
    site: Callable[..., Site],
    asked_host: str,
    target: str = "/",
    method: str = "GET",
    **arguments: Any,
) -> tuple[int, str | None]:
    asked = site(*RULES, middleware=[HTTPSRedirect(**arguments)])
    answer = ask_host(asked, asked_host, target, method=method)
    assert answer.body == b""
    return answer.status, answer.header("Location")


def test_the_same_address_by_https(site: Callable[..., Site]) -> None:
    for host, target, location in (
        ("example.com", "/", "https://example.com/"),
        ("example.com:80", "/a%2Fb?c=d&e", "https://example.com/a%2Fb?c=d&e"),
        ("example.com", "/\u00e4?\u00f6", "https://example.com/%C3%A4?%C3%B6"),
        ("example.com:", "/", "https://example.com/"),
        ("[::1]:8080", "/", "https://[::1]/"),
        ("[::1]", "/", "https://[::1]/"),
        ("example.com", "//evil.test/", "https://example.com//evil.test/"),
        ("example.com", "/nowhere", "https://example.com/nowhere"),
        ("example.com", "http://other.test/a", "https://other.test/a"),
    ):
        assert redirected(site, host, target) == (307, location)
    assert redirected(site, "a.test", "*", "OPTIONS") == (307, "https://a.test/")
    assert redirected(site, "a.test", "/", "DELETE") == (307, "https://a.test/")


def test_choices(site: Callable[..., Site]) -> None:
    assert redirected(site, "a.test", permanent=True) == (308, "https://a.test/")
    assert redirected(site, "a.test:80", port=8443) == (307, "https://a.test:8443/")
    assert redirected(site, "a.test", host="b.test") == (307, "https://b.test/")
    assert redirected(site, "", host="[::1]", port=444) == (307, "https://[::1]:444/")


def test_without_a_host_nobody_knows_where(site: Callable[..., Site]) -> None:
    asked = site(*RULES, middleware=[HTTPSRedirect()])
    answer = ask_host(asked, "")
    assert (answer.status, answer.header("Location")) == (400, None)


def test_https_is_what_a_trusted_proxy_says(site: Callable[..., Site]) -> None:
    said = "X-Forwarded-Proto: https"
    asked = site(*RULES, middleware=[HTTPSRedirect()])
    assert ask_host(asked, "a.test", "/", said).status == 307
    trust = TrustedProxies("127.0.0.1", headers="X-Forwarded-Proto")
    asked = site(*RULES, middleware=[HTTPSRedirect()], server={"trust": trust})
    assert ask_host(asked, "a.test", "/", said).text == "plain"
    assert ask_host(asked, "a.test", "/", "X-Forwarded-Proto: http").status == 307


def test_challenges_are_answered_in_the_clear(site: Callable[..., Site]) -> None:
    rules = [("/.well-known/acme-challenge/(.*)", Plain), ("/health", Plain)]
    asked = site(*rules, middleware=[HTTPSRedirect()])
    assert ask_host(asked, "a.test", "/.well-known/acme-challenge/token").text == "plain"
    for up in ("../x", "%2e./x", "a/%2E%2e"):
        assert ask_host(asked, "a.test", f"/.well-known/acme-challenge/{up}").status == 307
    assert ask_host(asked, "a.test", "/.well-known/acme-challenge/..x").text == "plain"
    assert ask_host(asked, "a.test", "/.well-known/other").status == 307
    asked = site(*rules, middleware=[HTTPSRedirect(except_below=["/health"])])
    assert ask_host(asked, "a.test", "/health").text == "plain"
    assert ask_host(asked, "a.test", "/.well-known/acme-challenge/token").status == 307


@pytest.mark.parametrize("wire", ["tls"])
def test_https_is_served(site: Callable[..., Site]) -> None:
    assert site(*RULES, middleware=[HTTPSRedirect()]).ask("GET /").text == "plain"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"port": 0}, "a port is a number"),
        ({"port": "443"}, "a port is a number"),
        ({"host": "a.test:443"}, "host is a name or an address without a port"),
        ({"host": "https://a.test"}, "host is a name or an address"),
        ({"host": ""}, "host is a name or an address"),
        ({"except_below": ["health"]}, "begin with a slash"),
    ],
)
def test_what_cannot_be(arguments: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        HTTPSRedirect(**arguments)
    with pytest.raises(TypeError, match=r"except_below is a list: \['/health'\]"):
        HTTPSRedirect(except_below="/health")
