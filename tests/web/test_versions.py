"""Versions of a site: before the path, and in a header."""

from typing import Any

import pytest

from tests.web.helpers import Site
from tests.web.sanic_answers import sanic_answers
from tornadolike.web import Blueprint, HeaderVersions, RequestHandler, route


class Says(RequestHandler):
    def initialize(self, what: str = "") -> None:
        self.what = what

    def get(self, **kwargs: Any) -> None:
        self.write(f"{self.what}{kwargs or ''}")

    post = get


def test_before_the_path(site: Any) -> None:
    here: Site = site(
        route("/users/{n:int}", Says, {"what": "one"}, "one", version=1),
        route("/users/{n:int}", Says, {"what": "two"}, version="2.1"),
        route("/users/{n:int}", Says, {"what": "api"}, version=3, version_prefix="/api/v"),
        route("/users/{n:int}", Says, {"what": "none"}),
    )
    for path, said in (
        ("/v1/users/7", "one{'n': 7}"),
        ("/v2.1/users/7", "two{'n': 7}"),
        ("/api/v3/users/7", "api{'n': 7}"),
        ("/users/7", "none{'n': 7}"),
    ):
        assert here.ask(f"GET {path}").text == said
    assert here.ask("GET /v4/users/7").status == 404
    assert here.application.reverse_url("one", 7) == "/v1/users/7"


def test_by_header(site: Any) -> None:
    versions = HeaderVersions("X-Version", default=1)
    here: Site = site(
        route("/users", Says, {"what": "one"}, version=versions("1")),
        route("/users", Says, {"what": "two"}, version=versions(2), methods=["GET"]),
        route("/users/{n:int}", Says, {"what": "two"}, version=versions(2)),
        route("/other", Says, {"what": "other"}),
    )
    for _ in range(2):
        for path, fields, said in (
            ("/users", (), "one"),
            ("/users", ("X-Version: 1",), "one"),
            ("/users", ("x-version:  2 ",), "two"),
            ("/users", ("X-Version: ",), "one"),
            ("/users/7", ("X-Version: 2",), "two{'n': 7}"),
        ):
            answer = here.ask(f"GET {path}", *fields)
            assert (answer.text, answer.header("Vary")) == (said, "X-Version")
        assert here.ask("GET /other", "X-Version: 7").header("Vary") is None
    for path, fields, told in (
        ("/users", ("X-Version: 3",), "There are other versions of this: 1, 2"),
        ("/users", ("X-Version: 1", "X-Version: 2"), "There are other versions of this: 1, 2"),
        ("/users/7", (), "There are other versions of this: 2"),
    ):
        answer = here.ask(f"GET {path}", *fields)
        assert (answer.status, answer.header("Vary")) == (406, "X-Version")
        assert told in answer.text
    answer = here.ask("POST /users", "X-Version: 2")
    assert (answer.status, answer.header("Allow"), answer.header("Vary")) == (
        405,
        "GET",
        "X-Version",
    )


def test_without_a_default(site: Any) -> None:
    versions = HeaderVersions()
    here: Site = site(route("/", Says, {"what": "one"}, version=versions(1)))
    assert here.ask("GET /").status == 406
    assert here.ask("GET /", "API-Version: 1").text == "one"


def test_what_is_no_version() -> None:
    wrong: Any
    for wrong in ("", "a/b", "..", "ä", "1 2"):
        with pytest.raises(ValueError, match="a version has letters"):
            route("/", Says, version=wrong)
        with pytest.raises(ValueError, match="a version has letters"):
            HeaderVersions()(wrong)
    for wrong in (True, 1.5, None):
        with pytest.raises(TypeError, match="a version is a text or a number"):
            HeaderVersions()(wrong)
    with pytest.raises(ValueError, match="no name of a header"):
        HeaderVersions("a b")
    with pytest.raises(ValueError, match="begins with a slash"):
        route("/", Says, version=1, version_prefix="v")
    with pytest.raises(TypeError, match="a version is a text or a number, or of"):
        route("/", Says, version=1.5)  # type: ignore[arg-type]


AS_SANIC = {
    "/a": "none",
    "/v1/a": "one",
    "/v2.1/a": "two",
    "/v2/a": None,
    "/v3/a": None,
    "/api/v3/a": "three",
    "/v9/a": None,
    # of a blueprint, and of a rule in it, which has the last word
    "/shop/a": None,
    "/v1/shop/a": "shop",
    "/v2/shop/a": "newer",
    # of a group, and of a blueprint in it
    "/outer/inner/a": None,
    "/v4/outer/inner/a": "inner",
    "/v4/outer/own/a": None,
    "/v5/outer/own/a": "own",
}
"""Who answers, if anybody does: there and here alike."""


def test_sanic_answers_as_the_table_says() -> None:
    answers = sanic_answers("versions", [f"GET {path}" for path in AS_SANIC])
    for path, said in AS_SANIC.items():
        answer = answers[f"GET {path}"]
        assert (answer.status, answer.text if said else None) == (200 if said else 404, said), path


def test_we_answer_as_sanic(site: Any) -> None:
    here: Site = site()
    shop, inner, own = (
        Blueprint("shop", "/shop", version=1),
        Blueprint("inner", "/inner"),
        Blueprint("own", "/own", version=5),
    )
    outer = Blueprint("", "/outer", version=4)

    def add(group: Any, name: str, path: str = "/a", **options: Any) -> None:
        group.get(path, name=name, **options)(lambda handler: name)

    add(here.application, "one", version=1)
    add(here.application, "two", version="2.1")
    add(here.application, "three", "/api/v3/a")  # version_prefix is route()'s
    add(here.application, "none")
    add(shop, "shop")
    add(shop, "newer", version=2)
    add(inner, "inner")
    add(own, "own")
    outer.add_blueprint(inner)
    outer.add_blueprint(own)
    here.application.add_blueprint(shop)
    here.application.add_blueprint(outer)
    for path, said in AS_SANIC.items():
        answer = here.ask(f"GET {path}")
        assert (answer.status, answer.text if said else None) == (200 if said else 404, said), path
