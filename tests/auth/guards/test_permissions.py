"""Roles and permissions: who is let in, who is not, and what is refused before anybody asks."""

import asyncio
import functools
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from tests.web.helpers import Answer, Site
from tornadolike.auth import (
    Authenticate,
    BearerAuthentication,
    requires_any_permission,
    requires_any_role,
    requires_permission,
    requires_role,
)
from tornadolike.auth.guards.permissions import _requires
from tornadolike.web import Application, HTTPError, RequestHandler, url
from tornadolike.websocket import WebSocketHandler

Start = Callable[..., Site]


class Known(RequestHandler):
    """Has the user whom the request names, as JSON: ``{"roles": [...], "permissions": [...]}``."""

    def get_current_user(self) -> Any:
        return json.loads(self.request.headers.get("X-User", "null"))


class Page(Known):
    @requires_role("editor")
    def get(self) -> None:
        self.write("an editor's")

    @requires_role("editor", "author")
    async def post(self) -> None:
        self.write("both")

    @requires_any_role("editor", "author")
    def put(self) -> None:
        self.write("one of them")

    @requires_permission("posts.read", "posts.delete")
    def delete(self) -> None:
        self.write("both")

    @requires_any_permission("posts.read", "posts.edit")
    @requires_role("author")
    def patch(self) -> None:
        self.write("one of them, and an author")


def as_user(user: Any, *more: str) -> list[str]:
    return [f"X-User: {json.dumps(user)}", *more]


ROLES = {
    "editor": {"roles": ["editor"]},
    "author": {"roles": ["author"]},
    "both": {"roles": ["author", "editor", "x"]},
    "reader": {"permissions": ["posts.read"]},
    "deleter": {"permissions": ["posts.delete", "posts.read"]},
    "author who edits": {"roles": ["author"], "permissions": ["posts.edit"]},
    "none": {"roles": [], "permissions": None},
    "alike": {"roles": ["editors", "EDITOR", " editor"], "permissions": ["posts"]},
    "without": {"name": "Ann"},
}
LET_IN = {
    "GET": {"editor", "both"},
    "POST": {"both"},
    "PUT": {"editor", "author", "both", "author who edits"},
    "DELETE": {"deleter"},
    "PATCH": {"author who edits"},
}


@pytest.mark.parametrize("method", LET_IN)
def test_who_is_let_in(site: Start, method: str) -> None:
    served = site(("/", Page), login_url="/login")
    with served.connect() as connection:
        for who, user in ROLES.items():
            answer = connection.ask(f"{method} /", *as_user(user), body=b"")
            assert (answer.status == 200) == (who in LET_IN[method]), who
            if answer.status != 200:
                assert (answer.status, "You are not allowed to do this." in answer.text) == (
                    403,
                    True,
                )


def test_nobody_is_sent_to_the_log_in(site: Start) -> None:
    served = site(("/", Page), login_url="/login")
    answer = served.ask("GET /?page=2")
    assert (answer.status, answer.header("Location")) == (302, "/login?next=%2F%3Fpage%3D2")
    answer = served.ask("POST /", body=b"")
    assert (answer.status, "logged in" in answer.text) == (403, True)


def test_the_log_tells_what_was_wanted(site: Start, expect_log: Any) -> None:
    served = site(("/", Page))
    for method, said in (
        ("POST", "the role editor and author"),
        ("PUT", "the role editor or author"),
        ("DELETE", "the permission posts.read and posts.delete"),
    ):
        with expect_log("tornadolike.general", f"403 {method} / .*: the user has not {said}"):
            answer = served.ask(f"{method} /", *as_user({"name": "ann"}), body=b"")
        assert "editor" not in answer.text
        assert "posts" not in answer.text


def test_attributes_of_a_user(site: Start) -> None:
    class Handler(Known):
        def get_current_user(self) -> Any:
            return SimpleNamespace(roles={"admin"}, permissions=frozenset({"a", "b"}))

        @requires_role("admin")
        @requires_permission("a")
        def get(self) -> None:
            self.write("in")

        @requires_role("owner")
        def post(self) -> None:
            self.write("in")

    served = site(("/", Handler))
    assert served.ask("GET /").text == "in"
    assert served.ask("POST /", body=b"").status == 403


@pytest.mark.parametrize("waits", [False, True])
def test_methods_of_the_handler(site: Start, waits: bool) -> None:
    asked = []

    class Handler(Known):
        def tell(self, kind: str) -> Any:
            asked.append(kind)
            return self.current_user.get("really", ())

        if waits:

            async def get_roles(self) -> Any:
                return self.tell("roles")

            async def get_permissions(self) -> Any:
                return self.tell("permissions")

        else:

            def get_roles(self) -> Any:
                return self.tell("roles")

            def get_permissions(self) -> Any:
                return self.tell("permissions")

        @requires_role("x")
        def get(self) -> None:
            self.write("in")

        @requires_permission("x")
        async def post(self) -> None:
            self.write("in")

    served = site(("/", Handler), login_url="/login")
    for method in ("GET", "POST"):
        assert served.ask(f"{method} /", *as_user({"really": ["x"]}), body=b"").text == "in"
        user = {"really": ["y"], "roles": ["x"], "permissions": ["x"]}
        assert served.ask(f"{method} /", *as_user(user), body=b"").status == 403
    assert served.ask("GET /").status == 302, "nobody's are not asked for"
    assert asked == ["roles", "roles", "permissions", "permissions"]


@pytest.mark.parametrize("held", ['"editor"', '"editors"', "7", "true", '{"editor": false}'])
def test_what_are_no_roles_lets_nobody_in(site: Start, expect_log: Any, held: str) -> None:
    with expect_log("tornadolike.application", "Uncaught") as log:
        answer = site(("/", Page)).ask("GET /", f'X-User: {{"roles": {held}}}')
    assert answer.status == 500
    assert "a set or a list of str" in str(log.matched[0].exc_info[1])


def test_a_user_of_whom_it_cannot_be_told(site: Start, expect_log: Any) -> None:
    with expect_log("tornadolike.application", "Uncaught") as log:
        assert site(("/", Page)).ask("GET /", *as_user("ann")).status == 500
    assert "it needs an attribute roles, or the handler a method get_roles()" in str(
        log.matched[0].exc_info[1]
    )


def test_above_prepare(site: Start) -> None:
    class Handler(Known):
        @requires_role("editor")
        async def prepare(self) -> None:
            self.set_header("X-Prepared", "yes")

        def get(self) -> None:
            self.write("in")

        post = get

    served = site(("/", Handler), login_url="/login")
    for method in ("GET", "POST"):
        answer = served.ask(f"{method} /", *as_user(ROLES["editor"]), body=b"")
        assert (answer.text, answer.header("X-Prepared")) == ("in", "yes")
        answer = served.ask(f"{method} /", *as_user(ROLES["author"]), body=b"")
        assert (answer.status, answer.header("X-Prepared")) == (403, None)
    assert served.ask("GET /").status == 302


def answers(serve: Any, application: Application) -> Callable[..., Answer]:
    server = serve(application)

    def ask(request: str, user: Any) -> Answer:
        from tests.web.helpers import Connection

        with Connection(server) as connection:
            return connection.ask(request, *as_user(user))

    return ask


def test_above_prepare_middleware_tells_who_it_is(site: Start) -> None:
    """What waits for a database must have come before."""

    async def find_user(handler: RequestHandler, call_next: Any) -> None:
        await asyncio.sleep(0)
        handler.current_user = json.loads(handler.request.headers.get("X-User", "null"))
        await call_next(handler)

    class Editors(RequestHandler):
        @requires_role("editor")
        def prepare(self) -> None:
            self.write("prepared, ")

        def get(self) -> None:
            self.write("done")

    served = site(("/", Editors), middleware=[find_user], login_url="/login")
    assert served.ask("GET /", *as_user({"roles": ["editor"]})).text == "prepared, done"
    assert served.ask("GET /", *as_user({"roles": ["author"]})).status == 403
    assert served.ask("GET /").headers["Location"] == "/login?next=%2F"


@pytest.mark.parametrize("waits", [False, True])
def test_functions_as_handlers(serve: Any, waits: bool) -> None:
    class Base(Known):
        pass

    if waits:

        async def get_roles(self: Any) -> Any:
            return self.current_user["roles"]

        Base.get_roles = get_roles  # type: ignore[attr-defined]
    application = Application(base_handler=Base)

    @application.get("/text/{number:int}")
    @requires_role("editor")
    def open(handler: Any, number: int) -> str:  # named as a method that is called too late
        return f"number {number + 1}"

    @application.get("/coroutine")
    @requires_role("editor")
    async def coroutine(handler: Any) -> dict[str, int]:
        return {"a": 1}

    @application.get("/pieces")
    @requires_role("editor")
    async def pieces(handler: Any) -> Any:
        yield "one "
        yield "two"

    ask = answers(serve, application)
    for path, text in (("/text/6", "number 7"), ("/coroutine", '{"a": 1}'), ("/pieces", "one two")):
        assert ask(f"GET {path}", ROLES["editor"]).text == text
        assert ask(f"GET {path}", ROLES["author"]).status == 403


def test_web_sockets(site: Start) -> None:
    class Chat(Known, WebSocketHandler):
        @requires_role("editor")
        def prepare(self) -> None:
            pass

    class Other(Known, WebSocketHandler):
        @requires_role("editor")
        async def get(self, *args: str, **kwargs: str) -> None:
            await super().get(*args, **kwargs)

    served = site(("/prepare", Chat), ("/get", Other), login_url="/login")
    handshake = [
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    for path in ("/prepare", "/get"):
        for user, status in ((ROLES["author"], 403), (None, 302), (ROLES["editor"], 101)):
            assert served.ask(f"GET {path}", *as_user(user), *handshake).status == status


def test_programs_are_told_by_their_guard(site: Start) -> None:
    """With a guard that lets in those who say nothing there is no log-in page to send them to."""

    class Handler(RequestHandler):
        @requires_role("editor")
        def get(self) -> None:
            self.write("in")

    tokens = {"a" * 20: {"roles": ["editor"]}, "b" * 20: {"roles": ["author"]}}
    optional = Authenticate(BearerAuthentication(tokens.get), optional=True)
    served = site(url("/", Handler, middleware=[optional]))
    assert served.ask("GET /", f"Authorization: Bearer {'a' * 20}").text == "in"
    assert served.ask("GET /", f"Authorization: Bearer {'b' * 20}").status == 403
    answer = served.ask("GET /")
    assert (answer.status, answer.header("WWW-Authenticate")) == (401, "Bearer")


def test_preflights_go_by(site: Start) -> None:
    assert site(("/", Page), automatic_options=True).ask("OPTIONS /").status == 204


@pytest.mark.parametrize(
    "name",
    ["open", "on_message", "on_close", "on_finish", "get_roles", "get_current_user", "write_error"],
)
def test_methods_that_cannot_be_kept_from_anybody(name: str) -> None:
    def method(self: Any) -> None:
        raise AssertionError

    method.__name__, method.__qualname__ = name, f"Handler.{name}"
    with pytest.raises(TypeError, match=rf"{name}\(\) is called"):
        requires_role("x")(method)


def test_what_cannot_be_decorated() -> None:
    decorate = requires_role("x")
    with pytest.raises(TypeError, match=r"not the class Page: .* its prepare"):
        decorate(Page)
    for wrong in (None, "get", staticmethod(print), classmethod(print), property(print)):
        with pytest.raises(TypeError, match="a method of a handler"):
            decorate(wrong)  # type: ignore[type-var]
    application = Application()
    with pytest.raises(TypeError, match="write it below"):

        @decorate
        @application.get("/")
        def page(handler: Any) -> None: ...


@pytest.mark.parametrize(
    "requires", [requires_role, requires_any_role, requires_permission, requires_any_permission]
)
def test_names_that_are_none(requires: Any) -> None:
    with pytest.raises(ValueError, match="everybody would be let in"):
        requires()
    with pytest.raises(ValueError, match="not the empty text"):
        requires("")
    for wrong in (7, None, ["a"], requires):
        with pytest.raises(TypeError, match=r'@requires_(role|permission)\("name"\)'):
            requires(wrong)
    with pytest.raises(TypeError, match="is a str"):

        @requires  # without parentheses
        def get(self: Any) -> None: ...


def test_a_decorated_method_keeps_its_name() -> None:
    assert Page.get.__name__ == "get"
    assert Page.get.__qualname__ == "Page.get"


names = strategies.lists(strategies.sampled_from("abcde"), min_size=1, max_size=4)


@hypothesis.given(wanted=names, held=strategies.sets(strategies.sampled_from("abcdef")))
def test_all_and_any_are_those_of_sets(wanted: list[str], held: set[str]) -> None:
    handler = SimpleNamespace(current_user={"roles": sorted(held), "name": "x"})
    for enough, expected in ((all, held >= set(wanted)), (any, bool(held & set(wanted)))):
        method = _requires("role", tuple(wanted), enough)(lambda self: "in")
        call = functools.partial(method, handler)
        if expected:
            assert call() == "in"
        else:
            with pytest.raises(HTTPError, match="403"):
                call()
