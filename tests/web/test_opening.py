"""What comes before the head of a response: it is called once, for whatever response, and may wait."""

import asyncio
from typing import Any

import pytest

from tests.conftest import read_all
from tornadolike.web import HTTPError, RequestHandler
from tornadolike.websocket import WebSocketHandler


async def waits(handler: RequestHandler) -> None:
    await asyncio.sleep(0)
    handler.set_cookie("waited", "1")
    await asyncio.sleep(0)


def at_once(handler: RequestHandler) -> None:
    handler.set_cookie("waited", "0")


class Answers(RequestHandler):
    """Answers in the way that the path tells."""

    def initialize(self, callback: Any) -> None:
        self.before_head(callback)

    async def get(self, how: str) -> None:
        await getattr(self, how)()

    head = get

    async def writes(self) -> None:
        self.write("written")

    async def finishes(self) -> None:
        await self.finish("finished")
        assert self._headers_written

    async def flushes(self) -> None:
        self.write("a")
        await self.flush()
        assert self._headers_written
        self.write("b")
        await self.flush()
        await self.finish("c")

    async def flushes_and_goes_on(self) -> None:
        self.write("a")
        self.flush()
        self.write("b")
        self.flush()
        self.write("c")
        with pytest.raises(RuntimeError, match="too late"):
            self.before_head(at_once)

    async def raises(self) -> None:
        raise HTTPError(418)

    async def redirects(self) -> None:
        self.redirect("/there")

    async def unchanged(self) -> None:
        self.request.headers["If-None-Match"] = "*"
        self.write("written")

    async def file(self) -> None:
        with open(__file__, "rb") as file:
            await self.send_file(file)

    async def goes_on(self) -> None:
        sent = self.finish("first")
        assert self._finished
        with pytest.raises(RuntimeError, match="finish"):
            self.write("more")
        with pytest.raises(RuntimeError, match="twice"):
            self.finish()
        await sent


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("callback", [at_once, waits])
def test_it_comes_before_whatever_head(site: Any, callback: Any, compressed: bool) -> None:
    s = site(("/(.*)", Answers, {"callback": callback}), compress_response=compressed)
    told = {
        "writes": (200, "written"),
        "finishes": (200, "finished"),
        "flushes": (200, "abc"),
        "flushes_and_goes_on": (200, "abc"),
        "redirects": (302, ""),
        "unchanged": (304, ""),
        "goes_on": (200, "first"),
        "raises": (418, None),
        "file": (200, None),
    }
    waited = "waited=1; Path=/" if callback is waits else "waited=0; Path=/"
    with s.connect() as connection:
        for how, (status, text) in told.items():
            for method in ("GET", "HEAD"):
                answer = connection.ask(f"{method} /{how}")
                assert answer.status == status, (how, method)
                assert answer.headers.get_all("Set-Cookie") == [waited], (how, method)
                if text is not None:
                    assert answer.text == (text if method == "GET" else ""), how


def test_those_added_last_come_first_also_behind_one_that_waits(site: Any) -> None:
    said: list[str] = []

    class Many(RequestHandler):
        def get(self) -> None:
            for name in "abc":

                @self.before_head
                def at_once(handler: RequestHandler, name: str = name) -> None:
                    said.append(name)

                @self.before_head
                async def later(handler: RequestHandler, name: str = name) -> None:
                    await asyncio.sleep(0)
                    said.append(name.upper())

    s = site(("/", Many))
    assert s.ask("GET /").status == 200
    assert "".join(said) == "CcBbAa"


def test_the_response_is_sent_while_the_handler_goes_on(site: Any) -> None:
    go_on = asyncio.Event()

    class GoesOn(RequestHandler):
        async def get(self) -> None:
            self.before_head(waits)
            self.finish("sent")
            await go_on.wait()

    s = site(("/", GoesOn))
    with s.connect() as connection:
        assert connection.ask("GET /").text == "sent"
    s.server.call(go_on.set)


@pytest.mark.parametrize("how", ["writes", "finishes", "flushes", "goes_on", "file"])
@pytest.mark.parametrize("later", [False, True])
def test_one_that_fails_ends_the_request_with_an_error_page(
    site: Any, expect_log: Any, how: str, later: bool
) -> None:
    async def fails_later(handler: RequestHandler) -> None:
        await asyncio.sleep(0)
        raise LookupError

    def fails(handler: RequestHandler) -> Any:
        if later:
            return fails_later(handler)
        raise LookupError

    def outside(handler: RequestHandler) -> None:
        handler.set_header("X-Outside", "1")

    class Fails(Answers):
        def initialize(self) -> None:  # type: ignore[override]
            self.before_head(outside)
            self.before_head(fails)

        async def goes_on(self) -> None:
            self.finish("first")

    s = site(("/(.*)", Fails), ("/", Answers, {"callback": at_once}))
    with expect_log("tornadolike.application", "LookupError|Uncaught", count=1):
        with s.connect() as connection:
            answer = connection.ask(f"GET /{how}")
            assert (answer.status, answer.header("X-Outside")) == (500, "1")
        s.settle()


@pytest.mark.parametrize("how", ["writes", "flushes_and_leaves"])
def test_what_one_waits_for_may_be_cancelled(site: Any, expect_log: Any, how: str) -> None:
    async def fails(handler: RequestHandler) -> None:
        gone = asyncio.get_running_loop().create_future()
        gone.cancel()
        await gone

    class Waits(Answers):
        async def flushes_and_leaves(self) -> None:
            self.write("a")
            self.flush()

    class Well(RequestHandler):
        def get(self) -> None:
            self.write("well")

    s = site(("/well", Well), ("/(.*)", Waits, {"callback": fails}))
    with (
        expect_log("tornadolike.application", "Uncaught exception GET /", count=1),
        s.connect() as connection,
    ):
        assert connection.ask(f"GET /{how}").status == 500
        assert connection.ask("GET /well").text == "well"


def test_an_error_of_the_clients_is_its_status(site: Any) -> None:
    async def refuses(handler: RequestHandler) -> None:
        await asyncio.sleep(0)
        raise HTTPError(503)

    s = site(("/(.*)", Answers, {"callback": refuses}))
    for how in ("writes", "finishes", "flushes", "goes_on"):
        assert s.ask(f"GET /{how}").status == 503


def test_finish_of_the_authors_is_called_once(site: Any) -> None:
    class Finishes(RequestHandler):
        def get(self) -> None:
            self.before_head(waits)
            self.write("x")

        def finish(self, chunk: Any = None) -> Any:
            self.write("!")
            return super().finish(chunk)

    assert site(("/", Finishes)).ask("GET /").text == "x!"


def test_a_client_that_leaves_meanwhile_is_no_error(site: Any) -> None:
    waiting, go_on = asyncio.Event(), asyncio.Event()

    class Waits(RequestHandler):
        def get(self) -> None:
            @self.before_head
            async def wait(handler: RequestHandler) -> None:
                waiting.set()
                await go_on.wait()

    s = site(("/", Waits))
    with s.connect() as connection:
        connection.send("GET /")
        s.server.call(waiting.wait)
    s.settle()
    s.server.call(go_on.set)
    s.settle()
    s.settle()
    assert len(s.finished) == 1


def test_requests_behind_it_are_answered_in_order(site: Any) -> None:
    s = site(("/(.*)", Answers, {"callback": waits}))
    asked = "".join(
        f"GET /{how} HTTP/1.1\r\nHost: h\r\n\r\n" for how in ("writes", "goes_on", "finishes")
    )
    answers = s.server.exchange(asked.encode())
    assert answers.index(b"written") < answers.index(b"first") < answers.index(b"finished")


def test_a_server_that_stops_waits_for_it(site: Any) -> None:
    waiting, go_on = asyncio.Event(), asyncio.Event()

    class Slow(RequestHandler):
        def get(self) -> None:
            @self.before_head
            async def wait(handler: RequestHandler) -> None:
                waiting.set()
                await go_on.wait()

            self.write("answered")

    s = site(("/", Slow))
    with s.connect() as connection:
        connection.send("GET /")
        s.server.call(waiting.wait)
        s.server.call(lambda: asyncio.get_running_loop().call_soon(go_on.set))
        s.server.call(s.server.server.drain, 5)
        assert connection.receive().text == "answered"


def test_one_that_never_ends_is_cancelled_when_the_server_stops(site: Any) -> None:
    waiting = asyncio.Event()

    class Never(RequestHandler):
        def get(self) -> None:
            @self.before_head
            async def wait(handler: RequestHandler) -> None:
                waiting.set()
                await asyncio.Event().wait()

    s = site(("/", Never))
    with s.connect() as connection:
        connection.send("GET /")
        s.server.call(waiting.wait)
        s.server.call(s.server.server.drain, 0)
        assert read_all(connection.sock) == b""


def test_it_comes_before_the_handshake_of_a_websocket(site: Any) -> None:
    class Socket(WebSocketHandler):
        def prepare(self) -> None:
            self.before_head(at_once)
            self.before_head(lambda handler: handler.set_header("X-Head", "1"))

    s = site(("/", Socket))
    with s.connect() as connection:
        connection.send(
            "GET /",
            "Upgrade: websocket",
            "Connection: upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        )
        head = connection.sock.recv(10_000)
        assert b"101" in head
        assert b"X-Head: 1\r\n" in head
        assert b"waited=0" in head


def test_it_comes_too_late_behind_the_head(site: Any) -> None:
    class Late(RequestHandler):
        async def get(self) -> None:
            self.write("x")
            await self.flush()
            with pytest.raises(RuntimeError, match="too late"):
                self.before_head(at_once)

    assert site(("/", Late)).ask("GET /").text == "x"
