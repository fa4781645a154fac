"""The transport: protocols that bring their own buffer."""

import asyncio
import socket
import struct
from typing import Any

import pytest

from tests.ioloop.transports.bench import Bench, Recorder, run
from tornadolike.ioloop.transports import SocketTransport


class Buffered(asyncio.BufferedProtocol):
    """Collects what comes through a buffer of ``size`` bytes; tells what it was asked."""

    def __init__(self, size: int = 10) -> None:
        self.buffer: Any = bytearray(size)
        self.data = b""
        self.asked: list[int] = []
        self.calls: list[Any] = []
        self.on_data: Any = lambda: None
        self.lost: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.calls.append("made")

    def get_buffer(self, sizehint: int) -> Any:
        self.asked.append(sizehint)
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        assert nbytes > 0
        self.data += self.buffer[:nbytes]
        self.on_data()

    def eof_received(self) -> bool:
        self.calls.append("eof")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(exc)

    async def has_data(self, data: bytes) -> None:
        async with asyncio.timeout(10):
            while self.data != data:
                assert data.startswith(self.data)
                await asyncio.sleep(0)


def test_bytes_come_into_the_protocols_own_buffer(bench: Bench) -> None:
    async def main() -> None:
        ours, peer = bench.pair()
        protocol = Buffered(size=10)
        SocketTransport(bench.loop, ours, protocol)
        peer.send(b"more than the buffer can hold")
        await protocol.has_data(b"more than the buffer can hold")
        assert set(protocol.asked) == {-1}
        peer.close()
        assert await protocol.lost is None
        assert protocol.calls == ["made", "eof"]

    run(bench, main)


def test_what_buffers_may_be(bench: Bench) -> None:
    async def main() -> None:
        for buffer in (bytearray(3), memoryview(bytearray(5))[1:3]):
            ours, peer = bench.pair()
            protocol = Buffered()
            protocol.buffer = buffer
            transport = SocketTransport(bench.loop, ours, protocol)
            transport.unread(b"un")
            peer.send(b"read")
            await protocol.has_data(b"unread")
            transport.abort()
            await protocol.lost

    run(bench, main)


@pytest.mark.parametrize(
    ("buffer", "complaint"),
    [
        (bytearray(), "empty buffer"),
        (b"read only", "read"),
        (7, "len"),
        (None, "len"),
    ],
    ids=["empty", "read-only", "a number", "nothing"],
)
@pytest.mark.parametrize("how", ["received", "unread"])
def test_a_buffer_that_takes_nothing_ends_the_connection(
    bench: Bench, expect_log: Any, buffer: Any, complaint: str, how: str
) -> None:
    async def main() -> None:
        ours, peer = bench.pair()
        protocol = Buffered()
        protocol.buffer = buffer
        transport = SocketTransport(bench.loop, ours, protocol)
        with expect_log("asyncio", r"raised an exception in get_buffer\(\)", count=1):
            if how == "received":
                peer.send(b"x")
            else:
                transport.unread(b"x")
            error = await protocol.lost
        assert complaint in str(error)
        assert protocol.data == b""

    run(bench, main)


@pytest.mark.parametrize("call", ["get_buffer", "buffer_updated", "eof_received"])
@pytest.mark.parametrize("how", ["received", "unread"])
def test_a_buffered_protocol_that_fails(bench: Bench, expect_log: Any, call: str, how: str) -> None:
    async def main() -> None:
        ours, peer = bench.pair()
        protocol = Buffered()
        setattr(protocol, call, lambda *_: 1 / 0)
        transport = SocketTransport(bench.loop, ours, protocol)
        with expect_log("asyncio", rf"raised an exception in {call}\(\)", count=1):
            if how == "unread" and call != "eof_received":
                transport.unread(b"x")
            else:
                peer.send(b"x")
            peer.shutdown(socket.SHUT_WR)
            assert isinstance(await protocol.lost, ZeroDivisionError)

    run(bench, main)


def test_the_peers_reset_is_no_fault_of_the_protocol(bench: Bench) -> None:
    async def main() -> None:
        ours, peer = bench.pair()
        protocol = Buffered()
        transport = SocketTransport(bench.loop, ours, protocol)
        transport.pause_reading()
        transport.write(b"unread by the peer, which therefore resets")
        peer.close()
        transport.resume_reading()
        assert isinstance(await protocol.lost, ConnectionResetError)

    run(bench, main)


@pytest.mark.parametrize("end", ["pause_reading", "close", "abort"])
def test_a_protocol_may_stop_in_the_middle_of_what_was_unread(bench: Bench, end: str) -> None:
    async def main() -> None:
        ours, _ = bench.pair()
        protocol = Buffered(size=3)
        transport = SocketTransport(bench.loop, ours, protocol)
        protocol.on_data = getattr(transport, end)
        transport.unread(b"123456789")
        await bench.turns(5)
        assert protocol.data == b"123"
        if end == "pause_reading":
            protocol.on_data = lambda: None
            transport.resume_reading()
            await protocol.has_data(b"123456789")
            assert protocol.asked == [9, 6, 3]
            transport.abort()
        assert await protocol.lost is None

    run(bench, main)


def test_the_kind_of_protocol_changes_while_the_connection_runs(bench: Bench) -> None:
    async def main() -> None:
        transport, plain, peer = bench.open()
        buffered = Buffered()
        peer.send(b"to the plain one")
        await plain.has_data(b"to the plain one")
        transport.set_protocol(buffered)
        peer.send(b"to the buffered one")
        await buffered.has_data(b"to the buffered one")
        again = Recorder()
        transport.set_protocol(again)
        peer.send(b"to a plain one")
        await again.has_data(b"to a plain one")
        peer.close()
        await again.hears("lost")
        assert plain.names == ["made", "data"]
        assert buffered.calls == []
        assert buffered.lost.cancel()

    run(bench, main)


@pytest.mark.parametrize("hands_over", ["to a plain one", "to a buffered one"])
def test_a_hand_over_in_the_middle_of_what_was_unread(bench: Bench, hands_over: str) -> None:
    """Each byte goes to who is the protocol at that moment, and none is lost or told twice."""

    async def main() -> None:
        ours, peer = bench.pair()
        first = Buffered(size=4)
        second = Buffered(size=4)
        plain = Recorder()
        target: Any = plain if hands_over == "to a plain one" else second
        transport = SocketTransport(bench.loop, ours, first)
        first.on_data = lambda: transport.set_protocol(target)
        transport.unread(b"head and body")
        peer.send(b" and tail")
        await target.has_data(b" and body and tail")
        assert first.data == b"head"
        transport.abort()
        await (plain.hears("lost") if target is plain else second.lost)
        for unused in {first, second} - {target}:
            unused.lost.cancel()

    run(bench, main)


def test_a_plain_protocol_hands_over_unread_bytes_to_a_buffered_one(bench: Bench) -> None:
    async def main() -> None:
        transport, first, peer = bench.open()
        second = Buffered(size=2)

        def hand_over() -> None:
            transport.set_protocol(second)
            transport.unread(b"rest")
            assert second.data == b""  # not from inside the call

        first.actions["data"] = hand_over
        peer.send(b"question and")
        await first.hears("data")
        peer.send(b" of it")
        await second.has_data(b"rest of it")
        peer.close()
        assert await second.lost is None
        assert second.calls == ["eof"]

    run(bench, main)


@pytest.mark.parametrize("how", ["received", "unread"])
def test_the_protocol_may_resize_its_buffer_once_it_is_told(bench: Bench, how: str) -> None:
    class Resizing(Buffered):
        def get_buffer(self, sizehint: int) -> Any:
            return memoryview(self.buffer)

    async def main() -> None:
        ours, peer = bench.pair()
        protocol = Resizing(size=4)
        protocol.on_data = lambda: protocol.buffer.append(
            0
        )  # fails while somebody has a view of it
        transport = SocketTransport(bench.loop, ours, protocol)
        if how == "received":
            peer.send(b"abcdefghij")
        else:
            transport.unread(b"abcdefghij")
        await protocol.has_data(b"abcdefghij")
        transport.abort()
        await protocol.lost

    run(bench, main)


def test_a_write_that_fails_does_not_lose_the_peers_last_words(bench: Bench) -> None:
    async def main() -> None:
        ours, peer = bench.pair()
        protocol = Buffered(size=10)
        transport = SocketTransport(bench.loop, ours, protocol)
        peer.send(b"more than the buffer can hold")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        transport.write(b"a")
        assert isinstance(await protocol.lost, ConnectionError)
        assert protocol.data == b"more than the buffer can hold"
        assert protocol.calls == ["made"]

    run(bench, main)
