"""What a token is good for."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.web.helpers import Site
from tornadolike.auth.guards.authenticate import Authenticate
from tornadolike.auth.guards.basic import BasicAuthentication
from tornadolike.auth.guards.bearer import BearerAuthentication
from tornadolike.auth.guards.credentials import ALL_SCOPES, Credentials
from tornadolike.auth.guards.scopes import requires_scope
from tornadolike.web import RequestHandler

from .things import basic, bearer, challenges

TOKENS = {
    "reads": Credentials("ann", ["posts.read"]),
    "writes": Credentials("bob", {"posts.read", "posts.write"}),
    "none": Credentials("carl"),
    "plain": "dora",
}


class Posts(RequestHandler):
    @requires_scope("posts.read")
    def get(self) -> None:
        self.write("read")

    @requires_scope("posts.read", "posts.write")
    async def post(self) -> None:
        self.write("written")


class Prepared(RequestHandler):
    @requires_scope("posts.write")
    def prepare(self) -> None:
        pass

    def get(self) -> None:
        self.write("prepared")


GUARD = Authenticate(
    BearerAuthentication(TOKENS.get),
    BasicAuthentication(lambda name, password: Credentials(name, ALL_SCOPES if password else ())),
    optional=True,
)


@pytest.mark.parametrize(
    ("request_line", "field", "status"),
    [
        ("GET /", bearer("reads"), 200),
        ("POST /", bearer("reads"), 403),
        ("POST /", bearer("writes"), 200),
        ("GET /", bearer("none"), 403),
        ("GET /", bearer("plain"), 403),
        ("POST /", basic("emil:x"), 200),
        ("POST /", basic("emil:"), 403),
        ("GET /prepared", bearer("reads"), 403),
        ("GET /prepared", bearer("writes"), 200),
        ("GET /", "X: y", 401),
    ],
)
def test_who_may(site: Callable[..., Site], request_line: str, field: str, status: int) -> None:
    served = site(("/", Posts), ("/prepared", Prepared), middleware=[GUARD])
    assert served.ask(request_line, field).status == status


def test_what_those_are_told_who_may_not(site: Callable[..., Site]) -> None:
    served = site(("/", Posts), middleware=[GUARD])
    answer = served.ask("POST /", bearer("reads"))
    assert challenges(answer) == [
        'Bearer error="insufficient_scope", error_description="This takes the scope posts.read posts.write.", '
        'scope="posts.read posts.write"'
    ]
    assert "posts.write" in answer.text
    assert [one.partition(" ")[0] for one in challenges(served.ask("GET /"))] == ["Bearer", "Basic"]


def test_function_handlers(site: Callable[..., Site]) -> None:
    served = site(middleware=[GUARD])

    @served.application.get("/")
    @requires_scope("posts.read")
    async def read(handler: RequestHandler) -> str:
        return "read"

    assert served.ask("GET /", bearer("reads")).text == "read"
    assert served.ask("GET /", bearer("none")).status == 403


def test_without_a_guard_it_says_so(site: Callable[..., Site], expect_log: Any) -> None:
    served = site(("/", Posts))
    with expect_log("tornadolike.application", "Uncaught exception"):
        assert served.ask("GET /", bearer("reads")).status == 500


@pytest.mark.parametrize("scopes", [[], ["a b"], ['a"'], [""], [1], ["é"]])
def test_what_is_no_scope(scopes: list[Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        requires_scope(*scopes)


def test_what_it_cannot_stand_above() -> None:
    class WithPath:
        _has_path = True

        def __call__(self) -> None: ...

    with pytest.raises(TypeError, match="below @app"):
        requires_scope("a")(WithPath())
    with pytest.raises(TypeError, match="right above"):
        requires_scope("a")("post")  # type: ignore[type-var]


def test_all_scopes() -> None:
    assert "anything" in ALL_SCOPES
    assert repr(ALL_SCOPES) == "ALL_SCOPES"


def test_what_nobody_can_be_kept_from_by_it() -> None:
    class Page(RequestHandler):
        def on_message(self, message: str) -> None:
            """Too late for refusing."""

    with pytest.raises(TypeError, match=r"not the class Page: .* its prepare"):
        requires_scope("a")(Page)
    with pytest.raises(TypeError, match=r"on_message\(\) is called"):
        requires_scope("a")(Page.on_message)  # type: ignore[type-var] # it has an argument
