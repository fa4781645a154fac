"""A TLS transport over a real socket, with a machine at the other end; or over a transport of no network."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any

from tests.ioloop.transports.bench import Bench, Recorder
from tests.running import turns
from tests.tls_certs import Certificates
from tornadolike.ioloop.transports import SocketTransport
from tornadolike.ioloop.transports.tls import SSLTransport, TLSProtocol
from tornadolike.ioloop.transports.tls.machine import TLSMachine


class TLSRecorder(Recorder):
    """Writes down each call, and takes any transport."""

    tls: SSLTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, SSLTransport)
        self.tls = transport
        self._hear("made")


class BufferedRecorder(asyncio.BufferedProtocol):
    """Offers ``size`` bytes at a time."""

    def __init__(self, size: int) -> None:
        self.buffer: Any = bytearray(size)
        self.data = b""
        self.updates: list[int] = []
        self.ended = asyncio.Event()
        self.lost: list[Exception | None] = []

    def get_buffer(self, sizehint: int) -> Any:
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.updates.append(nbytes)
        self.data += bytes(memoryview(self.buffer)[:nbytes])

    def eof_received(self) -> None:
        self.ended.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.append(exc)


class Peer:
    """The other end: a machine on a socket that does only what the test says."""

    def __init__(self, sock: socket.socket, machine: TLSMachine) -> None:
        self.sock = sock
        self.machine = machine
        self.end: OSError | bool | None = None  # how the stream below ended: an error, or True
        self.received = bytearray()
        self.size = 0

    async def flush(self) -> None:
        data = memoryview(self.machine.output())
        async with asyncio.timeout(10):
            while data:
                try:
                    data = data[self.sock.send(data) :]
                except BlockingIOError:
                    await asyncio.sleep(0)

    async def send_until_stuck(self, data: bytes) -> memoryview:
        """Send as much of ``data`` as is taken; return the encrypted rest."""
        self.machine.write(data)
        rest = memoryview(self.machine.output())
        stuck = 0
        while stuck < 1000:
            try:
                rest = rest[self.sock.send(rest) :]
                stuck = 0
            except BlockingIOError:
                stuck += 1
                await asyncio.sleep(0)
        assert len(rest) > 100_000
        return rest

    async def step(self) -> None:
        """Let the loop turn; take what has come, encrypted."""
        await asyncio.sleep(0)
        try:
            data = self.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError as error:
            self.end = error
            return
        if data:
            self.machine.feed(data)
        else:
            self.end = True

    async def shake_hands(self) -> None:
        async with asyncio.timeout(10):
            while not self.machine.handshake() and self.end is None:
                await self.flush()
                await self.step()
        await self.flush()

    async def send(self, data: bytes) -> None:
        assert self.machine.write(data) == len(data)
        await self.flush()

    async def goodbye(self) -> None:
        self.machine.say_goodbye()
        await self.flush()

    async def has(self, data: bytes) -> None:
        """Wait for exactly ``data``."""
        assert await self.receive(len(data)) == data

    async def receive(self, size: int | None = None) -> bytes:
        """Wait for ``size`` clear bytes; by default for all until the end, of either kind."""
        async with asyncio.timeout(10):
            while True:
                self.received += self.machine.read()
                if size is not None and len(self.received) >= size:
                    break
                if self.machine.ended or self.end is not None:
                    break
                await self.step()
        size = len(self.received) if size is None else size
        data, self.received = bytes(self.received[:size]), self.received[size:]
        return data

    async def sees_end(self) -> Any:
        """Wait for the end of the stream below."""
        async with asyncio.timeout(10):
            while self.end is None:
                await self.step()
                self.machine.read()
        return self.end


class Scene:
    """Makes transports, with the peer at the other end."""

    def __init__(self, bench: Bench, certs: Certificates) -> None:
        self.bench = bench
        self.loop = bench.loop
        self.certs = certs

    def start(
        self,
        *,
        server_side: bool = True,
        context: ssl.SSLContext | None = None,
        peer_context: ssl.SSLContext | None = None,
        hostname: str = "localhost",
        protocol: Any = None,
        send_buffer: int = 0,
        **options: Any,
    ) -> tuple[SSLTransport, Any, Peer, asyncio.Future[None]]:
        """A transport whose handshake has begun; what its waiter is told."""
        ours, theirs = self.bench.pair(send_buffer)
        client, server = self.certs.client_context, self.certs.server_context
        context = context or (server() if server_side else client())
        machine = TLSMachine(
            peer_context or (client() if server_side else server()),
            server_side=not server_side,
            server_hostname=hostname,
        )
        waiter: asyncio.Future[None] = self.loop.create_future()
        protocol = protocol or TLSRecorder()
        tls = TLSProtocol(
            self.loop,
            protocol,
            context,
            waiter,
            server_side=server_side,
            server_hostname=hostname,
            **options,
        )
        SocketTransport(self.loop, ours, tls)
        return tls.transport, protocol, Peer(theirs, machine), waiter

    async def open(self, **options: Any) -> tuple[SSLTransport, Any, Peer]:
        """A transport whose handshake is done."""
        transport, protocol, peer, waiter = self.start(**options)
        await peer.shake_hands()
        await waiter
        return transport, protocol, peer


class MemoryTransport(asyncio.Transport):
    """A transport below that writes down what it is asked, and takes everything."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.size = 0
        self.asked: list[str] = []
        self.when_written: Callable[[], object] = lambda: None

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))
        self.when_written()

    def take(self) -> bytes:
        data = b"".join(self.written)
        self.written.clear()
        return data

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return self.size

    def pause_reading(self) -> None:
        self.asked.append("pause")

    def resume_reading(self) -> None:
        self.asked.append("resume")

    def is_closing(self) -> bool:
        return "close" in self.asked or "abort" in self.asked

    def close(self) -> None:
        self.asked.append("close")

    def abort(self) -> None:
        self.asked.append("abort")


async def without_network(
    loop: Any, certs: Certificates, protocol: asyncio.BaseProtocol, lower: MemoryTransport
) -> tuple[TLSProtocol, TLSMachine]:
    """A server's protocol on ``lower``, and its client's machine; they have shaken hands."""
    tls = TLSProtocol(loop, protocol, certs.server_context(), None, server_side=True)
    client = TLSMachine(certs.client_context(), server_side=False, server_hostname="localhost")
    tls.connection_made(lower)
    while not client.handshake():
        tls.data_received(client.output())
        client.feed(lower.take())
    tls.data_received(client.output())
    await turns()  # the last of the handshake waits for what is said at once
    client.feed(lower.take())
    assert client.read() == b""
    return tls, client


def records(data: bytes) -> int:
    """How many TLS records are in ``data``."""
    count = 0
    while data:
        data = data[5 + int.from_bytes(data[3:5], "big") :]
        count += 1
    return count
