"""The transport: writing, and peers that do not read."""

import contextlib
import struct
import time

import pytest

from tests.ioloop.transports.bench import Bench, fill, run
from tornadolike.ioloop.transports import SocketTransport
from tornadolike.ioloop.transports.flow import HIGH_WATER
from tornadolike.ioloop.transports.pieces import MAX_PIECES


def test_writes_of_all_kinds_of_bytes(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open()
        transport.write(b"bytes ")
        transport.write(bytearray(b"bytearray "))
        transport.write(memoryview(b"view "))
        transport.write(memoryview(struct.pack("2I", 1, 2)).cast("I"))
        transport.write(b"")
        transport.writelines([b"l", bytearray(b"in"), b"", memoryview(b"es")])
        transport.writelines([])
        transport.close()
        words = struct.pack("2I", 1, 2)
        assert await bench.read_all(peer) == b"bytes bytearray view " + words + b"lines"
        await protocol.hears("lost")
        for wrong in ("text", 7):
            with pytest.raises(TypeError):
                SocketTransport.write(bench.open()[0], wrong)  # type: ignore[arg-type]

    run(bench, main)


def test_more_than_the_kernel_takes_waits_and_arrives_in_order(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open(send_buffer=4096)
        expected = bytearray()
        for number in range(200):
            piece = bytes([number]) * (1 + number * 37 % 5000)
            expected += piece
            transport.write(piece)
        assert transport.get_write_buffer_size() > HIGH_WATER
        assert protocol.names == ["made", "pause"]
        transport.writelines([b"a" * 10_000, b"b" * 10_000])
        expected += b"a" * 10_000 + b"b" * 10_000
        assert await bench.read(peer, len(expected)) == expected
        await protocol.hears("resume")
        assert transport.get_write_buffer_size() == 0
        transport.write(b"more")
        assert await bench.read(peer, 4) == b"more"
        transport.close()
        await protocol.hears("lost")
        assert protocol.names == ["made", "pause", "resume", "lost"]

    run(bench, main)


def test_lines_that_the_kernel_takes_in_part(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open(send_buffer=4096)
        pieces = [bytes([number % 256]) * 3000 for number in range(MAX_PIECES + 20)]
        transport.writelines(pieces)
        assert transport.get_write_buffer_size()
        transport.close()
        assert await bench.read_all(peer) == b"".join(pieces)
        await protocol.hears("lost")

    run(bench, main)


def test_what_waits_does_not_change_when_the_caller_changes_it(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open(send_buffer=4096)
        written = fill(transport)
        mine = bytearray(b"before")
        transport.write(mine)
        transport.write(memoryview(mine))
        transport.writelines([mine])
        mine[:] = b"after!"
        transport.close()
        received = await bench.read_all(peer)
        assert received == b"x" * written + b"before" * 3
        await protocol.hears("lost")

    run(bench, main)


def test_nothing_is_copied_that_need_not_be(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, _ = bench.open(send_buffer=4096)
        fill(transport)
        piece = b"p" * 100_000
        transport.write(piece)
        assert transport._waiting is not None
        assert transport._waiting[-1] is piece
        transport.abort()
        await protocol.hears("lost")

    run(bench, main)


def test_marks_for_pausing(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open(send_buffer=4096)
        transport.set_write_buffer_limits(high=0)
        assert transport.get_write_buffer_limits() == (0, 0)
        written = fill(transport, b"x" * 1000)
        assert protocol.names == ["made", "pause"]
        await bench.read(peer, written)
        await protocol.hears("resume")
        transport.abort()
        await protocol.hears("lost")

    run(bench, main)


@pytest.mark.parametrize("action", ["write", "close", "abort", "write_eof"])
def test_a_protocol_may_do_anything_when_it_may_write_again(bench: Bench, action: str) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open(send_buffer=4096)
        transport.set_write_buffer_limits(high=0)
        written = fill(transport)
        arguments = [b"last"] if action == "write" else []
        protocol.actions["resume"] = lambda: getattr(transport, action)(*arguments)
        received = await bench.read(peer, written)
        await protocol.hears("resume")
        await bench.turns()
        if action == "write":
            transport.close()
        elif action == "write_eof":
            peer.close()
        else:
            received += await bench.read_all(peer)
        if action == "write":
            received += await bench.read_all(peer)
            assert received[-4:] == b"last"
            received = received[:-4]
        assert received == b"x" * written
        await protocol.hears("lost")
        assert protocol.names.count("lost") == 1

    run(bench, main)


def test_write_eof_comes_behind_what_waits(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open(send_buffer=4096)
        assert transport.can_write_eof()
        written = fill(transport)
        transport.write_eof()
        transport.write_eof()
        with pytest.raises(RuntimeError, match="write_eof"):
            transport.write(b"more")
        with pytest.raises(RuntimeError, match="write_eof"):
            transport.writelines([b"more"])
        assert await bench.read_all(peer) == b"x" * written
        peer.send(b"I still talk")
        await protocol.has_data(b"I still talk")
        peer.close()
        assert await protocol.hears("lost") == ("lost", None)

    run(bench, main)


def test_write_progress_sees_what_the_peers_kernel_takes(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open(send_buffer=4096)
        fill(transport)
        while (before := transport.write_progress()) != transport.write_progress():
            await bench.turns()
        end = time.monotonic() + 10
        while (
            transport.write_progress() == before
        ):  # the loop stands still, so only the kernel sends
            assert time.monotonic() < end
            with contextlib.suppress(BlockingIOError):
                peer.recv(60_000)
        assert transport.write_progress() > before
        waited = transport.unacknowledged()
        before = transport.write_progress()
        while transport.get_write_buffer_size():
            with contextlib.suppress(BlockingIOError):
                peer.recv(60_000)
            await bench.turns()
        assert transport.write_progress() - before == waited - transport.unacknowledged()
        transport.abort()
        await protocol.hears("lost")

    run(bench, main)
