"""What begins when a request is finished: background work, and the signals that tell of requests."""

import asyncio
import contextlib
import contextvars
import logging

import pytest

from tests.web.helpers import Connection
from tornadolike.background import BackgroundFull
from tornadolike.web import (
    Application,
    Blueprint,
    FallbackHandler,
    HTTPError,
    Mount,
    RequestHandler,
)

user = contextvars.ContextVar("user", default="nobody")


async def named(handler, call_next):
    user.set("somebody")
    await call_next(handler)


class Working(RequestHandler):
    """Has something done in the background, and answers in the way that it is asked for."""

    def initialize(self, told, gate):
        self.told, self.gate = told, gate

    def on_finish(self):
        self.told.append("finished")

    async def get(self, way):
        self.run_in_background(self.work, way, more=1)
        self.before_head(lambda handler: asyncio.sleep(0))
        if way == "fails":
            raise HTTPError(403)
        if way == "streams":
            self.write("a")
            await self.flush()
            await asyncio.sleep(0)
        if way == "forgets":  # to finish, as a long poll does whose client has left
            self._auto_finish = False
            return
        if way == "detaches":
            stream = self.detach()
            await stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return
        assert self.told == []
        if way == "late":
            self.told.append("handler")
            self.finish()
            self.run_in_background(self.work, "behind")
            return
        self.write("b")

    async def work(self, way, more=0):
        self.told.append((way, more, user.get()))
        await self.gate.wait()


def working(**options):
    told, gate = [], asyncio.Event()
    rules = [("/(.*)", Working, {"told": told, "gate": gate})]
    return Application(rules, middleware=[named], **options), told, gate


def test_work_begins_when_the_response_is_finished_however(serve):
    app, told, gate = working(log_function=lambda handler: None)
    server = serve(app)
    ways = {"answers": 200, "fails": 403, "streams": 200, "detaches": 200}
    for way, status in ways.items():
        with Connection(server) as connection:
            assert connection.ask(f"GET /{way}").status == status  # while its job goes on
        server.call(asyncio.sleep, 0.01)
        expected = [] if way == "detaches" else ["finished"]
        assert told == [*expected, (way, 1, "somebody")]
        told.clear()
    with Connection(server) as connection:
        connection.send("GET /forgets")
        server.call(asyncio.sleep, 0.01)
        assert told == []
    while not told:
        server.call(asyncio.sleep, 0.01)
    assert told.pop() == ("forgets", 1, "somebody")
    with Connection(server) as connection:
        connection.ask("GET /late")
    server.call(asyncio.sleep, 0.01)
    assert sorted(told, key=str) == [
        ("behind", 0, "somebody"),
        ("late", 1, "somebody"),
        "finished",
        "handler",
    ]
    assert len(app.background.jobs) == 7
    server.call(gate.set)
    server.call(asyncio.sleep, 0.01)
    assert app.background.jobs == []


def test_work_that_has_no_room_is_refused(serve):
    class Busy(RequestHandler):
        def get(self):
            try:
                self.run_in_background(asyncio.sleep, 3600)
            except BackgroundFull as error:
                raise HTTPError(503) from error

    app = Application(
        [("/", Busy)],
        background_max_running=1,
        background_max_waiting=0,
        log_function=lambda handler: None,
    )
    server = serve(app)
    with Connection(server) as connection:
        assert connection.ask("GET /").status == 200
        assert connection.ask("GET /").status == 503
    server.call(app.background.stop, 0)


@pytest.mark.parametrize("kind", ["fails", "own"])
def test_a_handler_that_never_logs_begins_it_too(serve, expect_log, kind):
    """One that gives its request to something else, or whose log_function fails."""
    told = []
    logged = contextlib.nullcontext()
    if kind == "fails":
        logged = expect_log("tornadolike.application", "Uncaught exception in write_error")

    async def after(handler, call_next):
        handler.run_in_background(told.append, "job")
        await call_next(handler)

    def fallback(request):
        request.connection.respond(200, "OK", "text/plain", None, b"", b"x")

    app = Application(
        [("/", FallbackHandler, {"fallback": fallback})] if kind == "own" else [],
        middleware=[after],
        log_function=lambda handler: 1 / 0,
    )
    server = serve(app)
    with Connection(server) as connection, logged:
        connection.send("GET /")
        connection.sock.recv(1)
    server.call(asyncio.sleep, 0.01)
    assert told == ["job"]


class Telling(RequestHandler):
    def get(self, way):
        if way == "404":
            raise HTTPError(404)
        if way == "500":
            raise ValueError("no")
        assert user.get() == "from a receiver"


def test_an_application_tells_of_its_requests(serve, expect_log):
    app, told = Application([("/(.*)", Telling)], log_function=lambda handler: None), []

    @app.on("request.begun")
    def begun(handler):
        user.set("from a receiver")
        told.append("begun")

    @app.on("request.finished")
    async def finished(handler):
        await asyncio.sleep(0)
        told.append(handler.get_status())

    @app.on("request.failed")
    def failed(handler, error):
        told.append(type(error))

    @app.on("request.<what>")
    def broken(what, handler, **data):
        raise LookupError

    assert len(app.middleware) == 1
    server = serve(app)
    expected = {"x": [200], "404": [HTTPError, 404], "500": [ValueError, 500]}
    for way, rest in expected.items():
        uncaught = contextlib.nullcontext()
        if way == "500":
            uncaught = expect_log("tornadolike.application", "Uncaught", logging.ERROR, count=1)
        receivers = expect_log("tornadolike.application", "receiver .*broken", count=1 + len(rest))
        with Connection(server) as connection, receivers, uncaught:
            connection.ask(f"GET /{way}")
            server.call(asyncio.sleep, 0.01)
        assert told == ["begun", *rest]
        told.clear()


@pytest.mark.parametrize("first", ["listener", "error handler"])
def test_a_failure_is_told_whoever_answers_it(serve, first):
    inner, shop, told = (
        Application(log_function=lambda handler: None),
        Blueprint("shop", "/shop"),
        [],
    )
    app = Application([Mount("/inner", inner)], log_function=lambda handler: None)

    def listen():
        app.on("request.failed", lambda handler, error: told.append(type(error)))

    def answer(handler, error):
        return "answered"

    if first == "listener":
        listen()
    for group in (app, inner, shop):
        group.error_handler(LookupError)(answer)
    if first != "listener":
        listen()

    @shop.error_handler(ArithmeticError)
    def fail(handler, error):
        raise KeyError

    def raising(error):
        def function(handler):
            raise error

        return function

    for group in (app, inner, shop):
        group.get("/lookup", name="lookup")(raising(LookupError()))
        group.get("/zero", name="zero")(raising(ZeroDivisionError()))
    app.add_blueprint(shop)
    with Connection(serve(app)) as connection:
        for path, errors in {
            "/lookup": [LookupError],
            "/shop/lookup": [LookupError],
            "/inner/lookup": [LookupError],
            "/shop/zero": [ZeroDivisionError, KeyError],
        }.items():
            assert connection.ask(f"GET {path}").text == "answered"
            assert told == errors, path
            told.clear()
