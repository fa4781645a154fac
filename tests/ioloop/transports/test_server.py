"""The server: its life, and the connections that came through it."""

import asyncio
import contextlib
import contextvars
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.ioloop.transports.bench import Recorder
from tests.tls_certs import Certificates
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.transports import server as module
from tornadolike.ioloop.transports.server import Server


class Scene:
    """A server on a loop, its protocols and its clients."""

    def __init__(self, loop: IOLoop) -> None:
        self.loop = loop
        self.protocols: list[Recorder] = []
        self.factory: Callable[[], Any] = Recorder
        self.clients: list[socket.socket] = []

    def make_protocol(self) -> Any:
        protocol = self.factory()
        self.protocols.append(protocol)
        return protocol

    @contextlib.asynccontextmanager
    async def server(self, **options: Any) -> AsyncIterator[Server]:
        server = await self.loop.create_server(self.make_protocol, "127.0.0.1", 0, **options)
        try:
            yield server
        finally:
            server.close()
            server.abort_clients()
            for client in self.clients:
                client.close()
            for protocol in self.protocols:
                if protocol.names:  # made
                    await protocol.hears("lost")

    async def connect(self, server: Server, known: bool = True) -> socket.socket:
        """A new client; wait until the server's protocol knows."""
        count = len(self.protocols)
        client = socket.create_connection(server.sockets[0].getsockname())
        client.setblocking(False)
        self.clients.append(client)
        async with asyncio.timeout(10):
            while known and len(self.protocols) == count:
                await asyncio.sleep(0)
        return client

    async def is_over(self, client: socket.socket) -> bool:
        """Whether the server closed the connection."""
        with contextlib.suppress(BlockingIOError, ConnectionResetError):
            return client.recv(1) == b""
        return False

    async def blocks(self, awaitable: Any) -> asyncio.Task[Any]:
        """A task of what does not end by itself."""
        task = asyncio.ensure_future(awaitable)
        for _ in range(3):
            await asyncio.sleep(0)
        assert not task.done()
        return task


@pytest.fixture
def scene(io_loop: IOLoop) -> Scene:
    return Scene(io_loop)


def play(scene: Scene, function: Any) -> None:
    scene.loop.run_sync(function, timeout=20)


# Serving


def test_connections_find_their_protocols(scene: Scene) -> None:
    async def main() -> None:
        async with scene.server() as server:
            assert server.is_serving()
            assert server.get_loop() is scene.loop
            for number in range(3):
                client = await scene.connect(server)
                protocol = scene.protocols[number]
                assert protocol.names == ["made"]
                transport = protocol.transport
                assert transport.get_extra_info("peername") == client.getsockname()
                assert transport.get_extra_info("sockname") == client.getpeername()
                client.send(b"%d" % number)
                await protocol.has_data(b"%d" % number)
            # Told also after the end.
            client.close()
            await protocol.hears("lost")
            assert transport.get_extra_info("peername")[0] == "127.0.0.1"

    play(scene, main)


def test_start_later(scene: Scene) -> None:
    async def main() -> None:
        async with scene.server(start_serving=False) as server:
            assert not server.is_serving()
            with pytest.raises(ConnectionRefusedError):
                await scene.connect(server)
            await server.start_serving()
            await server.start_serving()
            assert server.is_serving()
            await scene.connect(server)

    play(scene, main)


def test_a_socket_that_cannot_listen(scene: Scene) -> None:
    async def main() -> None:
        with socket.socket() as good, socket.socket() as connected:
            good.bind(("127.0.0.1", 0))
            with socket.create_server(("127.0.0.1", 0)) as other:
                connected.connect(other.getsockname())
                server = Server(scene.loop, [good, connected], Recorder, backlog=5)
                with pytest.raises(OSError, match="Invalid argument"):
                    await server.start_serving()
                assert not server.is_serving()
                server.close()
            assert connected.fileno() == -1

    play(scene, main)


def test_the_sockets(scene: Scene) -> None:
    async def main() -> None:
        async with scene.server() as server:
            (face,) = server.sockets
            assert face.getsockname()[1] > 0
            assert not hasattr(face, "close")
            assert repr(face) in repr(server)
            server.close()
            assert server.sockets == ()
            assert face.fileno() == -1
            assert repr(server) == "<Server sockets=()>"

    play(scene, main)


# Contexts


def test_each_connection_has_a_context_of_its_own(scene: Scene) -> None:
    variable = contextvars.ContextVar("variable", default="default")
    seen: list[str] = []

    class Watching(Recorder):
        def __init__(self) -> None:
            super().__init__()
            variable.set(variable.get() + "+")

        def _hear(self, *what: Any) -> None:
            seen.append(f"{what[0]} {variable.get()}")
            variable.set(variable.get() + "+")
            super()._hear(*what)

    async def main() -> None:
        scene.factory = Watching
        variable.set("starter's")
        async with scene.server() as server:
            variable.set("changed")
            for number in range(2):
                client = await scene.connect(server)
                client.send(b"x")
                client.close()
                await scene.protocols[number].hears("lost")
                assert seen == [
                    "made starter's+",
                    "data starter's++",
                    "eof starter's+++",
                    "lost starter's++++",
                ]
                seen.clear()

    play(scene, main)


# Closing


def test_closing_leaves_the_connections(scene: Scene) -> None:
    async def main() -> None:
        async with scene.server() as server:
            client = await scene.connect(server)
            address = client.getpeername()
            server.close()
            server.close()
            assert not server.is_serving()
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(address)
            client.send(b"still here")
            await scene.protocols[0].has_data(b"still here")
            with pytest.raises(RuntimeError, match="is closed"):
                await server.start_serving()
            with pytest.raises(RuntimeError, match="is closed"):
                await server.serve_forever()

    play(scene, main)


@pytest.mark.parametrize("waits", [False, True], ids=["3.11", "3.12"])
def test_waiting_for_the_end(scene: Scene, waits: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITS_FOR_CONNECTIONS", waits)

    async def main() -> None:
        async with scene.server() as server:
            early = await scene.blocks(server.wait_closed())
            client = await scene.connect(server)
            busy = await scene.blocks(server.wait_closed())
            cancelled = await scene.blocks(server.wait_closed())
            cancelled.cancel()
            server.close()
            if waits:
                late = await scene.blocks(server.wait_closed())
            else:
                late = asyncio.ensure_future(server.wait_closed())
                await late
            assert not early.done()
            assert not busy.done()
            client.close()
            await asyncio.gather(early, busy, late)
            await server.wait_closed()

    play(scene, main)


@pytest.mark.parametrize("waits", [False, True], ids=["3.11", "3.12"])
def test_waiting_for_the_end_without_connections(
    scene: Scene, waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAITS_FOR_CONNECTIONS", waits)

    async def main() -> None:
        async with scene.server() as server:
            client = await scene.connect(server)
            client.close()
            await scene.protocols[0].hears("lost")
            # Nobody is connected, but somebody may come.
            waiting = await scene.blocks(server.wait_closed())
            server.close()
            await waiting
            await server.wait_closed()

    play(scene, main)


def test_closing_the_clients_sends_what_waits(scene: Scene) -> None:
    async def main() -> None:
        async with scene.server() as server:
            client = await scene.connect(server)
            protocol = scene.protocols[0]
            written = 0
            while not protocol.transport.get_write_buffer_size():
                protocol.transport.write(b"x" * 65536)
                written += 65536
            server.close_clients()
            assert protocol.transport.is_closing()
            received = 0
            while received < written:
                with contextlib.suppress(BlockingIOError):
                    received += len(client.recv(65536))
                await asyncio.sleep(0)
            assert await protocol.hears("lost") == ("lost", None)
            assert await scene.is_over(client)
            assert server.is_serving()

    play(scene, main)


def test_aborting_the_clients(scene: Scene) -> None:
    async def main() -> None:
        async with scene.server() as server:
            for _ in range(2):
                await scene.connect(server)
            while not scene.protocols[0].transport.get_write_buffer_size():
                scene.protocols[0].transport.write(b"x" * 65536)
            server.close()
            waiting = asyncio.ensure_future(server.wait_closed())
            server.abort_clients()
            for protocol in scene.protocols:
                assert await protocol.hears("lost") == ("lost", None)
            await waiting

    play(scene, main)


def test_as_a_context(scene: Scene) -> None:
    async def main() -> None:
        async with scene.server() as server:
            async with server as same:
                assert same is server
                assert server.is_serving()
            assert not server.is_serving()
            await server.wait_closed()

    play(scene, main)


# Serving for ever


def test_serving_until_cancelled(scene: Scene) -> None:
    async def main() -> None:
        async with scene.server(start_serving=False) as server:
            forever = await scene.blocks(server.serve_forever())
            assert server.is_serving()
            with pytest.raises(RuntimeError, match="already"):
                await server.serve_forever()
            client = await scene.connect(server)
            client.close()
            await scene.protocols[0].hears("lost")
            forever.cancel()
            with pytest.raises(asyncio.CancelledError):
                await forever
            assert server.sockets == ()
            with pytest.raises(RuntimeError, match="is closed"):
                await server.serve_forever()

    play(scene, main)


def test_serving_until_closed(scene: Scene) -> None:
    async def main() -> None:
        async with scene.server() as server:
            forever = await scene.blocks(server.serve_forever())
            server.close()
            with pytest.raises(asyncio.CancelledError):
                await forever

    play(scene, main)


def test_cancelled_serving_waits_for_connections_and_may_be_hurried(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAITS_FOR_CONNECTIONS", True)

    async def main() -> None:
        async with scene.server() as server:
            await scene.connect(server)
            forever = await scene.blocks(server.serve_forever())
            forever.cancel()
            for _ in range(3):
                await asyncio.sleep(0)
            assert not server.is_serving()
            assert not forever.done()
            forever.cancel()
            with pytest.raises(asyncio.CancelledError):
                await forever

    play(scene, main)


# Trouble


def test_a_factory_that_fails_costs_one_connection(scene: Scene, expect_log: Any) -> None:
    def fail() -> Any:
        scene.factory = Recorder
        raise ZeroDivisionError

    async def main() -> None:
        scene.factory = fail
        async with scene.server() as server:
            with expect_log("asyncio", "accepted connection could not be set up", count=1):
                first = await scene.connect(server, known=False)
                second = await scene.connect(server)
            assert await scene.is_over(first)
            second.send(b"x")
            await scene.protocols[0].has_data(b"x")

    play(scene, main)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_the_end_of_the_process_passes(scene: Scene, error: type[BaseException]) -> None:
    def end() -> Any:
        raise error

    async def main() -> None:
        scene.factory = end
        async with scene.server() as server:
            await scene.connect(server, known=False)
            await asyncio.sleep(10)

    with pytest.raises(error):
        play(scene, main)
    # What the interrupted task would have cleaned up.
    for task in asyncio.all_tasks(scene.loop):
        task.cancel()
    scene.loop.call_soon(scene.loop.stop)
    scene.loop.run_forever()
    scene.loop.call_soon(scene.loop.stop)
    scene.loop.run_forever()


def test_a_connection_that_everybody_forgot_complains(scene: Scene) -> None:
    class Forgetful(asyncio.Protocol):
        names: tuple[str, ...] = ()

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            transport.pause_reading()  # type: ignore[attr-defined]

    async def main() -> None:
        scene.factory = Forgetful
        async with scene.server() as server:
            with pytest.warns(ResourceWarning, match="unclosed transport"):
                client = await scene.connect(server)
            scene.protocols.clear()
            assert await scene.is_over(client)
            server.close()
            await server.wait_closed()  # does not wait for it

    play(scene, main)


# TLS


def tls_client(address: Any, context: ssl.SSLContext, say: bytes) -> bytes:
    with (
        socket.create_connection(address, timeout=10) as sock,
        context.wrap_socket(sock, server_hostname="localhost") as tls,
    ):
        tls.sendall(say)
        heard = b""
        while data := tls.recv(100):
            heard += data
        return heard


def test_tls(scene: Scene, certs: Certificates) -> None:
    class Answering(asyncio.Protocol):
        names: tuple[str, ...] = ()

        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            self.transport.write(data[::-1])
            server.close_clients()

    server: Any = None

    async def main() -> None:
        nonlocal server
        scene.factory = Answering
        async with scene.server(ssl=certs.server_context()) as server:
            said = await scene.loop.run_in_executor(
                None,
                tls_client,
                server.sockets[0].getsockname(),
                certs.client_context(),
                b"hello",
            )
            # (The client's recv says b"" only after TLS's own goodbye.)
            assert said == b"olleh"
            server.close()
            await server.wait_closed()

    play(scene, main)


def test_a_peer_that_fails_at_the_handshake_disturbs_nobody(
    scene: Scene, certs: Certificates
) -> None:
    """No protocol is told of it, no error is logged, and the server goes on."""

    async def main() -> None:
        async with scene.server(ssl=certs.server_context()) as server:
            client = await scene.connect(server)
            client.send(b"GET / HTTP/1.1\r\n\r\n")
            waiting = asyncio.ensure_future(server.wait_closed())
            server.close()
            await waiting
            if not module.WAITS_FOR_CONNECTIONS:
                async with asyncio.timeout(10):
                    while server._connections:
                        await asyncio.sleep(0)
            assert scene.protocols[0].names == []
            client.close()

    play(scene, main)


def test_clients_in_the_middle_of_the_handshake_are_closed_too(
    scene: Scene, certs: Certificates
) -> None:
    async def main() -> None:
        async with scene.server(ssl=certs.server_context()) as server:
            for end in (server.close_clients, server.abort_clients):
                client = await scene.connect(server)
                end()
                async with asyncio.timeout(10):
                    while server._connections:
                        await asyncio.sleep(0)
                client.close()
            assert [protocol.names for protocol in scene.protocols] == [[], []]

    play(scene, main)


def test_a_connection_that_is_reset_before_it_is_accepted(scene: Scene) -> None:
    async def main() -> None:
        async with scene.server() as server:
            client = socket.create_connection(server.sockets[0].getsockname())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
            async with asyncio.timeout(10):
                while not scene.protocols or not scene.protocols[0].names:
                    await asyncio.sleep(0)
            _, error = await scene.protocols[0].hears("lost")
            assert isinstance(error, ConnectionResetError)

    play(scene, main)
