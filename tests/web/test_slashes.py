"""One address for each page."""

from collections.abc import Callable

import pytest

from tests.web.helpers import Site
from tornadolike.web import RequestHandler, addslash, removeslash


class With(RequestHandler):
    @addslash
    def get(self) -> None:
        self.write(f"with {self.request.uri}")

    @addslash
    async def post(self) -> None:
        self.write("posted")

    head = get


class Without(RequestHandler):
    @removeslash
    def get(self) -> None:
        self.write(f"without {self.request.uri}")

    @removeslash
    async def post(self) -> None:
        self.write("posted")

    head = get


@pytest.fixture
def slashed(site: Callable[..., Site]) -> Site:
    return site(("/added.*", With), ("/removed.*", Without), ("/.*", Without))


REDIRECTS = {
    "/added": "/added/",
    "/added?a=1&b=%2F": "/added/?a=1&b=%2F",
    "/added/x%20y": "/added/x%20y/",
    "/added%2F": "/added%2F/",
    "/removed/": "/removed",
    "/removed///?a=/": "/removed?a=/",
    "/removed//x/": "/removed//x",
}


def test_redirects(slashed: Site) -> None:
    for asked, location in REDIRECTS.items():
        for method in ("GET", "HEAD"):
            answer = slashed.ask(f"{method} {asked}")
            assert (answer.status, answer.header("Location")) == (301, location)


def test_the_right_address_is_answered(slashed: Site) -> None:
    for asked in ("/added/", "/added//", "/added/?a=1"):
        assert slashed.ask(f"GET {asked}").text == f"with {asked}"
    for asked in ("/removed", "/removed/x?a=/", "/", "//"):
        assert slashed.ask(f"GET {asked}").text == f"without {asked}"
    assert slashed.ask("POST /added/").text == slashed.ask("POST /removed").text == "posted"


def test_other_methods_are_not_redirected(slashed: Site) -> None:
    for asked in ("/added", "/removed/", "/"):
        assert slashed.ask(f"POST {asked}").status == 404


def test_the_request_cannot_choose_the_host(
    site: Callable[..., Site], expect_log: Callable[..., object]
) -> None:
    served = site(("//added.*", With), ("/.*", Without))
    for asked in ("//added.example.com", "//example.com/", "///example.com/x/"):
        with expect_log("tornadolike.general", "403 GET .*two initial slashes", count=1):
            answer = served.ask(f"GET {asked}")
        assert (answer.status, answer.header("Location")) == (403, None)


def test_a_path_that_the_client_did_not_encode(slashed: Site) -> None:
    answer = slashed.ask("GET /added\xc3\xa9?\xe9")
    assert answer.header("Location") == "/added%C3%A9/?%E9"
