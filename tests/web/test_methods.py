"""Rules for some methods: several for one path, what is told where none is for a method, automatic HEAD and OPTIONS."""

from typing import Any

import pytest

from tests.web.helpers import FakeConnection, Site
from tornadolike.httputil import HTTPServerRequest
from tornadolike.routing import AnyMatches, HostMatches, Rule, RuleRouter
from tornadolike.routing.router import delegate_for
from tornadolike.web import Application, RequestHandler, route


class Says(RequestHandler):
    def initialize(self, what: str = "") -> None:
        self.what = what

    def get(self, **kwargs: Any) -> None:
        self.write(f"{self.request.method} {self.what}{kwargs or ''}")

    post = get
    put = get


def says(path: str, what: str, *methods: str, **kwargs: Any) -> Rule:
    return route(path, Says, {"what": what}, methods=methods or None, **kwargs)


async def tell(handler: Any, call_next: Any) -> None:
    handler.before_head(lambda handler: handler.set_header("X-Told", "1"))
    await call_next(handler)


RULES = [
    says("/text", "reads", "GET", middleware=[tell]),
    says("/text", "writes", "POST"),
    says("/n/{n:int}", "reads", "get"),
    Rule(HostMatches("other"), [says("/n/{n:int}", "other", "PUT"), says("/text", "other", "PUT")]),
    says("/n/{n:int}", "writes", "POST"),
    says("/{rest:path}", "last", "PUT"),
]


def both_ways(site: Any, **settings: Any) -> list[Site]:
    """By the short way, and by the routers."""
    inner = Application(RULES, **settings)
    return [site(*RULES, **settings), site(Rule(AnyMatches(), inner), **settings)]


def test_the_rule_for_the_method(site: Any) -> None:
    for here in both_ways(site):
        for _ in range(2):  # as it is found first, and as it is known then
            for request, said in (
                ("GET /text", "GET reads"),
                ("POST /text", "POST writes"),
                ("PUT /text", "PUT last{'rest': 'text'}"),
                ("GET /n/7", "GET reads{'n': 7}"),
                ("POST /n/7", "POST writes{'n': 7}"),
                ("PUT /n/7", "PUT last{'rest': 'n/7'}"),
            ):
                assert here.ask(request).text == said
            for request, allow in (
                ("DELETE /text", "GET, POST, PUT"),
                ("HEAD /text", "GET, POST, PUT"),
                ("OPTIONS /n/7", "GET, POST, PUT"),
                ("PROPFIND /n/7", "GET, POST, PUT"),
                ("POST /nothing", "PUT"),
            ):
                answer = here.ask(request)
                assert (answer.status, answer.header("Allow")) == (405, allow)
            assert here.ask("DELETE /text").header("X-Told") == "1"
            assert here.ask("DELETE /n/7").header("X-Told") is None


def test_hosts(site: Any) -> None:
    here: Site = site(*RULES)
    for _ in range(2):
        with here.connect() as connection:
            connection.sock.sendall(
                b"PUT /text HTTP/1.1\r\nHost: other\r\nContent-Length: 0\r\n\r\n"
            )
            assert connection.receive().text == "PUT other"
            connection.sock.sendall(b"GET /text HTTP/1.1\r\nHost: other\r\n\r\n")
            assert connection.receive().text == "GET reads"


def test_classic_rules_take_all_methods(site: Any) -> None:
    class OnlyPost(RequestHandler):
        def post(self) -> None:
            self.write("posted")

    here: Site = site(
        (r"/a", OnlyPost), says("/a", "never"), says("/b", "b", "GET"), (r"/b", OnlyPost)
    )
    answer = here.ask("GET /a")
    assert (answer.status, answer.header("Allow")) == (405, "POST")
    assert here.ask("GET /b").text == "GET b"
    assert here.ask("POST /b").text == "posted"


def test_automatic_head(site: Any) -> None:
    for here in both_ways(site, automatic_head=True):
        for path, length in (("/text", "10"), ("/n/7", "18")):
            answer = here.ask(f"HEAD {path}")
            assert (answer.status, answer.body, answer.header("Content-Length")) == (
                200,
                b"",
                length,
            )
        assert here.ask("DELETE /text").header("Allow") == "GET, HEAD, POST, PUT"
        assert here.ask("HEAD /nothing").status == 405


def test_automatic_options(site: Any) -> None:
    for here in both_ways(site, automatic_options=True):
        answer = here.ask("OPTIONS /text")
        assert (answer.status, answer.body, answer.header("X-Told")) == (204, b"", "1")
        assert answer.header("Allow") == "GET, POST, PUT, OPTIONS"
        answer = here.ask("DELETE /text")
        assert (answer.status, answer.header("Allow")) == (405, "GET, POST, PUT, OPTIONS")


def test_automatic_methods_of_handlers(site: Any) -> None:
    class Waits(RequestHandler):
        async def get(self) -> None:
            self.write("waited")

    class HasBoth(Says):
        def head(self) -> None:
            self.set_header("X-Own", "head")

        def options(self) -> None:
            self.set_header("X-Own", "options")

    class OnlyPost(RequestHandler):
        def post(self) -> None:
            pass

    rules = [(r"/waits", Waits), (r"/both", HasBoth), (r"/post", OnlyPost)]
    here: Site = site(*rules, automatic_head=True, automatic_options=True)
    answer = here.ask("HEAD /waits")
    assert (answer.status, answer.body, answer.header("Content-Length")) == (200, b"", "6")
    assert here.ask("HEAD /both").header("X-Own") == "head"
    assert here.ask("OPTIONS /both").header("X-Own") == "options"
    for path, allow in (
        ("/waits", "GET, HEAD, OPTIONS"),
        ("/post", "POST, OPTIONS"),
    ):
        answer = here.ask(f"OPTIONS {path}")
        assert (answer.status, answer.header("Allow")) == (204, allow)
        answer = here.ask(f"PUT {path}")
        assert (answer.status, answer.header("Allow")) == (405, allow)
    assert here.ask("HEAD /post").status == 405
    without: Site = site(*rules)
    for method in ("HEAD", "OPTIONS"):
        answer = without.ask(f"{method} /waits")
        assert (answer.status, answer.header("Allow")) == (405, "GET")


def test_no_token_is_asked_for_a_405(site: Any) -> None:
    here: Site = site(says("/text", "reads", "GET"), xsrf_cookies=True)
    assert here.ask("POST /text", body=b"x=1").status == 405


def test_middleware_of_routers_within(site: Any) -> None:
    async def outer(handler: Any, call_next: Any) -> None:
        handler.before_head(lambda handler: handler.add_header("X-Around", "outer"))
        await call_next(handler)

    async def inner(handler: Any, call_next: Any) -> None:
        handler.before_head(lambda handler: handler.add_header("X-Around", "inner"))
        await call_next(handler)

    rules = [says("/a", "a", "GET", middleware=[inner])]
    here: Site = site(Rule(AnyMatches(), rules, middleware=[outer]), middleware=[tell])
    for method in ("GET", "POST"):
        answer = here.ask(f"{method} /a")
        assert answer.headers.get_all("X-Around") == ["inner", "outer"]
        assert answer.header("X-Told") == "1"


def test_without_an_application() -> None:
    router = RuleRouter([Rule("/a", print, methods=["GET"]), Rule("/a", print, methods=["PUT"])])
    connection = FakeConnection()
    request = HTTPServerRequest("POST", "/a", connection=connection)  # type: ignore[arg-type]
    delegate_for(router, request).finish()
    assert connection.status == 405
    assert connection.headers is not None
    assert connection.headers["Allow"] == "GET, PUT"


def test_methods_that_are_none() -> None:
    wrong: Any
    for wrong, error, why in (
        ("GET", TypeError, "a list, such as"),
        ([7], TypeError, "a list, such as"),
        ([], ValueError, "leave them out"),
        (["GE T"], ValueError, "'GE T' is no method"),
    ):
        with pytest.raises(error, match=why):
            route("/", Says, methods=wrong)
    assert route("/", Says, methods=["get", "GET"]).methods == ("GET",)
