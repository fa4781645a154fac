"""Headers on which the innermost middleware decides alone."""

from collections.abc import Callable

from tests.middleware.helpers import Plain
from tests.web.helpers import Site
from tornadolike.middleware.deciding import Deciding
from tornadolike.web import RequestHandler, url


class Says(Deciding):
    KEY = "tests.says"

    def __init__(self, word: str, name: str = "X-Said") -> None:
        self.word, self.name = word, name

    def set_headers(self, handler: RequestHandler) -> None:
        handler.add_header(self.name, self.word)


class SaysElse(Says):
    KEY = "tests.says_else"


def test_the_innermost_decides(site: Callable[..., Site]) -> None:
    rules = [
        url("/", Plain),
        url("/inner", Plain, middleware=[Says("rule"), Says("inner", "X-Inner")]),
    ]
    asked = site(*rules, middleware=[Says("application"), SaysElse("else", "X-Else")])
    outer = asked.ask("GET /")
    assert (outer.header("X-Said"), outer.header("X-Else")) == ("application", "else")
    inner = asked.ask("GET /inner")
    assert inner.headers.get_all("X-Inner") == ["inner"]
    assert (inner.header("X-Said"), inner.header("X-Else")) == (None, "else")
