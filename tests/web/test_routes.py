"""What of an application's rules and methods is the author's own is honoured, however requests are served."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.helpers import FakeConnection, Site
from tornadolike.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerRequest,
    ResponseStartLine,
)
from tornadolike.routing import (
    AnyMatches,
    HostMatches,
    Matcher,
    PathMatches,
    Router,
    Rule,
    RuleRouter,
)
from tornadolike.web import (
    Application,
    FallbackHandler,
    HTTPError,
    Mount,
    RequestHandler,
    URLSpec,
    reads_request_body,
    route,
)
from tornadolike.web.receiving import HandlerDelegate
from tornadolike.web.routes import UNKNOWN, ApplicationRouter


class Says(RequestHandler):
    def initialize(self, what: str = "") -> None:
        self.what = what

    def get(self, *args: str, **kwargs: str) -> None:
        self.write(f"{self.what}{args or ''}{kwargs or ''}")

    post = get


class Never:
    """A version that nobody wants."""

    middleware = ()

    def matches(self, request: HTTPServerRequest) -> bool:
        return False


def says(what: str) -> dict[str, str]:
    return {"what": what}


class Odd(Matcher):
    """Paths of an odd length."""

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        return {"path_args": [b"odd"]} if len(request.path) % 2 else None


class MyPath(PathMatches):
    pass


def quiet(*rules: Any) -> Application:
    return Application(rules, log_function=lambda handler: None)


MOUNTS = [
    Mount("/a", quiet()),
    Mount("/a", quiet(route("/{x}", Says, says("in a")), route("/", Says, methods=["PUT"]))),
    Mount("/c", RuleRouter([Rule(r"/d", quiet(("/d", Says, says("in c"))))])),
]


def rule_trees() -> st.SearchStrategy[Any]:
    """Rules as authors write them, with names that tell which one answered."""
    texts = st.sampled_from(["/", "/a", "/a/?", "/b", r"/(.*)", r"/a/(\d+)", r"/(?P<n>a)", "/a.*"])
    matchers = st.one_of(
        texts,
        texts.map(MyPath),
        st.just(Odd()),
        st.just(AnyMatches()),
        st.sampled_from(["one", "two", ".*"]).map(HostMatches),
    )
    handlers = st.integers(0, 99).map(lambda n: (Says, says(str(n))))
    classic = st.tuples(matchers, handlers).map(lambda pair: (pair[0], *pair[1]))
    typed = st.builds(
        lambda path, handler, methods, version: route(
            path, *handler, methods=methods, version=version
        ),
        st.sampled_from(["/", "/a", "/a/", "/{x}", "/a/{n:int}", "/{x}/d", "/{x:path}"]),
        handlers,
        st.sampled_from([None, ["GET"], ["POST"], ["GET", "PUT"]]),
        st.sampled_from([None, None, Never()]),
    )
    leaves = st.one_of(classic, typed)
    mounted = st.sampled_from(MOUNTS)
    leaves = st.one_of(leaves, leaves, mounted)
    nested = st.recursive(
        leaves, lambda rules: st.tuples(matchers, st.lists(rules, max_size=4)), max_leaves=8
    )
    return st.lists(nested, max_size=6)


def told(
    call: Callable[[HTTPServerRequest], object], host: str, path: str, method: str = "GET"
) -> tuple[int, bytes]:
    connection: Any = FakeConnection()
    headers = HTTPHeaders({"Host": host})
    call(HTTPServerRequest(method, path, "HTTP/1.1", headers, connection=connection))
    return connection.status, connection.body


@given(
    rules=rule_trees(),
    hosts=st.lists(st.tuples(st.sampled_from(["one", ".*"]), rule_trees()), max_size=2),
    default_host=st.sampled_from([None, "one"]),
    asked=st.lists(
        st.tuples(
            st.sampled_from(["one", "two"]),
            st.sampled_from(["/", "/a", "/a/", "/a/1", "/b", "/abc", "/c/d"]),
            st.sampled_from(["GET", "GET", "POST", "PUT", "HEAD"]),
        ),
        min_size=1,
        max_size=6,
    ),
)
def test_the_short_way_leads_where_the_long_one_does(
    rules: Any, hosts: Any, default_host: str | None, asked: list[tuple[str, str, str]]
) -> None:
    application = Application(rules, default_host, log_function=lambda handler: None)
    for host, more in hosts:
        application.add_handlers(host, more)

    def the_long_way(request: HTTPServerRequest) -> None:
        delegate = application.find_handler(request)
        assert isinstance(delegate, HandlerDelegate)
        delegate.execute()

    for asks in [*asked, *asked]:  # also what is kept by then
        assert told(application, *asks) == told(the_long_way, *asks)


def test_the_short_way_is_taken() -> None:
    application = Application(
        [
            ("/", Says),
            (r"/(\d+)", Says),
            (AnyMatches(), [("/in", Says)]),
            (Odd(), Says),
            ("/z", Says),
        ]
    )

    def find(path: str, host: str = "") -> object:
        headers = HTTPHeaders({"Host": host})
        return application._renew_answers().find(HTTPServerRequest("GET", path, headers=headers))

    for path in ("/", "/7", "/in"):
        assert find(path) is not None
    for path in ("/z", "/elsewhere"):  # of Odd nothing is known
        assert find(path) is UNKNOWN
    application.add_handlers("host", [("/there", Says)])
    assert find("/there", "host") is not None
    assert find("/there", "another") is UNKNOWN
    assert find("/", "host") is not None


def test_no_rule_is_the_short_way_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask_routers(*_: object) -> None:
        raise AssertionError("the routers were asked")

    monkeypatch.setattr(ApplicationRouter, "find_handler", ask_routers)
    rules = [("/", Says), (r"/(\d+)", Says), (AnyMatches(), [("/in", Says)])]
    own = {"default_handler_class": Says, "default_handler_args": says("nothing here")}
    for settings, expected in (({}, 404), (own, 200)):
        application = Application(rules, log_function=lambda handler: None, **settings)
        application.add_handlers("host", [("/there", Says)])
        for host, path in (("", "/elsewhere"), ("another", "/there")):
            status, body = told(application, host, path)
            assert status == expected
            assert (body == b"nothing here") is bool(settings)


def test_what_is_kept_for_a_path() -> None:
    def answered(application: Application) -> set[str]:
        for path in ("/", "/7", "/in", "/x"):
            told(application, "", path)
        return set(application._answers.by_path)

    rules = [("/", Says), (r"/(\d+)", Says), (AnyMatches(), [("/in", Says)]), ("/(.*)", Says)]
    application = Application(rules, log_function=lambda handler: None)
    assert answered(application) == {"/", "/in"}
    assert application._answers._by_host == {}
    application.add_handlers("host", [("/there", Says), ("/", Says), ("/in", [("/in", Says)])])
    assert answered(application) == set()
    assert told(application, "host", "/there") == (200, b"")
    assert set(application._answers._by_host) == {"/", "/in", "/there"}
    # What no host has is for all of them. Of hosts nothing is kept.
    del application.default_router.rules[0].target.rules[1:]
    for number in range(50):
        assert told(application, f"{number}", "/") == (200, b"")
        assert told(application, f"{number}", "/there")[0] == 200  # the last of the rules
    assert answered(application) == {"/", "/in"}
    assert set(application._answers._by_host) == {"/there"}
    # No rule, for this host: that is known too.
    del application.wildcard_router.rules[-1]
    for _ in range(2):
        assert told(application, "another", "/there")[0] == 404
        request = HTTPServerRequest("GET", "/there", headers=HTTPHeaders({"Host": "another"}))
        assert application._answers.find(request) is None
    # What comes behind the rule for all hosts does not count.
    application.wildcard_router.rules.append(Rule(Odd(), Says))
    assert answered(application) == {"/", "/in"}
    # Where a matcher of the author's may have a word, he is asked each time.
    application.wildcard_router.rules.insert(0, Rule(Odd(), Says))
    assert answered(application) == set()
    assert application._answers._by_host == {}


def test_rules_in_rules_for_hosts() -> None:
    application = Application(
        [
            (HostMatches("one"), [(HostMatches("two|one"), [("/", Says, says("one"))])]),
            (HostMatches("t.*"), [(HostMatches("two"), [("/", Says, says("two"))])]),
            ("/else.*", [("/", Says, says("not below /else"))]),
            (HostMatches("one"), [("/other.*", [("/", Says, says("no"))])]),
            ("/(.*)", Says, says("for all")),
        ],
        log_function=lambda handler: None,
    )
    for _ in range(2):
        for host, text in (("two", b"two"), ("one", b"one"), ("ten", b"for all('',)")):
            assert told(application, host, "/") == (200, text)
    del application.wildcard_router.rules[:2]
    for _ in range(2):
        for host in ("two", "one"):
            assert told(application, host, "/") == (200, b"for all('',)")


def test_paths_that_are_no_bytes() -> None:
    """No connection brings one; whoever makes requests himself may."""
    application = Application([("/\u2603", Says, says("snow"))], log_function=lambda handler: None)
    application.add_handlers("host", [("/(.*)", Says)])
    for _ in range(2):
        assert told(application, "another", "/\u2603") == (200, b"snow")


class Delegate(HTTPMessageDelegate):
    def __init__(self, connection: Any, text: bytes) -> None:
        self.connection = connection
        self.text = text

    def finish(self) -> None:
        head = HTTPHeaders({"Content-Length": str(len(self.text))})
        self.connection.write_headers(ResponseStartLine("", 200, "OK"), head, self.text)
        self.connection.finish()


class FindsHandler(Application):
    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        if request.path == "/none":
            return None
        if request.path == "/own":
            return Delegate(request.connection, b"find_handler")
        return super().find_handler(request, **kwargs)


class MakesDelegates(Application):
    def get_handler_delegate(self, request: HTTPServerRequest, *args: Any, **kwargs: Any) -> Any:
        if request.path == "/own":
            return Delegate(request.connection, b"get_handler_delegate")
        return super().get_handler_delegate(request, *args, **kwargs)


class StartsRequests(Application):
    def start_request(self, server_conn: object, request_conn: Any) -> Any:
        outer = super().start_request(server_conn, request_conn)

        class Wrapping(HTTPMessageDelegate):
            def headers_received(self, start_line: Any, headers: HTTPHeaders) -> Any:
                self.own = start_line.path == "/own"
                return outer.headers_received(start_line, headers)

            def finish(self) -> None:
                if self.own:
                    Delegate(request_conn, b"start_request").finish()
                else:
                    outer.finish()

        return Wrapping()


def test_methods_of_an_application(serve: Callable[..., Any]) -> None:
    rules = [("/", Says, says("home")), ("/own", Says, says("no"))]
    for kind, text in (
        (FindsHandler, "find_handler"),
        (MakesDelegates, "get_handler_delegate"),
        (StartsRequests, "start_request"),
    ):
        served = Site(serve, [], {}, {})
        application = kind(rules, log_function=lambda handler: None)
        served.server = serve(application)
        with served.connect() as connection:
            for body in (None, b"x"):
                method = "GET" if body is None else "POST"
                assert connection.ask(f"{method} /own", body=body).text == text
                assert connection.ask(f"{method} /", body=body).text == "home"
            # Its head comes first.
            connection.send("POST /own", "Content-Length: 1")
            connection.sock.sendall(b"x")
            assert connection.receive().text == text
            if kind is FindsHandler:
                assert connection.ask("GET /none").status == 404


def test_methods_of_one_object(site: Callable[..., Site]) -> None:
    served = site(("/", Says, says("home")))
    application = served.application
    application.find_handler = lambda request, **kwargs: Delegate(  # type: ignore[method-assign]
        request.connection, b"own"
    )
    assert served.ask("GET /").text == "own"


def test_another_router_at_the_top(site: Callable[..., Site]) -> None:
    served = site(("/", Says, says("home")))

    class Own(Router):
        def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> HTTPMessageDelegate:
            return Delegate(request.connection, b"own")

    application: Any = served.application
    application.default_router = Own()
    assert served.ask("GET /").text == "own"


def test_a_router_that_finds_a_class(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    class Wrong(Router):
        def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
            return Says

    served = site(("/wrong", Wrong()), ("/", Says, says("home")))
    with (
        expect_log("tornadolike.application", "Uncaught exception", count=1) as log,
        served.connect() as connection,
    ):
        assert connection.ask("GET /wrong").status == 500
        assert connection.ask("GET /").text == "home"
    assert "find_handler() gives" in str(log.matched[0].exc_info[1])


def test_methods_of_a_router(site: Callable[..., Site]) -> None:
    served = site(("/", Says, says("home")))
    router = served.application.wildcard_router
    router.find_handler = lambda request, **kwargs: Delegate(  # type: ignore[method-assign]
        request.connection, b"own"
    )
    assert served.ask("GET /").text == "own"


def test_rules_that_change(site: Callable[..., Site]) -> None:
    served = site(("/a", Says, says("1")), (r"/(\w)", Says, says("2")))
    application = served.application
    router = application.wildcard_router
    first: Any = router.rules[0]
    spare = ApplicationRouter(application, [("/a", Says, says("7"))])

    def own_host() -> Any:
        return application.default_router.rules[0].matcher

    changes: list[tuple[Callable[[], Any], str]] = [
        (lambda: None, "1"),
        (lambda: None, "1"),
        (lambda: setattr(first.matcher, "regex", re.compile("/b$")), "2('a',)"),
        (lambda: setattr(first.matcher, "regex", re.compile("/(?P<n>a)$")), "1{'n': 'a'}"),
        (lambda: setattr(first.matcher, "match", lambda request: None), "2('a',)"),
        (lambda: setattr(first, "matcher", PathMatches("/a")), "1"),
        (lambda: setattr(first, "target_kwargs", says("3")), "3"),
        (lambda: router.rules.insert(0, URLSpec("/a", Says, says("4"))), "4"),
        (lambda: setattr(router.rules[0], "target", RuleRouter()), "3"),
        (lambda: setattr(first, "matcher", PathMatches("/b")), "2('a',)"),
        (lambda: application.add_handlers(".*", [("/a", Says, says("5"))]), "5"),
        (lambda: setattr(own_host(), "host_pattern", re.compile("elsewhere")), "2('a',)"),
        (lambda: setattr(own_host(), "host_pattern", re.compile("127")), "5"),
        (lambda: application.default_router.rules.pop(0), "2('a',)"),
        (lambda: router.rules.__delitem__(slice(0, 2)), "2('a',)"),
        (lambda: setattr(router, "rules", spare.rules), "7"),
        (lambda: setattr(router, "rules", [first, Rule(AnyMatches(), Says, says("6"))]), "6"),
    ]
    with served.connect() as connection:
        for number, (change, text) in enumerate(changes):
            served.server.call(change)
            assert connection.ask("GET /a").text == text, number


def test_a_rule_may_be_for_two_applications() -> None:
    rule = Rule(AnyMatches(), [("/", Says)])
    first, second = Application([rule]), Application([rule])
    for application in (first, second):
        assert application.wildcard_router.rules[0].target.application is application
    # What another application's router finds is answered by that application.
    second.settings["log_function"] = log = []  # type: ignore[var-annotated]
    second.settings["log_function"] = log.append
    first.settings["log_function"] = None
    first.wildcard_router.rules = [Rule(AnyMatches(), second.wildcard_router)]
    assert told(first, "", "/") == (200, b"")
    assert log[0].application is second


def test_a_router_of_ones_own_has_handlers(serve: Callable[..., Any]) -> None:
    @reads_request_body
    class Reads(RequestHandler):
        async def post(self, *args: str, **kwargs: str) -> None:
            self.write(f"{args}{kwargs}{(await self.request_body.read()).decode()}")

    class ByMethod(Router):
        def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> HTTPMessageDelegate:
            if request.method == "GET":
                return application.get_handler_delegate(
                    request, Says, says("says"), path_args=[request.path, b"\xc3\xa9", None]
                )
            return application.get_handler_delegate(request, Reads, path_kwargs={"a": "é"})

    application = Application(log_function=lambda handler: None)
    served = Site(serve, [], {}, {})
    for router in (ByMethod(), Application([(AnyMatches(), ByMethod())])):
        served.server = serve(router)
        with served.connect() as connection:
            assert connection.ask("GET /x").text == "says('/x', 'é', None)"
            assert connection.ask("POST /x", body=b"body").text == "(){'a': 'é'}body"
            connection.send("POST /x", "Content-Length: 4")
            connection.sock.sendall(b"bo")
            connection.sock.sendall(b"dy")
            assert connection.receive().text == "(){'a': 'é'}body"


def test_what_fails_costs_its_own_request(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    class Failing(Matcher):
        def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
            if request.path == "/fails":
                raise ZeroDivisionError
            if request.path == "/forbidden":
                raise HTTPError(403)
            return {"unknown": 1} if request.path == "/unknown" else None

    served = site((Failing(), Says), ("/", Says, says("home")))
    with served.connect() as connection:
        with expect_log("tornadolike.application", "Uncaught exception GET /fails", count=1):
            assert connection.ask("GET /fails").status == 500
        with expect_log("tornadolike.application", "Uncaught exception GET /unknown", count=1):
            assert connection.ask("GET /unknown").status == 500
        assert connection.ask("GET /forbidden").status == 403
        connection.send("POST /forbidden", "Content-Length: 1")
        connection.sock.sendall(b"x")
        assert connection.receive().status == 403
        assert connection.ask("GET /").text == "home"


def test_fallbacks(site: Callable[..., Site], expect_log: Callable[..., Any]) -> None:
    def function(request: HTTPServerRequest) -> None:
        text = b"%s" % request.body
        if request.path.endswith("late"):
            head = HTTPHeaders({"Content-Length": "9"})
            request.connection.write_headers(ResponseStartLine("", 200, "OK"), head)
        if request.path.startswith("/f/fails"):
            raise ZeroDivisionError
        Delegate(request.connection, text).finish()

    inner = Application(
        [("/app/in", Says, says("inside")), ("/app/delegate", RuleRouter([(".*", function)]))],
        log_function=lambda handler: None,
    )
    served = site(
        ("/f/.*", FallbackHandler, {"fallback": function}),
        ("/app/.*", FallbackHandler, {"fallback": inner}),
    )
    with served.connect() as connection:
        assert connection.ask("POST /f/x", body=b"body").text == "body"
        assert connection.ask("GET /app/in").text == "inside"
        assert connection.ask("POST /app/delegate", body=b"body").text == "body"
        assert connection.ask("GET /app/elsewhere").status == 404
        assert connection.ask("PROPFIND /f/x").status == 405
        with expect_log("tornadolike.application", "Uncaught exception GET /f/fails", count=1):
            assert connection.ask("GET /f/fails").status == 500
        assert connection.ask("GET /app/in").text == "inside"
        with (
            expect_log("tornadolike.application", "Uncaught exception GET /f/fails-late", count=1),
            expect_log("tornadolike.general", "Cannot send error response", count=1),
        ):
            connection.send("GET /f/fails-late")
            head = b""
            while data := connection.sock.recv(1000):
                head += data
            assert head.endswith(b"Content-Length: 9\r\n\r\n")
