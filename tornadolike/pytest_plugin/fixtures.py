"""The fixtures. Those that pytest-tornado has too have its names and meaning."""

import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest

from .checks import checked
from .choosing import LOOP
from .loops import new_loop
from .running import run
from .settings import checks_of, timeout_of

if TYPE_CHECKING:
    from ..httpclient import AsyncHTTPClient
    from ..httpserver import HTTPServer
    from ..ioloop import IOLoop
    from ..testing import VirtualClock
    from .sites import Clients, Site, Sites

NAMES: Final = (
    *("io_loop", "virtual_clock", "serve", "ws_connect", "signed_cookies"),
    *("http_port", "http_server", "http_client", "http_client_options", "base_url"),
    *("https_port", "https_server", "https_client", "ssl_options"),
    *("_tornadolike_sites", "_tornadolike_clients", "_tornadolike_tls"),
    *("_tornadolike_socket", "_tornadolike_tls_socket"),
)
"""What pytest is told of."""


def our_loop(loop: Any) -> "IOLoop":
    """What ``io_loop`` gave, if it is a loop of ours; else the test fails."""
    from ..ioloop import IOLoop

    if isinstance(loop, IOLoop):
        return loop
    pytest.fail(
        f"the fixture {LOOP} gives no IOLoop of tornadolike's but {loop!r}: another plugin, or a fixture of "
        "yours, has taken the name (-p no:tornado switches pytest-tornado off)",
        pytrace=False,
    )


def loop_for_fixture(request: pytest.FixtureRequest) -> "IOLoop":
    """The loop in which an async fixture runs."""
    found = request._pyfuncitem._fixtureinfo.name2fixturedefs.get(LOOP)
    if request.scope != "function" and (not found or found[-1].scope == "function"):
        pytest.fail(
            f"the async fixture {request.fixturename} is for a whole {request.scope}, but each test has a loop of its "
            f"own. Let it be for a function, or have one loop for all by a fixture {LOOP} of that scope (see new_loop "
            "in tornadolike.pytest_plugin)",
            pytrace=False,
        )
    return our_loop(request.getfixturevalue(LOOP))


# The loop


@pytest.fixture
def io_loop(request: pytest.FixtureRequest) -> "Iterator[IOLoop]":
    """A loop of tornadolike's for this test alone, which is current while it runs."""
    from asyncio.events import _get_running_loop

    if _get_running_loop() is not None:
        pytest.fail(
            f"{LOOP} was asked for while another loop runs: let {request._pyfuncitem.name} have it as an argument, and "
            "no mark of another plugin",
            pytrace=False,
        )
    left: list[Any] = []
    with checked(checks_of(request._pyfuncitem), left), new_loop(left) as loop:
        yield loop


@pytest.fixture
def virtual_clock(io_loop: "IOLoop") -> "Iterator[VirtualClock]":
    """Time of the loop that jumps: whoever sleeps for an hour wakes up at once."""
    from ..testing import VirtualClock

    with VirtualClock(io_loop) as clock:
        yield clock


# Servers


@pytest.fixture
def _tornadolike_sites(request: pytest.FixtureRequest, io_loop: "IOLoop") -> "Iterator[Sites]":
    from .sites import Sites

    sites = Sites()
    yield sites
    run(our_loop(io_loop), sites.end, _patience(request), "the end of the servers")


def _patience(request: pytest.FixtureRequest) -> float:
    return timeout_of(request._pyfuncitem)


@pytest.fixture
def serve(_tornadolike_sites: "Sites") -> "Callable[..., Any]":
    """Serves an application on a free port: ``site = await serve(app, tls=False, **options)``."""
    return _tornadolike_sites.serve


@pytest.fixture
def _tornadolike_socket() -> Iterator[socket.socket]:
    yield from _unused_port()


@pytest.fixture
def _tornadolike_tls_socket() -> Iterator[socket.socket]:
    yield from _unused_port()


def _unused_port() -> Iterator[socket.socket]:
    from ..testing import bind_unused_port

    sock = bind_unused_port()[0]
    yield sock
    sock.close()


@pytest.fixture
def http_port(_tornadolike_socket: socket.socket) -> int:
    """The port of http_server."""
    port: int = _tornadolike_socket.getsockname()[1]
    return port


@pytest.fixture
def https_port(_tornadolike_tls_socket: socket.socket) -> int:
    """The port of https_server."""
    port: int = _tornadolike_tls_socket.getsockname()[1]
    return port


@pytest.fixture
def base_url(request: pytest.FixtureRequest) -> str:
    """Where the application is, without a slash at the end; https if the test uses https_server or https_client."""
    if {"https_port", "https_server", "https_client"} & set(request.fixturenames):
        return f"https://127.0.0.1:{request.getfixturevalue('https_port')}"
    return f"http://127.0.0.1:{request.getfixturevalue('http_port')}"


@pytest.fixture
def http_server(
    request: pytest.FixtureRequest,
    io_loop: "IOLoop",
    _tornadolike_sites: "Sites",
    _tornadolike_socket: socket.socket,
) -> "HTTPServer":
    """Serves what your fixture `app` gives, on a free port."""
    return _served(request, _tornadolike_sites, _tornadolike_socket).server


@pytest.fixture
def https_server(
    request: pytest.FixtureRequest,
    io_loop: "IOLoop",
    _tornadolike_sites: "Sites",
    _tornadolike_tls_socket: socket.socket,
    _tornadolike_tls: Any,
) -> "HTTPServer":
    """Serves what your fixture `app` gives, on a free port, by HTTPS."""
    return _served(request, _tornadolike_sites, _tornadolike_tls_socket, _tornadolike_tls).server


def _served(
    request: pytest.FixtureRequest, sites: "Sites", sock: socket.socket, tls: Any = False
) -> "Site":
    loop = our_loop(request.getfixturevalue(LOOP))
    app = _application(request)
    site: Site = run(
        loop, lambda: sites.serve(app, sock=sock, tls=tls), _patience(request), "the start"
    )
    return site


def _application(request: pytest.FixtureRequest) -> Any:
    name = request.config.getoption("app_fixture", "app")
    try:
        return request.getfixturevalue(name)
    except pytest.FixtureLookupError as error:
        if error.argname != name:
            raise
        pytest.fail(
            f"{request.fixturename} serves what the fixture {name} gives, and there is none: write one that returns "
            f"the application, @pytest.fixture def {name}(): return make_app()",
            pytrace=False,
        )


@pytest.fixture
def ssl_options() -> Any:
    """What https_server shows. By default a certificate made for the tests, which https_client knows."""
    return True


@pytest.fixture
def _tornadolike_tls(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.config.getoption("ssl_options_fixture", "ssl_options"))


# Clients


@pytest.fixture
def _tornadolike_clients(
    request: pytest.FixtureRequest, io_loop: "IOLoop"
) -> "Iterator[Callable[[str, bool], Clients]]":
    from .sites import Clients

    made: list[Clients] = []

    def make(url: str, verified: bool = True) -> Clients:
        made.append(Clients(url, verified))
        return made[-1]

    yield make
    for clients in made:
        run(our_loop(io_loop), clients.close, _patience(request), "the end of the clients")


@pytest.fixture
def http_client_options() -> dict[str, Any]:
    """What http_client and https_client are made with: override it by {"cookies": True}, say."""
    return {}


@pytest.fixture
def http_client(
    http_server: "HTTPServer",
    http_port: int,
    http_client_options: dict[str, Any],
    _tornadolike_clients: "Callable[..., Clients]",
) -> "AsyncHTTPClient":
    """A client, whose fetch("/path") asks http_server."""
    return _tornadolike_clients(f"http://127.0.0.1:{http_port}").client(**http_client_options)


@pytest.fixture
def https_client(
    https_server: "HTTPServer",
    https_port: int,
    _tornadolike_tls: Any,
    http_client_options: dict[str, Any],
    _tornadolike_clients: "Callable[..., Clients]",
) -> "AsyncHTTPClient":
    """A client, whose fetch("/path") asks https_server."""
    clients = _tornadolike_clients(f"https://127.0.0.1:{https_port}", _tornadolike_tls is True)
    return clients.client(**http_client_options)


@pytest.fixture
def ws_connect(
    request: pytest.FixtureRequest, _tornadolike_clients: "Callable[..., Clients]"
) -> "Callable[..., Any]":
    """Connects to a WebSocket of the application: ``async with ws_connect("/chat") as connection:``"""
    if {"https_server", "https_client"} & set(request.fixturenames):
        request.getfixturevalue("https_server")
        port, tls = map(request.getfixturevalue, ("https_port", "_tornadolike_tls"))
        return _tornadolike_clients(f"https://127.0.0.1:{port}", tls is True).ws_connect
    request.getfixturevalue("http_server")
    port = request.getfixturevalue("http_port")
    return _tornadolike_clients(f"http://127.0.0.1:{port}").ws_connect


@pytest.fixture
def signed_cookies(
    request: pytest.FixtureRequest, io_loop: "IOLoop"
) -> "Callable[..., dict[str, str]]":
    """Cookies as `app` signs them: ``await http_client.fetch("/", cookies=signed_cookies(user="ann"))``."""
    from .sites import signed_cookies

    app = _application(request)
    return lambda **values: signed_cookies(app, values)
