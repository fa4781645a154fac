"""The site behind proxies, each started once for all of its tests."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy import programs
from tests.deploy.programs import Program
from tests.deploy.visitor import Visitor
from tests.tls_certs import Certificates

WORKERS = ["--workers", "2"]


@dataclass
class Front:
    """A proxy, the sites behind it, and who visits them."""

    name: str
    folder: Path
    proxy: Program
    sites: list[Program]
    visitor: Visitor
    plain: Visitor
    """To the port that sends everybody to HTTPS."""
    control: Path | None = None
    """HAProxy's socket for who operates it."""

    def log(self) -> str:
        """What the proxy has logged."""
        error_log = self.folder / "error.log"
        return self.proxy.log() + (error_log.read_text() if error_log.exists() else "")


@pytest.fixture(scope="package", params=["nginx", "haproxy"])
def front(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    certs: Certificates,
) -> Iterator[Front]:
    """Each proxy in turn."""
    opening = {"nginx": behind_nginx, "haproxy": behind_haproxy}[request.param]
    with opening(tmp_path_factory.mktemp(request.param), certs) as front:
        yield front


@contextlib.contextmanager
def behind_nginx(folder: Path, certs: Certificates) -> Iterator[Front]:
    """nginx, and a site on a Unix socket."""
    with programs.short_folder() as short, two_ports() as (plain, tls):
        address = str(short / "site.sock")
        values = {
            "unix:/run/site/site.sock": f"unix:{address}",
            "listen 80;": f"listen 127.0.0.1:{programs.port_of(plain)};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{programs.port_of(tls)} ssl http2;",
            "/etc/site/fullchain.pem": certs.server,
            "/etc/site/privkey.pem": certs.server,
        }
        with (
            programs.site(folder, *WORKERS, "--unix-socket", address, "--trust", "unix") as site,
            programs.nginx(folder, "site.conf", values, [plain, tls]) as proxy,
        ):
            site.wait_until(lambda: programs.connects(address))
            yield Front(
                "nginx",
                folder,
                proxy,
                [site],
                Visitor(programs.port_of(tls), certs.client_context()),
                Visitor(programs.port_of(plain), None),
            )


@contextlib.contextmanager
def behind_haproxy(folder: Path, certs: Certificates) -> Iterator[Front]:
    """HAProxy, and two sites on Unix sockets."""
    with programs.short_folder() as short, two_ports() as (plain, tls):
        addresses = [str(short / f"{name}.sock") for name in ("one", "two")]
        control = short / "admin.sock"
        values = {
            "/run/haproxy/admin.sock mode": f"{control} mode",
            "unix@/run/site-one/site.sock": f"unix@{addresses[0]}",
            "unix@/run/site-two/site.sock": f"unix@{addresses[1]}",
            "bind :80\n": f"bind fd@{plain.fileno()}\n",
            "bind :443 ": f"bind fd@{tls.fileno()} ",
            "bind :8443": f"bind unix@{short}/tcp.sock",
            "/etc/haproxy/site.pem": certs.server, 
        }
        with contextlib.ExitStack() as stack:
            sites = [
                stack.enter_context(
                    programs.site(
                        folder, *WORKERS, "--unix-socket", address, "--trust", "unix", name=name
                    )
                )
                for name, address in zip(("one", "two"), addresses, strict=True)
            ]
            for site, address in zip(sites, addresses, strict=True):
                site.wait_until(lambda address=address: programs.connects(address))
            proxy = stack.enter_context(programs.haproxy(folder, values, [plain, tls]))
            proxy.wait_until(control.exists)
            yield Front(
                "haproxy",
                folder,
                proxy,
                sites,
                Visitor(programs.port_of(tls), certs.client_context()),
                Visitor(programs.port_of(plain), None),
                control,
            )


@contextlib.contextmanager
def two_ports() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Sockets that listen, for a proxy to inherit."""
    with (
        socket.create_server(("127.0.0.1", 0)) as first,
        socket.create_server(("127.0.0.1", 0)) as second,
    ):
        yield first, second
