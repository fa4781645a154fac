"""sock_sendfile and sendfile."""

import asyncio
import contextlib
import io
import os
import resource
import socket
from unittest import mock

import pytest

from tests.ioloop.transports.bench import Bench, Recorder, run
from tornadolike.ioloop.transports import SocketTransport
from tornadolike.ioloop.transports.datagram import DatagramTransport

DATA = os.urandom(1 << 20) * 2 + b"end"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(DATA)
    with path.open("rb") as opened:
        yield opened


def kinds_of_file(file):
    """The kernel sends the first, the second has to be read."""
    return {"native": file, "read": io.BytesIO(DATA)}


both_ways = pytest.mark.parametrize("way", ["native", "read"])


async def receive(loop, sock):
    received = bytearray()
    while more := await loop.sock_recv(sock, 1 << 16):
        received += more
    return bytes(received)


# Over sockets


@both_ways
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [((), DATA), ((5,), DATA[5:]), ((5, 100_000), DATA[5:100_005]), ((len(DATA),), b"")],
)
def test_a_socket(loop, pair, file, way, arguments, expected):
    """Over each poller."""
    file = kinds_of_file(file)[way]
    file.read(10)
    ours, theirs = pair

    async def main():
        receiving = asyncio.create_task(receive(loop, theirs))
        with forbidden_sendfile() if way == "read" else contextlib.nullcontext():
            assert await loop.sock_sendfile(ours, file, *arguments) == len(expected)
        ours.shutdown(socket.SHUT_WR)
        assert await receiving == expected
        if expected:
            assert file.tell() == (arguments[0] if arguments else 0) + len(expected)
        await loop.shutdown_default_executor()

    loop.run_sync(main, timeout=10)


def forbidden_sendfile():
    return mock.patch("os.sendfile", side_effect=AssertionError)


def test_a_kernel_that_cannot_send_this_file(io_loop, pair, file):
    ours, theirs = pair

    async def main():
        with mock.patch("os.sendfile", side_effect=OSError(22, "Invalid argument")):
            with pytest.raises(asyncio.SendfileNotAvailableError):
                await io_loop.sock_sendfile(ours, file, fallback=False)
            receiving = asyncio.create_task(receive(io_loop, theirs))
            assert await io_loop.sock_sendfile(ours, file) == len(DATA)
        ours.shutdown(socket.SHUT_WR)
        assert await receiving == DATA
        await io_loop.shutdown_default_executor()

    io_loop.run_sync(main, timeout=10)


@both_ways
def test_a_peer_of_a_socket_that_leaves(io_loop, pair, file, way):
    file = kinds_of_file(file)[way]
    ours, theirs = pair

    async def main():
        task = asyncio.create_task(io_loop.sock_sendfile(ours, file))
        while ours.fileno() not in io_loop._watchers:
            await asyncio.sleep(0)
        theirs.close()
        with pytest.raises(ConnectionError):
            await task
        assert 0 < file.tell() < len(DATA)
        await io_loop.shutdown_default_executor()

    io_loop.run_sync(main, timeout=10)


@both_ways
def test_cancelling_over_a_socket(io_loop, pair, file, way):
    file = kinds_of_file(file)[way]
    ours, theirs = pair

    async def main():
        before = dict(io_loop._watchers)
        task = asyncio.create_task(io_loop.sock_sendfile(ours, file, 5))
        while ours.fileno() not in io_loop._watchers:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert io_loop._watchers == before
        ours.shutdown(socket.SHUT_WR)
        received = await receive(io_loop, theirs)
        assert received == DATA[5 : 5 + len(received)]
        # By reading, a block that was sent in part does not count.
        assert file.tell() <= 5 + len(received)
        if way == "native":
            assert file.tell() == 5 + len(received)
        await io_loop.shutdown_default_executor()

    io_loop.run_sync(main, timeout=10)


def test_what_a_socket_refuses(io_loop, pair, tmp_path):
    (tmp_path / "text").write_text("text")

    async def main():
        with (tmp_path / "text").open() as text, pytest.raises(ValueError, match="binary mode"):
            await io_loop.sock_sendfile(pair[0], text)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.setblocking(False)
            with pytest.raises(ValueError, match="only SOCK_STREAM"):
                await io_loop.sock_sendfile(udp, io.BytesIO())
        with pytest.raises(asyncio.SendfileNotAvailableError, match="not a regular file"):
            await io_loop.sock_sendfile(pair[0], io.BytesIO(), fallback=False)
        with pytest.raises(ValueError, match="positive integer"):
            await io_loop.sock_sendfile(pair[0], io.BytesIO(), 0, 0)
        pair[0].setblocking(True)
        io_loop.set_debug(True)
        with pytest.raises(ValueError, match="must be non-blocking"):
            await io_loop.sock_sendfile(pair[0], io.BytesIO())

    io_loop.run_sync(main, timeout=10)


# Over transports


class Listener(Recorder):
    """A recorder for any kind of transport."""

    def connection_made(self, transport):
        self.transport = transport
        self._hear("made")


@pytest.fixture
def bench(io_loop):
    made = Bench(io_loop)
    yield made
    for sock in made.sockets:
        sock.close()


@pytest.fixture
def connect(bench, request):
    """``await connect("tls")`` gives a transport, its protocol, and the protocol at the other end."""

    async def connect(kind):
        ours, theirs = bench.pair(send_buffer=4096)
        protocols = [Listener(), Listener()]
        if kind == "plain":
            transports = [
                SocketTransport(bench.loop, sock, protocol)
                for sock, protocol in zip((ours, theirs), protocols, strict=True)
            ]
        else:
            certs = request.getfixturevalue("certs")
            (server, _), (client, _) = await asyncio.gather(
                bench.loop.connect_accepted_socket(
                    lambda: protocols[1], theirs, ssl=certs.server_context()
                ),
                bench.loop.create_connection(
                    lambda: protocols[0],
                    sock=ours,
                    ssl=certs.client_context(),
                    server_hostname="localhost",
                ),
            )
            transports = [client, server]
        made.extend(zip(transports, protocols, strict=True))
        return transports[0], *protocols

    made = []
    yield connect

    async def close():
        for transport, protocol in made:
            transport.abort()
            await protocol.hears("lost")
        await bench.loop.shutdown_default_executor()

    run(bench, close)


ways_of_a_transport = pytest.mark.parametrize(
    ("kind", "way"), [("plain", "native"), ("plain", "read"), ("tls", "native"), ("tls", "read")]
)


@ways_of_a_transport
def test_a_transport(bench, connect, file, kind, way):
    file = kinds_of_file(file)[way]

    async def main():
        transport, protocol, peer = await connect(kind)
        transport.write(b"before")
        assert await bench.loop.sendfile(transport, file) == len(DATA)
        assert file.tell() == len(DATA)
        transport.write(b"between")
        assert await bench.loop.sendfile(transport, file, 5, 100_000) == 100_000
        assert file.tell() == 100_005
        transport.write(b"after")
        await peer.has_data(b"before" + DATA + b"between" + DATA[5:100_005] + b"after")
        assert transport.get_protocol() is protocol
        peer.transport.write(b"still heard")
        await protocol.has_data(b"still heard")

    run(bench, main)


@pytest.mark.parametrize("kind", ["plain", "tls"])
def test_a_peer_that_does_not_read_is_waited_for(bench, connect, kind):
    """Only so much is read ahead as the transport's marks allow."""
    file = io.BytesIO(DATA * 4)

    async def main():
        transport, _, peer = await connect(kind)
        transport.set_write_buffer_limits(50_000)
        peer.transport.pause_reading()
        task = asyncio.create_task(bench.loop.sendfile(transport, file))
        position = -1
        while file.tell() != position or not transport.get_write_buffer_size():
            position = file.tell()
            await asyncio.sleep(0.02)
        assert not task.done()
        assert transport.get_write_buffer_size() < 400_000
        assert position < len(DATA) * 2
        peer.transport.resume_reading()
        assert await task == len(DATA) * 4

    run(bench, main)


@ways_of_a_transport
def test_a_peer_that_leaves(bench, connect, file, kind, way):
    file = kinds_of_file(file)[way]

    async def main():
        transport, protocol, peer = await connect(kind)
        peer.actions["data"] = peer.transport.abort
        with pytest.raises(ConnectionError):
            await bench.loop.sendfile(transport, file)
        assert transport.is_closing()
        assert file.tell() < len(DATA)
        await protocol.hears("lost")
        with pytest.raises(RuntimeError, match="Transport is closing"):
            await bench.loop.sendfile(transport, file)

    run(bench, main)


@ways_of_a_transport
def test_cancelling_over_a_transport(bench, connect, file, kind, way):
    file = kinds_of_file(file)[way]

    async def main():
        transport, protocol, peer = await connect(kind)
        peer.transport.pause_reading()
        task = asyncio.create_task(bench.loop.sendfile(transport, file))
        while not transport.get_write_buffer_size() and way == "read":
            await asyncio.sleep(0)
        await bench.turns()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        sent = file.tell()
        assert sent < len(DATA)
        assert transport.get_protocol() is protocol
        transport.write(b"after")
        peer.transport.resume_reading()
        await peer.has_data(DATA[:sent] + b"after")

    run(bench, main)


def test_a_kernel_that_cannot_send_this_file_over_a_transport(bench, connect, file):
    async def main():
        transport, _, peer = await connect("plain")
        with mock.patch("os.sendfile", side_effect=OSError(22, "Invalid argument")):
            with pytest.raises(asyncio.SendfileNotAvailableError):
                await bench.loop.sendfile(transport, file, fallback=False)
            assert await bench.loop.sendfile(transport, file) == len(DATA)
        await peer.has_data(DATA)

    run(bench, main)


def test_what_a_transport_refuses(bench, connect, file, tmp_path):
    (tmp_path / "text").write_text("text")
    sendfile = bench.loop.sendfile

    async def main():
        plain, _, _ = await connect("plain")
        tls, _, _ = await connect("tls")
        for transport in (plain, tls):
            with (tmp_path / "text").open() as text, pytest.raises(ValueError, match="binary mode"):
                await sendfile(transport, text)
            with pytest.raises(TypeError, match="offset must be"):
                await sendfile(transport, file, "5")
            with pytest.raises(ValueError, match="count must be"):
                await sendfile(transport, file, 5, -1)
        with pytest.raises(RuntimeError, match="fallback is disabled"):
            await sendfile(tls, file, fallback=False)
        with pytest.raises(asyncio.SendfileNotAvailableError):
            await sendfile(plain, io.BytesIO(), fallback=False)
        plain.write_eof()
        with pytest.raises(RuntimeError, match="after write_eof"):
            await sendfile(plain, file)
        udp = DatagramTransport(
            bench.loop, socket.socket(socket.AF_INET, socket.SOCK_DGRAM), asyncio.DatagramProtocol()
        )
        with pytest.raises(RuntimeError, match="not supported for transport"):
            await sendfile(udp, file)
        udp.abort()
        await asyncio.sleep(0)
        assert file.tell() == 0

    run(bench, main)


@pytest.mark.parametrize("kind", ["socket", "plain"])
def test_a_large_file_needs_no_memory(bench, tmp_path, kind):
    size = 200 << 20
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", size)

    def count(sock):
        received = 0
        buffer = bytearray(1 << 20)
        while more := sock.recv_into(buffer):
            received += more
        return received

    async def main():
        ours, theirs = socket.socketpair()
        with ours, theirs, (tmp_path / "large").open("rb") as file:
            ours.setblocking(False)
            counting = bench.loop.run_in_executor(None, count, theirs)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            if kind == "socket":
                assert await bench.loop.sock_sendfile(ours, file) == size
                ours.shutdown(socket.SHUT_WR)
            else:
                transport = SocketTransport(bench.loop, ours, asyncio.Protocol())
                assert await bench.loop.sendfile(transport, file) == size
                transport.close()
            assert await counting == size
            assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 << 10
            await bench.loop.shutdown_default_executor()

    run(bench, main)
