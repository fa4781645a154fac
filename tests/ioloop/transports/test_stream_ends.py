"""The transport: how it ends, by itself, by the peer, by a protocol that fails."""

import asyncio
import socket
import struct
from typing import Any

import pytest

from tests.ioloop.transports.bench import Bench, Recorder, fill, run
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.transports import SocketTransport


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
        written = fill(transport)
        transport.abort()
        transport.abort()
        assert transport.get_write_buffer_size() == 0
        assert protocol.names[-1] != "lost"  # later, in a call of its own
        received = await bench.read_all(peer)
        assert 0 < len(received) < written
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
        assert isinstance(error, ConnectionResetError)

    run(bench, main)


@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("call", ["", "write_eof"])
def test_what_a_peer_said_before_it_left_is_heard(bench: Bench, waits: bool, call: str) -> None:
    """A server that refuses what is being sent answers, and is gone before it was all sent."""

    async def main() -> None:
        transport, protocol, peer = bench.open(send_buffer=4096)
        if waits:
            fill(transport)
        peer.send(b"too large")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        if call:
            getattr(transport, call)()
        _, error = await protocol.hears("lost")
        assert isinstance(error, ConnectionError)
        assert protocol.data == b"too large"

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


def leave_with(peer: socket.socket, words: bytes) -> None:
    """Say this, and go, in a way that breaks what the other side writes."""
    peer.sendall(words)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


@pytest.mark.parametrize("how", ["write", "writelines", "waiting"])
def test_a_write_that_fails_does_not_lose_the_peers_last_words(bench: Bench, how: str) -> None:
    words = b"not so much!"

    async def main() -> None:
        transport, protocol, peer = bench.open(send_buffer=4096 if how == "waiting" else 0)
        if how == "waiting":
            fill(transport)
        leave_with(peer, words)
        if how == "waiting":
            transport._send_waiting()  # as if it had been found writable just before the peer left
        elif how == "write":
            transport.write(b"a")
        else:
            transport.writelines([b"a", b"b"])
        assert transport.is_closing()
        assert transport.get_write_buffer_size() == 0
        assert "data" not in protocol.names, "not from inside of a write"
        transport.write(b"dropped")
        _, error = await protocol.hears("lost")
        assert isinstance(error, ConnectionError)
        assert protocol.data == words
        assert "eof" not in protocol.names, "this was no proper end"
        assert protocol.names.count("lost") == 1

    run(bench, main)


@pytest.mark.parametrize("what", ["abort", "fail", "pause"])
def test_last_words_that_are_too_much(bench: Bench, what: str) -> None:
    """The protocol may end it, fail, or have had enough before."""

    def fail() -> None:
        raise ConnectionError("nobody hears me")

    async def main() -> None:
        transport, protocol, peer = bench.open()
        if what == "pause":
            transport.pause_reading()
        protocol.actions["data"] = transport.abort if what == "abort" else fail
        leave_with(peer, b"words")
        transport.write(b"a")
        await protocol.hears("lost")
        await bench.turns()
        assert protocol.names == (["made", "lost"] if what == "pause" else ["made", "data", "lost"])

    run(bench, main)


def test_a_peer_that_only_stops_to_listen_is_not_heard_for_ever(io_loop: IOLoop) -> None:
    """On a Unix socket it may: what has come is read, and then that is the end."""

    async def main() -> None:
        ours, peer = socket.socketpair()
        with peer:
            ours.setblocking(False)
            protocol = Recorder()
            transport = SocketTransport(io_loop, ours, protocol)
            peer.sendall(b"words")
            peer.shutdown(socket.SHUT_RD)
            transport.write(b"a")
            _, error = await protocol.hears("lost")
            assert isinstance(error, BrokenPipeError)
            assert protocol.data == b"words"

    io_loop.run_sync(main, timeout=30)
