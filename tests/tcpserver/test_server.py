"""Listening, and what happens to the connections that come."""

import asyncio
import logging
import socket
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.tcpserver.helpers import Handled, expect_end, over
from tests.tcpserver.helpers import visit as visit_by_stream
from tornadolike._native import described
from tornadolike.ioloop import IOLoop
from tornadolike.iostream import IOStream
from tornadolike.netutil import bind_sockets, bind_unix_socket
from tornadolike.tcpserver import TCPServer


class Keeper(TCPServer):
    """Keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.connections: asyncio.Queue[socket.socket] = asyncio.Queue()

    def handle_socket(self, connection: socket.socket, address: Any) -> None:
        assert connection.getpeername() == address
        self.connections.put_nowait(connection)

    @property
    def ports(self) -> list[int]:
        return [sock.getsockname()[1] for sock in self._sockets.values()]


def visit(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


async def expect_connection(server: Keeper) -> None:
    (await asyncio.wait_for(server.connections.get(), 10)).close()


def test_listening_in_several_places_and_stopping(io_loop: IOLoop) -> None:
    async def main() -> None:
        server = Keeper()
        server.listen(0, "127.0.0.1")
        server.add_sockets(bind_sockets(0, "127.0.0.1"))
        server.add_socket(bind_sockets(0, "127.0.0.1")[0])
        ports = server.ports
        assert len(set(ports)) == 3
        for port in ports:
            with visit(port):
                await expect_connection(server)
        server.stop()
        server.stop()
        for port in ports:
            with pytest.raises(ConnectionRefusedError):
                visit(port)
        server.listen(0, "127.0.0.1")  # again
        with visit(server.ports[0]):
            await expect_connection(server)
        server.stop()

    io_loop.run_sync(main, timeout=20)


def test_a_port_that_is_taken_is_said_at_once(io_loop: IOLoop) -> None:
    async def main() -> None:
        server = Keeper()
        server.listen(0, "127.0.0.1")
        with pytest.raises(OSError, match="in use"):
            server.listen(server.ports[0], "127.0.0.1")
        server.stop()

    io_loop.run_sync(main, timeout=20)


def test_stopping_from_inside_a_connection(io_loop: IOLoop) -> None:
    class OneShot(Keeper):
        def handle_socket(self, connection: socket.socket, address: Any) -> None:
            super().handle_socket(connection, address)
            self.stop()

    async def main() -> None:
        server = OneShot()
        server.listen(0, "127.0.0.1")
        port = server.ports[0]
        clients = [visit(port) for _ in range(3)]
        await expect_connection(server)
        assert server.connections.empty()
        for client in clients:
            client.close()

    io_loop.run_sync(main, timeout=20)


def test_a_connection_that_cannot_be_served_is_closed(io_loop: IOLoop, expect_log: Any) -> None:
    async def main() -> None:
        server = TCPServer()
        (listening,) = bind_sockets(0, "127.0.0.1")
        server.add_socket(listening)
        with expect_log("tornadolike.application", "connection callback", count=2):
            for _ in range(2):
                with visit(listening.getsockname()[1]) as client:
                    end = await io_loop.run_in_executor(None, client.recv, 1)
                    assert end == b""
        server.stop()
        await io_loop.shutdown_default_executor()

    io_loop.run_sync(main, timeout=20)


def test_what_does_not_listen_is_refused(io_loop: IOLoop) -> None:
    server = TCPServer()
    with socket.socket() as sock, pytest.raises(ValueError, match="does not listen: call"):
        server.add_socket(sock)
    assert not server._sockets


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere one of them may get all")
def test_the_log_tells_once_which_core_runs(
    io_loop: IOLoop, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        server = Keeper()
        for _ in range(2):
            server.listen(0, "127.0.0.1")
        server.stop()

    with caplog.at_level(logging.DEBUG, "tornadolike.general"):
        io_loop.run_sync(main)
    assert caplog.messages == [f"A server starts; the core: {described()}"]


def test_several_servers_share_a_port(io_loop: IOLoop) -> None:
    """Each of them gets some of many connections."""

    async def main() -> None:
        first, second = Keeper(), Keeper()
        first.listen(0, "127.0.0.1", reuse_port=True)
        (port,) = first.ports
        second.listen(port, "127.0.0.1", reuse_port=True)
        clients = [visit(port) for _ in range(64)]
        async with asyncio.timeout(10):
            while first.connections.qsize() + second.connections.qsize() < len(clients):
                await asyncio.sleep(0)
        for server in (first, second):
            server.stop()
            assert not server.connections.empty()
            while not server.connections.empty():
                server.connections.get_nowait().close()
        for client in clients:
            client.close()

    io_loop.run_sync(main, timeout=20)


# Unix sockets


async def greet(stream: IOStream, address: Any) -> None:
    await stream.write(f"hello {address!r}".encode())


def test_a_unix_socket_and_its_file(io_loop: IOLoop, tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "socket"
        server = Handled(greet)
        server.listen_unix(path, 0o660)
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        async with visit_by_stream(str(path)) as stream:
            assert await stream.read_until_close() == b"hello ''"
        with pytest.raises(OSError, match="a server is listening there"):
            server.listen_unix(path)
        await over(server)
        server.stop()
        assert not path.exists()
        server.listen_unix(str(path))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.unlink()
        path.write_text("another's")
        server.stop()
        assert path.exists()

    io_loop.run_sync(main, timeout=20)


def test_the_file_of_a_socket_that_was_given_stays(io_loop: IOLoop, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    server = TCPServer()
    server.add_socket(bind_unix_socket(path))
    server.stop()
    assert path.exists()


def test_an_abstract_unix_socket(io_loop: IOLoop) -> None:
    async def main() -> None:
        server = Handled(greet)
        name = f"\0tornadolike-tcpserver-{id(server)}"
        server.listen_unix(name)
        async with visit_by_stream(name) as stream:
            assert await stream.read_until_close() == b"hello ''"
        server.stop()

    io_loop.run_sync(main, timeout=20)


# What cannot be served


def test_an_error_of_a_callback_is_told_with_the_address(io_loop: IOLoop, expect_log: Any) -> None:
    class Broken(TCPServer):
        def handle_socket(self, connection: socket.socket, address: Any) -> None:
            raise ZeroDivisionError

    async def main() -> None:
        server = Broken()
        server.listen(0, "127.0.0.1")
        ((_, sock),) = server._sockets.items()
        with expect_log("tornadolike.application", "Error in connection callback", count=1) as log:
            async with visit_by_stream(sock.getsockname()[1]) as stream:
                here = stream.socket.getsockname()
                await expect_end(stream)
        assert str(here) in log.matched[0].getMessage()
        server.stop()

    io_loop.run_sync(main, timeout=20)
