"""Writing: back-pressure, large data, small pieces, what may be written at all."""

import asyncio
import os
import ssl
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from tests.ioloop.transports.bench import run
from tests.ioloop.transports.tls.scene import (
    MemoryTransport,
    Scene,
    TLSRecorder,
    records,
    without_network,
)
from tests.running import turns
from tests.tls_certs import Certificates
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.transports.files import FilePart
from tornadolike.ioloop.transports.tls.machine import RECORD
from tornadolike.ioloop.transports.tls.writing import TURN


def test_back_pressure(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer = await scene.open(send_buffer=4096)
        await turns()  # what is said at once would leave together
        transport.set_write_buffer_limits(high=100_000, low=10_000)
        assert transport.get_write_buffer_limits() == (10_000, 100_000)
        written = 0
        while "pause" not in protocol.names:
            transport.write(b"x" * 1000)
            written += 1000
            assert written < 5_000_000
        size = transport.get_write_buffer_size()
        assert 100_000 < size < 110_000
        transport.write(b"x" * 500_000)
        written += 500_000
        assert protocol.names == ["made", "pause"]
        received = 0
        while "resume" not in protocol.names:
            received += len(await peer.receive(5000))
        assert transport.get_write_buffer_size() <= 10_000
        received += len(await peer.receive(written - received))
        assert received == written
        assert transport.get_write_buffer_size() == 0
        assert protocol.names == ["made", "pause", "resume"]
        transport.abort()
        await protocol.hears("lost")

    run(scene.bench, main)


@pytest.mark.parametrize("low", [0, 1, 5000])
def test_marks_near_zero_tell_when_all_is_sent(scene: Scene, low: int) -> None:
    """Also of what waits in the transport below only."""

    async def main() -> None:
        transport, protocol, peer = await scene.open(send_buffer=4096)
        transport.set_write_buffer_limits(high=low, low=low)
        for turn in range(1, 4):
            written = 0
            while protocol.names.count("pause") < turn:
                transport.write(b"x" * 3000)
                written += 3000
            while protocol.names.count("resume") < turn:
                written -= len(await peer.receive(1000))
            assert transport.get_write_buffer_size() <= low
            await peer.receive(written)
        transport.abort()
        await protocol.hears("lost")

    run(scene.bench, main)


def test_marks_may_change_while_something_waits(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer = await scene.open(send_buffer=4096)
        transport.write(b"x" * 400_000)
        assert protocol.names == ["made"]
        transport.set_write_buffer_limits(high=1000)
        assert transport.get_write_buffer_limits() == (250, 1000)
        assert protocol.names == ["made", "pause"]
        transport.set_write_buffer_limits(low=600_000)
        assert transport.get_write_buffer_limits() == (600_000, 2_400_000)
        assert protocol.names == ["made", "pause", "resume"]
        transport.set_write_buffer_limits()
        assert transport.get_write_buffer_limits() == (128 * 1024, 512 * 1024)
        assert len(await peer.receive(400_000)) == 400_000
        transport.abort()
        await protocol.hears("lost")
        transport.set_write_buffer_limits(high=0)

    run(scene.bench, main)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_large_data_comes_whole(scene: Scene, kind: Any) -> None:
    async def main() -> None:
        transport, protocol, peer = await scene.open()
        data = bytes(range(256)) * 20_000
        given = kind(data)
        transport.write(given)
        if kind is bytearray:
            given[:] = bytes(len(given))  # the caller may use it again
        transport.write(b"and this")
        assert await peer.receive(len(data)) == data
        await peer.has(b"and this")
        transport.abort()
        await protocol.hears("lost")

    run(scene.bench, main)


def test_large_data_is_not_copied(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, _ = await scene.open(send_buffer=4096)
        data = bytes(30_000_000)
        tracemalloc.start()
        try:
            transport.write(data)
            transport.writelines([data, memoryview(data)[1:]])
            assert tracemalloc.get_traced_memory()[1] < 1_000_000
        finally:
            tracemalloc.stop()
        assert transport.get_write_buffer_size() > 89_000_000
        transport.abort()
        await protocol.hears("lost")
        assert transport.get_write_buffer_size() == 0

    run(scene.bench, main)


def test_an_array_is_bytes_too(scene: Scene) -> None:
    import array

    async def main() -> None:
        transport, protocol, peer = await scene.open()
        numbers = array.array("i", [1, 2, 3])
        transport.write(memoryview(numbers))
        await peer.has(numbers.tobytes())
        with pytest.raises(TypeError, match="bytes"):
            transport.write("text")  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="bytes"):
            transport.writelines([b"good", "text"])
        transport.write(b"")
        transport.writelines([])
        assert transport.get_write_buffer_size() == 0
        transport.abort()
        await protocol.hears("lost")

    run(scene.bench, main)


@pytest.mark.parametrize(
    ("pieces", "count"),
    [
        ([b"head", b"body"], 1),
        ([b"x"] * 1000, 1),
        ([b"x" * 100] * 1000, 7),
        ([b"head", b"x" * 100_000, b"tail"], 9),
        ([b"x" * RECORD, b"", bytearray(b"y"), memoryview(b"z")], 2),
    ],
)
def test_small_pieces_share_records(
    io_loop: IOLoop, certs: Certificates, pieces: list[Any], count: int
) -> None:
    async def main() -> None:
        lower = MemoryTransport()
        tls, client = await without_network(io_loop, certs, TLSRecorder(), lower)
        tls.transport.writelines(iter(pieces))
        encrypted = lower.take()
        assert records(encrypted) == count
        client.feed(encrypted)
        assert client.read() == b"".join(pieces)
        tls.connection_lost(None)

    io_loop.run_sync(main)


def test_pieces_that_waited_share_records_too(io_loop: IOLoop, certs: Certificates) -> None:
    async def main() -> None:
        lower = MemoryTransport()
        tls, client = await without_network(io_loop, certs, TLSRecorder(), lower)
        tls.pause_writing()
        for _ in range(1000):
            tls.transport.write(b"x")
        assert lower.written == []
        assert tls.transport.get_write_buffer_size() == 1000
        tls.resume_writing()
        encrypted = lower.take()
        assert records(encrypted) == 1
        client.feed(encrypted)
        assert client.read() == b"x" * 1000
        tls.connection_lost(None)

    io_loop.run_sync(main)


def test_what_was_paused_below_is_encrypted_no_further(
    io_loop: IOLoop, certs: Certificates
) -> None:
    async def main() -> None:
        lower = MemoryTransport()
        tls, _ = await without_network(io_loop, certs, TLSRecorder(), lower)
        lower.when_written = tls.pause_writing
        tls.transport.write(b"x" * 1_000_000)
        assert len(lower.take()) < 140_000
        assert tls.transport.get_write_buffer_size() > 850_000
        tls.resume_writing()
        assert len(lower.take()) < 140_000
        tls.connection_lost(None)

    io_loop.run_sync(main)


def test_a_write_that_has_to_wait_for_a_handshake(io_loop: IOLoop, certs: Certificates) -> None:
    """As when TLS 1.2 negotiates anew: it goes on when the peer's bytes are there."""

    async def main() -> None:
        lower = MemoryTransport()
        protocol = TLSRecorder()
        tls, client = await without_network(io_loop, certs, protocol, lower)
        machine = tls.transport._machine
        usual = machine._write
        offered = []

        def refuse(data: Any) -> int:
            offered.append(bytes(data))
            raise ssl.SSLWantReadError

        machine._write = refuse  # type: ignore[method-assign]
        tls.transport.write(b"now")
        assert offered[-1] == b"now"
        tls.transport.write(b" or later")
        tls.transport.writelines([b"x" * RECORD] * 2)
        assert tls.transport.get_write_buffer_size() == 12 + 2 * RECORD
        assert lower.written == []
        machine._write = usual  # type: ignore[method-assign]
        client.write(b"go on")
        tls.data_received(client.output())
        client.feed(lower.take())
        assert client.read() == b"now or later" + b"x" * 2 * RECORD
        assert tls.transport.get_write_buffer_size() == 0
        tls.connection_lost(None)

    io_loop.run_sync(main)


@pytest.mark.parametrize("call", ["pause_writing", "resume_writing"])
def test_a_protocol_that_fails_at_a_mark(scene: Scene, expect_log: Any, call: str) -> None:
    """The connection goes on."""

    async def main() -> None:
        transport, protocol, peer = await scene.open(send_buffer=4096)
        protocol.actions[call.partition("_")[0]] = lambda: 1 / 0
        transport.write(b"x" * 2_000_000)
        assert len(await peer.receive(2_000_000)) == 2_000_000
        await protocol.hears("resume")
        transport.abort()
        await protocol.hears("lost")

    with expect_log("asyncio", rf"protocol.{call}\(\) failed", count=1):
        run(scene.bench, main)


def test_there_is_no_end_of_one_side(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, _ = await scene.open()
        assert not transport.can_write_eof()
        with pytest.raises(NotImplementedError, match="close"):
            transport.write_eof()
        transport.abort()
        await protocol.hears("lost")

    run(scene.bench, main)


def test_writing_after_the_end(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Is dropped; those who go on are told."""

    async def main() -> None:
        transport, protocol, peer = await scene.open()
        transport.close()
        transport.write(b"late")
        transport.writelines([b"x" * RECORD] * 2)
        assert transport.get_write_buffer_size() == 0
        assert await peer.receive() == b""
        await peer.goodbye()
        await protocol.hears("lost")
        assert "dropped" not in caplog.text
        for _ in range(3):
            transport.write(b"later")
        assert "data is dropped" in caplog.text

    run(scene.bench, main)


def test_progress(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer = await scene.open(send_buffer=4096)
        transport.write(b"x" * 1_000_000)
        await scene.bench.turns(20)
        before = transport.write_progress()
        assert transport.write_progress() == before
        await peer.receive(600_000)
        taken = transport.write_progress() - before
        # What had left before is not counted, and the machine below both kernels holds a little.
        assert 300_000 < taken < 700_000
        transport.abort()
        await protocol.hears("lost")

    run(scene.bench, main)


def test_a_transport_below_that_has_no_marks(io_loop: IOLoop, certs: Certificates) -> None:
    """What waits there cannot be counted then, and nothing else is amiss."""

    class Plain(MemoryTransport):
        def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
            raise NotImplementedError

    async def main() -> None:
        lower = Plain()
        lower.size = 1_000_000
        protocol = TLSRecorder()
        tls, client = await without_network(io_loop, certs, protocol, lower)
        assert tls.transport.get_write_buffer_size() == 0
        tls.pause_writing()
        tls.transport.write(b"x" * 600_000)
        assert protocol.names == ["made", "pause"]
        tls.resume_writing()
        assert protocol.names == ["made", "pause", "resume"]
        client.feed(lower.take())
        assert len(client.read()) == 600_000
        assert tls.transport.peer_state() == "open"
        assert tls.transport.write_progress() == tls.transport._taken
        tls.transport.reset()
        assert lower.asked == ["abort"]
        tls.connection_lost(None)
        await protocol.hears("lost")

    io_loop.run_sync(main)


def test_what_waits_below_alone_pauses_nobody(io_loop: IOLoop, certs: Certificates) -> None:
    """Without a pause from below nobody would tell when to go on."""

    async def main() -> None:
        lower = MemoryTransport()
        protocol = TLSRecorder()
        tls, _ = await without_network(io_loop, certs, protocol, lower)
        lower.size = 1_000_000
        tls.transport.write(b"x" * 200_000)
        assert protocol.names == ["made"]
        tls.pause_writing()
        assert protocol.names == ["made", "pause"]
        tls.resume_writing()
        assert protocol.names == ["made", "pause", "resume"]
        tls.connection_lost(None)

    io_loop.run_sync(main)


def test_marks_count_before_the_handshake_is_done(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer, waiter = scene.start(call_connection_made=False)
        transport.write(b"x" * 600_000)
        assert protocol.names == ["pause"]
        shaking = asyncio.create_task(peer.shake_hands())
        await waiter
        await shaking
        assert len(await peer.receive(600_000)) == 600_000
        await protocol.hears("resume")
        assert protocol.names == ["pause", "resume"]
        transport.abort()
        await protocol.hears("lost")

    run(scene.bench, main)


def test_the_peer_breaks_the_connection_while_we_write(scene: Scene) -> None:
    async def main() -> None:
        transport, protocol, peer = await scene.open()
        peer.sock.close()
        async with asyncio.timeout(10):
            while not transport.is_closing():
                transport.write(b"x" * 100_000)
                await asyncio.sleep(0)
        await protocol.hears("lost")
        assert protocol.names.count("lost") == 1

    run(scene.bench, main)


def test_a_transport_below_that_fails_in_a_write(
    io_loop: IOLoop, certs: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    """It says so at the next turn of the loop: until then, too, the rest is neither encrypted nor kept."""

    async def main() -> None:
        lower = MemoryTransport()
        tls, _ = await without_network(io_loop, certs, TLSRecorder(), lower)
        transport = tls.transport
        lower.when_written = lower.close
        assert not transport.is_closing()
        transport.write(b"x" * 1_000_000)
        assert transport.is_closing()
        assert len(lower.take()) < 140_000
        for _ in range(10):
            transport.write(b"x" * 1_000_000)
        assert lower.take() == b""
        assert transport.get_write_buffer_size() == 0
        tls.connection_lost(None)

    io_loop.run_sync(main)
    assert "data is dropped" in caplog.text  # whoever goes on is told, as everywhere


# Files


def test_a_file_leaves_in_turns_however_fast_the_peer_takes_it(
    io_loop: IOLoop, certs: Certificates, tmp_path: Path
) -> None:
    """And what is written behind it comes behind it, also when that closes the connection."""
    data = os.urandom(3 * TURN)
    (tmp_path / "file").write_bytes(data)

    async def main() -> None:
        lower = MemoryTransport()
        tls, client = await without_network(io_loop, certs, TLSRecorder(), lower)
        with (tmp_path / "file").open("rb") as file:
            part = FilePart(file, 0, len(data))
        tls.transport.write_file(b"head", part, b"tail")
        assert TURN < sum(map(len, lower.written)) < 1.2 * TURN
        tls.transport.write(b"more")
        assert tls.transport.has_file_waiting()
        tls.transport.close()
        assert sum(map(len, lower.written)) < 2.2 * TURN
        sizes = [0]
        while sizes[-1] != (size := sum(map(len, lower.written))):
            sizes.append(size)
            await asyncio.sleep(0)
        assert len(sizes) >= 3
        assert not tls.transport.has_file_waiting()
        client.feed(lower.take())
        assert client.read() == b"head" + data + b"tailmore"
        tls.connection_lost(None)

    io_loop.run_sync(main)


def test_a_file_for_a_connection_that_is_over(
    io_loop: IOLoop, certs: Certificates, tmp_path: Path
) -> None:
    """Nothing of it stays open, neither then nor before."""
    (tmp_path / "file").write_bytes(bytes(3 * TURN))

    async def main() -> None:
        lower = MemoryTransport()
        tls, _ = await without_network(io_loop, certs, TLSRecorder(), lower)
        with (tmp_path / "file").open("rb") as file:
            tls.transport.write_file(b"", FilePart(file, 0, 3 * TURN), b"")
            tls.transport.abort()
            tls.transport.write_file(b"", FilePart(file, 0, 3 * TURN), b"")
        tls.connection_lost(None)
        await turns()

    io_loop.run_sync(main)
