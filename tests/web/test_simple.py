"""Handlers that need no code."""

from collections.abc import Callable

import pytest

from tests.web.helpers import Site
from tornadolike.web import ErrorHandler, RedirectHandler


def test_error_handler(site: Callable[..., Site]) -> None:
    served = site(("/gone", ErrorHandler, {"status_code": 410}))
    for method in ("GET", "POST", "DELETE"):
        answer = served.ask(f"{method} /gone")
        assert (answer.status, answer.reason) == (410, "Gone")
        assert answer.text == "<html><title>410: Gone</title><body>410: Gone</body></html>"


REDIRECTS = [
    ("/src", RedirectHandler, {"url": "/dst"}),
    ("/temporary", RedirectHandler, {"url": "/dst", "permanent": False}),
    ("/query", RedirectHandler, {"url": "/dst?a=b#there"}),
    (r"/any/(.*)", RedirectHandler, {"url": "{0}"}),
    (r"/below/(.*)", RedirectHandler, {"url": "/{0}/end"}),
    (r"/named/(?P<a>[^/]*)/(?P<b>.*)", RedirectHandler, {"url": "/{b}/{a}"}),
    (r"/moved(.*)", RedirectHandler, {"url": "https://example.com{0}"}),
    (r"/hostless/(.*)", RedirectHandler, {"url": "https://{0}"}),
    (r"/schemeonly/(.*)", RedirectHandler, {"url": "https:{0}"}),
    (r"/braces/(.*)", RedirectHandler, {"url": "/{{x}}/{0}"}),
]


@pytest.fixture
def redirecting(site: Callable[..., Site]) -> Site:
    return site(*REDIRECTS)


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/src", 301, "/dst"),
        ("/temporary", 302, "/dst"),
        ("/src?a=1&b=2&a=3", 301, "/dst?a=1&a=3&b=2"),
        ("/src?%C3%A9=%C3%A9+%26", 301, "/dst?%C3%A9=%C3%A9+%26"),
        ("/src?a=%FF", 301, "/dst?a=%FF"),
        ("/query?c=d", 301, "/dst?a=b&c=d#there"),
        ("/any/foo/bar", 301, "foo/bar"),
        ("/any/?x=1", 301, "?x=1"),
        ("/below/a/b", 301, "/a/b/end"),
        ("/named/1/2", 301, "/2/1"),
        ("/moved/x", 301, "https://example.com/x"),
        ("/moved?x=1", 301, "https://example.com?x=1"),
        ("/braces/x", 301, "/{x}/x"),
        ("/any/%C3%A9", 301, "\xc3\xa9"),
        ("/any/%EF%BC%8F%EF%BC%8Fexample.com", 301, "\xef\xbc\x8f\xef\xbc\x8fexample.com"),
    ],
)
def test_redirects(redirecting: Site, path: str, status: int, location: str) -> None:
    for method in ("GET", "HEAD"):
        answer = redirecting.ask(f"{method} {path}")
        assert (answer.status, answer.header("Location")) == (status, location)
        assert answer.body == b""


@pytest.mark.parametrize(
    "path",
    [
        "/any///evil.com",
        "/any/https://evil.com/",
        "/any/HTTPS:evil.com",
        "/any/javascript:alert(1)",
        "/any/%5C%5Cevil.com/",
        "/any/%20//evil.com",
        "/any/%09/%09/evil.com",
        "/any/%2F%2F%5B",
        "/any/%0Ax",
        "/any/a%00b",
        "/below//evil.com",
        "/below/%5Cevil.com",
        "/below/%09/evil.com",
        "/below//evil.com?x=1",
        "/below///evil.com",
        "/named/x//evil.com",
        "/moved.evil.com/x",
        "/moved@evil.com/x",
        "/moved:8080/x",
        "/hostless/evil.com",
        "/hostless//evil.com",
        "/schemeonly/evil.com",
        "/schemeonly/evil.com?x=1",
        "/schemeonly////evil.com",
    ],
)
def test_a_request_cannot_choose_the_host(redirecting: Site, path: str) -> None:
    answer = redirecting.ask(f"GET {path}")
    assert answer.status == 400
    assert answer.header("Location") is None


def test_other_methods_are_not_redirected(redirecting: Site) -> None:
    answer = redirecting.ask("POST /src")
    assert (answer.status, answer.header("Allow")) == (405, "GET, HEAD")
