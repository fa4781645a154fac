"""Reading: pausing, buffers of the application's, other protocols, bytes given back."""

import asyncio
import functools
from typing import Any

import pytest

from tests.ioloop.transports.bench import run
from tests.ioloop.transports.tls.scene import (
    BufferedRecorder,
    MemoryTransport,
    Scene,
    TLSRecorder,
    without_network,
)
from tests.tls_certs import Certificates
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.transports.tls import SSLTransport


def test_paused_reading_stops_the_peer(scene: Scene) -> None:
    """Nothing is delivered, and the transport below takes no more than one receiving."""

    async def main() -> None:
        transport, protocol, peer = await scene.open()
        transport.pause_reading()
        transport.pause_reading()
        assert not transport.is_reading()
        data = bytes(i % 256 for i in range(5_000_000))
        rest = await peer.send_until_stuck(data)
        assert protocol.data == b""
        transport.resume_reading()
        transport.resume_reading()
        assert transport.is_reading()
        while rest:
            try:
                rest = rest[peer.sock.send(rest) :]
            except BlockingIOError:
                await asyncio.sleep(0)
        await protocol.has_data(data)
        transport.abort()
        await protocol.hears("lost")

    run(scene.bench, main)


def test_paused_while_something_is_delivered(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer = await scene.open()
        protocol.actions["data"] = transport.pause_reading
        for word in (b"one", b"two", b"three"):
            await peer.send(word)
            await protocol.has_data(word)
            protocol.heard.clear()
            await peer.send(b"later")
            await scene.bench.turns(5)
            assert protocol.heard == []
            transport.resume_reading()
            await protocol.has_data(b"later")
            transport.resume_reading()
            protocol.heard.clear()
        transport.abort()
        await protocol.hears("lost")

    run(scene.bench, main)


def test_resumed_and_paused_again_before_the_loop_turns(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer = await scene.open()
        transport.pause_reading()
        await peer.send(b"x")
        await scene.bench.turns(5)
        transport.resume_reading()
        transport.pause_reading()
        await scene.bench.turns(5)
        assert protocol.data == b""
        transport.resume_reading()
        await protocol.has_data(b"x")
        transport.abort()
        transport.pause_reading()
        transport.resume_reading()
        assert not transport.is_reading()
        await protocol.hears("lost")

    run(scene.bench, main)


def test_paused_before_there_is_a_connection(scene: Scene) -> None:
    async def main() -> None:
        protocol = TLSRecorder()
        protocol.actions["made"] = lambda: protocol.tls.pause_reading()
        transport, _, peer = await scene.open(protocol=protocol)
        await peer.send(b"x")
        await scene.bench.turns(5)
        assert protocol.data == b""
        transport.resume_reading()
        await protocol.has_data(b"x")
        transport.abort()
        await protocol.hears("lost")

    run(scene.bench, main)


def test_an_end_waits_while_reading_is_paused(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer = await scene.open()
        transport.pause_reading()
        peer.machine.write(b"the last")
        await peer.goodbye()
        await scene.bench.turns(5)
        assert protocol.names == ["made"]
        protocol.actions["data"] = transport.pause_reading
        transport.resume_reading()
        await protocol.hears("data")
        await scene.bench.turns(5)
        assert protocol.names == ["made", "data"]
        assert transport.peer_state() == "ended"
        transport.resume_reading()
        await protocol.hears("lost")
        assert protocol.names == ["made", "data", "eof", "lost"]

    run(scene.bench, main)


@pytest.mark.parametrize("size", [1, 10, 1000, 16384, 100_000])
def test_buffers_of_the_application(scene: Scene, size: int) -> None:
    async def main() -> None:
        protocol = BufferedRecorder(size)
        transport, _, peer = await scene.open(protocol=protocol)
        data = bytes(i % 251 for i in range(40_000 if size > 1 else 200))
        await peer.send(data)
        await peer.goodbye()
        await protocol.ended.wait()
        assert protocol.data == data
        assert max(protocol.updates) <= size
        assert transport.is_closing()
        while not protocol.lost:
            await asyncio.sleep(0)
        assert protocol.lost == [None]

    run(scene.bench, main)


def test_a_buffer_is_paused_between_two_fillings(scene: Scene) -> None:
    async def main() -> None:
        class Careful(BufferedRecorder):
            def buffer_updated(self, nbytes: int) -> None:
                super().buffer_updated(nbytes)
                transport.pause_reading()

        protocol = Careful(10)
        transport, _, peer = await scene.open(protocol=protocol)
        await peer.send(b"x" * 35)
        for _ in range(4):
            before = len(protocol.updates)
            transport.resume_reading()
            while len(protocol.updates) == before:
                await asyncio.sleep(0)
            await scene.bench.turns(3)
            assert len(protocol.updates) == before + 1
        assert protocol.updates == [10, 10, 10, 5]
        transport.abort()

    run(scene.bench, main)


@pytest.mark.parametrize("end", [SSLTransport.close, SSLTransport.abort])
def test_a_buffer_that_closes(scene: Scene, end: Any) -> None:
    async def main() -> None:
        class Closer(BufferedRecorder):
            def buffer_updated(self, nbytes: int) -> None:
                super().buffer_updated(nbytes)
                end(transport)

        protocol = Closer(10)
        transport, _, peer = await scene.open(protocol=protocol)
        await peer.send(b"x" * 35)
        assert await peer.receive() == b""
        await peer.goodbye()
        await peer.sees_end()
        await scene.bench.turns()
        assert protocol.updates == [10]
        assert protocol.lost == [None]

    run(scene.bench, main)


@pytest.mark.parametrize(
    ("buffer", "error"),
    [(bytearray(), RuntimeError), (b"cannot be written", TypeError), (None, TypeError)],
)
def test_useless_buffers(scene: Scene, expect_log: Any, buffer: Any, error: type) -> None:
    async def main() -> None:
        protocol = BufferedRecorder(1)
        protocol.buffer = buffer
        _, _, peer = await scene.open(protocol=protocol)
        await peer.send(b"x")
        await peer.sees_end()
        await scene.bench.turns()
        assert [type(exc) for exc in protocol.lost] == [error]

    with expect_log("asyncio", "raised an exception in get_buffer", count=1):
        run(scene.bench, main)


def test_any_kind_of_buffer(scene: Scene) -> None:
    """A memoryview of something else than bytes; and one that is resized between two fillings."""
    import array

    async def main() -> None:
        numbers = BufferedRecorder(1)
        numbers.buffer = memoryview(array.array("i", [0] * 10))
        transport, _, peer = await scene.open(protocol=numbers)
        await peer.send(b"x" * 50)
        while sum(numbers.updates) < 50:
            await asyncio.sleep(0)
        assert numbers.updates == [40, 10]
        transport.abort()

        class Growing(BufferedRecorder):
            def buffer_updated(self, nbytes: int) -> None:
                super().buffer_updated(nbytes)
                self.buffer.extend(self.buffer)

        growing = Growing(10)
        transport, _, peer = await scene.open(protocol=growing)
        await peer.send(b"x" * 70)
        while sum(growing.updates) < 70:
            await asyncio.sleep(0)
        assert growing.updates == [10, 20, 40]
        transport.abort()

    run(scene.bench, main)


def test_another_protocol_at_any_time(scene: Scene) -> None:
    """From one kind to the other, also in the middle of what has come."""

    async def main() -> None:
        class Changing(BufferedRecorder):
            def buffer_updated(self, nbytes: int) -> None:
                super().buffer_updated(nbytes)
                transport.set_protocol(second)

        first, second, third = TLSRecorder(), TLSRecorder(), Changing(3)
        transport, _, peer = await scene.open(protocol=first)
        await peer.send(b"first")
        await first.has_data(b"first")
        transport.set_protocol(third)
        assert transport.get_protocol() is third
        await peer.send(b"third and second")
        await second.has_data(b"rd and second")
        assert third.data == b"thi"
        await peer.goodbye()
        await second.hears("lost")
        assert second.names == ["data", "eof", "lost"]
        assert first.names == ["made", "data"]

    run(scene.bench, main)


def test_unread_bytes_go_to_the_next_protocol_first(scene: Scene) -> None:
    async def main() -> None:
        transport, first, peer = await scene.open()
        second, third = TLSRecorder(), BufferedRecorder(2)

        def hand_over() -> None:
            transport.set_protocol(second)
            transport.unread(b"B")
            transport.unread(b"A")
            assert second.heard == []  # not from inside the call

        first.actions["data"] = hand_over
        await peer.send(b"question")
        await first.hears("data")
        await peer.send(b"C")
        await second.has_data(b"ABC")
        transport.pause_reading()
        transport.set_protocol(third)
        transport.unread(b"12345")
        await peer.send(b"678")
        await scene.bench.turns(5)
        assert third.data == b""
        transport.resume_reading()
        while len(third.data) < 8:
            await asyncio.sleep(0)
        assert third.data == b"12345678"
        transport.close()
        transport.unread(b"never")
        await scene.bench.turns(5)
        assert third.data == b"12345678"
        transport.abort()

    run(scene.bench, main)


@pytest.mark.parametrize("call", ["data_received", "eof_received"])
@pytest.mark.parametrize("quiet", [False, True])
def test_callbacks_that_fail(scene: Scene, expect_log: Any, call: str, quiet: bool) -> None:
    """Not the end of the loop: the error is reported, but for those of the connection itself."""

    async def main() -> None:
        transport, protocol, peer = await scene.open()

        def fail() -> None:
            raise BrokenPipeError if quiet else ZeroDivisionError

        protocol.actions["data" if call == "data_received" else "eof"] = fail
        await peer.send(b"x")
        await peer.goodbye()
        _, error = await protocol.hears("lost")
        assert isinstance(error, BrokenPipeError if quiet else ZeroDivisionError)
        assert transport.is_closing()
        await peer.sees_end()

    if quiet:
        run(scene.bench, main)
    else:
        with expect_log("asyncio", rf"raised an exception in {call}\(\)", count=1):
            run(scene.bench, main)


def test_reading_is_paused_below_only_when_something_comes(
    io_loop: IOLoop, certs: Certificates
) -> None:
    async def main() -> None:
        lower = MemoryTransport()
        protocol = TLSRecorder()
        tls, client = await without_network(io_loop, certs, protocol, lower)
        tls.transport.pause_reading()
        tls.transport.resume_reading()
        tls.transport.pause_reading()
        assert lower.asked == []
        for word in (b"one", b"two"):
            client.write(word)
            tls.data_received(client.output())
        assert lower.asked == ["pause"]
        tls.transport.resume_reading()
        assert lower.asked == ["pause", "resume"]
        await protocol.has_data(b"onetwo")
        assert protocol.names == ["made", "data"]
        tls.connection_lost(None)

    io_loop.run_sync(main)


def test_what_is_written_while_something_is_delivered_leaves_together(
    io_loop: IOLoop, certs: Certificates
) -> None:
    async def main() -> None:
        lower = MemoryTransport()
        protocol = TLSRecorder()
        tls, client = await without_network(io_loop, certs, protocol, lower)

        def answer() -> None:
            for word in (b"one", b"two", b"three"):
                protocol.tls.write(word)
            assert lower.written == []

        protocol.actions["data"] = answer
        client.write(b"question")
        tls.data_received(client.output())
        assert len(lower.written) == 1
        client.feed(lower.take())
        assert client.read() == b"onetwothree"
        for piece, count in ((200_000, 1), (10_000, 50)):
            pieces = [b"x" * piece] * count
            protocol.actions["data"] = functools.partial(list, map(protocol.tls.write, pieces))
            client.write(b"much")
            tls.data_received(client.output())
            assert max(map(len, lower.written)) < 140_000  # not all of it at once, though
            client.feed(lower.take())
            assert len(client.read()) == piece * count
        protocol.actions["data"] = lambda: (protocol.tls.write(b"word"), protocol.tls.abort())
        client.write(b"last")
        tls.data_received(client.output())
        client.feed(lower.take())
        assert client.read() == b"word"
        tls.connection_lost(None)

    io_loop.run_sync(main)
