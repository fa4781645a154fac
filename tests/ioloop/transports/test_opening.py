"""From a socket to a transport, plain and with TLS."""

import asyncio
import socket
import ssl
from typing import Any

import pytest

from tests.ioloop.transports.bench import Bench, Recorder, run
from tests.tls_certs import Certificates
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.transports import SocketTransport
from tornadolike.ioloop.transports.opening import (
    application_side,
    closing_on_error,
    open_plain,
    open_stream,
)
from tornadolike.ioloop.transports.tls import SSLTransport, TLSProtocol


class Kept(asyncio.Protocol):
    """Keeps what comes; works over transports of any kind."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.data = b""
        self.lost: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.data += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(exc)


class Keeper:
    """A server, as far as transports are concerned."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []

    def attach(self, transport: Any) -> None:
        self.heard.append(("attach", transport))

    def detach(self, transport: Any) -> None:
        self.heard.append(("detach", transport))


def blocking_pair(bench: Bench) -> tuple[socket.socket, socket.socket]:
    ours, peer = bench.pair()
    ours.setblocking(True)
    return ours, peer


def test_a_plain_stream_does_not_wait(bench: Bench) -> None:
    async def main() -> None:
        ours, peer = blocking_pair(bench)
        protocol = Recorder()
        keeper = Keeper()
        opening = open_stream(bench.loop, ours, protocol, server=keeper)
        with pytest.raises(StopIteration) as done:
            opening.send(None)
        transport = done.value.value
        assert isinstance(transport, SocketTransport)
        assert not ours.getblocking()
        assert transport.get_extra_info("peername") == peer.getsockname()
        assert keeper.heard == [("attach", transport)]
        peer.close()
        await protocol.hears("lost")
        await bench.turns()
        assert keeper.heard[1:] == [("detach", transport)]

    run(bench, main)


def test_names_of_a_peer_that_is_gone(bench: Bench) -> None:
    async def main() -> None:
        ours, peer = bench.pair()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        peer.close()
        protocol = Recorder()
        transport = open_plain(bench.loop, ours, protocol)
        assert transport.get_extra_info("peername", "?") is None
        assert transport.get_extra_info("sockname")[0] == "127.0.0.1"
        _, error = await protocol.hears("lost")
        assert isinstance(error, ConnectionResetError)

    run(bench, main)


def test_a_socket_that_cannot_be_used_is_closed(bench: Bench) -> None:
    ours, _ = bench.pair()
    bench.loop.watch(ours.fileno(), print, IOLoop.READ)
    fd = ours.fileno()
    with pytest.raises(ValueError, match="watched"):
        open_plain(bench.loop, ours, Recorder())
    assert ours.fileno() == -1
    assert bench.loop.unwatch(fd)


def test_tls_from_end_to_end(bench: Bench, certs: Certificates) -> None:
    async def main() -> None:
        ours, theirs = bench.pair()
        client, server = Kept(), Kept()
        keeper = Keeper()
        upper, lower = await asyncio.gather(
            open_stream(
                bench.loop,
                ours,
                client,
                ssl=certs.client_context(),
                server_hostname="localhost",
            ),
            open_stream(
                bench.loop,
                theirs,
                server,
                ssl=certs.server_context(),
                server_side=True,
                server=keeper,
            ),
        )
        assert isinstance(upper, SSLTransport)
        assert client.transport is upper
        assert server.transport is lower
        # A server knows the transport at the bottom, and finds the one that the application knows.
        ((_, bottom),) = keeper.heard
        assert isinstance(bottom, SocketTransport)
        assert application_side(bottom) is lower
        upper.write(b"hello")
        upper.close()
        await asyncio.gather(client.lost, server.lost)
        assert server.data == b"hello"
        await bench.turns()
        assert [what for what, _ in keeper.heard] == ["attach", "detach"]

    run(bench, main)


def test_the_application_side_of_a_plain_transport_is_itself(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, _ = bench.open()
        assert application_side(transport) is transport
        transport.abort()
        await protocol.hears("lost")

    run(bench, main)


def test_the_application_side_of_tls_in_tls(bench: Bench, certs: Certificates) -> None:
    async def main() -> None:
        ours, _ = bench.pair()
        inner = TLSProtocol(
            bench.loop, Kept(), certs.client_context(), None, server_hostname="localhost"
        )
        outer = TLSProtocol(
            bench.loop, inner, certs.client_context(), None, server_hostname="localhost"
        )
        transport = SocketTransport(bench.loop, ours, outer)
        assert application_side(transport) is inner.transport
        transport.abort()
        await bench.turns()

    run(bench, main)


def test_no_handshake_no_connection(bench: Bench, certs: Certificates) -> None:
    async def main() -> None:
        ours, peer = bench.pair()
        protocol = Kept()
        peer.send(b"I do not speak TLS, I am afraid\r\n")
        with pytest.raises(ssl.SSLError):
            await open_stream(
                bench.loop,
                ours,
                protocol,
                ssl=certs.client_context(),
                server_hostname="localhost",
            )
        assert protocol.transport is None
        await bench.turns()
        assert ours.fileno() == -1
        protocol.lost.cancel()

    run(bench, main)


def test_a_certificate_of_somebody_else(bench: Bench, certs: Certificates) -> None:
    async def main() -> None:
        ours, theirs = bench.pair()
        server = Kept()
        context = certs.server_context(certs.wrong_host)
        serving = asyncio.create_task(
            open_stream(bench.loop, theirs, server, ssl=context, server_side=True)
        )
        with pytest.raises(ssl.SSLCertVerificationError):
            await open_stream(
                bench.loop,
                ours,
                Kept(),
                ssl=certs.client_context(),
                server_hostname="localhost",
            )
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await serving
        assert server.transport is None

    run(bench, main)


def test_cancelling_in_the_middle_of_the_handshake(bench: Bench, certs: Certificates) -> None:
    async def main() -> None:
        ours, peer = bench.pair()
        protocol = Kept()
        opening = asyncio.create_task(
            open_stream(
                bench.loop,
                ours,
                protocol,
                ssl=certs.client_context(),
                server_hostname="localhost",
            )
        )
        await bench.turns()
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        await bench.turns()
        assert ours.fileno() == -1
        hello = await bench.read_all(peer)
        assert hello[:1] == b"\x16"
        assert protocol.transport is None
        protocol.lost.cancel()

    run(bench, main)


def test_tls_that_cannot_even_begin(bench: Bench, certs: Certificates) -> None:
    async def main() -> None:
        ours, _ = bench.pair()
        # This context wants to check a name, and there is none.
        with pytest.raises(ValueError, match="hostname"):
            await open_stream(bench.loop, ours, Recorder(), ssl=certs.client_context())
        assert ours.fileno() == -1

    run(bench, main)


def test_closing_on_error() -> None:
    with socket.socket() as sock:
        with closing_on_error(sock) as same:
            assert same is sock
        assert sock.fileno() != -1
        with pytest.raises(ZeroDivisionError), closing_on_error(sock):
            raise ZeroDivisionError
        assert sock.fileno() == -1
