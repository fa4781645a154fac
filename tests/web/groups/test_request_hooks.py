"""What is called before and after the handlers of a group."""

from collections.abc import Callable
from typing import Any

from tests.web.groups.test_blueprints import passing, put, shop
from tests.web.helpers import Site
from tornadolike.web import (
    Blueprint,
    HTTPError,
)


def test_hooks_stand_around_its_handlers_only(site: Callable[..., Site]) -> None:
    blueprint = Blueprint("b", "/b", middleware=[passing("middleware")])

    @blueprint.before_request
    def first(handler: Any) -> None:
        put(handler, "first")

    @blueprint.before_request
    async def second(handler: Any) -> Any:
        put(handler, "second")
        if handler.get_argument("stop", None):
            return {"stopped": True}
        if handler.get_argument("finish", None):
            handler.redirect("/elsewhere")
        return None

    @blueprint.after_request
    async def last(handler: Any) -> None:
        put(handler, "last")

    @blueprint.after_request
    def last_but_one(handler: Any) -> None:
        put(handler, "last-but-one")

    @blueprint.get("/{status:int}")
    def answer(handler: Any, status: int) -> str:
        put(handler, "handler")
        if status != 200:
            raise HTTPError(status)
        return "answer"

    s = site()
    s.application.add_blueprint(blueprint)
    s.application.get("/")(lambda handler: "outside")
    around = "middleware first second {}last-but-one last"
    answered = s.ask("GET /b/200")
    assert (answered.text, answered.header("X-Who")) == ("answer", around.format("handler "))
    assert s.ask("GET /b/404").header("X-Who") == around.format("handler ")
    stopped = s.ask("GET /b/200?stop=1")
    assert (stopped.json, stopped.header("X-Who")) == ({"stopped": True}, around.format(""))
    finished = s.ask("GET /b/200?finish=1")
    assert (finished.status, finished.header("X-Who")) == (302, around.format(""))
    assert s.ask("GET /").header("X-Who") is None


def test_an_application_has_hooks_too(site: Callable[..., Site]) -> None:
    s = site()
    s.application.before_request(lambda handler: put(handler, "before"))
    s.application.after_request(lambda handler: put(handler, "after"))
    assert s.ask("GET /nowhere").header("X-Who") == "before after"


def test_a_failing_hook_ends_in_the_groups_error_handlers(site: Callable[..., Site]) -> None:
    blueprint = shop()

    @blueprint.before_request
    def fail(handler: Any) -> None:
        raise KeyError("k")

    @blueprint.error_handler(KeyError)
    def answer(handler: Any, error: Exception) -> str:
        return "answered"

    s = site()
    s.application.add_blueprint(blueprint)
    assert s.ask("GET /shop/items/4").text == "answered"


def test_a_failing_after_hook_is_a_500(site: Callable[..., Site], expect_log: Any) -> None:
    blueprint = shop()
    blueprint.after_request(lambda handler: 1 / 0)
    s = site()
    s.application.add_blueprint(blueprint)
    with expect_log("tornadolike.application", "Uncaught exception", count=1):
        assert s.ask("GET /shop/items/1").status == 500
