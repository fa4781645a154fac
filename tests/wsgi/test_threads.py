"""Requests that wait for a thread, and threads that wait for a client."""

import asyncio
import logging
import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import pytest

from tests.conftest import PATIENCE
from tests.peers import reset
from tests.web.helpers import Connection, FakeConnection
from tests.wsgi.apps import PLAIN, Closing, answering, asked, checked, threads
from tornadolike.httputil import HTTPServerRequest
from tornadolike.wsgi import WSGIContainer

APPLICATION_LOG = "tornadolike.application"
ACCESS_LOG = "tornadolike.access"


def test_a_client_does_not_wait_for_close(serve):
    may_end = threading.Event()

    class Slow(Closing):
        def close(self):
            assert may_end.wait(PATIENCE)

    with threads() as executor:
        server = serve(
            WSGIContainer(answering(b"x", headers=[("Content-Length", "1")], wrap=Slow), executor)
        )
        assert asked(server).body == b"x"
        may_end.set()


class Gate:
    """An application whose requests wait until they are let through."""

    def __init__(self):
        self.begun = threading.Semaphore(0)
        self.open = threading.Event()
        self.paths = []

    def __call__(self, environ, start_response):
        self.paths.append(environ["PATH_INFO"])
        self.begun.release()
        assert self.open.wait(PATIENCE)
        return answering(b"through")(environ, start_response)


def waiting(container, count):
    """Return when so many requests wait for a thread."""
    done = threading.Event()
    for _ in range(1000):
        if len(container._waiting) == count:
            return
        done.wait(0.01)
    raise AssertionError(f"{len(container._waiting)} requests wait")


def test_too_many_requests_are_refused(serve, expect_log):
    gate = Gate()
    with threads(1) as executor:
        container = checked(gate, executor, max_waiting_requests=1)
        server = serve(container)
        with Connection(server) as one, Connection(server) as two, Connection(server) as three:
            one.send("GET /1")
            assert gate.begun.acquire(timeout=PATIENCE)
            two.send("GET /2")
            waiting(container, 1)
            with (
                expect_log("tornadolike.general", "max_waiting_requests", logging.WARNING, 1),
                expect_log(ACCESS_LOG, "503 GET /3", logging.ERROR),
            ):
                refused = three.ask("GET /3")
                server.call(lambda: None)
            assert (refused.status, refused.header("Retry-After")) == (503, "1")
            gate.open.set()
            assert [one.receive().status, two.receive().status] == [200, 200]
            assert three.ask("GET /3").status == 200


def test_a_client_that_leaves_while_it_waits_is_not_served(serve, expect_log):
    gate = Gate()
    with threads(1) as executor:
        container = checked(gate, executor)
        server = serve(container)
        with Connection(server) as one:
            one.send("GET /1")
            assert gate.begun.acquire(timeout=PATIENCE)
            two = Connection(server)
            two.send("GET /2")
            waiting(container, 1)
            with (
                expect_log(ACCESS_LOG, "499 GET /2", logging.WARNING, 1),
                expect_log("tornadolike.general", "/2.*closed", logging.INFO, 1),
            ):
                reset(two.sock)
                waiting(container, 0)
                gate.open.set()
                assert one.receive().status == 200
                server.call(server.server.drain)
    assert gate.paths == ["/1"]


def test_a_thread_waits_for_a_slow_client(serve):
    given = []
    closed = threading.Event()

    def application(environ, start_response):
        start_response("200 OK", PLAIN)
        try:
            for _ in range(400):
                given.append(1)
                yield b"x" * 100_000
        finally:
            closed.set()

    with threads() as executor:
        server = serve(checked(application, executor))
        with Connection(server) as connection:
            connection.send("GET /")
            before = -1
            while before != len(given) or not given:
                before = len(given)
                closed.wait(0.1)
            assert before < 200
            assert len(connection.receive().body) == 40_000_000
        assert closed.wait(PATIENCE)


def test_a_request_that_is_cancelled_frees_its_thread(io_loop):
    closed = threading.Event()

    class Endless(Closing):
        def close(self):
            closed.set()

    application = answering(wrap=lambda _: Endless(iter(lambda: b"x", None)))
    request = HTTPServerRequest("GET", "/", connection=FakeConnection())  # which tells of no end

    async def main(container):
        task = asyncio.ensure_future(container.handle_request(request))
        while not request.connection.body:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with threads() as executor:
        io_loop.run_sync(lambda: main(WSGIContainer(application, executor)))
        assert closed.wait(PATIENCE)
    assert request.connection.closed


def test_an_executor_that_is_shut_down(serve, expect_log):
    executor = ThreadPoolExecutor()
    executor.shutdown()
    server = serve(checked(answering(b"x"), executor))
    with (
        expect_log(APPLICATION_LOG, "takes nothing any more", logging.ERROR, 1),
        expect_log(ACCESS_LOG, "503", logging.ERROR),
    ):
        assert asked(server).status == 503


def test_an_executor_that_drops_what_waits(serve, expect_log):
    gate = Gate()
    with threads(1) as executor:
        container = checked(gate, executor)
        server = serve(container)
        with Connection(server) as one, Connection(server) as two:
            one.send("GET /1")
            assert gate.begun.acquire(timeout=PATIENCE)
            two.send("GET /2")
            waiting(container, 1)
            with (
                expect_log(APPLICATION_LOG, "/2", logging.ERROR, 1) as log,
                expect_log(ACCESS_LOG, "500 GET /2", logging.ERROR),
            ):
                executor.shutdown(wait=False, cancel_futures=True)
                assert two.receive().status == 500
                server.call(lambda: None)
            assert "cancel_futures=True" in str(log.matched[0].exc_info[1])
            gate.open.set()
            assert one.receive().status == 200


def test_a_server_that_cuts_its_connections_does_not_wait_for_a_thread(serve):
    gate = Gate()
    with threads(1) as executor:
        container = checked(gate, executor)
        server = serve(container)
        with Connection(server) as one, Connection(server) as two:
            one.send("GET /1")
            assert gate.begun.acquire(timeout=PATIENCE)
            two.send("GET /2")
            waiting(container, 1)
            server.call(server.server.drain, 0.01)
            assert not container._waiting
            gate.open.set()
    assert gate.paths == ["/1"]


class InTheCallersThread(Executor):
    def submit(self, function, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


def test_an_executor_without_threads(serve, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 200_000)

    def application(environ, start_response):
        start_response("200 OK", PLAIN)
        if environ["PATH_INFO"] == "/file":
            return environ["wsgi.file_wrapper"](path.open("rb"))
        return iter([b"x" * 200_000] * 9)

    server = serve(WSGIContainer(application, InTheCallersThread()))
    assert len(asked(server).body) == 1_800_000
    assert len(asked(server, "GET /file").body) == 200_000


def test_a_system_exit_in_a_thread_is_an_error(serve, expect_log):
    def application(environ, start_response):
        if environ["PATH_INFO"] == "/":
            raise SystemExit(3)
        return answering(b"x")(environ, start_response)

    with threads() as executor, expect_log(APPLICATION_LOG, "Uncaught", logging.ERROR, 1):
        server = serve(checked(application, executor))
        with expect_log(ACCESS_LOG, "500", logging.ERROR):
            assert asked(server).status == 500
        assert asked(server, "GET /fine").status == 200
