"""Two transports that talk at random over faulty sockets, and what must be true of that all the same."""

import asyncio
from typing import Any

from tests.faults.sockets import FaultySocket
from tests.running import turns
from tests.tls_certs import Certificates, only
from tornadolike.ioloop.transports import SocketTransport
from tornadolike.ioloop.transports.tls import TLSProtocol

PATIENCE = 3600.0
"""Seconds of the jumping clock: longer than any time-out of TLS."""

ALPHABET = bytes(range(256)) * 4096


class Talker(asyncio.Protocol):
    """One end. It checks the order in which it is told things."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.sent = 0
        self.received = bytearray()
        self.error: BaseException | None = None
        self.lost = asyncio.Event()
        self.made = asyncio.Event()
        self.left = False
        self.aborted = False
        self.paused = False
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert self.transport is None
        self.transport = transport
        self.made.set()

    def _tell(self, what: str) -> None:
        assert self.transport is not None
        assert not self.lost.is_set(), f"{what} after the end"
        self.told.append(what)

    def data_received(self, data: bytes) -> None:
        self._tell("data")
        assert data
        assert "eof" not in self.told
        assert not self.left, "closed, and told of data"
        assert not self.paused, "told of data, but reading is paused"
        self.received += data

    def eof_received(self) -> bool:
        self._tell("eof")
        assert self.told.count("eof") == 1
        return False

    def pause_writing(self) -> None:
        self._tell("pause")
        assert self.told.count("pause") == self.told.count("resume") + 1

    def resume_writing(self) -> None:
        self._tell("resume")
        assert self.told.count("pause") == self.told.count("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        self._tell("lost")
        self.error = exc
        self.lost.set()

    # What it does

    def act(self, what: str, size: int) -> None:
        if not self.made.is_set() or self.left or self.transport.is_closing():
            return
        if what == "write":
            self._write(size)
        elif what == "lines":
            start = self.sent
            pieces = [bytes_from(start + i, 1) for i in range(size % 200)]
            pieces.append(memoryview(bytes_from(start + len(pieces), size)))
            self.sent += sum(map(len, pieces))
            self.transport.writelines(pieces)
        elif what == "pause":
            self.paused = True
            self.transport.pause_reading()
        elif what == "resume":
            self.paused = False
            self.transport.resume_reading()
        elif what == "close":
            self.left = True
            self.transport.close()
        elif what == "abort":
            self.left = self.aborted = True
            self.transport.abort()

    def _write(self, size: int) -> None:
        self.transport.write(bytearray(bytes_from(self.sent, size)))
        self.sent += size


def bytes_from(start: int, size: int) -> bytes:
    """Bytes ``start`` to ``start + size`` of what everybody says."""
    start %= 256
    return ALPHABET[start : start + size]


async def open_plain(sockets: tuple[FaultySocket, ...]) -> list[Talker]:
    loop: Any = asyncio.get_running_loop()
    talkers = [Talker(), Talker()]
    for talker, sock in zip(talkers, sockets, strict=True):
        SocketTransport(loop, sock, talker)
    return talkers


async def open_tls(
    sockets: tuple[FaultySocket, ...], certs: Certificates, version: Any = None
) -> list[Talker]:
    """Talkers that have shaken hands, or whose handshake has failed."""
    loop: Any = asyncio.get_running_loop()
    talkers = [Talker(), Talker()]
    for number, (talker, sock) in enumerate(zip(talkers, sockets, strict=True)):
        context = certs.server_context() if number else certs.client_context()
        if version is not None:
            only(context, version)
        waiter = loop.create_future()
        waiter.add_done_callback(asyncio.Future.exception)
        tls = TLSProtocol(
            loop,
            talker,
            context,
            waiter,
            server_side=bool(number),
            server_hostname=None if number else "localhost",
        )
        talker.waiter = waiter  # type: ignore[attr-defined]
        SocketTransport(loop, sock, tls)
    async with asyncio.timeout(PATIENCE):
        await asyncio.wait([talker.waiter for talker in talkers])  # type: ignore[attr-defined]
    return talkers


async def converse(talkers: list[Talker], actions: list[tuple[int, str, int]]) -> None:
    """Do all ``actions``, then end, and check what both have heard of it."""
    for who, what, size in actions:
        if what == "turns":
            await turns(size % 16)
        else:
            talkers[who].act(what, size)
    for talker in talkers:
        talker.act("resume", 0)
    if not talkers[1].left:
        talkers[0].act("close", 0)
    elif talkers[0].left and not talkers[0].lost.is_set():
        talkers[0].transport.abort()  # both wait to send, and neither reads any more
    async with asyncio.timeout(PATIENCE):
        for talker in talkers:
            if talker.made.is_set():
                await talker.lost.wait()
    for first, second in (talkers, reversed(talkers)):
        assert len(second.received) <= first.sent
        assert second.received == bytes_from(0, 256) * (len(second.received) // 256) + bytes_from(
            0, len(second.received) % 256
        )
        assert second.error is None or isinstance(second.error, OSError)
        if not (first.made.is_set() and second.made.is_set()) or second.left or second.error:
            continue
        if len(second.received) < first.sent and not first.aborted:
            assert first.error, "something is missing, and nobody was told"
            assert getattr(second.transport, "truncated", True), (
                "it can be told with TLS, but was not"
            )
