"""Functions that answer in the place of error pages."""

import asyncio
import gc
import http.client
import logging
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from tests.web.helpers import Site
from tornadolike.web import (
    Application,
    Blueprint,
    Finish,
    HTTPError,
    MissingArgumentError,
    RequestHandler,
)

APP_LOG = "tornadolike.application"


class Narrow(ValueError):
    """One of its own."""


RAISED: dict[str, Callable[[], Exception]] = {
    "404": lambda: HTTPError(404),
    "409": lambda: HTTPError(409, reason="Nope"),
    "missing": lambda: MissingArgumentError("x"),
    "value": lambda: ValueError("v"),
    "narrow": lambda: Narrow("n"),
    "key": lambda: KeyError("k"),
}


def raising(group: Any, path: str = "/raise/{what}") -> None:
    """Have a path that raises what it says."""

    @group.get(path, name="")
    async def fail(handler: Any, what: str) -> None:
        handler.set_header("X-Forgotten", "1")
        handler.write("forgotten")
        raise RAISED[what]()


def says(word: str) -> Callable[[Any, Any], str]:
    """An error handler that tells of itself, and of what it answers."""
    return lambda handler, error: f"{word}: {type(error).__name__} {handler.get_status()}"


def test_the_most_special_one_answers(site: Callable[..., Site], expect_log: Any) -> None:
    s = site()
    raising(s.application)
    for what in (404, 400, 500, MissingArgumentError, ValueError, HTTPError):
        name = what if isinstance(what, int) else what.__name__
        s.application.error_handler(what)(says(str(name)))
    assert s.ask("GET /raise/404").text == "404: HTTPError 404"
    assert s.ask("GET /nowhere").text == "404: HTTPError 404"
    assert s.ask("GET /raise/missing").text == "MissingArgumentError: MissingArgumentError 400"
    assert s.ask("GET /raise/narrow").text == "ValueError: Narrow 500"
    answer = s.ask("GET /raise/409")
    assert (answer.status, answer.reason) == (409, "Nope")
    assert (answer.text, answer.header("X-Forgotten")) == ("HTTPError: HTTPError 409", None)
    refused = s.ask("POST /raise/404")
    assert (refused.status, refused.text) == (405, "HTTPError: HTTPError 405")
    assert refused.header("Allow") == "GET"
    assert s.ask("GET /raise/%ff").text == "400: HTTPError 400"
    with expect_log(APP_LOG, "Uncaught exception GET /raise/key", count=1):
        assert s.ask("GET /raise/key").text == "500: KeyError 500"


def test_they_answer_as_functions_do(site: Callable[..., Site]) -> None:
    s = site()
    raising(s.application)

    @s.application.error_handler(ValueError, 409)
    async def answer(handler: Any, error: Exception) -> dict[str, str]:
        handler.set_status(422)
        return {"error": str(error)}

    @s.application.error_handler(404)
    def elsewhere(handler: Any, error: HTTPError) -> None:
        handler.redirect("/")

    answer_ = s.ask("GET /raise/value")
    assert (answer_.status, answer_.json) == (422, {"error": "v"})
    assert s.ask("GET /raise/409").status == 422
    assert s.ask("HEAD /nowhere").header("Location") == "/"


def test_the_innermost_group_is_asked_first(site: Callable[..., Site]) -> None:
    inner, outer = Blueprint("inner", "/inner"), Blueprint("outer", "/outer")
    for group in (inner, outer):
        raising(group)
    outer.add_blueprint(inner)
    s = site()
    raising(s.application)
    inner.error_handler(ValueError)(says("inner"))
    outer.error_handler(Exception)(says("outer"))
    s.application.error_handler(404, ValueError)(says("application"))
    s.application.add_blueprint(outer)
    assert s.ask("GET /outer/inner/raise/value").text == "inner: ValueError 500"
    assert s.ask("GET /outer/inner/raise/404").text == "outer: HTTPError 404"
    assert s.ask("GET /raise/404").text == "application: HTTPError 404"
    assert s.ask("GET /raise/value").text == "application: ValueError 500"
    # No rule of the blueprint is for this: it is the application's to answer.
    assert s.ask("GET /outer/nowhere").text == "application: HTTPError 404"
    # Here there is one, but for another method.
    assert s.ask("POST /outer/raise/404").text == "outer: HTTPError 405"


def test_what_they_raise_goes_on(site: Callable[..., Site], expect_log: Any) -> None:
    inner = Blueprint("inner", "/inner")
    raising(inner)

    @inner.error_handler(Narrow)
    def pass_on(handler: Any, error: Exception) -> None:
        raise error

    @inner.error_handler(ValueError)
    def translate(handler: Any, error: Exception) -> None:
        raise HTTPError(404) from error

    @inner.error_handler(404)
    def not_found(handler: Any, error: Exception) -> str:
        return "its own 404"

    @inner.error_handler(KeyError)
    def fail(handler: Any, error: Exception) -> None:
        handler.write("half")
        raise RuntimeError("in the error handler")

    @inner.error_handler(409)
    def end(handler: Any, error: Exception) -> None:
        handler.write("ended")
        raise Finish

    s = site()
    s.application.add_blueprint(inner)
    assert s.ask("GET /inner/raise/value").text == "its own 404"
    assert (s.ask("GET /inner/raise/409").status, s.ask("GET /inner/raise/409").text) == (
        409,
        "ended",
    )
    for what, pattern in (("key", "in the error handler"), ("narrow", "Narrow: n")):
        with expect_log(APP_LOG, f"Uncaught exception GET /inner/raise/{what}", count=1) as log:
            answer = s.ask(f"GET /inner/raise/{what}")
        assert (answer.status, "500: Internal Server Error" in answer.text) == (500, True)
        assert pattern in logging.Formatter().format(log.matched[0])


def test_an_error_can_be_answered_in_pieces(site: Callable[..., Site]) -> None:
    s = site()

    @s.application.error_handler(404)
    async def pieces(handler: Any, error: Exception) -> Any:
        yield "not "
        await asyncio.sleep(0)
        yield "found"

    answer = s.ask("GET /nowhere")
    assert (answer.status, answer.text) == (404, "not found")


def test_one_that_fails_is_not_asked_again(site: Callable[..., Site], expect_log: Any) -> None:
    s = site()
    raising(s.application)
    asked = []

    @s.application.error_handler(500)
    def fail(handler: Any, error: Exception) -> None:
        asked.append(error)
        raise RuntimeError("it fails itself")

    with expect_log(APP_LOG, "Uncaught exception", count=1):
        assert s.ask("GET /raise/key").status == 500
    assert [type(error) for error in asked] == [KeyError]


def test_what_is_of_no_use_to_them_they_do_not_get(
    site: Callable[..., Site], expect_log: Any
) -> None:
    s = site()
    seen = []

    @s.application.error_handler(Exception, 500, 404)
    def see(handler: Any, error: Exception) -> str:
        seen.append(error)
        return "seen"

    @s.application.get("/finish")
    def finish(handler: Any) -> None:
        raise Finish("finished")

    @s.application.get("/page")
    def page(handler: Any) -> None:
        handler.send_error(404)

    @s.application.get("/begun")
    async def begun(handler: Any) -> None:
        handler.write("begun")
        await handler.flush()
        raise ValueError

    assert s.ask("GET /finish").text == "finished"
    assert "404: Not Found" in s.ask("GET /page").text
    with (
        expect_log(APP_LOG, "Uncaught exception GET /begun", count=1),
        expect_log("tornadolike.general", "Cannot send error response after headers"),
        pytest.raises(http.client.IncompleteRead),
    ):
        s.ask("GET /begun")
    assert seen == []


def test_middleware_within_sees_the_errors_first(site: Callable[..., Site]) -> None:
    seen = []

    async def watch(handler: Any, call_next: Any) -> None:
        try:
            await call_next(handler)
        except ValueError as error:
            seen.append(str(error))
            raise

    s = site(middleware=[watch])
    raising(s.application)
    s.application.error_handler(ValueError)(says("page"))
    assert s.ask("GET /raise/value").text == "page: ValueError 500"
    assert seen == ["v"]


def test_a_handler_that_cannot_be_made_has_those_of_the_application(
    site: Callable[..., Site],
) -> None:
    class Failing(RequestHandler):
        def initialize(self) -> None:
            raise Narrow

    s = site(("/", Failing))
    s.application.error_handler(Narrow)(says("made"))
    assert s.ask("GET /").text == "made: Narrow 500"


@pytest.mark.parametrize("group", ["middleware", "answered", "failing"])
def test_exceptions_are_gone_when_they_are_answered(site: Callable[..., Site], group: str) -> None:
    async def passing(handler: Any, call_next: Any) -> None:
        await call_next(handler)

    raised = []

    def make(error: Exception) -> Exception:
        raised.append(weakref.ref(error))
        return error

    class Quiet(RequestHandler):
        def log_exception(self, *exc_info: Any) -> None:
            """Or the log would have them."""

    s = site(middleware=[passing], base_handler=Quiet)

    @s.application.get("/")
    async def fail(handler: Any) -> None:
        raise make(Narrow())

    if group == "answered":
        s.application.error_handler(Narrow)(says("answered"))
    elif group == "failing":

        @s.application.error_handler(Narrow)
        def fail_too(handler: Any, error: Exception) -> None:
            raise make(Narrow())

    gc.collect()
    gc.disable()
    try:
        s.ask("GET /")
        s.finished.clear()
        assert [error() for error in raised] == [None] * (2 if group == "failing" else 1)
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("what", "kind", "text"),
    [
        ((), TypeError, "say what nothing answers"),
        ((200,), TypeError, "from 400 to 599"),
        ((True,), TypeError, "not by True"),
        (("404",), TypeError, "not by '404'"),
        ((Finish,), TypeError, "Finish"),
        ((BaseException,), TypeError, "subclass of Exception"),
        ((404,), ValueError, "404 is answered already, by nothing"),
        ((400, 404), ValueError, "404 is answered already"),
    ],
)
def test_mistakes_are_told_at_once(what: Any, kind: type[Exception], text: str) -> None:
    def nothing(handler: Any, error: Any) -> None: ...

    app = Application()
    app.error_handler(404)(nothing)
    with pytest.raises(kind, match=text):
        app.error_handler(*what)(nothing)
    app.error_handler(400)(nothing)  # which the one before has not taken

    with pytest.raises(TypeError, match=r"Write def alone\(handler, error\)"):

        @app.error_handler(401)
        def alone(error: Any) -> None: ...
