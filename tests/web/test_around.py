"""What stands around handlers: who is called when, and who sees what."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest

from tests.web.forms import CONTENT_TYPE, LAST, file
from tests.web.helpers import Connection
from tornadolike.routing import AnyMatches, HostMatches, PathMatches, Rule, RuleRouter
from tornadolike.web import (
    Application,
    FallbackHandler,
    Finish,
    HTTPError,
    RequestBody,
    RequestHandler,
    reads_request_body,
    spool_uploads,
    stream_request_body,
    url,
)
from tornadolike.web.around import composed

seen: ContextVar[str] = ContextVar("seen", default="")


class Asked(RequestHandler):
    """Says what it is, and goes through its life."""

    def get(self, *path: str) -> None:
        self.write(f"{type(self).__name__} {seen.get()}")

    post = get


class Waits(Asked):
    async def get(self, *path: str) -> None:
        await asyncio.sleep(0)
        super().get()
        await self.flush()
        await asyncio.sleep(0)
        self.write(f", {seen.get()} still")


class Raises(RequestHandler):
    def initialize(self, what: Callable[[], BaseException], later: bool = False) -> None:
        self.what, self.later = what, later

    def get(self) -> Awaitable[None] | None:
        if self.later:
            return self.raise_later()
        raise self.what()

    async def raise_later(self) -> None:
        await asyncio.sleep(0)
        raise self.what()


def named(name: str, calls: list[str]) -> Any:
    async def middleware(handler: RequestHandler, call_next: Any) -> None:
        calls.append(f"> {name}")
        seen.set(seen.get() + name)
        handler.before_head(lambda handler: handler.add_header("X-Around", name))
        try:
            await call_next(handler)
        except BaseException as error:
            calls.append(f"{name} saw {type(error).__name__}")
            raise
        finally:
            calls.append(f"< {name}")

    return middleware


def ways_in(handler: type[RequestHandler], calls: list[str]) -> dict[str, Application]:
    """The same handler within a, b and c: the application's, a router's and the rule's."""
    a, b, c = (named(name, calls) for name in "abc")

    class Own(Application):
        def find_handler(self, request: Any, **kwargs: Any) -> Any:
            return super().find_handler(request, **kwargs)

    class ByHand(Application):
        def find_handler(self, request: Any, **kwargs: Any) -> Any:
            delegate = self.get_handler_delegate(request, handler)
            delegate.put_around((b, c))
            return delegate

    inner = url("/.*", handler, middleware=[c])
    nested = [Rule(PathMatches("/.*"), [inner], middleware=[b])]
    hosts = [Rule(HostMatches(".*"), [inner], middleware=[b])]
    return {
        "a rule": Application([url("/x", handler, middleware=[b, c])], middleware=[a]),
        "a pattern": Application([url("/(.)", handler, middleware=[b, c])], middleware=[a]),
        "rules within rules": Application(nested, middleware=[a]),
        "hosts": Application(hosts, middleware=[a]),
        "find_handler overridden": Own(nested, middleware=[a]),
        "a delegate by hand": ByHand(middleware=[a]),
        "an application in another": Application(
            [Rule(AnyMatches(), Application([inner], middleware=[b]))], middleware=[a]
        ),
        "added later": added_later(inner, a, b),
    }


def added_later(rule: Rule, a: Any, b: Any) -> Application:
    application = Application([rule])
    assert application.add_middleware(a) is a
    application.add_middleware(b)
    return application


@pytest.mark.parametrize(
    "handler", [Asked, Waits, stream_request_body(type("Asked", (Asked,), {}))]
)
def test_the_first_stands_outside_whatever_way_a_request_goes(serve: Any, handler: Any) -> None:
    calls: list[str] = []
    text = "Waits abc, abc still" if handler is Waits else "Asked abc"
    for way, application in ways_in(handler, calls).items():
        application.settings["log_function"] = lambda handler: None
        server = serve(application)
        with Connection(server) as connection:
            for _ in range(2):
                answer = connection.ask("GET /x")
                server.call(lambda: None)  # what is around it has its end
                assert (answer.text, answer.headers.get_all("X-Around")) == (
                    text,
                    ["c", "b", "a"],
                ), way
                assert calls == ["> a", "> b", "> c", "< c", "< b", "< a"], way
                calls.clear()
    assert seen.get() == ""


def test_pages_of_errors_are_within_the_middleware_of_the_application(
    site: Any, expect_log: Any
) -> None:
    calls: list[str] = []

    class NotEvenMade(RequestHandler):
        def initialize(self) -> None:
            raise ValueError

    s = site(("/made", NotEvenMade), ("/get", Asked), middleware=[named("a", calls)])
    with expect_log("tornadolike.application", "Uncaught", count=1):
        assert s.ask("GET /made").header("X-Around") == "a"
    for request, status in (("GET /none", 404), ("PUT /get", 405), ("GET /%00%ff", 404)):
        answer = s.ask(request)
        assert (answer.status, answer.header("X-Around")) == (status, "a"), request
    assert [call for call in calls if "saw" in call] == ["a saw ValueError"] + [
        "a saw HTTPError"
    ] * 3


@pytest.mark.parametrize("later", [False, True])
def test_what_a_handler_raises_is_seen_and_can_be_answered(site: Any, later: bool) -> None:
    async def answers(handler: RequestHandler, call_next: Any) -> None:
        try:
            await call_next(handler)
        except ZeroDivisionError:
            handler.set_status(422)
            handler.finish({"error": "division"})
        except asyncio.CancelledError:
            handler.write("cancelled")
        except HTTPError as error:
            raise HTTPError(error.status_code + 1) from error

    calls: list[str] = []
    raises = {"later": later}
    s = site(
        ("/zero", Raises, {"what": ZeroDivisionError, **raises}),
        ("/cancelled", Raises, {"what": asyncio.CancelledError, **raises}),
        ("/http", Raises, {"what": lambda: HTTPError(409), **raises}),
        ("/finish", Raises, {"what": lambda: Finish("over"), **raises}),
        middleware=[named("o", calls), answers, named("i", calls)],
    )
    told = {"/zero": (422, '{"error": "division"}'), "/cancelled": (200, "cancelled")}
    for path, (status, text) in told.items():
        answer = s.ask(f"GET {path}")
        assert (answer.status, answer.text) == (status, text)
    assert s.ask("GET /http").status == 410
    assert s.ask("GET /finish").text == "over"
    assert [call for call in calls if "saw" in call] == [
        "i saw ZeroDivisionError",
        "i saw CancelledError",
        "i saw HTTPError",
        "o saw HTTPError",
    ]
    assert s.ask("GET /http").headers.get_all("X-Around") == ["i", "o"]


def test_a_middleware_may_answer_by_itself(site: Any) -> None:
    calls: list[str] = []

    async def answer(handler: RequestHandler, call_next: Any) -> None:
        how = handler.get_argument("how")
        if how == "write":
            handler.write("written")
        elif how == "finish":
            await handler.finish("finished")
        elif how == "status":
            handler.set_status(204)
        elif how == "redirect":
            handler.redirect("/there")
        elif how == "raise":
            raise HTTPError(403)
        else:
            await call_next(handler)

    s = site(("/", Asked), middleware=[named("a", calls), answer, named("b", calls)])
    for how, status in {
        "write": 200,
        "finish": 200,
        "status": 204,
        "redirect": 302,
        "raise": 403,
    }.items():
        got = s.ask(f"GET /?how={how}")
        assert (got.status, got.header("X-Around")) == (status, "a"), how
    assert "> b" not in calls
    assert s.ask("GET /?how=not").text == "Asked ab"


def forgets_to_await(handler: RequestHandler, call_next: Any) -> None:
    return None


async def does_nothing(handler: RequestHandler, call_next: Any) -> None:
    pass


async def calls_twice(handler: RequestHandler, call_next: Any) -> None:
    await call_next(handler)
    await call_next(handler)


async def calls_behind_the_end(handler: RequestHandler, call_next: Any) -> None:
    handler.finish("over")
    await call_next(handler)


async def fails_before(handler: RequestHandler, call_next: Any) -> None:
    raise LookupError


async def fails_behind(handler: RequestHandler, call_next: Any) -> None:
    await call_next(handler)
    raise LookupError


@pytest.mark.parametrize(
    ("middleware", "status", "told"),
    [
        (forgets_to_await, 500, "async def m"),
        (does_nothing, 500, "neither answered nor awaited"),
        (calls_twice, 200, "called twice"),
        (calls_behind_the_end, 200, "a request that is finished"),
        (fails_before, 500, "LookupError"),
        (fails_behind, 200, "LookupError"),
    ],
)
def test_a_middleware_that_fails_is_logged_once_and_costs_its_own_request(
    site: Any, expect_log: Any, middleware: Any, status: int, told: str
) -> None:
    s = site(url("/bad", Asked, middleware=[middleware]), url("/good", Asked))
    with (
        expect_log("tornadolike.application", "Uncaught", count=1) as log,
        s.connect() as connection,
    ):
        assert connection.ask("GET /bad").status == status
        assert connection.ask("GET /good").text == "Asked "
        s.settle()
    assert told in str(log.matched[0].exc_info)


def test_time_outs_and_cancellation_go_through(site: Any) -> None:
    ended: list[str] = []

    class Slow(RequestHandler):
        async def get(self) -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                ended.append("handler")
                raise

    async def limit(handler: RequestHandler, call_next: Any) -> None:
        try:
            async with asyncio.timeout(0.01):
                await call_next(handler)
        except TimeoutError:
            handler.send_error(503)

    s = site(("/", Slow), middleware=[limit])
    assert s.ask("GET /").status == 503
    assert ended == ["handler"]


def test_a_client_that_leaves_ends_what_is_around_too(serve: Any) -> None:
    ended: list[str] = []
    over = asyncio.Event()

    class Slow(RequestHandler):
        cancel_on_disconnect = True

        async def get(self) -> None:
            self.write("x")
            await self.flush()
            await asyncio.Event().wait()

    async def around(handler: RequestHandler, call_next: Any) -> None:
        try:
            await call_next(handler)
        finally:
            ended.append(type(handler).__name__)
            over.set()

    server = serve(Application([("/", Slow)], middleware=[around], log_function=lambda h: None))
    with Connection(server) as connection:
        connection.send("GET /")
        assert connection.sock.recv(100)
    server.call(over.wait)
    assert ended == ["Slow"]


@reads_request_body
class Reads(RequestHandler):
    async def post(self) -> None:
        self.write(await self.request_body.read())


@spool_uploads
class Spools(RequestHandler):
    async def post(self) -> None:
        (uploaded,) = self.request.files["f"]
        self.write(uploaded.filename)


@stream_request_body
class Counts(RequestHandler):
    size = 0

    def data_received(self, chunk: bytes) -> None:
        self.size += len(chunk)

    def post(self) -> None:
        self.write(f"{self.size} {seen.get()}")


def test_bodies_come_to_handlers_within_middleware(site: Any, tmp_path: Path) -> None:
    bodies: list[RequestBody] = []

    async def keep(handler: RequestHandler, call_next: Any) -> None:
        if handler.get_argument("no", ""):
            raise HTTPError(403)
        await call_next(handler)
        if handler._streams_body:
            bodies.append(handler.request_body)

    calls: list[str] = []
    s = site(
        ("/reads", Reads),
        ("/counts", Counts),
        ("/spools", Spools),
        middleware=[named("a", calls), keep],
    )
    assert s.ask("POST /reads", body=b"x" * 100_000).body == b"x" * 100_000
    assert s.ask("POST /counts", body=b"x" * 100_000).text == "100000 a"
    form = file("f", "a.txt", b"x") + LAST
    assert s.ask("POST /spools", CONTENT_TYPE, body=form).text == "a.txt"
    assert s.ask("POST /reads?no=1", body=b"x").status == 403


def test_a_handler_that_hands_its_request_over_is_within_middleware(site: Any) -> None:
    calls: list[str] = []
    inner = Application([("/in", Asked)], log_function=lambda handler: None)
    s = site(("/in", FallbackHandler, {"fallback": inner}), middleware=[named("a", calls)])
    answer = s.ask("GET /in")
    assert (answer.text, answer.header("X-Around")) == ("Asked a", None)
    assert calls == ["> a", "< a"]


def test_an_overridden_execute_is_within_middleware(site: Any) -> None:
    calls: list[str] = []

    class Executes(Asked):
        async def _execute(self, *args: Any, **kwargs: Any) -> None:
            calls.append("execute")
            await super()._execute(*args, **kwargs)

        def post(self) -> None:  # type: ignore[override]
            raise HTTPError(409)

    s = site(("/", Executes), middleware=[named("a", calls)])
    assert s.ask("GET /").text == "Executes a"
    assert s.ask("POST /", body=b"").status == 409
    assert calls == ["> a", "execute", "< a", "> a", "execute", "a saw HTTPError", "< a"]


def test_what_is_no_middleware_is_refused_when_it_is_given() -> None:
    class Counter:
        async def __call__(self, handler: Any, call_next: Any) -> None:
            await call_next(handler)

    for wrong, told in (
        ([3], "not 3"),
        (does_nothing, "a list"),
        ("text", "a list"),
        ([Counter], r"write Counter\(\.\.\.\)"),
    ):
        with pytest.raises(TypeError, match=told):
            Application(middleware=wrong)
    with pytest.raises(TypeError, match="not 3"):
        Application([url("/", Asked, middleware=[3])])
    with pytest.raises(TypeError, match="not None"):
        Application().add_middleware(None)  # type: ignore[arg-type]
    assert Application(middleware=[Counter()]).middleware


def test_nothing_is_made_where_there_is_none() -> None:
    assert composed(()) is None


def test_a_plain_router_takes_none() -> None:
    """A router that knows no handlers has nothing to put around what it finds."""
    with pytest.raises(TypeError, match="middleware stands around handlers"):
        RuleRouter([Rule(AnyMatches(), lambda request: None, middleware=[does_nothing])])
