"""A transport over real sockets, and a protocol that writes down what it is told."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.transports import SocketTransport

Heard = list[tuple[Any, ...]]


class Recorder(asyncio.Protocol):
    """Writes down each call. ``actions`` are run by name of the call, ``keep_open`` answers an end of file."""

    def __init__(self) -> None:
        self.heard: Heard = []
        self.transport: SocketTransport
        self.actions: dict[str, Callable[[], object]] = {}
        self.keep_open = False
        self._news = asyncio.Event()

    def _hear(self, *what: Any) -> None:
        self.heard.append(what)
        self._news.set()
        action = self.actions.get(what[0])
        if action is not None:
            action()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, SocketTransport)
        self.transport = transport
        self._hear("made")

    def data_received(self, data: bytes) -> None:
        self._hear("data", data)

    def eof_received(self) -> bool:
        self._hear("eof")
        return self.keep_open

    def connection_lost(self, exc: Exception | None) -> None:
        self._hear("lost", exc)

    def pause_writing(self) -> None:
        self._hear("pause")

    def resume_writing(self) -> None:
        self._hear("resume")

    @property
    def names(self) -> list[str]:
        return [what[0] for what in self.heard]

    @property
    def data(self) -> bytes:
        return b"".join([what[1] for what in self.heard if what[0] == "data"])

    async def hears(self, name: str) -> Any:
        """Wait until it was told ``name``; the last such call."""
        async with asyncio.timeout(10):
            while name not in self.names:
                self._news.clear()
                await self._news.wait()
        return [what for what in self.heard if what[0] == name][-1]

    async def has_data(self, data: bytes) -> None:
        async with asyncio.timeout(10):
            while self.data != data:
                assert data.startswith(self.data)
                self._news.clear()
                await self._news.wait()


class Bench:
    """A transport on a loop, and the socket at the other end."""

    def __init__(self, loop: IOLoop) -> None:
        self.loop = loop
        self.sockets: list[socket.socket] = []

    def pair(self, send_buffer: int = 0) -> tuple[socket.socket, socket.socket]:
        """Two connected TCP sockets, both non-blocking."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            peer = socket.socket()
            if send_buffer:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, send_buffer)
            peer.connect(listening.getsockname())
            ours, _ = listening.accept()
        if send_buffer:
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        for sock in (ours, peer):
            sock.setblocking(False)
        self.sockets += (ours, peer)
        return ours, peer

    def open(
        self, send_buffer: int = 0, protocol: Recorder | None = None
    ) -> tuple[SocketTransport, Recorder, socket.socket]:
        ours, peer = self.pair(send_buffer)
        protocol = protocol or Recorder()
        return SocketTransport(self.loop, ours, protocol), protocol, peer

    async def read(self, peer: socket.socket, size: int) -> bytes:
        """Exactly ``size`` bytes from the peer's end, in small pieces."""
        received = bytearray()
        async with asyncio.timeout(10):
            while len(received) < size:
                try:
                    data = peer.recv(min(4096, size - len(received)))
                except BlockingIOError:
                    await asyncio.sleep(0)
                    continue
                if not data:
                    break
                received += data
        return bytes(received)

    async def read_all(self, peer: socket.socket) -> bytes:
        return await self.read(peer, 1 << 62)

    async def turns(self, count: int = 3) -> None:
        for _ in range(count):
            await asyncio.sleep(0)


def run(bench: Bench, function: Any) -> None:
    bench.loop.run_sync(function, timeout=30)


def fill(transport: SocketTransport, piece: bytes = b"x" * 65536) -> int:
    """Write until the kernel takes no more; return how much was written."""
    written = 0
    while not transport.get_write_buffer_size():
        transport.write(piece)
        written += len(piece)
    return written
