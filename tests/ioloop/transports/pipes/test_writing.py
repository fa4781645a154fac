"""Pipes that are written: the queue, its marks, and the reader who goes."""

import asyncio
import gc
import io
import os
import select
import socket
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ioloop.transports.pipe_bench import (
    PipeBench,
    PipeRecorder,
    bench_on,
    fill,
    read,
    turns,
)
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.transports.flow import DROPS_UNSAID
from tornadolike.ioloop.transports.pipes import WritePipeTransport


@pytest.fixture
def bench(loop: IOLoop) -> Iterator[PipeBench]:
    """Over each poller in turn."""
    with bench_on(loop) as made:
        yield made


def test_it_writes_at_once(bench: PipeBench) -> None:
    async def main() -> None:
        reading, writing = bench.pipe()
        transport, protocol = await bench.writer(writing)
        assert transport.get_extra_info("pipe") is writing
        assert not os.get_blocking(writing.fileno())
        transport.write(b"one ")
        transport.write(bytearray(b"two "))
        transport.write(memoryview(b"three "))
        transport.write(b"")
        transport.writelines([b"four ", b"", bytearray(b"five "), memoryview(b"six")])
        transport.writelines([])
        assert transport.get_write_buffer_size() == 0
        assert reading.read(100) == b"one two three four five six"
        transport.close()
        assert await protocol.hears("lost") == ("lost", None)
        assert reading.read(100) == b""
        assert writing.closed
        assert protocol.names == ["made", "lost"]

    bench.run(main)


def test_what_does_not_fit_waits_and_goes_in_order(bench: PipeBench) -> None:
    async def main() -> None:
        reading, writing = bench.pipe()
        transport, protocol = await bench.writer(writing)
        data = bytes(range(256)) * 4096
        changing = bytearray(data)
        transport.write(changing)
        changing[:] = b"?" * len(changing)
        waiting = transport.get_write_buffer_size()
        assert 0 < waiting < len(data)
        transport.writelines([b"x" * 1000] * 200)
        transport.write(b"the end")
        assert transport.get_write_buffer_size() == waiting + 200_007
        transport.close()
        assert await read(reading, 1 << 30) == data + b"x" * 200_000 + b"the end"
        await protocol.hears("lost")

    bench.run(main)


def test_the_marks(bench: PipeBench) -> None:
    async def main() -> None:
        reading, writing = bench.pipe()
        transport, protocol = await bench.writer(writing)
        assert transport.get_write_buffer_limits() == (16384, 65536)
        transport.set_write_buffer_limits(high=1000, low=10)
        written = fill(transport)
        await protocol.hears("pause")
        transport.write(b"y" * 1000)
        assert protocol.names == ["made", "pause"]
        await read(reading, written + 1000)
        await protocol.hears("resume")
        assert transport.get_write_buffer_size() == 0
        assert not bench.loop.remove_writer(writing)  # nothing to be told about any more
        assert protocol.names == ["made", "pause", "resume"]
        transport.close()
        await protocol.hears("lost")

    bench.run(main)


# Our end


def test_write_eof_is_close(bench: PipeBench) -> None:
    async def main() -> None:
        reading, writing = bench.pipe()
        transport, protocol = await bench.writer(writing)
        assert transport.can_write_eof()
        written = fill(transport)
        transport.write_eof()
        transport.write_eof()
        transport.close()
        assert transport.is_closing()
        transport.write(b"dropped")
        transport.writelines([b"dropped"])
        assert await read(reading, 1 << 30) == b"x" * written
        assert await protocol.hears("lost") == ("lost", None)
        await turns()
        assert protocol.names.count("lost") == 1

    bench.run(main)


def test_abort_drops_what_waits(bench: PipeBench) -> None:
    async def main() -> None:
        reading, writing = bench.pipe()
        transport, protocol = await bench.writer(writing)
        written = fill(transport)
        transport.close()
        transport.abort()
        transport.abort()
        assert transport.get_write_buffer_size() == 0
        assert "lost" not in protocol.names
        assert len(await read(reading, 1 << 30)) < written
        assert await protocol.hears("lost") == ("lost", None)
        await turns()
        assert protocol.names.count("lost") == 1

    bench.run(main)


def test_who_keeps_writing_after_the_end_is_told(io_loop: IOLoop, expect_log: Any) -> None:
    async def main() -> None:
        _, writing = bench.pipe()
        transport, protocol = await bench.writer(writing)
        transport.close()
        for _ in range(DROPS_UNSAID):
            transport.write(b"x")
        with expect_log("asyncio", "data is dropped, the pipe is closed", count=2):
            transport.write(b"x")
            transport.writelines([b"x"])
        await protocol.hears("lost")

    with bench_on(io_loop) as bench:
        bench.run(main)


# The reader's end


def test_a_reader_who_goes_is_noticed(bench: PipeBench) -> None:
    async def main() -> None:
        reading, writing = bench.pipe()
        _, protocol = await bench.writer(writing)
        reading.close()
        assert await protocol.hears("lost") == ("lost", None)
        assert writing.closed

    bench.run(main)


def test_a_reader_who_goes_while_something_waits_breaks_it(bench: PipeBench) -> None:
    async def main() -> None:
        reading, writing = bench.pipe()
        transport, protocol = await bench.writer(writing)
        fill(transport)
        reading.close()
        _, error = await protocol.hears("lost")
        assert isinstance(error, BrokenPipeError)
        assert transport.get_write_buffer_size() == 0

    bench.run(main)


def test_a_write_that_finds_no_reader(io_loop: IOLoop) -> None:
    async def main() -> None:
        reading, writing = bench.pipe()
        transport, protocol = await bench.writer(writing)
        reading.close()
        transport.write(b"x")
        assert transport.is_closing()
        transport.write(b"x")
        _, error = await protocol.hears("lost")
        assert isinstance(error, BrokenPipeError)
        await turns()
        assert protocol.names == ["made", "lost"]

    with bench_on(io_loop) as bench:
        bench.run(main)


def test_a_reader_who_goes_while_we_close(bench: PipeBench) -> None:
    async def main() -> None:
        reading, writing = bench.pipe()
        transport, protocol = await bench.writer(writing)
        fill(transport)
        transport.close()
        reading.close()
        _, error = await protocol.hears("lost")
        assert isinstance(error, BrokenPipeError)

    bench.run(main)


def test_a_sockets_peer_who_goes_is_noticed(bench: PipeBench) -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        transport, protocol = await bench.writer(ours)
        transport.write(b"x")
        assert theirs.recv(10) == b"x"
        theirs.close()
        assert await protocol.hears("lost") == ("lost", None)

    bench.run(main)


def test_a_sockets_peer_who_speaks_has_not_gone(bench: PipeBench) -> None:
    """One socket for both directions, as inetd gives it, is two descriptors of ours."""

    async def main() -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            writer, written = await bench.writer(ours)
            reader, heard = await bench.reader(ours.dup())
            theirs.send(b"a question")
            await heard.has_data(b"a question")
            await turns()
            writer.write(b"an answer")
            assert theirs.recv(100) == b"an answer"
            assert "lost" not in written.names
            reader.close()
            writer.close()
            await written.hears("lost")

    bench.run(main)


@pytest.mark.parametrize("tells_half", [True, False])
def test_a_peer_who_says_no_more_is_gone(
    bench: PipeBench, monkeypatch: pytest.MonkeyPatch, tells_half: bool
) -> None:
    """As asyncio has it. Not every system tells it apart from data."""
    if not tells_half:
        gone = select.POLLHUP | select.POLLERR
        monkeypatch.setattr("tornadolike.ioloop.transports.pipes.writing._PEER_GONE", gone)

    async def main() -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            _, protocol = await bench.writer(ours)
            theirs.shutdown(socket.SHUT_WR)
            await protocol.hears("lost")

    bench.run(main)


def test_a_peer_who_has_spoken_before_he_goes_is_gone(bench: PipeBench) -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        theirs.send(b"unheard")
        theirs.close()
        _, protocol = await bench.writer(ours)
        await protocol.hears("lost")

    bench.run(main)


def test_a_fifo_of_both_directions_is_its_own_reader(bench: PipeBench, tmp_path: Path) -> None:
    async def main() -> None:
        os.mkfifo(tmp_path / "fifo")
        both = bench.file(os.open(tmp_path / "fifo", os.O_RDWR), "r+")
        transport, protocol = await bench.writer(both)
        transport.write(b"nobody has read this yet")
        await turns()
        assert protocol.names == ["made"]
        transport.close()
        await protocol.hears("lost")

    bench.run(main)


# Terminals and other characters


def test_a_terminal_is_written(bench: PipeBench) -> None:
    async def main() -> None:
        master, slave = os.openpty()
        tty.setraw(slave)
        writer, written = await bench.writer(bench.file(slave, "w"))
        reader, heard = await bench.reader(bench.file(master, "r"))
        writer.write(b"x" * 200_000)
        assert writer.get_write_buffer_size() > 0
        await heard.has_data(b"x" * 200_000)
        writer.close()
        await written.hears("lost")
        await heard.hears("lost")
        reader.close()

    bench.run(main)


def test_the_master_of_a_terminal_goes_both_ways_on_one_descriptor(bench: PipeBench) -> None:
    async def main() -> None:
        master, slave = os.openpty()
        tty.setraw(slave)
        slave_file = bench.file(slave, "r+")
        reader, heard = await bench.reader(bench.file(master, "r"))
        writer, written = await bench.writer(io.FileIO(master, "w", closefd=False))
        fill(writer)
        os.write(slave, b"x")
        await heard.has_data(b"x")
        assert writer.get_write_buffer_size() > 0
        writer.abort()
        await written.hears("lost")
        os.write(slave, b"y")  # the reader of the same descriptor is still there
        await heard.has_data(b"xy")
        slave_file.close()
        await heard.hears("lost")
        reader.close()

    bench.run(main)


def test_the_null_device_takes_everything(io_loop: IOLoop) -> None:
    async def main() -> None:
        with open(os.devnull, "wb", 0) as null:
            transport, protocol = await io_loop.connect_write_pipe(PipeRecorder, null)
            transport.write(b"x" * 1_000_000)
            assert transport.get_write_buffer_size() == 0
            transport.close()
            await protocol.hears("lost")

    io_loop.run_sync(main)


# The ways out


def test_cancelled_while_connecting(io_loop: IOLoop) -> None:
    async def main() -> None:
        _, writing = bench.pipe()
        protocol = PipeRecorder()
        connecting = asyncio.create_task(bench.loop.connect_write_pipe(lambda: protocol, writing))
        await asyncio.sleep(0)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        await turns()
        assert writing.closed
        assert protocol.names == ["made", "lost"]

    with bench_on(io_loop) as bench:
        bench.run(main)


def leave(transport: WritePipeTransport) -> None:
    """Do nothing about it."""


@pytest.mark.parametrize(
    ("end", "warns"),
    [(leave, True), (WritePipeTransport.close, False), (WritePipeTransport.abort, False)],
)
def test_a_loop_that_closes_first(
    io_loop: IOLoop, end: Callable[[WritePipeTransport], None], warns: bool
) -> None:
    with bench_on(io_loop) as bench:
        _, writing = bench.pipe()

        async def main() -> WritePipeTransport:
            transport, _ = await bench.writer(writing)
            fill(transport)
            return transport

        transport: Any = io_loop.run_sync(main)
        io_loop.close()
        end(transport)
        assert writing.closed == (not warns)
        if warns:
            transport = None
            with pytest.warns(ResourceWarning, match="unclosed transport <WritePipeTransport"):
                gc.collect()
        assert writing.closed
