"""Handlers that need no code."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.web.helpers import Site
from tornadolike.web import (
    ErrorHandler,
    HeaderVersions,
    HTTPError,
    RedirectHandler,
    RequestHandler,
    stream_request_body,
)


async def passing(handler: Any, call_next: Any) -> None:
    """Middleware that does nothing."""
    await call_next(handler)


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


def test_nothing_can_be_forged_where_only_an_error_is(site: Callable[..., Site]) -> None:
    served = site(
        ("/gone", ErrorHandler, {"status_code": 410}),
        xsrf_cookies=True,
        cross_origin_protection=True,
    )
    for path, status in (("/gone", 410), ("/nowhere", 404)):
        answer = served.ask(f"POST {path}", "Origin: http://evil.example", body=b"x")
        assert answer.status == status


class Pages(RequestHandler):
    """The base of a site's handlers: what its pages look like, and what they need."""

    def initialize(self, word: str) -> None:
        self.word = word

    def set_default_headers(self) -> None:
        if self.request.path == "/broken":
            raise ValueError("no header has that")
        self.set_header("X-Site", "ours")

    def prepare(self) -> None:
        raise HTTPError(401)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.finish(f"our page about {status_code}")


class StreamedPages(Pages):
    """One that takes bodies as they come."""


stream_request_body(StreamedPages)


@pytest.mark.parametrize("base", [Pages, StreamedPages])
@pytest.mark.parametrize("within", [False, True])
def test_requests_without_a_handler_get_the_pages_of_the_base(
    site: Callable[..., Site], base: type[RequestHandler], within: bool, expect_log: Any
) -> None:
    s = site(base_handler=base, middleware=[passing] if within else [], xsrf_cookies=True)
    versions = HeaderVersions()

    @s.application.get("/function", kwargs={"word": "x"})
    @s.application.get("/version", kwargs={"word": "x"}, version=versions(1))
    @s.application.get("/wants")
    @s.application.get("/broken")
    def function(handler: Any) -> str:
        return "never"

    with expect_log("tornadolike.application", "Uncaught exception GET /wants", count=1):
        for request, status in {
            "GET /nowhere": 404,
            "POST /nowhere": 404,
            "POST /function": 405,
            "GET /version": 406,
            "GET /wants": 500,
        }.items():
            answer = s.ask(request, body=b"x" if request.startswith("POST") else None)
            assert (answer.status, answer.text) == (status, f"our page about {status}"), request
            assert answer.header("X-Site") == "ours"
            assert answer.header("Allow") == ("GET" if status == 405 else None)
    assert s.ask("GET /function").status == 401


def test_a_base_of_which_no_page_can_be_made_leaves_the_plain_ones(
    site: Callable[..., Site], expect_log: Any
) -> None:
    for middleware in ([], [passing]):
        s = site(("/wants", Pages), base_handler=Pages, middleware=middleware)
        s.application.get("/broken")(lambda handler: "never")
        with expect_log("tornadolike.application", "The base_handler has no page", count=2):
            answer = s.ask("DELETE /broken")
            assert (answer.status, answer.header("Allow")) == (405, "GET")
            assert answer.text.endswith("405: Method Not Allowed</body></html>")
            with expect_log("tornadolike.application", "Uncaught exception GET /broken", count=1):
                assert s.ask("GET /broken").text.endswith(
                    "500: Internal Server Error</body></html>"
                )
        assert s.ask("GET /nowhere").text == "our page about 404"


def test_bases_that_answer_with_errors_themselves(
    site: Callable[..., Site], expect_log: Any
) -> None:
    s = site(("/wants", ErrorHandler), base_handler=ErrorHandler)
    assert s.ask("GET /nowhere").status == 404
    with expect_log("tornadolike.application", "Uncaught exception GET /wants", count=1):
        assert s.ask("GET /wants").status == 500

    class Gone(ErrorHandler):
        """One that stands between our own classes."""

    with pytest.raises(TypeError, match="Gone cannot be the base_handler, of which error pages"):
        site(base_handler=Gone)
