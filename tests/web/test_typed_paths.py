"""Handlers behind typed paths: the values come to the method, by the short way and by the long one."""

from pathlib import Path
from typing import Any

from tests.web.helpers import Site
from tornadolike.routing import AnyMatches, Rule
from tornadolike.web import (
    Application,
    ErrorHandler,
    HTTPError,
    RedirectHandler,
    RequestHandler,
    StaticFileHandler,
    route,
)


class Shows(RequestHandler):
    def get(self, **kwargs: Any) -> None:
        assert self.path_kwargs == kwargs
        self.write(repr(kwargs))


RULES = [
    route("/users/{user_id:int}", Shows, name="user"),
    route("/users/{name}", Shows),
    route("/files/{rest:path}", Shows, name="file"),
    (r"/old/(?P<x>[0-9]+)", Shows),
    route("/plain", Shows),
]


def test_by_both_ways(site: Any) -> None:
    short: Site = site(*RULES)
    long: Site = site(Rule(AnyMatches(), Application(RULES)))
    for path, said in (
        ("/users/7", "{'user_id': 7}"),
        ("/users/seven%20", "{'name': 'seven '}"),
        ("/files/", "{'rest': ''}"),
        ("/files/a/b%2F", "{'rest': 'a/b/'}"),
        ("/old/7", "{'x': '7'}"),
        ("/plain", "{}"),
        ("/plain?x=1", "{}"),
    ):
        for way in (short, long):
            assert way.ask(f"GET {path}").text == said
    for way in (short, long):
        assert way.ask("GET /users/").status == 404
        assert way.ask("GET /users/%ff").status == 400
        assert way.ask("GET /nowhere").status == 404


def test_addresses(site: Any) -> None:
    class Links(RequestHandler):
        def get(self, n: int) -> None:
            try:
                self.write(self.reverse_url("here", n=n + 1) + self.reverse_url("here", n - 1))
            except ValueError as error:
                raise HTTPError(409, detail=str(error)) from error

    here: Site = site(route("/n/{n:int}", Links, name="here"))
    assert here.ask("GET /n/7").text == "/n/8/n/6"
    assert "-1 is nothing for &#x27;n&#x27;" in here.ask("GET /n/0").text


def test_decode_argument_sees_texts_only(site: Any) -> None:
    class Decodes(Shows):
        def decode_argument(self, value: bytes, name: str | None = None) -> str:
            return f"{name}={value!r}"

    here: Site = site(route("/{n:int}/{text}", Decodes))
    assert here.ask("GET /7/a%2Fb").text == repr({"n": 7, "text": "text=b'a/b'"})


def test_handlers_that_know_patterns(site: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    here: Site = site(
        route("/old/{n:int}", RedirectHandler, {"url": "/new/{n}"}),
        route("/files/{path:path}", StaticFileHandler, {"path": str(tmp_path)}),
        route("/nothing/{n:int}", ErrorHandler, {"status_code": 410}),
    )
    assert here.ask("GET /old/007?x=1").header("Location") == "/new/7?x=1"
    assert here.ask("GET /files/a.txt").text == "text"
    assert here.ask("GET /files/%2e%2e/a.txt").status in (403, 404)
    assert here.ask("GET /nothing/7").status == 410
