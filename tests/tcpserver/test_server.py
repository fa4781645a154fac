"""Listening, and what happens to the connections that come."""

import asyncio
import socket
from typing import Any

import pytest

from tornadolike.ioloop import IOLoop
from tornadolike.netutil import bind_sockets
from tornadolike.tcpserver import TCPServer


class Keeper(TCPServer):
    """Keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.connections: asyncio.Queue[socket.socket] = asyncio.Queue()

    def handle_connection(self, connection: socket.socket, address: Any) -> None:
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
        def handle_connection(self, connection: socket.socket, address: Any) -> None:
            super().handle_connection(connection, address)
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
