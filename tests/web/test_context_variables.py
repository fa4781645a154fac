"""A context variable that middleware sets is seen wherever the request's code runs, and nowhere else."""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from tests.web.helpers import Connection
from tornadolike.web import (
    Application,
    Blueprint,
    Mount,
    RequestHandler,
    route,
    stream_request_body,
)

who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")

Seen = dict[str, set[str]]
"""The places of a request's code, by who asked."""


async def log_in(handler: RequestHandler, call_next: Any) -> None:
    who.set(handler.request.headers["X-Who"])
    await call_next(handler)


def site_that_notes(seen: Seen) -> Application:
    """A site in which everything that is called notes where it is, and for whom."""

    def note(place: str) -> None:
        seen.setdefault(who.get(), set()).add(place)

    def noting(place: str, result: Any = None) -> Callable[..., Any]:
        def function(*args: Any) -> Any:
            note(place)
            return result

        return function

    def noting_soon(place: str, result: Any = None) -> Callable[..., Any]:
        async def function(*args: Any) -> Any:
            await asyncio.sleep(0)
            note(place)
            return result

        return function

    async def inner(handler: RequestHandler, call_next: Any) -> None:
        note("inner middleware")
        handler.before_head(noting("before_head"))
        handler.before_head(noting_soon("before_head, later"))
        await call_next(handler)
        note("inner middleware behind")

    async def pieces() -> AsyncIterator[str]:
        for _ in range(3):
            await asyncio.sleep(0)
            note("a body in pieces")
            yield who.get()

    def plain_pieces() -> Iterator[str]:
        for _ in range(3):
            note("a body from a thread")
            yield who.get()

    class Works(RequestHandler):
        async def prepare(self) -> None:
            note("prepare")

        async def get(self) -> None:
            note("handler")
            await asyncio.to_thread(noting("to_thread"))
            await asyncio.create_task(noting_soon("a task")())
            asyncio.get_running_loop().call_soon(noting("call_soon"))
            self.run_in_background(noting_soon("after the response"))
            await self.application.background.start(noting_soon("background")).wait()
            self.write(who.get())

        def on_finish(self) -> None:
            note("on_finish")

    class Streams(RequestHandler):
        async def get(self) -> None:
            await self.stream(pieces())

    class StreamsPlain(RequestHandler):
        async def get(self) -> None:
            await self.stream(plain_pieces(), in_thread=True)

    class Events(RequestHandler):
        async def get(self) -> None:
            await self.send_events(pieces())

    class ByHand(RequestHandler):
        async def get(self) -> None:
            async with self.event_stream() as events:
                await asyncio.sleep(0)
                note("an event stream")
                await events.send(who.get())

    class Downloads(RequestHandler):
        async def get(self) -> None:
            await self.send_download(pieces(), filename="who.txt")

    @stream_request_body
    class Takes(RequestHandler):
        def data_received(self, chunk: bytes) -> None:
            note("data_received")

        def post(self) -> None:
            self.write(who.get())

    @stream_request_body
    class TakesSlowly(Takes):
        async def data_received(self, chunk: bytes) -> None:
            await asyncio.sleep(0)
            note("data_received, later")

    shop = Blueprint("shop", "/shop")
    shop.before_request(noting_soon("blueprint: before"))
    shop.after_request(noting_soon("blueprint: after"))
    shop.error_handler(ValueError)(noting_soon("blueprint: error", "shop"))

    @shop.get("/")
    async def show(handler: RequestHandler) -> str:
        note("a function")
        return who.get()

    @shop.get("/plain")
    def show_plain(handler: RequestHandler) -> str:
        note("a plain function")
        return who.get()

    @shop.get("/fails")
    async def fail(handler: RequestHandler) -> str:
        raise ValueError

    class Mounted(RequestHandler):
        async def get(self) -> None:
            note("a mounted application")
            self.write(who.get())

    mounted = Application([route("/", Mounted)], middleware=[inner])
    app = Application(
        [
            route("/", Works),
            route("/pieces", Streams),
            route("/plain", StreamsPlain),
            route("/events", Events),
            route("/by-hand", ByHand),
            route("/download", Downloads),
            route("/takes", Takes),
            route("/takes-slowly", TakesSlowly),
            Mount("/mounted", mounted),
        ],
        middleware=[log_in, inner],
        log_function=noting("log_function"),
    )
    app.add_blueprint(shop)
    app.error_handler(404)(noting("application: 404", "nowhere"))
    app.on("request.failed", lambda handler, error: note("request.failed"))

    @app.on("request.finished")
    async def finished(handler: RequestHandler) -> None:
        note("request.finished")

    return app


ASKED = [
    "GET /",
    "GET /pieces",
    "GET /plain",
    "GET /events",
    "GET /by-hand",
    "GET /download",
    "POST /takes",
    "POST /takes-slowly",
    "GET /shop/",
    "GET /shop/plain",
    "GET /shop/fails",
    "GET /mounted/",
    "GET /nowhere",
]
PLACES = {
    *("inner middleware", "before_head", "before_head, later", "inner middleware behind"),
    *("a body in pieces", "a body from a thread", "an event stream"),
    *("prepare", "handler", "on_finish", "to_thread", "a task", "call_soon"),
    *("after the response", "background", "data_received", "data_received, later"),
    *("blueprint: before", "blueprint: after", "blueprint: error"),
    *("a function", "a plain function", "a mounted application", "application: 404"),
    *("log_function", "request.failed", "request.finished"),
}


def test_who_asked_is_known_everywhere(serve: Any) -> None:
    seen: Seen = {}
    server = serve(site_that_notes(seen))
    names = ["ann", "bob"]
    # Both on one connection each, in turn, so that what one leaves behind would be seen by the other.
    with Connection(server) as first, Connection(server) as second:
        for request in ASKED:
            body = b"x" * 10 if request.startswith("POST") else None
            for connection, name in zip((first, second), names, strict=True):
                connection.send(request, f"X-Who: {name}", body=body)
            for connection, name in zip((first, second), names, strict=True):
                answer = connection.receive()
                assert name in answer.text or answer.text in ("shop", "nowhere"), request
    server.call(lambda: None)
    assert set(seen) == set(names)
    for name in names:
        assert seen[name] == PLACES
