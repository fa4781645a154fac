"""The native part of a handler and the reference: the same calls give the same responses, whoever has changed what."""

import copy
import datetime
import gc
import inspect
import logging
import sys
import weakref
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from tests.native.references import needs_native
from tests.web.helpers import FakeConnection
from tornadolike.httputil import HTTPHeaders, HTTPServerRequest
from tornadolike.web import Application, Finish, HTTPError, MissingArgumentError, RequestHandler
from tornadolike.web.handler import AnyHandler

pytestmark = needs_native

Make = Callable[[type[Any]], type[Any]]
BASES = [RequestHandler, AnyHandler]


def run(
    make: Make,
    base: type[Any],
    request: str = "GET /",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    groups: tuple[Any, dict[str, Any]] = ((), {}),
    change: Callable[[Any], None] = lambda handler: None,
    **settings: Any,
) -> Any:
    """All that can be seen of a request."""
    method, uri = request.split(" ")
    connection: Any = FakeConnection()
    seen: list[Any] = []
    settings.setdefault("log_function", lambda handler: seen.append(handler.get_status()))
    asked = HTTPServerRequest(
        method, uri, "HTTP/1.1", HTTPHeaders(headers or {}), body, connection=connection
    )
    vars(asked).pop("query_arguments", None)  # which a request that has come has not yet
    handler = make(base)(Application(**settings), asked)
    handler.seen = seen
    change(handler)
    rest = handler._run_request(*groups)
    if rest is not None:
        with pytest.raises(StopIteration):
            rest.send(None)
    fields = [] if connection.headers is None else sorted(connection.headers.get_all())
    # (What is said of the content's type counts only where there are no fields.)
    content_type = connection.content_type if connection.headers is None else None
    return (
        (connection.status, connection.reason, content_type, connection.extra),
        [(name, "now" if name == "Date" else value) for name, value in fields],
        (connection.body, connection.whole, connection.closed),
        (handler._finished, handler._headers_written, handler._write_buffer, handler.body_size),
        seen,
    )


def same(make: Make, *args: Any, **kwargs: Any) -> Any:
    native, reference = (run(make, base, *args, **kwargs) for base in BASES)
    assert native == reference
    return native


def doing(do: Callable[[Any], Any], **more: Any) -> Make:
    """A class whose methods all do this."""

    def make(base: type[Any]) -> type[Any]:
        def answer(self: Any, *args: Any, **kwargs: Any) -> Any:
            return do(self, *args, **kwargs)

        return type("Handler", (base,), {"get": answer, "post": answer, "head": answer, **more})

    return make


ANSWERS: dict[str, Callable[[Any], Any]] = {
    "nothing": lambda h: None,
    "text": lambda h: h.write("text"),
    "more text": lambda h: [h.write(piece) for piece in ("ä", b"bytes", "", "text", "€")],
    "empty": lambda h: h.write(""),
    "finish": lambda h: h.finish("text"),
    "finish empty": lambda h: h.finish(),
    "json": lambda h: h.write({"a": [1, None, "</"], "é": 1.5}),
    "json of a kind": lambda h: h.write({1: float("nan")}),
    "json that cannot be": lambda h: h.write({"a": object}),
    "list": lambda h: h.write([1]),
    "subclass": lambda h: h.write(type("T", (str,), {})("own")),
    "twice": lambda h: (h.finish("a"), h.finish("b")),
    "behind": lambda h: (h.finish("a"), h.write("b")),
    "status": lambda h: (h.set_status(201), h.write("x")),
    "reason": lambda h: (h.set_status(299, "Own <reason>"), h.write("x")),
    "unknown status": lambda h: h.set_status(499),
    "no status": lambda h: h.set_status(99),
    "status as text": lambda h: h.set_status("200"),
    "true status": lambda h: h.set_status(True),
    "204": lambda h: h.set_status(204),
    "204 with a body": lambda h: (h.set_status(204), h.write("x")),
    "304": lambda h: (h.set_header("Content-Length", 5), h.set_status(304)),
    "error": lambda h: h.send_error(503, reason="Busy"),
    "redirect": lambda h: h.redirect("/ä"),
    "header": lambda h: (h.set_header("X-One", "1"), h.set_header("x-one", 2), h.write("x")),
    "type": lambda h: (h.set_header("Content-Type", "text/plain"), h.write("x")),
    "type late": lambda h: (h.set_header("A", "b"), h.set_header("content-type", "text/plain")),
    "date": lambda h: h.set_header("X-Date", datetime.datetime(2026, 1, 1)),
    "bytes": lambda h: h.set_header("X", b"\xe9"),
    "latin": lambda h: h.set_header("X", "é\t"),
    "bool": lambda h: h.set_header("X", True),
    "unsafe value": lambda h: h.set_header("X", "a\r\nb"),
    "unsafe name": lambda h: h.set_header("a b", "c"),
    "no text": lambda h: h.set_header("X", 1.5),
    "no name": lambda h: h.set_header(1, "x"),
    "add": lambda h: (h.add_header("X", "1"), h.add_header("X", "2"), h.set_header("Y", "3")),
    "replaced": lambda h: (h.add_header("X", "1"), h.add_header("X", "2"), h.set_header("X", "3")),
    "clear header": lambda h: (h.clear_header("Server"), h.write("x")),
    "own map": lambda h: (setattr(h, "_headers", HTTPHeaders({"A": "b"})), h.set_header("C", "d")),
    "odd map": lambda h: setattr(h, "_headers", type("Own", (HTTPHeaders,), {})({"A": "b"})),
    "clear": lambda h: (h.write("x"), h.set_header("X", "y"), h.clear(), h.write("z")),
    "cookie": lambda h: (h.set_cookie("a", "b"), h.write("x")),
    "own etag": lambda h: (h.set_header("Etag", '"own"'), h.write("x")),
    "early etag": lambda h: (h.write("x"), h.set_etag_header(), h.write("y")),
    "etag, then headers": lambda h: (h.write("x"), h.set_etag_header(), h.set_header("X", "y")),
    "flush": lambda h: (h.write("x"), h.flush(), h.write("y")),
    "trailer": lambda h: (h.set_trailer("X-Sum", "1"), h.write("y")),
    "before head": lambda h: (h.before_head(lambda h: h.set_header("B", "c")), h.write("x")),
    "buffer": lambda h: (h.write("x"), h._write_buffer.append(b"y"), h.write("z")),
    "buffer replaced": lambda h: (h.write("x"), setattr(h, "_write_buffer", [b"y"])),
    "raises": lambda h: 1 / 0,
    "http error": lambda h: (_ for _ in ()).throw(HTTPError(418, reason="Tea")),
    "finish raised": lambda h: (_ for _ in ()).throw(Finish("ended")),
}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "BREW", "PUT"])
def test_answers(name: str, method: str, caplog: Any, errors: Any) -> None:
    settings = {} if method == "GET" else {"xsrf_cookies": False}
    same(doing(ANSWERS[name]), f"{method} /", **settings)
    errors.records.clear()


@pytest.mark.parametrize("condition", ['"0"', "*", 'W/"11f6ad8ec52a2984abaafd7c3b516503785c2072"'])
@pytest.mark.parametrize("body", ["x", "", "é"])
@pytest.mark.parametrize("header", [False, True])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_conditions(condition: str, body: str, header: bool, method: str) -> None:
    def do(handler: Any) -> None:
        if header:
            handler.set_header("X-Own", "1")
        handler.write(body)

    answer = same(doing(do), f"{method} /", {"If-None-Match": condition})
    assert (answer[0][0] == 304) == (
        method != "POST" and (condition == "*" or condition[0] + body == "Wx")
    )


HOOKS: dict[str, Any] = {
    "set_default_headers": lambda h: h.set_header("X-Default", "1"),
    "initialize": lambda h: h.set_header("X-Initialized", "1"),
    "prepare": lambda h: h.write("prepared "),
    "on_finish": lambda h: h.seen.append("on_finish"),
    "_log": lambda h: h.seen.append("log"),
    "compute_etag": lambda h: '"own"',
    "set_etag_header": lambda h: None,
    "check_etag_header": lambda h: True,
    "get_status": lambda h: 299,
    "write": lambda h, chunk: h._write_buffer.append(b"written"),
    "finish": lambda h, chunk=None: AnyHandler.finish(h, "finished"),
    "set_header": lambda h, name, value: AnyHandler.set_header(h, name, f"own {value}"),
    "set_status": lambda h, status, reason=None: AnyHandler.set_status(h, 201, "Own"),
    "get_argument": lambda h, *args: "own",
    "decode_argument": lambda h, value, name=None: "decoded",
    "_run_request": lambda h, *args: h.finish("run"),
    "_clear_content": lambda h: h.seen.append("cleared"),
    "get": lambda h: h.write("another"),
    "max_etag_size": 1,
    "_auto_finish": False,
}
CALLING = ("finish", "set_header", "set_status")  # AnyHandler's, which must not be itself
LATE = [name for name in HOOKS if name not in ("set_default_headers", "initialize")]


def ask(handler: Any) -> None:
    handler.set_header("X-One", 1)
    handler.write(handler.get_argument("a"))
    handler.write({"a": 1})
    handler.set_status(202)


def asked(base: type[Any]) -> type[Any]:
    return doing(ask)(base)


@pytest.mark.parametrize("name", HOOKS)
def test_hooks_of_a_class(name: str) -> None:
    seen = same(doing(ask, **{name: HOOKS[name]}), "GET /?a=b")
    if name not in ("get_status", "check_etag_header", "set_etag_header", "_clear_content"):
        made = same(asked, "GET /?a=b")
        assert seen != made or name in ("max_etag_size", "compute_etag")


@pytest.mark.parametrize("name", LATE)
def test_hooks_of_an_instance(name: str) -> None:
    def change(handler: Any) -> None:
        hook = HOOKS[name]
        own = hook.__get__(handler) if callable(hook) else hook
        setattr(handler, name, own)

    if name != "_run_request":
        same(asked, "GET /?a=b", change=change)


@pytest.mark.parametrize("name", HOOKS)
@pytest.mark.parametrize("where", ["class", "base", "RequestHandler, AnyHandler", "AnyHandler"])
def test_hooks_that_are_patched_later(name: str, where: str) -> None:
    """The class has been at work before, so that its plan is known, and it is again behind it."""

    def answers(base: type[Any]) -> Any:
        class Base(base):  # type: ignore[misc]
            pass

        class Handler(Base):
            def get(self) -> None:
                ask(self)

        def now() -> Any:
            return run(lambda _: Handler, base, "GET /?a=b")

        before = now()
        places = {"class": Handler, "base": Base, "RequestHandler, AnyHandler": base}
        place = places.get(where, AnyHandler)
        with mock.patch.object(place, name, HOOKS[name]):
            patched = now()
        assert now() == before
        return before, patched

    if "AnyHandler" not in where or name not in CALLING:
        assert answers(RequestHandler) == answers(AnyHandler)


def test_a_hook_that_is_a_mock() -> None:
    handler_class = asked(RequestHandler)
    run(lambda base: handler_class, RequestHandler, "GET /?a=b")
    with mock.patch.object(handler_class, "on_finish") as patched:
        run(lambda base: handler_class, RequestHandler, "GET /?a=b")
    patched.assert_called_once_with()
    with mock.patch.object(RequestHandler, "prepare", return_value=None) as patched:
        run(lambda base: handler_class, RequestHandler, "GET /?a=b")
    patched.assert_called_once_with()


ARGUMENTS = [
    "", "?", "?a", "?a=", "?a=1", "?a=1&a=2", "?b=1", "?a=%20x%20", "?a=%00x%1f", "?a=%ff", "?a=%c3%a9", "?a=+",
    "?a=%e2%80%83x", "?a=%ff&a=1", "?" + "&".join(f"a={number}" for number in range(900)),
]  # fmt: skip


@pytest.mark.parametrize("query", ARGUMENTS)
@pytest.mark.parametrize("more", [(), (None,), ("other",), ("other", False), (None, 1)], ids=repr)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_arguments(query: str, more: Any, method: str, errors: Any) -> None:
    def do(handler: Any) -> None:
        for get in (handler.get_argument, handler.get_query_argument):
            try:
                found = get("a", *more)
            except MissingArgumentError as error:
                found = str(error)
            handler.write(repr(found))
        handler.write(repr(handler.get_argument("a", "x", strip=False)))
        handler.request.arguments["a"] = [b"changed"]
        handler.write(repr(handler.get_argument("a", "x")))

    form = {"Content-Type": "application/x-www-form-urlencoded"} if method == "POST" else {}
    same(doing(do), f"{method} /{query}", form, b"a=form&b=c" if form else b"")


@pytest.mark.parametrize(
    "groups",
    [
        ((b"a", None, b"\xc3\xa9"), {}),
        ((b"\xff",), {}),
        ((), {"a": b"b", "n": 5}),
        ((b"x",) * 12, {}),
    ],
    ids=repr,
)
def test_groups(groups: Any) -> None:
    def do(handler: Any, *args: Any, **kwargs: Any) -> None:
        handler.write(repr((args, kwargs, handler.path_args, handler.path_kwargs)))

    same(doing(do), groups=groups)


def test_coroutines() -> None:
    def make(base: type[Any]) -> type[Any]:
        class Handler(base):  # type: ignore[misc]
            async def prepare(self) -> None:
                self.write("prepared ")

            async def get(self) -> None:
                self.finish({"a": 1})

        return Handler

    assert same(make)[2][0] == b'prepared {"a": 1}'


def test_signatures() -> None:
    for name in (
        "write",
        "finish",
        "set_header",
        "set_status",
        "get_argument",
        "get_query_argument",
        "get_status",
    ):
        native, reference = (inspect.signature(getattr(base, name)) for base in BASES)
        assert list(native.parameters) == list(reference.parameters), name
        for parameter in native.parameters.values():
            known = reference.parameters[parameter.name]
            assert (parameter.default is parameter.empty) == (known.default is known.empty)


def make_one(handler_class: type[Any] = RequestHandler, **settings: Any) -> Any:
    asked = HTTPServerRequest(
        "GET", "/?a=b", "HTTP/1.1", HTTPHeaders(), connection=FakeConnection()
    )
    return handler_class(Application(**settings), asked)


def test_state_that_is_copied_and_patched() -> None:
    handler = make_one()
    handler.own = 1
    handler.set_header("X", "y")
    handler.write("x")
    assert vars(handler) == {"own": 1}
    copied = copy.copy(handler)
    assert copied.own == 1
    assert copied.request is handler.request
    assert copied._headers is handler._headers
    assert copied._write_buffer == [b"x"]
    with (
        mock.patch.object(handler, "request", "another"),
        mock.patch.object(handler, "_finished", True),
    ):
        assert (handler.request, handler._finished) == ("another", True)
    assert handler.request is copied.request
    assert handler._finished is False
    del handler.request
    with pytest.raises(AttributeError):
        handler.request  # noqa: B018


def test_a_handler_goes_with_its_last_reference() -> None:
    class Handler(RequestHandler):
        pass

    handler = make_one(Handler)
    known = weakref.ref(handler)
    handler.itself = handler
    handler._write_buffer.append(handler)
    del handler
    gc.collect()
    assert known() is None


def test_an_application_is_not_kept() -> None:
    handler = make_one(log_function=lambda handler: None)
    known = weakref.ref(handler.application)
    handler.finish("x")
    del handler
    gc.collect()
    assert known() is None


def test_no_reference_is_lost(caplog: Any) -> None:
    caplog.set_level(logging.ERROR)
    watched = [
        "text" * 5,
        b"bytes" * 5,
        {"a": "b" * 9},
        "value of a header",
        "X-Some-Header",
        "key" * 5,
    ]

    def do(handler: Any, *args: Any, **kwargs: Any) -> None:
        handler.write(watched[0])
        handler.write(watched[1])
        handler.set_header(watched[4], watched[3])
        handler.write(watched[2])
        handler.get_argument("a", watched[5])
        handler.finish(watched[0])

    handler_class = doing(do)(RequestHandler)
    application = Application(log_function=lambda handler: None)
    groups = (b"one of several" * 2, b"another" * 3)

    def once() -> None:
        connection: Any = FakeConnection()
        asked = HTTPServerRequest("GET", "/?b=c", "HTTP/1.1", HTTPHeaders(), connection=connection)
        handler_class(application, asked)._run_request(groups, {})
        assert connection.whole

    def counts() -> list[int]:
        gc.collect()
        return [sys.getrefcount(one) for one in (*watched, *groups, application, handler_class)]

    once()
    before = counts()
    blocks = sys.getallocatedblocks()
    for _ in range(3000):
        once()
    assert counts() == before
    assert sys.getallocatedblocks() - blocks < 500
