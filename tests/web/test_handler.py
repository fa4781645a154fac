"""The life of a request."""

import asyncio
import contextvars
import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.web.helpers import Site, make_handler
from tornadolike.ioloop import IOLoop
from tornadolike.web import Application, HTTPError, RequestHandler


class Recorder(RequestHandler):
    """Says what is called."""

    def initialize(self, **kwargs: Any) -> None:
        self.calls = [f"initialize {kwargs}"]

    def prepare(self) -> Any:
        self.calls.append("prepare")

    def get(self, *args: Any, **kwargs: Any) -> Any:
        self.calls.append(f"get {args} {kwargs}")

    def on_finish(self) -> None:
        self.calls.append("on_finish")


class PreparesLater(Recorder):
    async def prepare(self) -> None:
        await asyncio.sleep(0)
        self.calls.append("prepare")


class GetsLater(Recorder):
    async def get(self, *args: Any, **kwargs: Any) -> None:
        await asyncio.sleep(0)
        self.calls.append(f"get {args} {kwargs}")


class AllLater(PreparesLater, GetsLater):
    pass


class ByFuture(Recorder):
    """Awaitables of any kind will do."""

    def prepare(self) -> "asyncio.Future[None]":
        super().prepare()
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(future.set_result, None)
        return future


@pytest.mark.parametrize("handler", [Recorder, PreparesLater, GetsLater, AllLater, ByFuture])
@pytest.mark.parametrize(
    ("rule", "path", "kwargs", "call"),
    [
        ("/plain", "/plain", {}, "get () {}"),
        ("/plain", "/plain", {"db": 1}, "get () {}"),
        (r"/([a-z]+)/(\d+)?", "/ab/", {}, "get ('ab', None) {}"),
        (r"/(?P<name>.*)", "/a%2Fb%20c+d%C3%A9", {}, "get () {'name': 'a/b c+dé'}"),
    ],
)
def test_what_is_called(
    site: Callable[..., Site],
    handler: type[Recorder],
    rule: str,
    path: str,
    kwargs: dict[str, Any],
    call: str,
) -> None:
    served = site((rule, handler, kwargs))
    assert served.ask(f"GET {path}").status == 200
    (finished,) = served.finished
    assert finished.calls == [f"initialize {kwargs}", "prepare", call, "on_finish"]  # type: ignore[attr-defined]


def test_arguments_that_nobody_expects_are_an_error(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    class Handler(RequestHandler):
        pass

    with expect_log("tornadolike.application", "Uncaught exception GET /", count=1):
        assert site(("/", Handler, {"typo": 1})).ask("GET /").status == 500


def test_all_methods(site: Callable[..., Site]) -> None:
    class Handler(RequestHandler):
        def method(self) -> None:
            assert self.request.method is not None
            self.write(self.request.method)

        get = post = put = patch = delete = options = head = method

    with site(("/", Handler)).connect() as connection:
        for method in RequestHandler.SUPPORTED_METHODS:
            answer = connection.ask(f"{method} /")
            assert answer.status == 200
            assert answer.text == ("" if method == "HEAD" else method)
            assert answer.header("Content-Length") == str(len(method))


@pytest.mark.parametrize("later", [False, True])
def test_prepare_may_finish(site: Callable[..., Site], later: bool) -> None:
    class Handler(RequestHandler):
        def prepare(self) -> Any:
            return self.finish_later() if later else self.finish("prepared") and None

        async def finish_later(self) -> None:
            await asyncio.sleep(0)
            self.finish("prepared")

        def get(self) -> None:
            raise AssertionError

    assert site(("/", Handler)).ask("GET /").text == "prepared"


def test_without_auto_finish_the_handler_answers_when_it_likes(site: Callable[..., Site]) -> None:
    waiting: list[RequestHandler] = []

    class Handler(RequestHandler):
        def get(self) -> None:
            self._auto_finish = False
            waiting.append(self)

    class Release(RequestHandler):
        def get(self) -> None:
            waiting.pop().finish("at last")

    served = site(("/", Handler), ("/release", Release))
    with served.connect() as connection:
        connection.send("GET /")
        while not waiting:
            served.settle()
        assert served.ask("GET /release").status == 200
        assert connection.receive().text == "at last"


def test_reverse_url(site: Callable[..., Site]) -> None:
    class Handler(RequestHandler):
        def get(self) -> None:
            self.write(self.reverse_url("story", "a b/é?", 2))

    served = site(("/", Handler), (r"/story/(.*)/(\d+)", Handler, {}, "story"))
    assert served.ask("GET /").text == "/story/a%20b/%C3%A9%3F/2"


# asyncio inside a handler


def test_a_handler_is_a_real_task_from_its_first_step_on(site: Callable[..., Site]) -> None:
    class Handler(RequestHandler):
        async def get(self) -> None:
            task = asyncio.current_task()
            assert asyncio.get_running_loop() is IOLoop.current()
            async with asyncio.timeout(10):
                await asyncio.sleep(0)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await asyncio.get_running_loop().create_future()
            async with asyncio.TaskGroup() as group:
                child = group.create_task(asyncio.sleep(0, "child"))
            assert asyncio.current_task() is task
            assert task is not None
            self.write(child.result() + await asyncio.to_thread(lambda: " thread"))

    class Times(RequestHandler):
        async def prepare(self) -> None:
            async with asyncio.timeout(10):
                pass

        async def get(self) -> None:
            async with asyncio.timeout(10):
                self.write("in time")

    served = site(("/", Handler), ("/times", Times))
    with served.connect() as connection:
        for _ in range(2):
            assert connection.ask("GET /").text == "child thread"
            assert connection.ask("GET /times").text == "in time"


variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


def test_each_request_has_a_context_of_its_own(site: Callable[..., Site]) -> None:
    seen: list[str] = []

    class Handler(RequestHandler):
        def prepare(self) -> None:
            seen.append(variable.get())
            variable.set(self.get_argument("v"))

        def get(self) -> None:
            self.write(variable.get())

        async def post(self) -> None:
            async def child() -> str:
                return variable.get()

            before = variable.get()
            variable.set(before + "!")
            await asyncio.sleep(0)
            task = asyncio.create_task(child())
            called: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(lambda: called.set_result(variable.get()))
            in_thread = await asyncio.to_thread(variable.get)
            self.write({"seen": [before, variable.get(), await task, await called, in_thread]})

        def on_finish(self) -> None:
            seen.append(variable.get())

    served = site(("/", Handler))
    with served.connect() as connection:
        assert connection.ask("GET /?v=1").text == "1"
        expected = ["2", "2!", "2!", "2!", "2!"]
        assert connection.ask("POST /?v=2", body=b"").json == {"seen": expected}
        assert connection.ask("GET /?v=3").text == "3"
        pipelined = b"".join(b"GET /?v=%d HTTP/1.1\r\nHost: x\r\n\r\n" % n for n in (4, 5))
        connection.sock.sendall(pipelined)
        connection.receive()
    served.settle()
    assert seen[:6] == ["unset", "1", "unset", "2!", "unset", "3"]
    assert set(seen[6::2]) == {"unset"}
    assert served.server.call(variable.get) == "unset"


def test_requests_at_the_same_time_do_not_see_each_other(site: Callable[..., Site]) -> None:
    barrier: list[asyncio.Future[None]] = []

    class Handler(RequestHandler):
        async def get(self) -> None:
            variable.set(self.get_argument("v"))
            future = asyncio.get_running_loop().create_future()
            barrier.append(future)
            if len(barrier) == 3:
                for waiter in barrier:
                    waiter.set_result(None)
            await future
            self.write(variable.get())

    served = site(("/", Handler))
    connections = [served.connect() for _ in range(3)]
    for number, connection in enumerate(connections):
        connection.send(f"GET /?v={number}")
    for number, connection in enumerate(connections):
        assert connection.receive().text == str(number)
        connection.sock.close()


# The client goes away


def test_on_connection_close(site: Callable[..., Site]) -> None:
    gone = threading.Event()
    ended = threading.Event()

    class Handler(RequestHandler):
        async def get(self) -> None:
            self.released = asyncio.get_running_loop().create_future()
            await self.released
            self.write("to nobody")

        def on_connection_close(self) -> None:
            gone.set()
            self.released.set_result(None)

        def on_finish(self) -> None:
            ended.set()

    served = site(("/", Handler))
    with served.connect() as connection:
        connection.send("GET /")
    assert gone.wait(10)
    assert ended.wait(10)


@pytest.mark.parametrize("first_step", [True, False])
def test_on_connection_close_of_a_handler_whose_coroutine_has_ended(
    site: Callable[..., Site], first_step: bool
) -> None:
    """It answers later, from somewhere else, and is told as any other."""
    gone = threading.Event()

    class Handler(RequestHandler):
        _auto_finish = False

        async def get(self) -> None:
            if not first_step:
                await asyncio.sleep(0)

        def on_connection_close(self) -> None:
            gone.set()

    with site(("/", Handler)).connect() as connection:
        connection.send("GET /")
    assert gone.wait(10)


def test_on_connection_close_is_not_for_what_was_answered(site: Callable[..., Site]) -> None:
    calls: list[RequestHandler] = []

    class Handler(RequestHandler):
        def get(self) -> None:
            self.write("x")

        def on_connection_close(self) -> None:
            calls.append(self)

    class Later(Handler):
        async def get(self) -> None:
            await self.flush()
            self.write("x")

    class Early(Handler):
        def initialize(self) -> None:
            self.finish("x")

        def get(self) -> None:
            raise AssertionError

    served = site(("/", Handler), ("/later", Later), ("/early", Early))
    with served.connect() as connection:
        for path in ("/", "/later", "/early"):
            assert connection.ask(f"GET {path}").text == "x"
    served.ask("GET /")
    assert calls == []


def test_on_connection_close_that_fails_is_logged(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    ended = threading.Event()

    class Handler(RequestHandler):
        async def get(self) -> None:
            self.released = asyncio.get_running_loop().create_future()
            await self.released
            ended.set()

        def on_connection_close(self) -> None:
            self.released.set_result(None)
            raise HTTPError(400)

    served = site(("/", Handler))
    with expect_log(
        "tornadolike.application", "Uncaught exception in .*on_connection_close", count=1
    ):
        with served.connect() as connection:
            connection.send("GET /")
        assert ended.wait(10)
    assert served.ask("GET /nope").status == 404


# Nothing is left


@pytest.fixture
def no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collection")
def test_a_handler_is_no_part_of_a_circle(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    alive: weakref.WeakSet[RequestHandler] = weakref.WeakSet()

    class Handler(RequestHandler):
        def initialize(self) -> None:
            alive.add(self)

        def get(self) -> None:
            self.set_cookie("a", "1")
            self.write("x")

        def on_connection_close(self) -> None:
            pass

    class Later(Handler):
        async def get(self) -> None:
            await asyncio.sleep(0)
            await self.flush()

    class Refuses(Handler):
        def get(self) -> None:
            raise HTTPError(403)

    class RefusesLater(Handler):
        async def get(self) -> None:
            await asyncio.sleep(0)
            raise HTTPError(403)

    class Fails(Handler):
        def get(self) -> None:
            raise ZeroDivisionError

    served = site(
        ("/", Handler),
        ("/later", Later),
        ("/refuses", Refuses),
        ("/refuses-later", RefusesLater),
        ("/fails", Fails),
        log_function=lambda handler: None,
    )
    with served.connect() as connection:
        for path in ("/", "/later", "/refuses", "/refuses-later"):
            connection.ask(f"GET {path}")
            served.settle()
            assert not list(alive), path
        with expect_log("tornadolike.application", "Uncaught") as log:
            connection.ask("GET /fails")
            served.settle()
        log.matched.clear()  # the records hold the exception, which holds the handler


@pytest.mark.parametrize("later", [False, True])
def test_a_handler_may_take_the_connection(serve: Any, later: bool) -> None:
    class Taking(RequestHandler):
        async def get(self) -> None:
            if later:
                await asyncio.sleep(0)
            stream = self.detach()
            await stream.write(b"HTTP/1.0 200 OK\r\n\r\n" + await stream.read_bytes(4))
            stream.close()

        def on_finish(self) -> None:
            raise AssertionError("it is not finished")

    server = serve(Application([("/", Taking)]))
    assert server.exchange(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nmore") == (
        b"HTTP/1.0 200 OK\r\n\r\nmore"
    )


def test_a_class_beside_the_handler_is_initialized(site: Callable[..., Site]) -> None:
    class Counting:
        def __init__(self) -> None:
            self.count = 40

    class Handler(RequestHandler, Counting):
        def initialize(self) -> None:
            self.count += 1

        def get(self) -> None:
            self.write(str(self.count + 1))

    class Below(Handler):
        pass

    assert site(("/", Below)).ask("GET /").text == "42"


def test_unnamed_and_named_groups_at_once() -> None:
    """As a matcher of the author's may give them."""
    handler: Any = make_handler(Recorder)
    handler._run_request((b"a", None), {"name": b"b"})
    assert handler.calls[2] == "get ('a', None) {'name': 'b'}"
