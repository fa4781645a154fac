"""From a request to its handler and back, natively: who answers is who would answer without it, whatever changes."""

import asyncio
import logging
import socket
from collections.abc import Coroutine
from contextvars import ContextVar, copy_context
from typing import Any
from unittest import mock

import pytest

from tests.native.references import needs_native
from tests.wire.client import get
from tornadolike.http1connection import ExpressConnection
from tornadolike.httpserver import HTTPServer
from tornadolike.ioloop import IOLoop
from tornadolike.web import Application, Finish, HTTPError, RequestHandler

pytestmark = needs_native


class Plain(RequestHandler):
    def get(self) -> None:
        self.write("plain")


class Finishes(RequestHandler):
    def get(self) -> Any:
        return self.finish("finished")


class Hooks(RequestHandler):
    def prepare(self) -> None:
        self.said = "prepared"

    def get(self) -> None:
        self.set_header("X-One", "1")
        self.write(self.said)

    def on_finish(self) -> None:
        self.said += " and finished"


class Arguments(RequestHandler):
    def get(self, one: str, other: str) -> None:
        self.write({"path": [one, other], "query": self.get_argument("q", None)})


class AtOnce(RequestHandler):
    async def get(self) -> None:
        assert asyncio.current_task() is not None
        self.write("at once")


class FinishesAtOnce(RequestHandler):
    async def get(self) -> None:
        await self.finish("finished at once")


class Waits(RequestHandler):
    async def get(self) -> None:
        self.write("a")
        await asyncio.sleep(0)
        self.write("b")


class Prepares(RequestHandler):
    async def prepare(self) -> None:
        await asyncio.sleep(0)

    async def get(self) -> None:
        self.write("prepared")


class Fails(RequestHandler):
    async def get(self, how: str) -> None:
        if how == "error":
            raise HTTPError(418)
        if how == "finish":
            self.write("enough")
            raise Finish
        raise ValueError("a mistake")


class Redirects(RequestHandler):
    def get(self) -> None:
        self.redirect("/")


class Flushes(RequestHandler):
    async def get(self) -> None:
        self.write("a")
        await self.flush()
        self.write("b")


RULES: list[Any] = [
    ("/", Plain),
    ("/finishes", Finishes),
    ("/hooks", Hooks),
    (r"/arguments/(\w+)/([^/]*)", Arguments),
    ("/at-once", AtOnce),
    ("/finishes-at-once", FinishesAtOnce),
    ("/waits", Waits),
    ("/prepares", Prepares),
    (r"/fails/(\w+)", Fails),
    ("/redirects", Redirects),
    ("/flushes", Flushes),
]


@pytest.fixture(autouse=True)
def quiet(caplog: Any) -> None:
    caplog.set_level(logging.CRITICAL)


class Talk:
    """One connection to a server of an application."""

    def __init__(self, application: Application) -> None:
        ours, self.sock = socket.socketpair()
        ours.setblocking(False)
        self.sock.setblocking(False)
        self.loop = asyncio.get_running_loop()
        self.server = HTTPServer(application)
        self.server.handle_socket(ours, ("127.0.0.1", 1))
        assert self.server._serving is not None
        (self.connection,) = self.server._serving.connections

    async def ask(self, path: str, times: int = 1) -> str:
        """What comes back, without the fields that are always there."""
        await self.loop.sock_sendall(self.sock, get(path) * times)
        answer = await self.loop.sock_recv(self.sock, 65536)
        head, _, body = answer.decode().partition("\r\n\r\n")
        return head.split("\r\n")[0].removeprefix("HTTP/1.1 ") + ": " + body

    @property
    def is_on_lane(self) -> bool:
        return isinstance(self.connection, ExpressConnection) and self.connection._on_lane


def play(main: Coroutine[Any, Any, None]) -> None:
    loop = IOLoop(make_current=False)
    try:
        loop.run_until_complete(main)
    finally:
        loop.close(all_fds=True)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/", "200 OK: plain"),
        ("/finishes", "200 OK: finished"),
        ("/hooks", "200 OK: prepared"),
        ("/arguments/a/%C3%A9?q=1", '200 OK: {"path": ["a", "\\u00e9"], "query": "1"}'),
        ("/at-once", "200 OK: at once"),
        ("/finishes-at-once", "200 OK: finished at once"),
        ("/waits", "200 OK: ab"),
        ("/prepares", "200 OK: prepared"),
        ("/fails/error", "418 I'm a Teapot: "),
        ("/fails/finish", "200 OK: enough"),
        ("/fails/bug", "500 Internal Server Error: "),
        ("/redirects", "302 Found: "),
        ("/nowhere", "404 Not Found: "),
    ],
)
def test_what_stays_on_the_lane(path: str, wanted: str) -> None:
    async def main() -> None:
        talk = Talk(Application(RULES))
        for _ in range(3):  # at first the application itself answers, from then on what it has told
            assert (await talk.ask(path)).startswith(wanted)
            assert talk.is_on_lane
        talk.sock.close()

    play(main())


VARIABLE: ContextVar[str] = ContextVar("VARIABLE", default="unset")


def test_contexts_are_used_again_only_as_good_as_new() -> None:
    """Whoever keeps a request's context finds in it what the request has put there, and nobody else does."""
    found: list[str] = []
    kept: list[Any] = []

    class Sets(RequestHandler):
        def get(self, name: str) -> None:
            found.append(VARIABLE.get())
            if name != "nothing":
                VARIABLE.set(name)
            if name == "keeps":
                kept.append(copy_context())
            if name == "calls":
                asyncio.get_running_loop().call_soon(lambda: found.append(VARIABLE.get()))
            self.write(name)

    async def main() -> None:
        talk = Talk(Application([("/(.*)", Sets)]))
        for name in ("nothing", "sets", "keeps", "calls"):
            for times in (1, 3, 3):
                found.clear()
                await talk.ask(f"/{name}", times)
                assert found[:times] == ["unset"] * times
                assert found[times:] == (["calls"] * times if name == "calls" else [])
        VARIABLE.set("outside")
        await talk.ask("/nothing", 2)
        assert talk.is_on_lane
        talk.sock.close()

    play(main())
    assert [context[VARIABLE] for context in kept] == ["keeps"] * 7


def test_what_leaves_it() -> None:
    async def main() -> None:
        talk = Talk(Application(RULES))
        await talk.ask("/")
        assert (await talk.ask("/flushes")).startswith("200 OK: ")
        assert not talk.is_on_lane
        talk.sock.close()

    play(main())


def test_rules_that_come_later() -> None:
    async def main() -> None:
        application = Application([("/", Plain)])
        talk = Talk(application)
        assert await talk.ask("/") == "200 OK: plain"
        assert (await talk.ask("/at-once")).startswith("404")
        application.add_handlers(".*", [("/at-once", AtOnce)])
        assert await talk.ask("/at-once") == "200 OK: at once"
        assert await talk.ask("/") == "200 OK: plain"
        assert talk.is_on_lane
        talk.sock.close()

    play(main())


def patched(handler: RequestHandler) -> None:
    handler.write("patched")


def test_what_is_patched_later() -> None:
    async def main() -> None:
        application = Application(RULES)
        talk = Talk(application)
        assert await talk.ask("/") == "200 OK: plain"
        with mock.patch.object(Plain, "get", patched):
            assert await talk.ask("/") == "200 OK: patched"
        assert await talk.ask("/") == "200 OK: plain"
        for owner in (Application, application):
            begin = Application._begin
            seen: list[str] = []

            def watched(*args: Any, begin: Any = begin, seen: Any = seen) -> Any:
                seen.append(args[-2].path)
                return begin(application, *args[-2:])

            with mock.patch.object(owner, "_begin", watched):
                assert await talk.ask("/") == "200 OK: plain"
            assert seen == ["/"]
            assert await talk.ask("/") == "200 OK: plain"
            assert seen == ["/"]
        assert await talk.ask("/") == "200 OK: plain"
        talk.sock.close()

    play(main())
