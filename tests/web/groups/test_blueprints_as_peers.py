"""The same small site in blueprints, written for Flask, for Sanic (``sanic_site.py``) and for us.

docs/blueprints.rst tells why some answers differ.
"""

from collections.abc import Callable
from typing import Any

import flask

from tests.web.helpers import Answer, Site
from tests.web.sanic_answers import sanic_answers
from tornadolike.web import Blueprint, HTTPError


def flask_site() -> Any:
    app = flask.Flask("site")
    shop = flask.Blueprint("shop", "site", url_prefix="/shop")
    api = flask.Blueprint("api", "site", url_prefix="/v1/api")
    users = flask.Blueprint("users", "site", url_prefix="/users")

    @shop.before_request
    def before() -> str | None:
        flask.g.seen = "before"
        return "stopped" if "stop" in flask.request.args else None

    @shop.after_request
    def after(response: Any) -> Any:
        response.headers["X-After"] = "shop"
        return response

    @shop.get("/items/<int:item>")
    def show(item: int) -> str:
        return f"{item} {flask.g.seen} {flask.url_for('.show', item=5)}"

    @shop.post("/items/<int:item>")
    def change(item: int) -> str:
        return f"changed {item}"

    @shop.get("/raise/<what>")
    def fail(what: str) -> str:
        if what in RAISED:
            raise RAISED[what]
        flask.abort(int(what))

    @shop.errorhandler(ValueError)
    def value(error: Exception) -> tuple[str, int]:
        return f"shop: {type(error).__name__}", 422

    @shop.errorhandler(404)
    def shop_404(error: Exception) -> tuple[str, int]:
        return "shop: 404", 404

    @shop.errorhandler(KeyError)
    def key(error: Exception) -> Any:
        raise RuntimeError("in the error handler")

    @app.errorhandler(404)
    def app_404(error: Exception) -> tuple[str, int]:
        return "app: 404", 404

    @app.errorhandler(ZeroDivisionError)
    def zero(error: Exception) -> str:
        return "app: zero"

    @users.get("/<user>")
    def user(user: str) -> str:
        return f"user {user}"

    api.register_blueprint(users)
    app.register_blueprint(shop)
    app.register_blueprint(api)
    return app


RAISED = {
    "value": ValueError("v"),
    "unicode": UnicodeError("u"),
    "key": KeyError("k"),
    "zero": ZeroDivisionError("z"),
}


def our_site(app: Any) -> None:
    shop = Blueprint("shop", "/shop")
    api = Blueprint("api", "/api", version=1)
    users = Blueprint("users", "/users")

    @shop.before_request
    async def before(handler: Any) -> str | None:
        handler.seen = "before"
        return "stopped" if handler.get_argument("stop", None) else None

    @shop.after_request
    async def after(handler: Any) -> None:
        handler.set_header("X-After", "shop")

    @shop.get("/items/{item:int}")
    async def show(handler: Any, item: int) -> str:
        return f"{item} {handler.seen} {handler.reverse_url('.show', item=5)}"

    @shop.post("/items/{item:int}")
    async def change(handler: Any, item: int) -> str:
        return f"changed {item}"

    @shop.get("/raise/{what}")
    async def fail(handler: Any, what: str) -> None:
        raise RAISED[what] if what in RAISED else HTTPError(int(what))

    @shop.error_handler(ValueError)
    async def value(handler: Any, error: Exception) -> str:
        handler.set_status(422)
        return f"shop: {type(error).__name__}"

    @shop.error_handler(404)
    async def shop_404(handler: Any, error: Exception) -> str:
        return "shop: 404"

    @shop.error_handler(KeyError)
    async def key(handler: Any, error: Exception) -> None:
        raise RuntimeError("in the error handler")

    @app.error_handler(404)
    async def app_404(handler: Any, error: Exception) -> str:
        return "app: 404"

    @app.error_handler(ZeroDivisionError)
    async def zero(handler: Any, error: Exception) -> str:
        return "app: zero"

    @users.get("/{user}")
    async def user(handler: Any, user: str) -> str:
        return f"user {user}"

    api.add_blueprint(users)
    app.add_blueprint(shop)
    app.add_blueprint(api)


Seen = tuple[int, str | None, set[str], bool]
"""The status, the text (None: it is a page of the framework's own), ``Allow``, whether the hook was called."""

NONE: set[str] = set()
SHOWN = "4 before /shop/items/5"
TABLE: dict[str, Seen | dict[str, Seen]] = {
    "GET /shop/items/4": (200, SHOWN, NONE, True),
    "POST /shop/items/4": (200, "changed 4", NONE, True),
    # Flask makes HEAD and OPTIONS of GET; we do so if the settings ask for it.
    "HEAD /shop/items/4": {
        "flask": (200, "", NONE, True),
        "sanic": (405, "", NONE, False),
        "us": (405, "", {"GET", "POST"}, True),
    },
    "OPTIONS /shop/items/4": {
        "flask": (200, "", {"GET", "HEAD", "OPTIONS", "POST"}, True),
        "sanic": (405, None, NONE, False),
        "us": (405, None, {"GET", "POST"}, True),
    },
    # The hooks of a blueprint are around what its paths answer, whatever method they were asked for.
    "PUT /shop/items/4": {
        "flask": (405, None, {"GET", "HEAD", "OPTIONS", "POST"}, False),
        "sanic": (405, None, NONE, False),
        "us": (405, None, {"GET", "POST"}, True),
    },
    # Paths that are nobody's are the application's.
    "GET /shop/items/x": (404, "app: 404", NONE, False),
    "GET /shop/nowhere": (404, "app: 404", NONE, False),
    "GET /nowhere": (404, "app: 404", NONE, False),
    "GET /shop/items/4?stop=1": (200, "stopped", NONE, True),
    "GET /shop/raise/value": (422, "shop: ValueError", NONE, True),
    "GET /shop/raise/unicode": (422, "shop: UnicodeError", NONE, True),
    # To Sanic 404 is an exception's class, NotFound, and this here was none.
    "GET /shop/raise/404": {
        "flask": (404, "shop: 404", NONE, True),
        "sanic": (404, None, NONE, True),
        "us": (404, "shop: 404", NONE, True),
    },
    # An error handler that fails itself.
    "GET /shop/raise/key": (500, None, NONE, True),
    # An error is never a success because nobody has thought of a status.
    "GET /shop/raise/zero": {
        "flask": (200, "app: zero", NONE, True),
        "sanic": (200, "app: zero", NONE, True),
        "us": (500, "app: zero", NONE, True),
    },
    "GET /v1/api/users/ann": (200, "user ann", NONE, False),
    "GET /api/users/ann": (404, "app: 404", NONE, False),
}


def expected(request: str, who: str) -> Seen:
    wanted = TABLE[request]
    return wanted[who] if isinstance(wanted, dict) else wanted


def allowed(value: str | None) -> set[str]:
    return set(value.split(", ")) if value else set()


def is_own_page(text: str, status: int) -> bool:
    return text.startswith(
        ("<!doctype html>", f"<html><title>{status}", "\u26a0", "An error occurred while")
    )


def seen(status: int, text: str, allow: str | None, after: str | None) -> Seen:
    return status, None if is_own_page(text, status) else text, allowed(allow), after == "shop"


def test_flask_answers_as_the_table_says() -> None:
    app = flask_site()
    app.logger.disabled = True
    client = app.test_client()
    for request in TABLE:
        method, path = request.split()
        answer = client.open(path, method=method)
        found = seen(
            answer.status_code,
            answer.get_data(as_text=True),
            answer.headers.get("Allow"),
            answer.headers.get("X-After"),
        )
        assert found == expected(request, "flask"), request


def test_sanic_answers_as_the_table_says() -> None:
    for request, (status, text, allow, after) in sanic_answers("blueprints", TABLE).items():
        assert seen(status, text, allow, after) == expected(request, "sanic"), request


def test_we_answer_as_the_table_says(site: Callable[..., Site], expect_log: Any) -> None:
    s = site()
    our_site(s.application)

    def ask(request: str) -> Answer:
        if request != "GET /shop/raise/key":
            return s.ask(request)
        with expect_log(
            "tornadolike.application", "Uncaught exception GET /shop/raise/key", count=1
        ):
            return s.ask(request)

    for request in TABLE:
        answer = ask(request)
        found = seen(answer.status, answer.text, answer.header("Allow"), answer.header("X-After"))
        assert found == expected(request, "us"), request
