"""The transport over real sockets, with a protocol that writes down what it is told."""

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tornadolike.ioloop import IOLoop
from tornadolike.iostream import SocketTransport
from tornadolike.iostream.transport import HIGH_WATER, MAX_PIECES, drop_sent

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


@pytest.fixture
def bench(io_loop: IOLoop) -> Iterator[Bench]:
    made = Bench(io_loop)
    yield made
    for sock in made.sockets:
        sock.close()


def run(bench: Bench, function: Any) -> None:
    bench.loop.run_sync(function, timeout=30)


def fill(transport: SocketTransport, piece: bytes = b"x" * 65536) -> int:
    """Write until the kernel takes no more; return how much was written."""
    written = 0
    while not transport.get_write_buffer_size():
        transport.write(piece)
        written += len(piece)
    return written


# Reading


def test_what_comes_is_delivered_and_the_end_closes(bench: Bench) -> None:
    async def main() -> None:
        _, protocol, peer = bench.open()
        peer.send(b"hello")
        await protocol.has_data(b"hello")
        peer.send(b" world")
        await protocol.has_data(b"hello world")
        peer.close()
        assert await protocol.hears("lost") == ("lost", None)
        assert protocol.names == ["made", "data", "data", "eof", "lost"]

    run(bench, main)


def test_a_protocol_may_keep_its_side_open(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open()
        protocol.keep_open = True
        peer.send(b"question")
        peer.shutdown(socket.SHUT_WR)
        await protocol.hears("eof")
        assert not transport.is_reading()
        await bench.turns()
        transport.write(b"answer")
        transport.close()
        assert await bench.read_all(peer) == b"answer"
        await protocol.hears("lost")
        assert protocol.names == ["made", "data", "eof", "lost"]

    run(bench, main)


def test_an_end_that_nobody_reads_any_more_keeps_the_loop_asleep(bench: Bench) -> None:
    """Both sides have ended, and the transport is open: the poller must not report it for ever."""

    async def main() -> None:
        transport, protocol, peer = bench.open()
        protocol.keep_open = True
        peer.shutdown(socket.SHUT_WR)
        await protocol.hears("eof")
        transport.write_eof()
        assert transport._fd not in bench.loop._watchers
        transport.close()
        await protocol.hears("lost")

    run(bench, main)


def test_pause_and_resume_reading(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open()
        transport.pause_reading()
        transport.pause_reading()
        assert not transport.is_reading()
        peer.send(b"wait")
        await bench.turns(5)
        assert protocol.data == b""
        transport.resume_reading()
        transport.resume_reading()
        assert transport.is_reading()
        await protocol.has_data(b"wait")
        transport.close()
        transport.pause_reading()
        transport.resume_reading()
        assert not transport.is_reading()
        await protocol.hears("lost")

    run(bench, main)


def test_a_protocol_that_pauses_in_its_data_received_gets_no_more(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open()
        protocol.actions["data"] = transport.pause_reading
        sent = 0
        while sent < 300_000:
            try:
                sent += peer.send(b"y" * 10_000)
            except BlockingIOError:
                break
        await protocol.hears("data")
        await bench.turns(5)
        assert protocol.names.count("data") == 1
        while len(protocol.data) < sent:
            transport.resume_reading()
            await bench.turns()
        transport.abort()
        await protocol.hears("lost")

    run(bench, main)


def test_unread_bytes_go_to_the_next_protocol_first(bench: Bench) -> None:
    async def main() -> None:
        transport, first, peer = bench.open()
        second = Recorder()

        def hand_over() -> None:
            transport.set_protocol(second)
            transport.unread(b"B")
            transport.unread(b"A")
            assert transport.get_protocol() is second
            assert second.heard == []  # not from inside the call

        first.actions["data"] = hand_over
        peer.send(b"question")
        await first.hears("data")
        peer.send(b"C")
        await second.has_data(b"ABC")
        peer.close()
        await second.hears("lost")
        assert first.names == ["made", "data"]

    run(bench, main)


def test_unread_bytes_wait_while_reading_is_paused(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open()
        transport.pause_reading()
        transport.unread(b"early ")
        peer.send(b"late")
        await bench.turns(5)
        assert protocol.data == b""
        transport.resume_reading()
        await protocol.has_data(b"early late")
        transport.abort()
        transport.unread(b"never")
        await protocol.hears("lost")
        assert protocol.data == b"early late"

    run(bench, main)


def test_an_end_that_came_before_the_hand_over_is_told_again(bench: Bench) -> None:
    async def main() -> None:
        transport, first, peer = bench.open()
        first.keep_open = True
        peer.send(b"x")
        peer.shutdown(socket.SHUT_WR)
        await first.hears("eof")
        second = Recorder()
        transport.set_protocol(second)
        transport.unread(b"rest")
        await second.hears("lost")
        assert second.heard == [("data", b"rest"), ("eof",), ("lost", None)]

    run(bench, main)


# Writing


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
        transport.set_write_buffer_limits(low=10)
        assert transport.get_write_buffer_limits() == (10, 40)
        transport.set_write_buffer_limits()
        assert transport.get_write_buffer_limits() == (HIGH_WATER // 4, HIGH_WATER)
        with pytest.raises(ValueError, match="must be >="):
            transport.set_write_buffer_limits(high=1, low=2)
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
        await bench.read(peer, 60_000)
        async with asyncio.timeout(10):
            while transport.write_progress() == before:
                await bench.turns()
        transport.abort()
        await protocol.hears("lost")

    run(bench, main)


# Ends


def test_close_sends_what_waits_and_reads_no_more(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open(send_buffer=4096)
        written = fill(transport)
        transport.close()
        transport.close()
        assert transport.is_closing()
        transport.write(b"dropped")
        transport.writelines([b"dropped"])
        transport.write_eof()
        peer.send(b"nobody hears this")
        assert await bench.read(peer, written) == b"x" * written
        assert await protocol.hears("lost") == ("lost", None)
        assert "data" not in protocol.names

    run(bench, main)


def test_abort_drops_what_waits(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open(send_buffer=4096)
        fill(transport)
        waiting = transport.get_write_buffer_size()
        written = waiting + 1
        transport.abort()
        transport.abort()
        assert transport.get_write_buffer_size() == 0
        assert protocol.names[-1] != "lost"  # later, in a call of its own
        received = await bench.read_all(peer)
        assert 0 < len(received) < written + 10 * 65536
        await protocol.hears("lost")
        assert protocol.names.count("lost") == 1

    run(bench, main)


def test_reset_says_that_it_is_no_proper_end(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open()
        transport.write(b"part of it")
        transport.reset()
        assert await protocol.hears("lost") == ("lost", None)
        with pytest.raises(ConnectionResetError):
            await bench.read_all(peer)
        transport.reset()  # after the end: nothing

    run(bench, main)


def test_a_peers_reset_is_told_once(bench: Bench) -> None:
    async def main() -> None:
        _, protocol, peer = bench.open()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        _, error = await protocol.hears("lost")
        assert isinstance(error, ConnectionResetError)
        await bench.turns()
        assert protocol.names == ["made", "lost"]

    run(bench, main)


def test_a_peers_reset_is_seen_while_reading_is_paused_and_something_waits(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open(send_buffer=4096)
        fill(transport)
        transport.pause_reading()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        _, error = await protocol.hears("lost")
        assert isinstance(error, OSError)

    run(bench, main)


def test_writing_to_a_peer_that_is_gone(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open()
        protocol.keep_open = True
        transport.pause_reading()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        transport.write(b"anybody there?")
        transport.write(b"hello?")
        transport.writelines([b"hel", b"lo?"])
        assert protocol.names == ["made"]
        _, error = await protocol.hears("lost")
        assert isinstance(error, OSError)
        transport.write(b"still?")
        assert protocol.names.count("lost") == 1

    run(bench, main)


def test_write_eof_to_a_peer_that_is_gone(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open()
        transport.pause_reading()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        transport.write_eof()
        _, error = await protocol.hears("lost")
        assert isinstance(error, OSError)

    run(bench, main)


@pytest.mark.parametrize("call", ["data", "eof"])
def test_a_protocol_that_fails_is_reported_and_loses_its_connection(
    bench: Bench, call: str, expect_log: Any
) -> None:
    async def main() -> None:
        _, protocol, peer = bench.open()
        protocol.actions[call] = lambda: 1 / 0
        with expect_log("asyncio", "the protocol raised", count=1):
            peer.send(b"x")
            peer.shutdown(socket.SHUT_WR)
            _, error = await protocol.hears("lost")
        assert isinstance(error, ZeroDivisionError)
        assert await bench.read_all(peer) == b""

    run(bench, main)


def test_a_protocol_that_fails_to_start_leaves_nothing_behind(
    bench: Bench, expect_log: Any
) -> None:
    async def main() -> None:
        protocol = Recorder()
        protocol.actions["made"] = lambda: 1 / 0
        with expect_log("asyncio", "the protocol raised", count=1):
            transport, _, peer = bench.open(protocol=protocol)
            await protocol.hears("lost")
        assert transport.is_closing()
        assert transport._fd not in bench.loop._watchers
        assert await bench.read_all(peer) == b""

    run(bench, main)


@pytest.mark.parametrize("call", ["pause", "resume"])
def test_a_protocol_that_fails_at_flow_control_is_reported(
    bench: Bench, call: str, expect_log: Any
) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open(send_buffer=4096)
        transport.set_write_buffer_limits(high=0)
        protocol.actions[call] = lambda: 1 / 0
        with expect_log("asyncio", rf"protocol.{call}_writing\(\) failed", count=1):
            written = fill(transport)
            assert await bench.read(peer, written) == b"x" * written
            await protocol.hears("resume")
            await bench.turns()
        transport.close()
        await protocol.hears("lost")

    run(bench, main)


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize("call", ["made", "data", "pause"])
def test_the_end_of_the_process_passes(bench: Bench, error: type[BaseException], call: str) -> None:
    def end() -> None:
        raise error

    async def main() -> None:
        protocol = Recorder()
        protocol.actions[call] = end
        transport, _, peer = bench.open(4096, protocol)
        transport.set_write_buffer_limits(high=0)
        if call == "pause":
            fill(transport)
        peer.send(b"x")
        await asyncio.sleep(10)

    with pytest.raises(error):
        run(bench, main)


def test_a_lost_transport_lets_go(bench: Bench) -> None:
    """No circle is left, and whoever counts transports is told after the socket is closed."""

    async def main() -> None:
        transport, protocol, peer = bench.open()
        told: list[tuple[SocketTransport, int]] = []
        transport.when_lost = lambda lost: told.append((lost, sock.fileno()))
        sock = transport.get_extra_info("socket")
        peer.close()
        await protocol.hears("lost")
        await bench.turns()
        assert told == [(transport, -1)]
        assert transport.get_protocol() is None

    run(bench, main)


def test_a_failing_connection_lost_still_closes_the_socket(bench: Bench, expect_log: Any) -> None:
    async def main() -> None:
        transport, protocol, _ = bench.open()
        protocol.actions["lost"] = lambda: 1 / 0
        with expect_log("asyncio", "connection_lost"):
            transport.abort()
            await bench.turns()
        assert transport.get_extra_info("socket").fileno() == -1

    run(bench, main)


def test_readiness_that_is_none(bench: Bench) -> None:
    """Pollers may be wrong; whoever tries finds out."""

    async def main() -> None:
        transport, protocol, _ = bench.open(4096)
        transport._on_events(IOLoop.READ)
        transport._on_events(IOLoop.WRITE)
        transport.pause_reading()
        transport._on_events(IOLoop.READ | IOLoop.ERROR)
        assert protocol.names == ["made"]
        fill(transport)
        for _ in range(5):  # a full kernel refuses in the end
            transport._on_events(IOLoop.WRITE)
        transport.resume_reading()
        transport.abort()
        transport._on_events(IOLoop.READ | IOLoop.ERROR)
        await protocol.hears("lost")
        assert protocol.names == ["made", "lost"]

    run(bench, main)


def test_the_peers_state(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open()
        transport.pause_reading()
        peer.send(b"unread")
        assert transport.peer_state() == "open"
        peer.shutdown(socket.SHUT_WR)
        assert transport.peer_state() == "ended"
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        assert transport.peer_state() == "lost"
        transport.abort()
        await protocol.hears("lost")

    run(bench, main)


# About


def test_what_it_tells_about_itself(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open()
        assert transport.get_extra_info("peername") == peer.getsockname()
        assert transport.get_extra_info("sockname") == peer.getpeername()
        assert transport.get_extra_info("cipher", "none") == "none"
        assert "open" in repr(transport)
        transport.close()
        await protocol.hears("lost")
        await bench.turns()
        assert "lost" in repr(transport)
        assert transport.get_extra_info("peername", "gone") == "gone"
        slow = bench.open(4096)
        fill(slow[0])
        slow[0].close()
        assert "closing" in repr(slow[0])
        slow[0].abort()
        await slow[1].hears("lost")

    run(bench, main)


def test_dropping_what_is_sent() -> None:
    from collections import deque

    pieces: deque[bytes | memoryview] = deque([b"ab", b"cde", b"f"])
    drop_sent(pieces, 0)
    assert [bytes(piece) for piece in pieces] == [b"ab", b"cde", b"f"]
    drop_sent(pieces, 3)
    assert [bytes(piece) for piece in pieces] == [b"de", b"f"]
    drop_sent(pieces, 2)
    assert [bytes(piece) for piece in pieces] == [b"f"]
    drop_sent(pieces, 1)
    assert not pieces
