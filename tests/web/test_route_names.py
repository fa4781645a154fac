"""What the rule is called by which a handler was found."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.web.helpers import Site
from tornadolike.routing import Matcher, Rule, route
from tornadolike.web import Application, Mount, RequestHandler, route_of


class Told(RequestHandler):
    def get(self, *args: Any, **kwargs: Any) -> None:
        self.write(str(route_of(self)))


class Other(Told):
    pass


class Shared(Told):
    pass


class Default(Told):
    pass


class Everything(Matcher):
    def match(self, request: Any) -> dict[str, Any]:
        return {}


def rules() -> list[Any]:
    inner = Application([route("/users/{id:int}", Told), ("/", Other)])
    return [
        ("/", Told),
        (r"/a\.b", Other),
        (r"/c(/d)?", Other),
        (r"/numbers/([0-9]+)$", Shared),
        route("/words/{word}", Shared),
        (r"/lists/.*", [(r"/lists/x", Shared), (r"/lists/(.*)", Shared)]),
        ("/default", Default),
        Mount("/mounted", inner),
        (r"/own/.*", [Rule(Everything(), type("Own", (Told,), {}))]),
    ]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "/"),
        ("/a.b", "/a.b"),
        ("/c", "/c(/d)?"),
        ("/c/d", "/c(/d)?"),
        ("/numbers/12", "/numbers/([0-9]+)"),
        ("/words/12", "/words/{word}"),
        ("/words/%31", "/words/{word}"),
        ("/lists/x", "/lists/x"),
        ("/lists/y", "/lists/(.*)"),
        ("/mounted/users/3", "/mounted/users/{id:int}"),
        ("/mounted/", "/mounted/"),
        ("/own/x", "*"),
        ("/default", "/default"),
        ("/nowhere/1", "None"),
    ],
)
def test_each_rule_has_a_name(site: Callable[..., Site], path: str, name: str) -> None:
    asked = site(*rules(), default_handler_class=Default)
    assert [asked.ask(f"GET {path}").text for _ in range(2)] == [name, name]


def test_rules_that_are_added_are_known(site: Callable[..., Site]) -> None:
    asked = site(("/", Told), ("/x", Other))
    assert asked.ask("GET /x").text == "/x"
    asked.application.add_handlers(".*", [(r"/(.)", Other)])
    assert asked.ask("GET /x").text == "/(.)"


def test_functions_and_error_pages(site: Callable[..., Site]) -> None:
    told: list[Any] = []
    asked = site(("/", Told), log_function=lambda handler: told.append(route_of(handler)))

    @asked.application.get("/hello/{name}")
    def hello(handler: RequestHandler, name: str) -> None:
        handler.write(name)

    for request in ("GET /hello/you", "GET /nowhere", "POST /hello/you", "POST /"):
        asked.ask(request)
    asked.settle()
    assert told == ["/hello/{name}", None, None, "/"]
