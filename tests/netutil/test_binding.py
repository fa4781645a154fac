"""Listening sockets: making them, and taking connections from them."""

import asyncio
import errno
import os
import socket
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tornadolike.ioloop import IOLoop
from tornadolike.netutil import add_accept_handler, bind_sockets, bind_unix_socket, binding

Opened = Callable[..., list[socket.socket]]


@pytest.fixture
def bind() -> Iterator[Opened]:
    """:func:`bind_sockets` whose sockets are closed in the end."""
    opened: list[socket.socket] = []

    def function(*args: Any, **kwargs: Any) -> list[socket.socket]:
        sockets = bind_sockets(*args, **kwargs)
        opened.extend(sockets)
        return sockets

    yield function
    for sock in opened:
        sock.close()


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")


# Making them


def test_a_port_as_a_text(bind: Opened) -> None:
    """As programs take it from a command line or a configuration."""
    (sock,) = bind("0", "127.0.0.1")
    port = sock.getsockname()[1]
    assert port
    sock.close()
    assert bind(str(port), "127.0.0.1")[0].getsockname()[1] == port


def test_one_address(bind: Opened) -> None:
    (sock,) = bind(0, "127.0.0.1")
    assert sock.family == socket.AF_INET
    assert not sock.getblocking()
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    assert not os.get_inheritable(sock.fileno())
    with socket.create_connection(sock.getsockname()):
        pass


@needs_ipv6
@pytest.mark.parametrize("address", [None, ""])
def test_all_interfaces_share_the_free_port(bind: Opened, address: str | None) -> None:
    sockets = bind(0, address)
    assert [sock.family for sock in sockets] == [socket.AF_INET, socket.AF_INET6]
    assert len({sock.getsockname()[1] for sock in sockets}) == 1
    port = sockets[0].getsockname()[1]
    for host in ("127.0.0.1", "::1"):
        with socket.create_connection((host, port)):
            pass


@needs_ipv6
def test_a_free_port_that_is_taken_for_ipv6_is_not_the_last_word(
    bind: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    bind_all = binding._bind_all
    attempts = []

    def unlucky(*args: Any) -> list[socket.socket]:
        attempts.append(args)
        if len(attempts) < 3:
            raise OSError(errno.EADDRINUSE, "taken")
        return bind_all(*args)

    monkeypatch.setattr(binding, "_bind_all", unlucky)
    assert len(bind(0)) == 2
    assert len(attempts) == 3
    attempts.clear()
    with pytest.raises(OSError, match="taken"):
        bind(1234)
    assert len(attempts) == 1


@needs_ipv6
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_one_kind_of_address_only(bind: Opened, family: socket.AddressFamily) -> None:
    (sock,) = bind(0, None, family=family)
    assert sock.family == family


def test_a_host_that_can_only_ipv4(bind: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """IPv6 sockets can be made, but no interface has an address: as in many containers."""
    real = socket.socket

    class NoIPv6(real):
        def bind(self, address: Any) -> None:
            if self.family == socket.AF_INET6:
                raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
            super().bind(address)

    monkeypatch.setattr(binding.socket, "socket", NoIPv6)
    assert [sock.family for sock in bind(0)] == [socket.AF_INET]
    with pytest.raises(OSError, match="cannot listen on ::1 port 0: Cannot assign"):
        bind(0, "::1")


def test_a_host_that_does_not_know_ipv6(bind: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket

    def no_ipv6(family: int, *args: Any, **kwargs: Any) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return real(family, *args, **kwargs)

    monkeypatch.setattr(binding.socket, "socket", no_ipv6)
    assert len(bind(0)) == 1
    with pytest.raises(OSError, match="Address family"):
        bind(0, "::1")
    monkeypatch.setattr(binding.socket, "has_ipv6", False)
    assert len(bind(0)) == 1


def test_no_descriptors_left_for_listening(bind: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_sockets(*args: Any, **kwargs: Any) -> socket.socket:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(binding.socket, "socket", no_sockets)
    with pytest.raises(OSError, match="Too many"):
        bind(0)


@pytest.mark.parametrize(
    ("port", "address", "text"),
    [
        (0, "203.0.113.5", "cannot listen on 203.0.113.5 port 0: Cannot assign requested address"),
        (0, "no.such.host.invalid", "cannot listen on no.such.host.invalid: "),
        (70000, "127.0.0.1", "port"),
    ],
)
def test_errors_name_the_place(bind: Opened, port: int, address: str, text: str) -> None:
    with pytest.raises((OSError, OverflowError), match=text):
        bind(port, address)


def test_a_port_that_is_taken(bind: Opened) -> None:
    port = bind(0, "127.0.0.1")[0].getsockname()[1]
    with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1 port {port}: .* in use") as info:
        bind(port, "127.0.0.1")
    assert info.value.errno == errno.EADDRINUSE


def test_a_port_that_is_shared(bind: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    port = bind(0, "127.0.0.1", reuse_port=True)[0].getsockname()[1]
    assert bind(port, "127.0.0.1", reuse_port=True)[0].getsockname()[1] == port
    monkeypatch.delattr(binding.socket, "SO_REUSEPORT")
    with pytest.raises(ValueError, match="SO_REUSEPORT"):
        bind(port, "127.0.0.1", reuse_port=True)


def test_a_port_can_be_taken_again_at_once(bind: Opened) -> None:
    """Connections of the server before it that linger in the kernel do not stand in the way."""
    (sock,) = bind(0, "127.0.0.1")
    address = sock.getsockname()
    with socket.create_connection(address), sock.accept()[0]:
        pass  # our side first: it is the one that lingers
    sock.close()
    assert bind(address[1], "127.0.0.1")


# Unix sockets


def test_a_unix_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "server.sock")
    with bind_unix_socket(path, mode=0o640) as sock:
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o640
        assert not sock.getblocking()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
        with pytest.raises(OSError, match="a server is listening there") as info:
            bind_unix_socket(path)
        assert info.value.errno == errno.EADDRINUSE
    with bind_unix_socket(path):  # the one before is dead
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_an_abstract_unix_socket() -> None:
    with bind_unix_socket(f"\0tornadolike-test-{os.getpid()}") as sock:
        assert sock.getsockname().startswith(b"\0tornadolike")


def test_what_a_unix_socket_does_not_replace(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("data")
    with pytest.raises(ValueError, match="exists and is not a socket"):
        bind_unix_socket(str(path))
    assert path.read_text() == "data"
    with pytest.raises(OSError, match=r"cannot listen on /.*/missing/s: No such file"):
        bind_unix_socket(str(tmp_path / "missing" / "s"))
    with pytest.raises(OSError, match=r"cannot listen on .*too long"):
        bind_unix_socket(str(tmp_path / ("x" * 200)))


# Accepting


def test_accepting_and_its_end(io_loop: IOLoop, bind: Opened) -> None:
    (sock,) = bind(0, "127.0.0.1")

    async def main() -> None:
        accepted: asyncio.Queue[tuple[socket.socket, Any]] = asyncio.Queue()
        remove = add_accept_handler(sock, lambda *what: accepted.put_nowait(what))
        with socket.create_connection(sock.getsockname()) as client:
            connection, address = await asyncio.wait_for(accepted.get(), 10)
            assert address == client.getsockname()
            assert not connection.getblocking()
            connection.close()
        remove()
        with socket.create_connection(sock.getsockname()):
            for _ in range(5):
                await asyncio.sleep(0)
        assert accepted.empty()

    io_loop.run_sync(main, timeout=20)


EXHAUSTED = """
    import asyncio, logging, resource, socket, sys
    import tornadolike
    from tornadolike import netutil
    from tornadolike.ioloop import accepting
    from tornadolike.httpserver import HTTPServer

    logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.WARNING)
    accepting.ACCEPT_PAUSE = 0.01

    def answer(request):
        request.connection.respond(200, "OK", "text/plain", None, b"", b"fine")

    def talk(sock):
        sock.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
        sock.settimeout(10)
        return sock.recv(4096).endswith(b"fine")

    async def main():
        (listening,) = netutil.bind_sockets(0, "127.0.0.1")
        server = HTTPServer(answer)
        server.add_sockets([listening])
        address = listening.getsockname()
        loop = asyncio.get_running_loop()
        # The clients' descriptors are there before the limit, so that only the server runs out.
        clients = [socket.socket() for _ in range(60)]
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        used = clients[-1].fileno() + 1
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + 30, hard))
        for client in clients:
            client.connect(address)
        await asyncio.sleep(0.1)
        held = len(server._serving.connections)
        assert 20 <= held <= 30, held
        print("talks on", await loop.run_in_executor(None, talk, clients[0]))
        for client in clients[:40]:
            client.close()
        print("took the rest", await loop.run_in_executor(None, talk, clients[-1]))
        for client in clients:
            client.close()
        await server.drain(5)

    tornadolike.run(main())
"""


def test_a_server_that_runs_out_of_descriptors_recovers() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(EXHAUSTED)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stderr == ""
    lines = [line.split(":")[0] for line in done.stdout.splitlines()]
    paused, resumed = "Accepting no connections for a while", "Accepting connections again"
    assert lines[0] == paused
    assert lines.count(paused) == lines.count(resumed)
    assert [line for line in lines if line not in (paused, resumed)] == [
        "talks on True",
        "took the rest True",
    ]
