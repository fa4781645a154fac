"""The site behind proxies, each started once for all of its tests."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy import programs
from tests.deploy.programs import Program, Site
from tests.deploy.visitor import Visitor
from tests.tls_certs import Certificates


@dataclass
class Front:
    """A proxy, the sites behind it, and who visits them."""

    name: str
    folder: Path
    proxy: Program
    sites: list[Site]
    visitor: Visitor
    plain: Visitor
    """To the port that sends everybody to HTTPS."""
    control: Path | None = None
    """HAProxy's socket for who operates it."""

    def log(self) -> str:
        """What the proxy has logged."""
        error_log = self.folder / "error.log"
        return self.proxy.log() + (error_log.read_text() if error_log.exists() else "")


@pytest.fixture(scope="package")
def nginx(tmp_path_factory: pytest.TempPathFactory, certs: Certificates) -> Iterator[Front]:
    """nginx, and a site."""
    with behind_nginx(tmp_path_factory.mktemp("nginx"), certs) as front:
        yield front


@pytest.fixture(scope="package")
def haproxy(tmp_path_factory: pytest.TempPathFactory, certs: Certificates) -> Iterator[Front]:
    """HAProxy, and two sites."""
    with behind_haproxy(tmp_path_factory.mktemp("haproxy"), certs) as front:
        yield front


@pytest.fixture(params=["nginx", "haproxy"])
def front(request: pytest.FixtureRequest) -> Front:
    """Each proxy in turn."""
    found: Front = request.getfixturevalue(request.param)
    return found


@contextlib.contextmanager
def behind_nginx(folder: Path, certs: Certificates) -> Iterator[Front]:
    """nginx, and a site on a Unix socket."""
    with programs.short_folder() as short, two_ports() as (plain, tls):
        address = str(short / "site.sock")
        values = {
            "unix:/run/site.sock": f"unix:{address}",
            "listen 80;": f"listen 127.0.0.1:{programs.port_of(plain)};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{programs.port_of(tls)} ssl http2;",
            "/etc/site/fullchain.pem": certs.server,
            "/etc/site/privkey.pem": certs.server,
        }
        with (
            programs.Site(folder, "--unix-socket", address, "--trust", "unix") as site,
            programs.nginx(folder, "site.conf", values, [plain, tls]) as proxy,
        ):
            visitors = taken_over(plain, tls, certs)
            yield Front("nginx", folder, proxy, [site], *visitors)


@contextlib.contextmanager
def behind_haproxy(folder: Path, certs: Certificates) -> Iterator[Front]:
    """HAProxy, and two sites on Unix sockets."""
    with programs.short_folder() as short, two_ports() as (plain, tls):
        addresses = [str(short / f"{name}.sock") for name in ("one", "two")]
        control = short / "admin.sock"
        values = {
            "/run/haproxy/admin.sock mode": f"{control} mode",
            "one 10.0.0.11:8888": f"one unix@{addresses[0]}",
            "two 10.0.0.12:8888": f"two unix@{addresses[1]}",
            "bind :80\n": f"bind fd@{plain.fileno()}\n",
            "bind :443 ": f"bind fd@{tls.fileno()} ",
            "bind :8443": f"bind unix@{short}/tcp.sock",
            "/etc/haproxy/site.pem": certs.server,
        }
        with contextlib.ExitStack() as stack:
            sites = [
                stack.enter_context(
                    programs.Site(folder, "--unix-socket", address, "--trust", "unix", name=name)
                )
                for name, address in zip(("one", "two"), addresses, strict=True)
            ]
            proxy = stack.enter_context(programs.haproxy(folder, values, [plain, tls]))
            proxy.wait_until(control.exists)
            visitors = taken_over(plain, tls, certs)
            yield Front("haproxy", folder, proxy, sites, *visitors, control)


def taken_over(
    plain: socket.socket, tls: socket.socket, certs: Certificates
) -> tuple[Visitor, Visitor]:
    """Those who visit a proxy that has these sockets by now. Here they are closed."""
    visitors = (
        Visitor(programs.port_of(tls), certs.client_context()),
        Visitor(programs.port_of(plain), None),
    )
    plain.close()
    tls.close()
    return visitors


@contextlib.contextmanager
def two_ports() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Sockets that listen, for a proxy to inherit."""
    with (
        socket.create_server(("127.0.0.1", 0)) as first,
        socket.create_server(("127.0.0.1", 0)) as second,
    ):
        yield first, second
