"""The transport: what asyncio's transports promise beside moving bytes."""

import array
import asyncio
import contextvars
import gc
import logging
import socket
import struct
import warnings
import weakref
from pathlib import Path
from typing import Any

import pytest

from tests.ioloop.transports.bench import Bench, Recorder, fill, run
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.transports import SocketTransport
from tornadolike.ioloop.transports.flow import DROPS_UNSAID

variable = contextvars.ContextVar("variable", default="default")


# What it tells


def test_the_socket_has_a_face_that_cannot_break_anything(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, _ = bench.open()
        face = transport.get_extra_info("socket")
        assert type(face).__name__ == "TransportSocket"
        assert transport.get_extra_info("socket") is face
        assert face.fileno() == transport._fd
        assert face.family == socket.AF_INET
        assert not hasattr(face, "close")
        assert not hasattr(face, "recv")
        transport.close()
        await protocol.hears("lost")
        await bench.turns()
        assert transport.get_extra_info("socket") is face
        assert face.fileno() == -1

    run(bench, main)


def test_what_it_was_told_to_tell_outlives_the_connection(bench: Bench) -> None:
    async def main() -> None:
        ours, _ = bench.pair()
        protocol = Recorder()
        extra = {"peername": ("peer", 1), "something": "else", "nothing": None}
        transport = SocketTransport(bench.loop, ours, protocol, extra=extra)
        transport.close()
        await protocol.hears("lost")
        await bench.turns()
        assert transport.get_extra_info("peername", "?") == ("peer", 1)
        assert transport.get_extra_info("something") == "else"
        assert transport.get_extra_info("nothing", "?") is None
        assert transport.get_extra_info("sockname", "?") == "?"
        assert transport.get_extra_info("socket") is not None

    run(bench, main)


def test_small_writes_are_not_held_back(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, _ = bench.open()
        face = transport.get_extra_info("socket")
        assert face.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        transport.abort()
        await protocol.hears("lost")

    run(bench, main)


def test_it_can_be_looked_at_from_afar(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, _ = bench.open()
        reference = weakref.ref(transport)
        assert reference() is transport
        transport.abort()
        await protocol.hears("lost")
        del transport, protocol.transport
        await bench.turns()
        assert reference() is None  # without the collector

    run(bench, main)


# Unix sockets


def test_unix_sockets(bench: Bench, tmp_path: Path) -> None:
    async def main() -> None:
        ours, peer = socket.socketpair()
        for sock in (ours, peer):
            sock.setblocking(False)
        protocol = Recorder()
        transport = SocketTransport(bench.loop, ours, protocol)
        assert transport.get_extra_info("peername") == ""
        written = fill(transport)
        peer_got = 0
        while transport.get_write_buffer_size():
            peer_got += len(peer.recv(65536))
            await bench.turns(1)
        transport.write_eof()
        while data := peer.recv(65536):
            peer_got += len(data)
        assert peer_got == written
        peer.send(b"answer")
        await protocol.has_data(b"answer")
        peer.close()
        assert await protocol.hears("lost") == ("lost", None)

    run(bench, main)


# Wrong writes


@pytest.mark.parametrize("wrong", ["text", 7, None, [b"x"], memoryview(b"abcd")[::2]])
@pytest.mark.parametrize("state", ["open", "closing", "ended"])
def test_what_cannot_be_written(bench: Bench, wrong: Any, state: str) -> None:
    async def main() -> None:
        transport, protocol, _ = bench.open()
        if state == "closing":
            transport.close()
        elif state == "ended":
            transport.write_eof()
        name = type(wrong).__name__
        with pytest.raises(TypeError, match=f"not '{name}'"):
            transport.write(wrong)
        with pytest.raises(TypeError, match=f"not '{name}'"):
            transport.writelines([b"fine", wrong])
        assert transport.get_write_buffer_size() == 0
        transport.abort()
        await protocol.hears("lost")

    run(bench, main)


def test_any_buffer_can_be_written(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open()
        transport.write(array.array("H", [1, 2]))  # type: ignore[arg-type]
        transport.write(bytearray())
        transport.write(memoryview(b""))
        transport.writelines(iter([b"a", memoryview(b""), bytearray(b"b")]))
        transport.close()
        assert await bench.read_all(peer) == struct.pack("HH", 1, 2) + b"ab"
        await protocol.hears("lost")

    run(bench, main)


@pytest.mark.parametrize("method", ["write", "writelines"])
def test_who_keeps_writing_to_a_lost_connection_is_told(
    bench: Bench, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "asyncio")

    async def main() -> None:
        transport, protocol, _ = bench.open()
        transport.abort()
        argument: Any = b"x" if method == "write" else [b"x"]
        empty: Any = b"" if method == "write" else []
        for _ in range(DROPS_UNSAID):
            getattr(transport, method)(argument)
            getattr(transport, method)(empty)
        assert caplog.records == []
        getattr(transport, method)(argument)
        getattr(transport, method)(empty)
        assert len(caplog.records) == 1
        assert "socket.send() raised exception" in caplog.text
        await protocol.hears("lost")

    run(bench, main)


# Errors


def test_a_protocol_that_lets_a_broken_connection_pass_is_not_reported(bench: Bench) -> None:
    """It met the end of this or another connection: that is nobody's mistake."""

    def fail() -> None:
        raise BrokenPipeError

    async def main() -> None:
        _, protocol, peer = bench.open()
        protocol.actions["data"] = fail
        peer.send(b"x")
        _, error = await protocol.hears("lost")
        assert isinstance(error, BrokenPipeError)

    run(bench, main)


def test_other_errors_of_the_system_are_reported(bench: Bench, expect_log: Any) -> None:
    async def main() -> None:
        _, protocol, peer = bench.open()
        protocol.actions["data"] = Path("/does/not/exist").read_bytes
        with expect_log("asyncio", r"exception in data_received\(\)", count=1):
            peer.send(b"x")
            await protocol.hears("lost")

    run(bench, main)


@pytest.mark.parametrize("debug", [False, True])
def test_a_reset_is_told_in_debug_mode_only(
    bench: Bench, debug: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "asyncio")
    bench.loop.set_debug(debug)
    bench.loop.slow_callback_duration = 60

    async def main() -> None:
        _, protocol, peer = bench.open()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        await protocol.hears("lost")

    run(bench, main)
    said = [record.getMessage() for record in caplog.records if record.name == "asyncio"]
    assert any("connection is lost" in text for text in said) is debug
    assert all(record.levelno == logging.DEBUG for record in caplog.records)


# The end that nobody asked for


def test_a_transport_that_is_dropped_complains_and_closes(bench: Bench) -> None:
    async def main() -> None:
        told = []

        class Keeper:
            def attach(self, transport: Any) -> None:
                told.append("attached")

            def detach(self, transport: Any) -> None:
                told.append("detached")

        ours, peer = bench.pair()
        transport = SocketTransport(bench.loop, ours, asyncio.Protocol(), server=Keeper())
        transport.pause_reading()
        with pytest.warns(ResourceWarning, match="unclosed transport <SocketTransport fd="):
            transport = None  # type: ignore[assignment]
        assert told == ["attached", "detached"]
        assert await bench.read_all(peer) == b""
        assert ours.fileno() == -1

    run(bench, main)


def test_a_loop_that_is_closed_drops_its_transports(io_loop: IOLoop) -> None:
    bench = Bench(io_loop)
    transport, _, peer = bench.open()
    io_loop.close()
    del transport, _
    with pytest.warns(ResourceWarning, match="unclosed transport"):
        gc.collect()
    assert all(sock.fileno() == -1 for sock in bench.sockets if sock is not peer)
    peer.close()


def test_a_socket_that_is_in_use_stays_the_callers(bench: Bench) -> None:
    ours, _ = bench.pair()
    bench.loop.watch(ours.fileno(), print, IOLoop.READ)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="watched already"):
            SocketTransport(bench.loop, ours, Recorder())
        gc.collect()
    assert ours.fileno() != -1
    assert bench.loop.unwatch(ours.fileno())


# Contexts


def test_each_call_comes_in_the_connections_own_context(bench: Bench) -> None:
    seen: list[tuple[str, str]] = []

    class Watching(Recorder):
        def _hear(self, *what: Any) -> None:
            seen.append((what[0], variable.get()))
            variable.set(f"{variable.get()}+")
            super()._hear(*what)

    async def main() -> None:
        ours, peer = bench.pair()
        context = contextvars.copy_context()
        context.run(variable.set, "mine")
        protocol = Watching()
        transport = SocketTransport(bench.loop, ours, protocol, context=context)
        peer.send(b"x")
        await protocol.hears("data")
        transport.pause_reading()
        transport.unread(b"y")
        transport.resume_reading()
        await protocol.has_data(b"xy")
        peer.close()
        await protocol.hears("lost")
        assert variable.get() == "default"

    run(bench, main)
    assert seen == [
        ("made", "mine"),
        ("data", "mine+"),
        ("data", "mine++"),
        ("eof", "mine+++"),
        ("lost", "mine++++"),
    ]


@pytest.mark.parametrize("end", ["close", "abort"])
def test_the_end_is_told_in_the_connections_context_whoever_ends_it(bench: Bench, end: str) -> None:
    class Watching(Recorder):
        def connection_lost(self, exc: Exception | None) -> None:
            self.hear_also = variable.get()
            super().connection_lost(exc)

    async def main() -> None:
        ours, _ = bench.pair()
        context = contextvars.copy_context()
        context.run(variable.set, "mine")
        protocol = Watching()
        getattr(SocketTransport(bench.loop, ours, protocol, context=context), end)()
        await protocol.hears("lost")
        assert protocol.hear_also == "mine"

    run(bench, main)
