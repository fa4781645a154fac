"""start_tls: on our transports, on others', in asyncio's streams, twice; refused, late, given up."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from tests.ioloop.transports.bench import Bench, Recorder
from tests.ioloop.transports.tls.scene import Peer, TLSRecorder
from tests.tls_certs import Certificates
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.transports import SocketTransport
from tornadolike.ioloop.transports.tls.machine import TLSMachine


@pytest.fixture
def open_plain(io_loop: IOLoop) -> Any:
    """``transport, protocol, peer = open_plain(machine)``: a plain connection; the peer's is to be TLS."""
    bench = Bench(io_loop)

    def open_one(machine: TLSMachine, **options: Any) -> tuple[SocketTransport, Recorder, Peer]:
        transport, protocol, sock = bench.open(**options)
        return transport, protocol, Peer(sock, machine)

    yield open_one
    for sock in bench.sockets:
        sock.close()


def client_of(certs: Certificates) -> TLSMachine:
    return TLSMachine(certs.client_context(), server_side=False, server_hostname="localhost")


def server_of(certs: Certificates, certificate: str | None = None) -> TLSMachine:
    context = certs.server_context(certificate)
    return TLSMachine(context, server_side=True, server_hostname=None)


def run(loop: IOLoop, main: Callable[[], Any]) -> None:
    loop.run_sync(main, timeout=20)


@pytest.mark.parametrize("server_side", [True, False], ids=["server", "client"])
@pytest.mark.parametrize("paused", [False, True])
def test_a_plain_connection_goes_on_encrypted(
    io_loop: IOLoop, certs: Certificates, open_plain: Any, server_side: bool, paused: bool
) -> None:
    async def main() -> None:
        machine = client_of(certs) if server_side else server_of(certs)
        plain, protocol, peer = open_plain(machine)
        plain.write(b"plain")
        assert peer.sock.recv(5) == b"plain"
        if paused:
            plain.pause_reading()
        shaking = asyncio.create_task(peer.shake_hands())
        transport = await io_loop.start_tls(
            plain,
            protocol,
            certs.server_context() if server_side else certs.client_context(),
            server_side=server_side,
            server_hostname=None if server_side else "localhost",
        )
        await shaking
        assert protocol.names == ["made"]
        assert plain.get_protocol() is not protocol
        assert transport.get_protocol() is protocol
        transport.write(b"question")
        await peer.has(b"question")
        await peer.send(b"answer")
        await protocol.has_data(b"answer")
        await peer.goodbye()
        assert await protocol.hears("lost") == ("lost", None)
        assert protocol.names == ["made", "data", "eof", "lost"]

    run(io_loop, main)


@pytest.mark.parametrize(
    ("transport", "context", "complaint"),
    [
        (None, None, "SSLContext"),
        (None, True, "SSLContext"),
        (None, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), "not supported by start_tls"),
        (
            asyncio.ReadTransport(),
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
            "not supported by start_tls",
        ),
        (
            asyncio.DatagramTransport(),
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
            "not supported by start_tls",
        ),
    ],
)
def test_wrong_arguments(io_loop: IOLoop, transport: Any, context: Any, complaint: str) -> None:
    async def main() -> None:
        with pytest.raises(TypeError, match=complaint):
            await io_loop.start_tls(transport, Recorder(), context)

    run(io_loop, main)


def test_wrong_values_leave_the_connection_alone(
    io_loop: IOLoop, certs: Certificates, open_plain: Any
) -> None:
    async def main() -> None:
        plain, protocol, peer = open_plain(server_of(certs))
        context = certs.client_context()
        with pytest.raises(ValueError, match="server_hostname is needed"):
            await io_loop.start_tls(plain, protocol, context)
        with pytest.raises(ValueError, match="ssl_handshake_timeout"):
            await io_loop.start_tls(
                plain, protocol, context, server_hostname="localhost", ssl_handshake_timeout=0
            )
        peer.sock.send(b"plain")
        await protocol.has_data(b"plain")
        plain.close()
        with pytest.raises(ConnectionAbortedError, match="is closing"):
            await io_loop.start_tls(plain, protocol, context, server_hostname="localhost")
        await protocol.hears("lost")

    run(io_loop, main)


def test_a_handshake_that_fails_ends_the_connection(
    io_loop: IOLoop, certs: Certificates, open_plain: Any
) -> None:
    async def main() -> None:
        plain, protocol, peer = open_plain(server_of(certs, certs.expired))
        shaking = asyncio.create_task(peer.shake_hands())
        with pytest.raises(ssl.SSLCertVerificationError):
            await io_loop.start_tls(
                plain, protocol, certs.client_context(), server_hostname="localhost"
            )
        assert plain.is_closing()
        with pytest.raises(ssl.SSLError, match=r"(?i)alert"):
            await shaking
        assert isinstance((await protocol.hears("lost"))[1], ssl.SSLCertVerificationError)

    run(io_loop, main)


def test_a_handshake_that_is_late(io_loop: IOLoop, certs: Certificates, open_plain: Any) -> None:
    async def main() -> None:
        plain, protocol, peer = open_plain(server_of(certs))
        with pytest.raises(ConnectionAbortedError, match="taking longer than"):
            await io_loop.start_tls(
                plain,
                protocol,
                certs.client_context(),
                server_hostname="localhost",
                ssl_handshake_timeout=0.05,
            )
        assert isinstance((await protocol.hears("lost"))[1], ConnectionAbortedError)
        await peer.sees_end()

    run(io_loop, main)


def test_cancelled_in_the_handshake(io_loop: IOLoop, certs: Certificates, open_plain: Any) -> None:
    async def main() -> None:
        plain, protocol, peer = open_plain(client_of(certs))
        starting = asyncio.create_task(
            io_loop.start_tls(plain, protocol, certs.server_context(), server_side=True)
        )
        await asyncio.sleep(0)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert plain.is_closing()
        assert await protocol.hears("lost") == ("lost", None)
        await peer.sees_end()

    run(io_loop, main)


def test_cancelled_as_the_handshake_fails(
    io_loop: IOLoop, certs: Certificates, open_plain: Any
) -> None:
    """The failure is not reported as one that nobody has asked for."""

    async def main() -> None:
        plain, protocol, _ = open_plain(client_of(certs))
        starting = asyncio.create_task(
            io_loop.start_tls(plain, protocol, certs.server_context(), server_side=True)
        )
        await asyncio.sleep(0)
        plain.get_protocol().eof_received()
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        await protocol.hears("lost")

    run(io_loop, main)


def test_what_came_with_the_handshake_waits_until_the_transport_is_known(
    io_loop: IOLoop, certs: Certificates, open_plain: Any
) -> None:
    """A protocol that answers on the transport it knows must not answer on the plain one."""

    async def main() -> None:
        plain, protocol, peer = open_plain(client_of(certs))
        known = plain
        protocol.actions["data"] = lambda: known.write(b"answer")

        async def shake_hands_and_ask() -> None:
            while not peer.machine.handshake():
                await peer.flush()
                await peer.step()
            await peer.send(b"question")  # in one piece with the handshake's last words

        shaking = asyncio.create_task(shake_hands_and_ask())
        known = await io_loop.start_tls(plain, protocol, certs.server_context(), server_side=True)
        await shaking
        await peer.has(b"answer")
        assert protocol.data == b"question"
        known.abort()
        await protocol.hears("lost")

    run(io_loop, main)


def test_a_peer_that_is_gone_already(io_loop: IOLoop, certs: Certificates, open_plain: Any) -> None:
    """Its end was told to the protocol, which wanted to go on; the handshake fails at once."""

    async def main() -> None:
        plain, protocol, peer = open_plain(server_of(certs))
        protocol.keep_open = True
        peer.sock.shutdown(socket.SHUT_WR)
        await protocol.hears("eof")
        with pytest.raises(ConnectionResetError, match="handshake"):
            await io_loop.start_tls(
                plain, protocol, certs.client_context(), server_hostname="localhost"
            )
        await protocol.hears("lost")

    run(io_loop, main)


def test_bytes_that_came_too_early_are_handed_over(
    io_loop: IOLoop, certs: Certificates, open_plain: Any
) -> None:
    """By ``unread``, as the protocol that got them does."""

    async def main() -> None:
        plain, protocol, peer = open_plain(client_of(certs))
        peer.machine.handshake()
        hello = peer.machine.output()
        peer.sock.send(b"STARTTLS\r\n" + hello)
        await protocol.has_data(b"STARTTLS\r\n" + hello)
        shaking = asyncio.create_task(peer.shake_hands())
        plain.unread(hello)
        transport = await io_loop.start_tls(
            plain, protocol, certs.server_context(), server_side=True
        )
        await shaking
        transport.abort()
        await protocol.hears("lost")

    run(io_loop, main)


def test_what_waited_leaves_before_and_the_protocol_may_go_on(
    io_loop: IOLoop, certs: Certificates, open_plain: Any
) -> None:
    """A pause that the transport below has asked for is ended by the one above."""

    async def main() -> None:
        plain, protocol, peer = open_plain(client_of(certs), send_buffer=4096)
        plain.write(b"x" * 2_000_000)
        assert protocol.names == ["made", "pause"]
        starting = asyncio.create_task(
            io_loop.start_tls(plain, protocol, certs.server_context(), server_side=True)
        )
        received = 0
        while received < 2_000_000:
            try:
                received += len(peer.sock.recv(2_000_000 - received))
            except BlockingIOError:
                await asyncio.sleep(0)
        await peer.shake_hands()
        transport = await starting
        await protocol.hears("resume")
        assert protocol.names == ["made", "pause", "resume"]
        transport.write(b"encrypted")
        await peer.has(b"encrypted")
        transport.abort()
        await protocol.hears("lost")

    run(io_loop, main)


@pytest.mark.parametrize("early", [False, True], ids=["in turn", "in one piece"])
def test_streams(io_loop: IOLoop, certs: Certificates, early: bool) -> None:
    """StreamWriter.start_tls on both sides; what a client sends early is not taken for an encrypted word."""

    async def main() -> None:
        served = asyncio.get_running_loop().create_future()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                assert await reader.readline() == b"STARTTLS\n"
                if early:
                    while not reader._buffer:  # type: ignore[attr-defined]
                        await asyncio.sleep(0)
                writer.write(b"go on\n")
                await writer.start_tls(certs.server_context())
                assert writer.get_extra_info("cipher") is not None
                writer.write(await reader.readline())
                await writer.drain()
                assert await reader.read() == b""
                writer.close()
                await writer.wait_closed()
            except BaseException as error:
                served.set_exception(error)
            else:
                served.set_result(None)

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        if early:
            machine = client_of(certs)
            machine.handshake()
            with socket.create_connection(("127.0.0.1", port)) as sock:
                sock.setblocking(False)
                peer = Peer(sock, machine)
                sock.send(b"STARTTLS\n" + machine.output())
                got = b""
                while len(got) < 6:
                    try:
                        got += sock.recv(6 - len(got))
                    except BlockingIOError:
                        await asyncio.sleep(0)
                assert got == b"go on\n"
                await peer.shake_hands()
                await peer.send(b"encrypted\n")
                await peer.has(b"encrypted\n")
                await peer.goodbye()
                assert await peer.receive() == b""
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"STARTTLS\n")
            assert await reader.readline() == b"go on\n"
            await writer.start_tls(certs.client_context(), server_hostname="localhost")
            writer.write(b"encrypted\n")
            assert await reader.readline() == b"encrypted\n"
            writer.close()
            await writer.wait_closed()
        await served
        server.close()
        await server.wait_closed()

    run(io_loop, main)


def test_a_word_that_was_smuggled_in_breaks_the_handshake(
    io_loop: IOLoop, certs: Certificates
) -> None:
    async def main() -> None:
        refused = asyncio.get_running_loop().create_future()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            while not reader._buffer:  # type: ignore[attr-defined]
                await asyncio.sleep(0)
            try:
                await writer.start_tls(certs.server_context())
            except OSError as error:
                refused.set_result(error)

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        with socket.create_connection(server.sockets[0].getsockname()) as sock:
            sock.send(b"STARTTLS\nevil word\n")
            assert isinstance(await refused, ssl.SSLError)
        server.close()
        await server.wait_closed()

    run(io_loop, main)


@pytest.mark.parametrize("closer", ["client", "server"])
def test_tls_in_tls(io_loop: IOLoop, certs: Certificates, closer: str) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[Any] = loop.create_future()

        def serve() -> TLSRecorder:
            protocol = TLSRecorder()
            protocol.actions["made"] = lambda: ready.done() or ready.set_result(protocol)
            return protocol

        server = await loop.create_server(serve, "127.0.0.1", 0, ssl=certs.server_context())
        client = TLSRecorder()
        outer, _ = await loop.create_connection(
            lambda: client,
            "127.0.0.1",
            server.sockets[0].getsockname()[1],
            ssl=certs.client_context(),
            server_hostname="localhost",
        )
        serving = await ready
        client.heard.clear()
        serving.heard.clear()
        inner, answering = await asyncio.gather(
            loop.start_tls(outer, client, certs.client_context(), server_hostname="localhost"),
            loop.start_tls(serving.tls, serving, certs.server_context(), server_side=True),
        )
        assert inner is not None
        assert answering is not None
        assert inner.get_extra_info("peername") == answering.get_extra_info("sockname")
        data = bytes(range(256)) * 10_000
        inner.write(data)
        answering.write(data)
        await serving.has_data(data)
        await client.has_data(data)
        answering.set_write_buffer_limits(high=0)
        answering.write(b"small")
        await client.has_data(data + b"small")
        assert answering.get_write_buffer_size() == 0
        (inner if closer == "client" else answering).close()
        assert await client.hears("lost") == ("lost", None)
        assert await serving.hears("lost") == ("lost", None)
        for transport in (inner, outer, answering):
            assert transport.is_closing()
        server.close()
        await server.wait_closed()

    run(io_loop, main)


def test_a_transport_of_somebody_else(io_loop: IOLoop, certs: Certificates) -> None:
    """All that asyncio.Transport promises is enough, without ``unread`` and without marks."""

    class Foreign(asyncio.Transport):
        def __init__(self, below: SocketTransport) -> None:
            super().__init__()
            self.below = below

        def __getattribute__(self, name: str) -> Any:
            if name in (
                "write",
                "close",
                "abort",
                "is_closing",
                "set_protocol",
                "get_protocol",
                "pause_reading",
                "resume_reading",
                "is_reading",
                "get_extra_info",
            ):
                return getattr(object.__getattribute__(self, "below"), name)
            return object.__getattribute__(self, name)

    async def main() -> None:
        bench = Bench(io_loop)
        plain, protocol, sock = bench.open()
        peer = Peer(sock, client_of(certs))
        shaking = asyncio.create_task(peer.shake_hands())
        transport = await io_loop.start_tls(
            Foreign(plain), protocol, certs.server_context(), server_side=True
        )
        await shaking
        transport.write(b"x" * 500_000)
        assert len(await peer.receive(500_000)) == 500_000
        await peer.goodbye()
        assert await protocol.hears("lost") == ("lost", None)
        sock.close()

    run(io_loop, main)
