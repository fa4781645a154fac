"""Pipes that are read: data, pauses, how they end."""

import asyncio
import contextvars
import errno
import gc
import io
import os
import socket
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ioloop.transports.pipe_bench import PipeBench, PipeRecorder, bench_on, turns
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.transports.pipes import ReadPipeTransport


@pytest.fixture
def bench(loop: IOLoop) -> Iterator[PipeBench]:
    """Over each poller in turn."""
    with bench_on(loop) as made:
        yield made


def test_it_reads_until_the_end(bench: PipeBench) -> None:
    async def main() -> None:
        reading, writing = bench.pipe()
        transport, protocol = await bench.reader(reading)
        assert protocol.names == ["made"]
        assert protocol.transport is transport
        assert transport.get_extra_info("pipe") is reading
        assert not os.get_blocking(reading.fileno())
        writing.write(b"some ")
        await protocol.has_data(b"some ")
        writing.write(b"words")
        writing.close()
        await protocol.hears("lost")
        assert protocol.data == b"some words"
        assert protocol.names[-2:] == ["eof", "lost"]
        assert protocol.heard[-1] == ("lost", None)
        assert reading.closed
        assert transport.is_closing()
        assert not transport.is_reading()
        await turns()
        assert protocol.names.count("lost") == 1
        transport.close()
        assert transport.get_protocol() is None  # let go

    bench.run(main)


def test_what_is_there_before_the_protocol_waits_for_it(bench: PipeBench) -> None:
    async def main() -> None:
        reading, writing = bench.pipe()
        writing.write(b"early")
        writing.close()
        _, protocol = await bench.reader(reading)
        await protocol.hears("lost")
        assert protocol.names == ["made", "data", "eof", "lost"]

    bench.run(main)


def test_a_big_stream_comes_whole(bench: PipeBench) -> None:
    async def main() -> None:
        reading, writing = bench.pipe()
        _, protocol = await bench.reader(reading)
        await bench.loop.run_in_executor(None, lambda: write_all(writing, b"x" * 1_000_000))
        await protocol.hears("lost")
        assert len(protocol.data) == 1_000_000
        await bench.loop.shutdown_default_executor()

    bench.run(main)


def write_all(file: io.FileIO, data: bytes) -> None:
    with io.BufferedWriter(file) as buffered:
        buffered.write(data)


def test_pauses(bench: PipeBench) -> None:
    async def main() -> None:
        reading, writing = bench.pipe()
        transport, protocol = await bench.reader(reading)
        transport.pause_reading()
        transport.pause_reading()
        assert not transport.is_reading()
        writing.write(b"x")
        await turns()
        assert protocol.names == ["made"]
        transport.resume_reading()
        transport.resume_reading()
        assert transport.is_reading()
        await protocol.has_data(b"x")
        transport.pause_reading()
        writing.close()
        await turns()
        assert "eof" not in protocol.names
        transport.resume_reading()
        await protocol.hears("lost")

    bench.run(main)


def test_a_pause_that_outlasts_the_transport(bench: PipeBench) -> None:
    async def main() -> None:
        reading, _ = bench.pipe()
        transport, protocol = await bench.reader(reading)
        transport.pause_reading()
        transport.close()
        transport.resume_reading()
        transport.pause_reading()
        await protocol.hears("lost")

    bench.run(main)


def test_a_protocol_may_pause_when_it_is_made(bench: PipeBench) -> None:
    async def main() -> None:
        reading, writing = bench.pipe()
        writing.write(b"early")
        protocol = PipeRecorder()
        protocol.actions["made"] = lambda: protocol.transport.pause_reading()
        transport, _ = await bench.loop.connect_read_pipe(lambda: protocol, reading)
        await turns()
        assert protocol.names == ["made"]
        transport.resume_reading()
        await protocol.has_data(b"early")
        transport.close()
        await protocol.hears("lost")

    bench.run(main)


def test_close_ends_it_in_a_call_of_its_own(bench: PipeBench) -> None:
    async def main() -> None:
        reading, writing = bench.pipe()
        transport, protocol = await bench.reader(reading)
        writing.write(b"too late")
        transport.close()
        transport.close()
        assert transport.is_closing()
        assert protocol.names == ["made"]
        await protocol.hears("lost")
        await turns()
        assert protocol.heard == [("made",), ("lost", None)]
        assert reading.closed

    bench.run(main)


def test_a_protocol_that_closes_hears_no_more(bench: PipeBench) -> None:
    async def main() -> None:
        reading, writing = bench.pipe()
        transport, protocol = await bench.reader(reading)
        protocol.actions["data"] = transport.close
        writing.write(b"first")
        await protocol.hears("lost")
        assert protocol.names == ["made", "data", "lost"]

    bench.run(main)


def test_closing_inside_eof_received_is_no_second_end(bench: PipeBench) -> None:
    async def main() -> None:
        reading, writing = bench.pipe()
        transport, protocol = await bench.reader(reading)
        closing = []
        protocol.actions["eof"] = lambda: (
            closing.append(transport.is_closing()),
            transport.close(),
        )
        writing.close()
        await protocol.hears("lost")
        assert closing == [True]
        await turns()
        assert protocol.names == ["made", "eof", "lost"]

    bench.run(main)


def test_the_protocol_can_change(bench: PipeBench) -> None:
    async def main() -> None:
        reading, writing = bench.pipe()
        transport, first = await bench.reader(reading)
        second = PipeRecorder()
        transport.set_protocol(second)
        assert transport.get_protocol() is second
        writing.write(b"x")
        await second.has_data(b"x")
        writing.close()
        await second.hears("lost")
        assert first.names == ["made"]

    bench.run(main)


@pytest.mark.parametrize("name", ["made", "data", "eof", "lost"])
def test_an_exception_of_the_protocol_changes_nothing_else(
    io_loop: IOLoop, name: str, expect_log: Any
) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    async def main() -> None:
        reading, writing = bench.pipe()
        protocol = PipeRecorder()
        protocol.actions[name] = fail
        await bench.loop.connect_read_pipe(lambda: protocol, reading)
        writing.write(b"one")
        await protocol.hears("data")
        writing.write(b"two")
        writing.close()
        await protocol.hears("lost")
        await turns()
        assert protocol.data == b"onetwo"
        assert protocol.names.count("lost") == 1
        assert reading.closed

    with expect_log("asyncio", "Exception in callback"), bench_on(io_loop) as bench:
        bench.run(main)


def test_fifo(bench: PipeBench, tmp_path: Path) -> None:
    async def main() -> None:
        os.mkfifo(tmp_path / "fifo")
        reading = bench.file(os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK), "r")
        writing = bench.file(os.open(tmp_path / "fifo", os.O_WRONLY), "w")
        _, protocol = await bench.reader(reading)
        writing.write(b"x")
        await protocol.has_data(b"x")
        writing.close()
        await protocol.hears("eof")
        await protocol.hears("lost")

    bench.run(main)


def test_socket(bench: PipeBench) -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        _, protocol = await bench.reader(ours)
        theirs.send(b"x")
        await protocol.has_data(b"x")
        theirs.close()
        assert await protocol.hears("lost") == ("lost", None)
        assert ours.fileno() == -1

    bench.run(main)


def test_a_reset_is_the_peers_fault(bench: PipeBench, tcp_pair: Any) -> None:
    async def main() -> None:
        ours, theirs = tcp_pair
        _, protocol = await bench.reader(ours)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        theirs.close()
        _, error = await protocol.hears("lost")
        assert isinstance(error, ConnectionResetError)

    bench.run(main)


def test_the_end_of_a_terminal_is_the_end(bench: PipeBench) -> None:
    async def main() -> None:
        master, slave = os.openpty()
        tty.setraw(slave)
        _, protocol = await bench.reader(bench.file(master, "r"))
        os.write(slave, b"x")
        await protocol.has_data(b"x")
        os.close(slave)
        assert await protocol.hears("lost") == ("lost", None)
        assert protocol.names[-2:] == ["eof", "lost"]

    bench.run(main)


@pytest.mark.parametrize(
    ("open_both", "code"), [(os.pipe, errno.EIO), (os.openpty, errno.ENXIO)], ids=["pipe", "pty"]
)
def test_an_error_of_reading_is_reported(
    io_loop: IOLoop,
    monkeypatch: pytest.MonkeyPatch,
    expect_log: Any,
    open_both: Any,
    code: int,
) -> None:
    read = os.read

    async def main() -> None:
        source, target = open_both()

        def fail(fd: int, size: int) -> bytes:
            if fd != source:
                return read(fd, size)
            raise OSError(code, "no luck")

        reading, writing = bench.file(source, "r"), bench.file(target, "w")
        _, protocol = await bench.reader(reading)
        writing.write(b"x")
        with monkeypatch.context() as patch:
            patch.setattr("tornadolike.ioloop.transports.pipes.reading.os.read", fail)
            _, error = await protocol.hears("lost")
        assert error.errno == code
        assert "eof" not in protocol.names

    with expect_log("asyncio", "Fatal read error"), bench_on(io_loop) as bench:
        bench.run(main)


# What is no pipe


def test_a_regular_file_is_refused_and_stays_the_callers(bench: PipeBench, tmp_path: Path) -> None:
    async def main() -> None:
        with open(tmp_path / "file", "w+b") as file:
            for connect in (bench.loop.connect_read_pipe, bench.loop.connect_write_pipe):
                with pytest.raises(ValueError, match="read and write it in a thread"):
                    await connect(asyncio.Protocol, file)
            assert os.get_blocking(file.fileno())
            file.write(b"x")

    bench.run(main)


def test_what_epoll_cannot_watch_is_refused(io_loop: IOLoop) -> None:
    async def main() -> None:
        with open(os.devnull, "rb") as null:
            with pytest.raises(ValueError, match="cannot wait"):
                await io_loop.connect_read_pipe(asyncio.Protocol, null)
            assert os.get_blocking(null.fileno())

    io_loop.run_sync(main)


def test_a_closed_file_is_refused(io_loop: IOLoop) -> None:
    async def main() -> None:
        reading, writing = os.pipe()
        os.close(writing)
        file = io.FileIO(reading)
        file.close()
        with pytest.raises(ValueError, match="closed"):
            await io_loop.connect_read_pipe(asyncio.Protocol, file)

    io_loop.run_sync(main)


# The ways out


def test_cancelled_while_connecting(io_loop: IOLoop) -> None:
    async def main() -> None:
        reading, _ = bench.pipe()
        protocol = PipeRecorder()
        connecting = asyncio.create_task(bench.loop.connect_read_pipe(lambda: protocol, reading))
        await asyncio.sleep(0)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        await turns()
        assert reading.closed
        assert protocol.names == ["made", "lost"]

    with bench_on(io_loop) as bench:
        bench.run(main)


def test_dropped_unclosed(io_loop: IOLoop) -> None:
    with bench_on(io_loop) as bench:
        reading, _ = bench.pipe()
        transport: Any = None

        async def main() -> None:
            nonlocal transport
            transport, _ = await bench.reader(reading)

        bench.run(main)
        io_loop.close()
        assert "open" in repr(transport)
        transport = None
        with pytest.warns(ResourceWarning, match="unclosed transport <ReadPipeTransport"):
            gc.collect()
        assert reading.closed


def test_closed_after_the_loop(io_loop: IOLoop) -> None:
    with bench_on(io_loop) as bench:
        reading, _ = bench.pipe()
        before: list[ReadPipeTransport] = []

        async def main() -> None:
            before.append((await bench.reader(reading))[0])

        bench.run(main)
        io_loop.close()
        before[0].close()
        assert reading.closed
        assert "closed" in repr(before[0])


def test_closed_just_before_the_loop_is_no_leak(io_loop: IOLoop) -> None:
    with bench_on(io_loop) as bench:
        reading, _ = bench.pipe()

        async def main() -> ReadPipeTransport:
            return (await bench.reader(reading))[0]

        transport = io_loop.run_sync(main)
        transport.close()
        io_loop.close()
        del transport
        gc.collect()
        assert reading.closed


def test_the_callbacks_run_in_the_context_of_whoever_connected(io_loop: IOLoop) -> None:
    variable = contextvars.ContextVar("variable", default="nothing")
    seen = []

    async def main() -> None:
        variable.set("main")
        reading, writing = bench.pipe()
        protocol = PipeRecorder()
        for name in ("made", "data", "eof", "lost"):
            protocol.actions[name] = lambda: seen.append(variable.get())
        await bench.loop.connect_read_pipe(lambda: protocol, reading)
        writing.write(b"x")
        await protocol.hears("data")
        writing.close()
        await protocol.hears("lost")

    with bench_on(io_loop) as bench:
        bench.run(main)
    assert seen == ["main"] * 4
