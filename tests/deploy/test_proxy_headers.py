"""Proxies that pass TLS on unopened, and tell by a PROXY header who has connected."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tests.deploy import programs
from tests.deploy.conftest import two_ports
from tests.deploy.programs import PATIENCE, Program, Site
from tests.deploy.visitor import Visitor
from tests.tls_certs import Certificates

pytestmark = [pytest.mark.once, pytest.mark.production, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, certs: Certificates) -> Iterator[Site]:
    """A site that speaks TLS."""
    options = ["--port", "0", "--certificate", certs.server, "--proxy-protocol", "127.0.0.1"]
    with programs.Site(tmp_path_factory.mktemp("site"), *options, workers=1) as site:
        yield site
    assert "Traceback" not in site.log()
    assert "PROXY" not in site.log(), site.log()


@pytest.fixture(scope="module", params=["nginx", "haproxy"])
def visitor(
    site: Site,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    certs: Certificates,
) -> Iterator[Visitor]:
    """To a proxy before it: with version 1 of the header, and with version 2."""
    start: Callable[..., contextlib.AbstractContextManager[Program]]
    start = {"nginx": nginx, "haproxy": haproxy}[request.param]
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        start(tmp_path_factory.mktemp(request.param), listening, site.port),
    ):
        yield Visitor(programs.port_of(listening), certs.client_context())


def nginx(folder: Path, listening: socket.socket, port: int) -> Program:
    values = {
        "server 127.0.0.1:8443;": f"server 127.0.0.1:{port};",
        "listen 443;": f"listen 127.0.0.1:{programs.port_of(listening)};",
    }
    return programs.nginx(folder, "stream.conf", values, [listening])


@contextlib.contextmanager
def haproxy(folder: Path, listening: socket.socket, port: int) -> Iterator[Program]:
    with two_ports() as others, programs.short_folder() as short:
        values = {
            "/run/haproxy/admin.sock mode": f"{short}/admin.sock mode",
            "bind :80\n": f"bind fd@{others[0].fileno()}\n",
            "bind :443 ssl crt /etc/haproxy/site.pem ": f"bind fd@{others[1].fileno()} ",
            "bind :8443": f"bind fd@{listening.fileno()}",
            "server one 127.0.0.1:8444": f"server one 127.0.0.1:{port}",
        }
        with programs.haproxy(folder, values, [listening, *others]) as proxy:
            yield proxy


def test_the_site_knows_who_has_connected(visitor: Visitor) -> None:
    for source in ("127.0.0.1", "127.0.0.2"):
        told = visitor.told("/", source=source)
        assert (told["client"], told["url"]) == (source, visitor.url + "/")


def test_headers_are_not_believed(visitor: Visitor) -> None:
    told = visitor.told("/", X_Forwarded_For="192.0.2.1", X_Forwarded_Proto="http")
    assert (told["client"], told["url"]) == ("127.0.0.1", visitor.url + "/")


def test_a_connection_is_kept(visitor: Visitor) -> None:
    connection = visitor.connection("127.0.0.3")
    with contextlib.closing(connection):
        for _ in range(3):
            connection.request("GET", "/")
            assert b'"127.0.0.3"' in connection.getresponse().read()


def test_a_websocket(visitor: Visitor) -> None:
    address = visitor.url.replace("https", "wss") + "/echo"
    with connect(address, ssl=visitor.context, proxy=None, open_timeout=PATIENCE) as websocket:
        websocket.send("hello")
        assert websocket.recv(PATIENCE) == "hello"
