"""Ends: ours, the peer's, both at once, cut off, late; and what is left afterwards."""

import asyncio
import gc
import itertools
import socket
import ssl
import struct
import weakref
from typing import Any

import pytest

from tests.ioloop.transports.bench import run
from tests.ioloop.transports.tls.scene import (
    MemoryTransport,
    Scene,
    TLSRecorder,
    without_network,
)
from tests.tls_certs import Certificates
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.transports import SocketTransport
from tornadolike.ioloop.transports.tls import SSLTransport, TLSProtocol


def test_close_sends_everything_first(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer = await scene.open(send_buffer=4096)
        data = bytes(range(256)) * 8000
        transport.write(data)
        transport.close()
        transport.close()
        assert transport.is_closing()
        assert await peer.receive() == data
        assert peer.machine.peer_closed
        await peer.goodbye()
        assert await protocol.hears("lost") == ("lost", None)
        assert protocol.names[-1] == "lost"
        assert protocol.names.count("lost") == 1
        assert not transport.truncated

    run(scene.bench, main)


def test_what_the_peer_sends_after_our_goodbye_is_dropped(scene: Scene) -> None:
    """It neither breaks the connection nor is it told."""

    async def main() -> None:
        transport, protocol, peer = await scene.open()
        transport.write(b"answer")
        transport.close()
        for _ in range(3):
            await peer.send(b"more questions " * 10_000)
            await scene.bench.turns(5)
        assert await peer.receive() == b"answer"
        assert peer.machine.peer_closed
        await peer.goodbye()
        assert await protocol.hears("lost") == ("lost", None)
        assert protocol.names == ["made", "lost"]

    run(scene.bench, main)


def test_close_while_reading_is_paused(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer = await scene.open()
        transport.pause_reading()
        for _ in range(3):
            await peer.send(b"x" * 50_000)
            await scene.bench.turns(5)
        transport.close()
        await peer.send(b"y" * 500_000)
        assert await peer.receive() == b""
        assert peer.machine.peer_closed
        await peer.goodbye()
        assert await protocol.hears("lost") == ("lost", None)
        assert protocol.names == ["made", "lost"]

    run(scene.bench, main)


@pytest.mark.parametrize("answer", [None, True])
def test_the_peers_goodbye(scene: Scene, answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Ends the connection whatever the protocol would like."""

    async def main() -> None:
        transport, protocol, peer = await scene.open()
        protocol.keep_open = answer
        protocol.actions["eof"] = lambda: transport.write(b"and also")
        await peer.send(b"the last")
        await peer.goodbye()
        assert await protocol.hears("lost") == ("lost", None)
        assert protocol.names == ["made", "data", "eof", "lost"]
        assert await peer.receive() == b"and also"
        assert peer.machine.peer_closed
        assert not transport.truncated

    run(scene.bench, main)
    assert ("returning true from eof_received() has no effect" in caplog.text) == bool(answer)


def test_the_peers_goodbye_while_much_waits(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer = await scene.open(send_buffer=4096)
        data = bytes(range(256)) * 8000
        transport.write(data)
        await peer.goodbye()
        assert await peer.receive() == data
        assert peer.machine.peer_closed
        assert await protocol.hears("lost") == ("lost", None)

    run(scene.bench, main)


@pytest.mark.parametrize("waiting", [0, 2_000_000])
def test_a_stream_that_is_cut_off(scene: Scene, waiting: int) -> None:
    """As an end; but it can be told from one, and what waits is sent if the peer still reads."""

    async def main() -> None:
        transport, protocol, peer = await scene.open(send_buffer=4096)
        transport.write(b"x" * waiting)
        peer.machine.write(b"whole")
        peer.machine.write(b"half")
        peer.sock.send(peer.machine.output()[:-2])
        peer.sock.shutdown(socket.SHUT_WR)
        await protocol.hears("eof")
        assert protocol.data == b"whole"
        assert transport.truncated
        assert len(await peer.receive()) == waiting
        assert not peer.machine.peer_closed  # whoever left without a goodbye gets none
        assert await protocol.hears("lost") == ("lost", None)

    run(scene.bench, main)


def test_a_stream_that_is_cut_off_while_reading_is_paused(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer = await scene.open()
        transport.pause_reading()
        await peer.send(b"the last")
        await scene.bench.turns(3)
        peer.sock.shutdown(socket.SHUT_WR)
        await scene.bench.turns(5)
        assert protocol.names == ["made"]
        transport.resume_reading()
        await protocol.hears("lost")
        assert protocol.heard == [("made",), ("data", b"the last"), ("eof",), ("lost", None)]

    run(scene.bench, main)


def test_a_stream_that_is_cut_off_when_we_have_closed(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer = await scene.open(send_buffer=4096)
        transport.write(b"x" * 2_000_000)
        transport.close()
        peer.sock.shutdown(socket.SHUT_WR)
        assert len(await peer.receive()) == 2_000_000
        assert await protocol.hears("lost") == ("lost", None)

    run(scene.bench, main)


def test_a_reset(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer = await scene.open()
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.sock.close()
        assert isinstance((await protocol.hears("lost"))[1], ConnectionResetError)
        assert protocol.names == ["made", "lost"]
        assert transport.is_closing()

    run(scene.bench, main)


@pytest.mark.parametrize("paused", [False, True])
def test_bytes_that_make_no_sense(scene: Scene, paused: bool) -> None:
    """Are the peer's fault: what came before is delivered, the peer gets an alert, no log."""

    async def main() -> None:
        transport, protocol, peer = await scene.open()
        if paused:
            transport.pause_reading()
        peer.machine.write(b"sense")
        peer.sock.send(peer.machine.output() + b"GET / HTTP/1.0\r\n\r\n")
        if paused:
            await scene.bench.turns(5)
            transport.resume_reading()
        _, error = await protocol.hears("lost")
        assert error is not None
        assert protocol.names == ["made", "data", "lost"]
        assert protocol.data == b"sense"
        assert await peer.receive() == b""
        assert "alert" in str(peer.machine.failure).lower()

    run(scene.bench, main)


def test_bytes_that_make_no_sense_when_we_have_closed(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer = await scene.open(send_buffer=4096)
        transport.write(b"x" * 1_000_000)
        transport.close()
        peer.sock.send(b"GET / HTTP/1.0\r\n\r\n")
        assert isinstance((await protocol.hears("lost"))[1], ssl.SSLError)
        # What is wrong with the peer does not matter if nothing waits for it.
        transport, protocol, peer = await scene.open()
        transport.close()
        peer.sock.send(b"GET / HTTP/1.0\r\n\r\n")
        assert await protocol.hears("lost") == ("lost", None)

    run(scene.bench, main)


@pytest.mark.parametrize("lost", [False, True])
def test_a_peer_that_breaks_off_instead_of_saying_goodbye(scene: Scene, lost: bool) -> None:
    """Is an error only if something that was written may be lost by it."""

    async def main() -> None:
        transport, protocol, peer = await scene.open(send_buffer=4096)
        transport.write(b"x" * (2_000_000 if lost else 10))
        transport.close()
        await scene.bench.turns(5)
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.sock.close()
        error = (await protocol.hears("lost"))[1]
        assert isinstance(error, ConnectionError) if lost else error is None

    run(scene.bench, main)


def test_a_peer_that_never_says_goodbye(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer = await scene.open(ssl_shutdown_timeout=0.05)
        transport.write(b"the last")
        transport.close()
        assert await peer.receive() == b"the last"
        _, error = await protocol.hears("lost")
        assert isinstance(error, TimeoutError)
        assert str(error) == "SSL shutdown timed out"

    run(scene.bench, main)


def test_a_peer_that_reads_nothing_when_we_have_closed(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer = await scene.open(ssl_shutdown_timeout=0.05, send_buffer=4096)
        transport.write(b"x" * 2_000_000)
        transport.close()
        assert isinstance((await protocol.hears("lost"))[1], TimeoutError)
        assert len(await peer.receive()) < 2_000_000

    run(scene.bench, main)


def test_a_peer_that_said_goodbye_and_reads_nothing(scene: Scene) -> None:
    """The transport below has been closed, but has not got rid of everything."""

    async def main() -> None:
        transport, protocol, peer = await scene.open(ssl_shutdown_timeout=0.05, send_buffer=4096)
        while transport.get_write_buffer_size() < 50_000:
            transport.write(b"x" * 5_000)
            await asyncio.sleep(0)
        await peer.goodbye()
        assert isinstance((await protocol.hears("lost"))[1], TimeoutError)

    run(scene.bench, main)


def test_a_peer_that_reads_slowly_when_we_have_closed(scene: Scene) -> None:
    """Has all the time it needs: something moves."""

    async def main() -> None:
        transport, protocol, peer = await scene.open(ssl_shutdown_timeout=0.1, send_buffer=4096)
        transport.write(b"x" * 2_000_000)
        transport.close()
        received = 0
        started = scene.loop.time()
        while scene.loop.time() < started + 0.4:
            received += len(await peer.receive(60_000))
            await asyncio.sleep(0.02)
        assert "lost" not in protocol.names
        assert received + len(await peer.receive()) == 2_000_000
        await peer.goodbye()
        assert await protocol.hears("lost") == ("lost", None)

    run(scene.bench, main)


def test_a_peer_that_reads_so_slowly_that_nothing_leaves_the_queue(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel takes more only when a good part of what it holds was read: until then it knows more."""

    async def main() -> None:
        transport, protocol, _ = await scene.open(ssl_shutdown_timeout=0.01, send_buffer=4096)
        looks = itertools.count(10**9, -1)
        monkeypatch.setattr(SocketTransport, "unacknowledged", lambda self: next(looks))
        transport.write(b"x" * 2_000_000)
        transport.close()
        await asyncio.sleep(0.1)
        assert transport.get_write_buffer_size() > 0
        assert "lost" not in protocol.names
        monkeypatch.setattr(SocketTransport, "unacknowledged", lambda self: 0)
        assert isinstance((await protocol.hears("lost"))[1], TimeoutError)

    run(scene.bench, main)


@pytest.mark.parametrize("end", [SSLTransport.abort, SSLTransport.reset])
@pytest.mark.parametrize("closing", [False, True])
def test_abort_at_any_time(scene: Scene, end: Any, closing: bool) -> None:
    async def main() -> None:
        transport, protocol, peer = await scene.open(send_buffer=4096)
        transport.write(b"x" * 2_000_000)
        if closing:
            transport.close()
        end(transport)
        end(transport)
        transport.close()
        assert transport.is_closing()
        assert "lost" not in protocol.names  # not from inside the call
        assert await protocol.hears("lost") == ("lost", None)
        assert len(await peer.receive()) < 2_000_000
        assert transport.get_write_buffer_size() == 0
        end(transport)
        assert protocol.names.count("lost") == 1

    run(scene.bench, main)


def test_reset_is_seen_by_the_peer(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer = await scene.open()
        transport.reset()
        assert isinstance(await peer.sees_end(), ConnectionResetError)
        await protocol.hears("lost")

    run(scene.bench, main)


def test_who_keeps_count_is_told(scene: Scene) -> None:
    async def main() -> None:
        told = []
        transport, protocol, _ = await scene.open()
        transport.when_lost = told.append
        transport.abort()
        await protocol.hears("lost")
        await scene.bench.turns()
        assert told == [transport]

    run(scene.bench, main)


def test_nothing_is_left_over(scene: Scene) -> None:
    """No circle of references: all goes without the garbage collector."""

    async def main() -> list[Any]:
        context = scene.certs.server_context()
        transport, protocol, peer = await scene.open(context=context)
        await peer.send(b"x")
        await protocol.has_data(b"x")
        transport.write(b"y")
        transport.close()
        await peer.receive()
        await peer.goodbye()
        await protocol.hears("lost")
        await scene.bench.turns()
        return [weakref.ref(transport), weakref.ref(protocol), weakref.ref(context)]

    gc.disable()
    try:
        references = scene.loop.run_sync(main)
        # Handles of timers that were cancelled, and the result's future, are the loop's.
        assert references[0]() is None
        assert references[1]() is None
        assert references[2]() is None
    finally:
        gc.enable()


def test_on_a_loop_of_asyncio(certs: Certificates) -> None:
    """Transports of others can be below; both ends are ours here."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        servers: list[TLSRecorder] = []

        def serve() -> asyncio.BaseProtocol:
            servers.append(TLSRecorder())
            return TLSProtocol(loop, servers[-1], certs.server_context(), None, server_side=True)

        client = TLSRecorder()
        waiter = loop.create_future()
        server = await loop.create_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        context = certs.client_context()
        await loop.create_connection(
            lambda: TLSProtocol(loop, client, context, waiter, server_hostname="localhost"),
            "127.0.0.1",
            port,
        )
        await waiter
        data = bytes(range(256)) * 10_000
        client.tls.write(data)
        await servers[0].has_data(data)
        servers[0].tls.write(b"thanks")
        await client.has_data(b"thanks")
        client.tls.close()
        assert await client.hears("lost") == ("lost", None)
        assert await servers[0].hears("lost") == ("lost", None)
        assert servers[0].names[-2:] == ["eof", "lost"]
        server.close()
        await server.wait_closed()

    asyncio.run(main())


def test_an_error_below_and_no_application_yet(io_loop: IOLoop, certs: Certificates) -> None:
    async def main() -> None:
        lower = MemoryTransport()
        protocol = TLSRecorder()
        tls, _ = await without_network(io_loop, certs, protocol, lower)
        tls.connection_lost(OSError("the cable"))
        assert str(protocol.heard[-1][1]) == "the cable"
        tls.transport.close()
        tls.transport.abort()
        assert lower.asked == []
        assert protocol.names == ["made", "lost"]

    io_loop.run_sync(main)
