"""Routers that a server asks, and what their rules may lead to."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.web.helpers import Answer, Connection
from tornadolike.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    HTTPServerRequest,
    ResponseStartLine,
)
from tornadolike.routing import (
    AnyMatches,
    HostMatches,
    Matcher,
    PathMatches,
    ReversibleRouter,
    ReversibleRuleRouter,
    Router,
    Rule,
    RuleRouter,
    URLSpec,
)
from tornadolike.web import Application, RequestHandler


def answer(connection: Any, text: str) -> None:
    body = text.encode()
    headers = HTTPHeaders({"Content-Length": str(len(body))})
    connection.write_headers(ResponseStartLine("HTTP/1.1", 200, "OK"), headers, body)
    connection.finish()


class Telling(HTTPMessageDelegate):
    """Answers with all that it was told."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.told: list[str] = []

    async def headers_received(self, start_line: Any, headers: HTTPHeaders) -> None:  # type: ignore[override]
        self.told.append(f"{start_line.method} {start_line.path}")
        await asyncio.sleep(0)

    async def data_received(self, chunk: bytes) -> None:  # type: ignore[override]
        self.told.append("begin")
        await asyncio.sleep(0)
        self.told.append(chunk.decode())

    def trailers_received(self, trailers: HTTPHeaders) -> None:
        self.told.append(repr(dict(trailers)))

    def finish(self) -> None:
        answer(self.connection, " ".join(self.told))


class Server(HTTPServerConnectionDelegate):
    def start_request(self, server_conn: object, request_conn: Any) -> HTTPMessageDelegate:
        assert server_conn is request_conn  # as our server has it
        return Telling(request_conn)


class Everything(Router):
    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> HTTPMessageDelegate | None:
        return None if "nothing" in request.path else Telling(request.connection)


def function(request: HTTPServerRequest, **told: Any) -> None:
    answer(request.connection, f"{request.method} {request.body.decode()} {told or ''}")


class Hello(RequestHandler):
    def get(self, *args: str, **kwargs: str) -> None:
        self.write(f"hello {args or ''}{kwargs or ''}")

    def post(self) -> None:
        self.write(self.request.body)


class Header(Matcher):
    """Requests with a header of this name, whose value the target is to get."""

    def __init__(self, name: str) -> None:
        self.name = name

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        value = request.headers.get(self.name)
        return None if value is None else {"value": value}


def rules() -> list[Any]:
    return [
        (Header("X-Told"), function, {"of": "the rule"}),
        (HostMatches(r"everything\..*"), Everything()),
        Rule(PathMatches("/delegate.*"), Server()),
        ("/nothing.*", Everything()),
        (r"/nothing/(?P<more>.*)", function),
        URLSpec("/function", function),
        ["/router/.*", RuleRouter([("/router/in.*", function)])],
        ("/router/(.*)", function),
        ("/app.*", Application([("/app", Hello)], log_function=len)),
        (AnyMatches(), RuleRouter()),
    ]


def log_nothing(handler: RequestHandler) -> None:
    pass


REQUESTS: list[tuple[str, list[str], bytes | None, str | int]] = [
    ("GET /anything", ["X-Told: value"], None, "GET  {'value': 'value', 'target_kwargs': {'of': 'the rule'}}"),
    ("GET /delegate/1?x=y", [], None, "GET /delegate/1?x=y"),
    ("PUT /delegate", [], b"body", "PUT /delegate begin body"),
    ("POST /function", [], b"body", "POST body "),
    ("GET /nothing", [], None, 404),
    ("GET /nothing/%41", [], None, "GET  {'path_args': [], 'path_kwargs': {'more': b'A'}}"),
    ("GET /router/inside", [], None, "GET  "),
    ("GET /router/out", [], None, "GET  {'path_args': [b'out'], 'path_kwargs': {}}"),
    ("GET /app", [], None, "hello "),
    ("POST /app", [], b"body", "body"),
    ("GET /apple", [], None, 404),
    ("GET /elsewhere", [], None, 404),
    ("POST /elsewhere", [], b"body", 404),
]  # fmt: skip


def check(served: Any) -> None:
    """All requests on one connection: the answers come, and it stays."""
    with Connection(served) as connection:
        for request, headers, body, expected in REQUESTS:
            got = connection.ask(request, *headers, body=body)
            assert (got.text if isinstance(expected, str) else got.status) == expected, request
        # The same where the head comes before the body, which comes in pieces.
        connection.send("PUT /delegate", "Transfer-Encoding: chunked")
        for piece in (b"3\r\nabc\r\n", b"0\r\nX-Sum: 1\r\n\r\n"):
            connection.sock.sendall(piece)
        told = connection.receive().text
        assert told.startswith("PUT /delegate begin abc")
        assert "X-Sum" in told
        for path, text in (("/app", "abc"), ("/function", "POST abc ")):
            connection.send(f"POST {path}", "Content-Length: 3")
            connection.sock.sendall(b"ab")
            connection.sock.sendall(b"c")
            assert connection.receive().text == text


@pytest.mark.parametrize("make", [RuleRouter, ReversibleRuleRouter, Application])
def test_targets(serve: Callable[..., Any], make: Callable[[Any], Any]) -> None:
    ours = rules()
    ours[-2][1].settings["log_function"] = log_nothing
    made = make(ours)
    if isinstance(made, Application):
        made.settings["log_function"] = log_nothing
    check(serve(made))


def test_a_404_of_nobody_is_empty(serve: Callable[..., Any]) -> None:
    with Connection(serve(RuleRouter())) as connection:
        for _ in range(2):
            got: Answer = connection.ask("GET /")
            assert (got.status, got.body, got.header("Content-Length")) == (404, b"", "0")


def test_a_delegate_learns_that_the_client_has_gone(serve: Callable[..., Any]) -> None:
    finished, closed = threading.Event(), threading.Event()

    class Waiting(HTTPMessageDelegate):
        def finish(self) -> None:
            finished.set()

        def on_connection_close(self) -> None:
            closed.set()

    class Waits(Router):
        def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> HTTPMessageDelegate:
            return Waiting()

    for router in (Waits(), RuleRouter([(".*", Waits())]), Application([(".*", Waits())])):
        with Connection(serve(router)) as connection:
            connection.send("GET /")
            assert finished.wait(10)
            assert not closed.is_set()
        assert closed.wait(10)
        finished.clear()
        closed.clear()


def test_rules_may_change(serve: Callable[..., Any]) -> None:
    inner = RuleRouter()
    router = RuleRouter([("/in/.*", inner)])
    server = serve(router)

    def says(text: str) -> Callable[..., None]:
        return lambda request, **told: answer(request.connection, text)

    changes: list[tuple[Callable[[], Any], str | int]] = [
        (lambda: None, 404),
        (lambda: inner.add_rules([("/in/a", says("1"))]), "1"),
        (lambda: inner.rules.insert(0, Rule(PathMatches("/in/.*"), says("2"))), "2"),
        (lambda: setattr(inner.rules[0], "target", says("3")), "3"),
        (lambda: setattr(inner.rules[0], "matcher", PathMatches("/in/b")), "1"),
        (lambda: inner.rules.reverse(), "1"),
        (lambda: inner.rules.pop(0), 404),
        (lambda: setattr(inner, "rules", [Rule(AnyMatches(), says("4"))]), "4"),
        (lambda: router.rules.clear(), 404),
        (lambda: router.rules.__setitem__(slice(0, 0), [Rule(AnyMatches(), inner)]), "4"),
    ]
    with Connection(server) as connection:
        for number, (change, expected) in enumerate(changes):
            server.call(change)
            got = connection.ask("GET /in/a")
            assert (got.text if isinstance(expected, str) else got.status) == expected, number


def test_more_kinds_of_targets(serve: Callable[..., Any]) -> None:
    class Texts(RuleRouter):
        def process_rule(self, rule: Rule) -> Rule:
            return Rule(PathMatches(f"/texts{rule.matcher.reverse()}"), rule.target)

        def get_target_delegate(
            self, target: Any, request: HTTPServerRequest, **target_params: Any
        ) -> HTTPMessageDelegate | None:
            if isinstance(target, bytes):
                target = lambda request: answer(request.connection, "bytes")  # noqa: E731 - a lambda is what is tried
            return super().get_target_delegate(target, request, **target_params)

    with Connection(serve(Texts([("/a", b"x")]))) as connection:
        assert connection.ask("GET /texts/a").text == "bytes"
        assert connection.ask("GET /a").status == 404


def test_reverse_url() -> None:
    class Own(ReversibleRouter):
        def reverse_url(self, name: str, *args: Any) -> str | None:
            return "/own" if name == "own" else None

    router = ReversibleRuleRouter(
        [
            (r"/a/(\d+)", function, {}, "a"),
            (AnyMatches(), ReversibleRuleRouter([("/b", function, {}, "b")])),
            (AnyMatches(), Own()),
            (AnyMatches(), function, {}, "no path"),
        ]
    )
    for name, args, url in (
        *(("a", (7,), "/a/7"), ("b", (), "/b"), ("own", (), "/own")),
        *(("no path", (), None), ("nope", (), None)),
    ):
        assert router.reverse_url(name, *args) == url
    with pytest.raises(ValueError, match="takes 1 argument, not 2"):
        router.reverse_url("a", 1, 2)


def test_what_is_abstract_says_so() -> None:
    request = HTTPServerRequest("GET", "/")
    for call, text in (
        (lambda: Router().find_handler(request), "Router needs find_handler"),
        (lambda: ReversibleRouter().reverse_url("name"), "ReversibleRouter needs reverse_url"),
        (lambda: Matcher().match(request), "Matcher needs match"),
    ):
        with pytest.raises(NotImplementedError, match=text):
            call()
    assert Matcher().reverse() is None


def test_what_is_no_target() -> None:
    for target in (Hello, 7, None, ["/"]):
        with pytest.raises(TypeError, match="a rule's target is a router, a connection delegate"):
            RuleRouter([("/", target)])
