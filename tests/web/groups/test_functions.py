"""Functions as handlers."""

import asyncio
import functools
import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from tests.web.helpers import Site
from tornadolike.web import Application, HTTPError, RequestHandler, addslash, authenticated


async def coroutine_function(handler: Any) -> str:
    await asyncio.sleep(0)
    return "a coroutine's"


def returns_finish(handler: Any) -> Any:
    return handler.finish("finished")


def redirects(handler: Any) -> Any:
    return handler.redirect("/there")


def writes(handler: Any) -> None:
    handler.write("written")


def two_chunks(handler: Any) -> Iterator[str]:
    yield "one "
    yield "two"


async def two_chunks_later(handler: Any) -> AsyncIterator[bytes]:
    yield b"one "
    await asyncio.sleep(0)
    yield b"two later"


class Text(str):
    """Text all the same."""


RETURNED: dict[str, tuple[Callable[[Any], Any], int, str]] = {
    "text": (lambda handler: "tëxt", 200, "tëxt"),
    "more than text": (lambda handler: Text("more"), 200, "more"),
    "empty text": (lambda handler: "", 200, ""),
    "bytes": (lambda handler: b"bytes", 200, "bytes"),
    "a dict": (lambda handler: {"a": [1]}, 200, '{"a": [1]}'),
    "nothing": (lambda handler: None, 200, ""),
    "what was written": (writes, 200, "written"),
    "a coroutine": (coroutine_function, 200, "a coroutine's"),
    "finish()": (returns_finish, 200, "finished"),
    "redirect()": (redirects, 302, ""),
    "part of a function": (functools.partial(lambda word, handler: word, "part"), 200, "part"),
}
"""What a function returns, and what comes of it."""


def test_what_a_function_returns_is_the_response(site: Callable[..., Site]) -> None:
    s = site()
    for number, (function, _, _) in enumerate(RETURNED.values()):
        s.application.get(f"/{number}", name="")(function)
    for number, (what, (_, status, body)) in enumerate(RETURNED.items()):
        answer = s.ask(f"GET /{number}")
        assert (answer.status, answer.text) == (status, body), what
    assert s.ask("GET /4").header("Content-Type") == "application/json; charset=UTF-8"


def test_generators_are_streamed(site: Callable[..., Site]) -> None:
    s = site()
    s.application.get("/now")(two_chunks)
    s.application.get("/later")(two_chunks_later)
    answer = s.ask("GET /now")
    assert (answer.text, answer.header("Transfer-Encoding")) == ("one two", "chunked")
    assert s.ask("GET /later").text == "one two later"


def test_what_is_no_response_is_told(site: Callable[..., Site], expect_log: Any) -> None:
    s = site()
    s.application.get("/list")(lambda handler: [1])

    @s.application.get("/twice")
    def twice(handler: Any) -> str:
        handler.finish("once")
        return "twice"

    for path, text in (("/list", "a generator .*not list"), ("/twice", r"Cannot write\(\) after")):
        with expect_log("tornadolike.application", f"Uncaught exception GET {path}") as log:
            answer = s.ask(f"GET {path}")
        assert answer.text == "once" if path == "/twice" else answer.status == 500
        assert re.search(text, str(log.matched[0].exc_info[1]))


def test_parameters_come_by_name_with_their_types(site: Callable[..., Site]) -> None:
    s = site()

    @s.application.get("/users/{user_id:int}/files/{name}")
    def show(handler: Any, name: str, user_id: int) -> dict[str, Any]:
        return {"id": user_id, "name": name}

    @s.application.get("/rest/{rest:path}")
    async def rest(handler: Any, **values: Any) -> str:
        return repr(values)

    assert s.ask("GET /users/7/files/a%20b").json == {"id": 7, "name": "a b"}
    assert s.ask("GET /users/x/files/a").status == 404
    assert s.ask("GET /rest/a/b").text == "{'rest': 'a/b'}"


def test_base_classes_attributes_and_middleware(site: Callable[..., Site]) -> None:
    class Base(RequestHandler):
        def get_current_user(self) -> str | None:
            return self.get_argument("user", None)

        def get_login_url(self) -> str:
            return "/login"

    class Other(Base):
        def set_default_headers(self) -> None:
            self.set_header("X-Base", "Other")

    async def mark(handler: Any, call_next: Any) -> None:
        handler.set_header("X-Mark", "1")
        await call_next(handler)

    s = site(base_handler=Base)

    @s.application.get("/private")
    @authenticated
    def private(handler: Any) -> str:
        return f"for {handler.current_user}"

    @s.application.post("/small", base=Other, max_body_size=3, middleware=[mark])
    async def small(handler: Any) -> bytes:
        return bytes(handler.request.body)

    @s.application.get("/slash/")
    @s.application.get("/slash")
    @addslash
    def slash(handler: Any) -> str:
        return "slash"

    assert s.ask("GET /private").header("Location") == "/login?next=%2Fprivate"
    assert s.ask("GET /private?user=Ann").text == "for Ann"
    answer = s.ask("POST /small", body=b"abc")
    assert (answer.text, answer.header("X-Base"), answer.header("X-Mark")) == ("abc", "Other", "1")
    assert s.ask("POST /small", body=b"abcd").status == 413
    assert s.ask("GET /slash").header("Location") == "/slash/"
    assert s.ask("GET /slash/").text == "slash"


def test_a_base_gets_what_its_initialize_wants(site: Callable[..., Site]) -> None:
    class Base(RequestHandler):
        def initialize(self, word: str) -> None:
            self.word = word

    s = site(base_handler=Base)
    s.application.get("/", name="index", kwargs={"word": "given"})(lambda handler: handler.word)
    assert s.ask("GET /").text == "given"


def test_head_and_options_by_choice(site: Callable[..., Site]) -> None:
    s = site(automatic_head=True, automatic_options=True)
    s.application.get("/")(two_chunks)
    s.application.post("/", name="")(writes)
    s.application.get("/text/{x}", name="text")(lambda handler, x: "four")
    head = s.ask("HEAD /text/1")
    assert (head.status, head.body, head.header("Content-Length")) == (200, b"", "4")
    assert s.ask("HEAD /").status == 200
    options = s.ask("OPTIONS /")
    assert options.status == 204
    assert set((options.header("Allow") or "").split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}


def test_errors_of_functions_are_errors_of_handlers(
    site: Callable[..., Site], expect_log: Any
) -> None:
    s = site()

    @s.application.get("/{status:int}")
    async def refuse(handler: Any, status: int) -> None:
        raise HTTPError(status, detail="because") if status < 500 else ValueError(status)

    assert "because" in s.ask("GET /409").text
    with expect_log("tornadolike.application", "Uncaught exception GET /500"):
        assert s.ask("GET /500").status == 500


def nothing(handler: Any) -> None: ...


def needs_more(handler: Any, user_id: int, more: str) -> None: ...


def takes_none() -> None: ...


def by_position(handler: Any, user_id: int, /) -> None: ...


WRONG: dict[str, tuple[Callable[[Application], Any], type[Exception], str]] = {
    "no argument": (
        lambda app: app.get("/u/{user_id:int}")(nothing),
        TypeError,
        r"nothing\(handler: Any\) -> None cannot be called for the path '/u/\{user_id:int\}', which has user_id: "
        r".*Write def nothing\(handler, user_id\)",
    ),
    "an argument too many": (
        lambda app: app.get("/u/{user_id}")(needs_more),
        TypeError,
        "missing a required argument: 'more'",
    ),
    "no handler": (
        lambda app: app.get("/u")(takes_none),
        TypeError,
        r"Write def takes_none\(handler\)",
    ),
    "by position": (lambda app: app.get("/{user_id}")(by_position), TypeError, "user_id"),
    "a class": (lambda app: app.get("/")(RequestHandler), TypeError, r"add\(path\) takes handlers"),
    "nothing to call": (lambda app: app.get("/")("x"), TypeError, "a function is expected"),
    "no path": (lambda app: app.get(nothing), TypeError, r"as in get\('/'\)"),
    "no slash": (lambda app: app.get("u")(nothing), ValueError, "begins with a slash"),
    "an open brace": (lambda app: app.get("/{u")(nothing), ValueError, "brace is not closed"),
    "an unknown attribute": (
        lambda app: app.get("/", max_size=1)(nothing),
        TypeError,
        "RequestHandler has no attribute 'max_size' for nothing",
    ),
    "a method as an attribute": (lambda app: app.get("/", post=1)(nothing), TypeError, "'post'"),
    "methods as text": (lambda app: app.route("/", "GET")(nothing), TypeError, "are a list"),
    "no method": (lambda app: app.route("/", ["FETCH"])(nothing), ValueError, "'FETCH' is none of"),
    "no methods": (lambda app: app.route("/", [])(nothing), ValueError, "method"),
    "a name that is taken": (
        lambda app: [app.get("/1")(nothing), app.get("/2", name="nothing")(takes_any)],
        ValueError,
        "two rules would be named 'nothing'",
    ),
    "a path that is taken": (
        lambda app: [app.get("/1")(nothing), app.get("/1")(takes_any)],
        ValueError,
        "GET /1 is answered already, by nothing",
    ),
    "no base": (
        lambda app: app.get("/", base=int)(nothing),
        TypeError,
        "subclass of RequestHandler",
    ),
    "no base for all": (lambda app: Application(base_handler=int), TypeError, "not <class 'int'>"),  # type: ignore[arg-type]
    "no middleware": (lambda app: app.get("/", middleware=[1])(nothing), TypeError, "middleware"),
    "wrapped in too late": (
        lambda app: authenticated(app.get("/")(nothing)),
        TypeError,
        "has been given a path already",
    ),
}


def takes_any(handler: Any, *args: Any, **kwargs: Any) -> None: ...


@pytest.mark.parametrize("what", WRONG)
def test_mistakes_are_told_at_once(what: str) -> None:
    app = Application()
    make, kind, text = WRONG[what]
    with pytest.raises(kind, match=text):
        make(app)
