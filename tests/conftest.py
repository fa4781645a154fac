"""What every test gets: nothing may leak, nothing may go wrong unnoticed, and a server is one call away."""

import asyncio
import contextlib
import gc
import inspect
import itertools
import logging
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import hypothesis  # before gc.freeze(): it looks for referrers, and finds no frozen ones
import pytest

from tests.forked import Forks
from tests.tls_certs import certs  # noqa: F401 (a fixture)
from tornadolike.ioloop import IOLoop

PATIENCE = 10.0
"""Seconds after which something that should happen at once is taken as never happening."""

# How long an example takes says more of what else the machine does than of what is tested; and all
# examples of a test may share what its fixtures give.
hypothesis.settings.register_profile(
    "tests",
    deadline=None,
    suppress_health_check=[
        hypothesis.HealthCheck.too_slow,
        hypothesis.HealthCheck.function_scoped_fixture,
    ],
)
hypothesis.settings.load_profile("tests")


def pytest_collection() -> None:
    """Twenty thousand tests are made, and none becomes garbage: looking for some takes a third of the time."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.enable()


class Errors(logging.Handler):
    """Keeps every record that somebody on call would have to look at."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextlib.contextmanager
def listening() -> Iterator[Errors]:
    handler = Errors()
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield handler
    finally:
        root.removeHandler(handler)


class LogExpectation(logging.Handler):
    """Wants one record (or more) of a logger whose text matches, and takes it out of the errors."""

    def __init__(self, pattern: str, level: int) -> None:
        super().__init__(level)
        self.pattern = re.compile(pattern)
        self.matched: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        if self.pattern.search(record.getMessage()):
            self.matched.append(record)

    def wait_for(self, count: int) -> None:
        """Wait for so many records, if a thread may bring them: a server logs behind its answer."""
        deadline = time.monotonic() + PATIENCE
        while len(self.matched) < count and asyncio._get_running_loop() is None:
            if time.monotonic() > deadline:
                break
            time.sleep(0.002)


def open_descriptors() -> dict[str, str]:
    found = {}
    # The standard ones are pytest's affair: its capture exchanges them, at Ctrl-C even inside a test.
    folder = (
        "/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"
    )  # the BSDs' name for it
    for fd in set(os.listdir(folder)) - {"0", "1", "2"}:
        with contextlib.suppress(OSError):
            found[fd] = os.readlink(f"{folder}/{fd}")
    return found


@pytest.fixture(autouse=True, scope="session")
def heap() -> Iterator[Callable[[], None]]:
    """Call it before a test: at times it takes what is there out of the garbage collector's sight.

    Each test collects once, and that takes as long as the heap is large: with all that was imported, and
    what pytest keeps of the tests before, a hundred times as long as the test itself. What became
    garbage only out of sight complains at the end.
    """
    tests = itertools.count()

    def before_a_test() -> None:
        if next(tests) % 50 == 0:
            gc.collect()
            gc.freeze()

    yield before_a_test
    with listening() as late:
        gc.unfreeze()
        gc.collect()
    assert not late.records, [record.getMessage() for record in late.records]


@pytest.fixture(autouse=True)
def errors() -> Iterator[Errors]:
    """Fails the test on a record at ERROR that ``expect_log`` did not ask for."""
    with listening() as handler:
        yield handler
    assert not handler.records, [record.getMessage() for record in handler.records]


@pytest.fixture(autouse=True)
def nothing_leaks(
    request: pytest.FixtureRequest, errors: Errors, heap: Callable[[], None]
) -> Iterator[None]:
    """Fails the test that leaves a descriptor open or a thread running.

    What is dropped unfinished (a pending task, an open socket) complains when it is collected, which is
    here, where ``errors`` still listens.
    """
    heap()
    threads = set(threading.enumerate())
    descriptors = open_descriptors()
    yield
    request.node.funcargs.clear()  # or what the fixtures gave would outlive this test
    gc.collect()
    left = [thread for thread in threading.enumerate() if thread not in threads]
    for thread in left:
        thread.join(1.0)
    assert not [thread for thread in left if thread.is_alive()]
    leaked = {fd: what for fd, what in open_descriptors().items() if descriptors.get(fd) != what}
    assert not leaked


@pytest.fixture
def expect_log(errors: Errors) -> Callable[..., Any]:
    """``with expect_log("tornadolike.application", "Uncaught"):`` wants such a record and forgives it."""

    @contextlib.contextmanager
    def expect(
        name: str, pattern: str, level: int = logging.DEBUG, count: int | None = None
    ) -> Iterator[LogExpectation]:
        logger = logging.getLogger(name)
        expectation = LogExpectation(pattern, level)
        before = logger.level
        if not before or before > level:
            logger.setLevel(level)
        logger.addHandler(expectation)
        try:
            yield expectation
            expectation.wait_for(1 if count is None else count)
        finally:
            logger.removeHandler(expectation)
            logger.setLevel(before)
            for record in expectation.matched:
                if record in errors.records:
                    errors.records.remove(record)
        assert expectation.matched, f"no record of {name} matched {pattern!r}"
        assert count is None or len(expectation.matched) == count

    return expect


@pytest.fixture
def io_loop() -> Iterator[IOLoop]:
    """A fresh loop that is current in this thread while the test runs."""
    loop = IOLoop()
    yield loop
    loop.close()
    IOLoop.clear_current()


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """What runs programs in processes of their own that begin at once."""
    forks = Forks()
    yield forks
    forks.end()


@pytest.fixture(scope="session")
def uvloop() -> Any:
    """The module, or None. With its first loop it opens a pipe for good, so that one is made here."""
    try:
        import uvloop
    except ImportError:
        return None
    uvloop.new_event_loop().close()
    return uvloop


@pytest.fixture(params=["asyncio", "uvloop"])
def new_foreign_loop(
    request: pytest.FixtureRequest, uvloop: Any
) -> Callable[[], asyncio.AbstractEventLoop]:
    """Makes an asyncio loop of another kind than ours: each kind in turn."""
    if request.param == "asyncio":
        return asyncio.SelectorEventLoop
    if uvloop is None:
        pytest.skip("uvloop is not installed")
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


class ServerThread:
    """An HTTPServer on a loop in a thread of its own, on a free port of 127.0.0.1.

    With ``client_context`` its clients speak TLS (and it should, by its ``ssl_options``).
    """

    def __init__(
        self,
        delegate: Any,
        *,
        loop_factory: Callable[[], asyncio.AbstractEventLoop] = IOLoop,
        client_context: ssl.SSLContext | None = None,
        **server_options: Any,
    ) -> None:
        self.port = 0
        self._loop_factory = loop_factory
        self.client_context = client_context
        self._started: Future[None] = Future()
        self._stopping: Any = None
        self._thread = threading.Thread(
            target=self._run, args=(delegate, server_options), name="test server"
        )
        self._thread.start()
        self._started.result(PATIENCE)

    @property
    def url(self) -> str:
        scheme = "http" if self.client_context is None else "https"
        return f"{scheme}://127.0.0.1:{self.port}"

    def _run(self, delegate: Any, options: dict[str, Any]) -> None:
        from tornadolike.httpserver import HTTPServer
        from tornadolike.netutil import bind_sockets

        async def main() -> None:
            self._stopping = asyncio.Event()
            self.loop = asyncio.get_running_loop()
            self.server = HTTPServer(delegate, **options)
            sockets = bind_sockets(0, "127.0.0.1")
            self.port = sockets[0].getsockname()[1]
            self.server.add_sockets(sockets)
            self._started.set_result(None)
            await self._stopping.wait()
            self.server.stop()
            await self.server.close_all_connections()

        try:
            with asyncio.Runner(loop_factory=self._loop_factory) as runner:
                runner.run(main())
        except BaseException as error:
            if not self._started.done():
                self._started.set_exception(error)
            else:
                raise

    def connect(self, timeout: float = PATIENCE) -> socket.socket:
        """A blocking connection to the server."""
        sock = socket.create_connection(("127.0.0.1", self.port), timeout)
        # What is sent in pieces is to arrive in pieces, and each at once.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.secured(sock)

    def secured(self, sock: socket.socket) -> socket.socket:
        """What a client speaks through that has connected ``sock``. An end without goodbye is an error."""
        if self.client_context is None:
            return sock
        return self.client_context.wrap_socket(
            sock, server_hostname="localhost", suppress_ragged_eofs=False
        )

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run ``function(*args)`` in the loop's thread; return its result (a coroutine's, awaited)."""
        done: Future[Any] = Future()

        async def run() -> None:
            try:
                result = function(*args)
                done.set_result(await result if inspect.isawaitable(result) else result)
            except BaseException as error:
                done.set_exception(error)

        self.loop.call_soon_threadsafe(lambda: self.loop.create_task(run()))
        return done.result(PATIENCE)

    def exchange(self, data: bytes) -> bytes:
        """Send ``data``, end our side, and return all that comes until the server closes."""
        with self.connect() as sock:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            return read_all(sock)

    def stop(self) -> None:
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(PATIENCE)
            assert not self._thread.is_alive(), "the server did not stop"


def read_all(sock: socket.socket) -> bytes:
    """Everything until the peer closes."""
    received = bytearray()
    while data := sock.recv(65536):
        received += data
    return bytes(received)


@pytest.fixture
def wire() -> str:
    """What ``serve`` serves on: ``"plain"``, unless a test is parametrized with ``"tls"``."""
    return "plain"


@pytest.fixture
def serve(wire: str, request: pytest.FixtureRequest) -> Iterator[Callable[..., ServerThread]]:
    """``server = serve(application, **options)``; stopped at the end of the test."""
    servers: list[ServerThread] = []
    tls = {}
    if wire == "tls":
        made = request.getfixturevalue("certs")
        tls = {"ssl_options": made.server_context(), "client_context": made.client_context()}

    def start(delegate: Any, **options: Any) -> ServerThread:
        options = tls | options
        servers.append(ServerThread(delegate, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def redis_url() -> str:
    """A Redis server that may be written to: ``.ci/run`` starts one and sets REDIS_URL."""
    url = os.environ.get("REDIS_URL")
    if not url:
        pytest.skip(
            "REDIS_URL names no server; start one: redis-server --port 6399, REDIS_URL=redis://127.0.0.1:6399"
        )
    return url
