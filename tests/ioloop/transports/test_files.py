"""Files on their way: sent by the kernel, read in threads, behind what a transport has to write."""

import asyncio
import contextlib
import errno
import gc
import gzip
import io
import os
import socket
import threading

import pytest

from tests.ioloop.transports.bench import fill, run
from tornadolike.ioloop.transports.files import (
    BLOCK_SIZE,
    STEP,
    FilePart,
    FileReading,
    FileSending,
    UnreadableFile,
    check_part,
    descriptor_of,
    read_part,
    set_position,
)

DATA = os.urandom(1 << 20) * 3 + b"end"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(DATA)
    with path.open("rb") as opened:
        yield opened


def step_to_end(sending, sock, peer):
    received = bytearray()
    ended = False
    while not ended:
        ended = sending.step(sock.fileno())
        with contextlib.suppress(BlockingIOError):
            while True:
                received += peer.recv(1 << 20)
    return received


# By the kernel


@pytest.mark.parametrize(
    ("offset", "count"),
    [(0, None), (0, 1), (5, 70_000), (STEP, None), (len(DATA) - 1, 10), (len(DATA) + 9, None)],
)
def test_a_part_of_a_file(pair, file, offset, count):
    file.read(100)  # its position does not matter
    sending = FileSending(file, offset, count)
    expected = DATA[offset:] if count is None else DATA[offset : offset + count]
    assert step_to_end(sending, *pair) == expected
    sending.end()
    assert sending.sent == len(expected)
    assert file.tell() == (offset + len(expected) if expected else 100)


def test_a_step_is_bounded(monkeypatch, pair, file):
    sizes = []
    monkeypatch.setattr(os, "sendfile", lambda out, fd, offset, size: sizes.append(size) or size)
    sending = FileSending(file, 0, 2 * STEP + 7)
    assert [sending.step(1), sending.step(1), sending.step(1)] == [False, False, True]
    assert sizes == [STEP, STEP, 7]
    sending.end()


def test_a_file_that_is_closed_or_truncated_meanwhile(pair, file):
    sending = FileSending(file, 0, None)
    sending.step(pair[0].fileno())
    os.truncate(file.name, 1 << 20)
    file.close()
    received = step_to_end(sending, *pair)
    sending.end()
    assert received == DATA[: len(received)]
    assert sending.sent == len(received) <= 1 << 20


def test_what_the_kernel_cannot_send(monkeypatch, file):
    read_end, write_end = os.pipe()
    os.close(write_end)
    with open(read_end, "rb") as pipe:
        for wrong in (io.BytesIO(b"x"), object(), pipe):
            with pytest.raises(asyncio.SendfileNotAvailableError, match="not a regular file"):
                FileSending(wrong, 0, None)
    file.close()
    with pytest.raises(ValueError, match="closed file"):
        FileSending(file, 0, None)
    monkeypatch.delattr(os, "sendfile")
    with pytest.raises(asyncio.SendfileNotAvailableError, match="is not available"):
        FileSending(file, 0, None)


def failing_with(number):
    def sendfile(*args):
        raise OSError(number, os.strerror(number))

    return sendfile


def test_what_kernels_say(monkeypatch, pair, file):
    sending = FileSending(file, 0, None)
    native = os.sendfile
    monkeypatch.setattr(os, "sendfile", failing_with(errno.EINVAL))
    with pytest.raises(asyncio.SendfileNotAvailableError):
        sending.step(pair[0].fileno())
    monkeypatch.setattr(os, "sendfile", failing_with(errno.ENOTCONN))
    with pytest.raises(OSError, match="not connected"):
        sending.step(pair[0].fileno())
    monkeypatch.setattr(os, "sendfile", native)
    sending.step(pair[0].fileno())
    monkeypatch.setattr(os, "sendfile", failing_with(errno.EINVAL))
    with pytest.raises(OSError, match="Invalid argument"):
        sending.step(pair[0].fileno())
    monkeypatch.setattr(os, "sendfile", failing_with(errno.ENOTCONN))
    with pytest.raises(ConnectionError):
        sending.step(pair[0].fileno())
    sending.end()
    assert file.tell() == sending.sent > 0


# By reading


def read_all(loop, reading):
    async def main():
        blocks = []
        while block := await reading.block():
            blocks.append(block)
            reading.sent += len(block)
        return blocks

    return loop.run_sync(main, timeout=10)


@pytest.mark.parametrize(("offset", "count"), [(0, None), (7, 2 * BLOCK_SIZE + 1), (7, BLOCK_SIZE)])
def test_blocks(io_loop, file, offset, count):
    file.read(100)
    reading = FileReading(io_loop, file, offset, count)
    blocks = read_all(io_loop, reading)
    expected = DATA[offset:] if count is None else DATA[offset : offset + count]
    assert b"".join(blocks) == expected
    assert {len(block) for block in blocks[:-1]} <= {BLOCK_SIZE}
    reading.sent -= 1
    reading.end()
    assert file.tell() == offset + len(expected) - 1


def test_all_kinds_of_files_can_be_read(io_loop):
    class OnlyRead:
        def __init__(self):
            self.blocks = [b"a", b"bc", b""]

        def read(self, size):
            return self.blocks.pop(0)

    for file in (io.BytesIO(b"abc"), OnlyRead()):
        reading = FileReading(io_loop, file, 0, None)
        assert b"".join(read_all(io_loop, reading)) == b"abc"
        reading.end()
    read_end, write_end = os.pipe()
    with open(read_end, "rb") as pipe:
        os.write(write_end, b"abc")
        os.close(write_end)
        reading = FileReading(io_loop, pipe, 0, None)
        assert read_all(io_loop, reading) == [b"abc"]
        reading.end()
        with pytest.raises(OSError, match="not seekable"):
            FileReading(io_loop, pipe, 1, None)


def test_cancelling_waits_for_the_thread_that_reads(io_loop):
    """Else it would move the file after its position was put right."""
    may_read = threading.Event()

    class Slow(io.BytesIO):
        def read(self, size=-1):
            may_read.wait(10)
            return super().read(size)

    file = Slow(b"abc")

    async def main():
        reading = FileReading(io_loop, file, 1, None)
        task = asyncio.create_task(reading.block())
        await asyncio.sleep(0)
        task.cancel()
        for _ in range(3):
            await asyncio.sleep(0)
        assert not task.done()
        may_read.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert file.tell() == 3
        reading.end()
        assert file.tell() == 1

    io_loop.run_sync(main, timeout=10)


def test_cancelling_does_not_wait_for_a_pipe(io_loop):
    read_end, write_end = os.pipe()

    async def main():
        with open(read_end, "rb") as pipe:
            task = asyncio.create_task(FileReading(io_loop, pipe, 0, None).block())
            await asyncio.sleep(0)
            task.cancel()
            for _ in range(3):
                await asyncio.sleep(0)
            was_done = task.done()
            os.close(write_end)
            with pytest.raises(asyncio.CancelledError):
                await task
            assert was_done
            await io_loop.shutdown_default_executor()

    io_loop.run_sync(main, timeout=10)


def test_parts():
    check_part(io.BytesIO(), 0, None)
    check_part(object(), 5, 1)
    for error, complaint, arguments in [
        (ValueError, "binary mode", (io.TextIOWrapper(io.BytesIO()), 0, None)),
        (TypeError, "offset must be a non-negative", (io.BytesIO(), 1.0, None)),
        (TypeError, "offset must be a non-negative", (io.BytesIO(), None, None)),
        (ValueError, "offset must be a non-negative", (io.BytesIO(), -1, None)),
        (TypeError, "count must be a positive", (io.BytesIO(), 0, 1.0)),
        (ValueError, "count must be a positive", (io.BytesIO(), 0, 0)),
        (ValueError, "count must be a positive", (io.BytesIO(), 0, -1)),
    ]:
        if isinstance(arguments[0], io.TextIOWrapper):
            arguments[0].mode = "r"
        with pytest.raises(error, match=complaint):
            check_part(*arguments)


def test_positions():
    file = io.BytesIO(b"abc")
    set_position(file, 2)
    assert file.tell() == 2
    file.close()
    set_position(file, 1)
    set_position(object(), 1)


# Behind what a transport has to write


async def send(transport, file, count=None):
    sending = FileSending(file, 0, count)
    try:
        await transport.send_file(sending)
    finally:
        sending.end()
    return sending.sent


def test_a_file_that_fits_goes_at_once(bench, file):
    async def main():
        transport, protocol, peer = bench.open()
        turns = []
        bench.loop.call_soon(turns.append, 1)
        assert await send(transport, file, 1000) == 1000
        assert not turns
        transport.write(b"more")
        assert await bench.read(peer, 1004) == DATA[:1000] + b"more"
        transport.close()
        await protocol.hears("lost")

    run(bench, main)


def test_what_waits_goes_first_and_nothing_comes_between(bench, file):
    async def main():
        transport, protocol, peer = bench.open(send_buffer=4096)
        before = fill(transport)
        task = asyncio.create_task(send(transport, file))
        await bench.turns()
        for write, data in ((transport.write, b"x"), (transport.writelines, [b"x"])):
            with pytest.raises(RuntimeError, match="sendfile is in progress"):
                write(data)
        with pytest.raises(RuntimeError, match="sendfile is in progress"):
            await send(transport, file)
        progress = transport.write_progress()
        assert await bench.read(peer, before + len(DATA)) == b"x" * before + DATA
        assert await task == len(DATA)
        assert transport.write_progress() != progress
        transport.writelines([b"and", b" after"])
        assert await bench.read(peer, 9) == b"and after"
        transport.close()
        await protocol.hears("lost")

    run(bench, main)


@pytest.mark.parametrize("end", ["close", "write_eof"])
@pytest.mark.parametrize("something_waits", [False, True])
def test_ending_waits_for_the_file(bench, file, end, something_waits):
    async def main():
        transport, protocol, peer = bench.open(send_buffer=4096)
        before = fill(transport) if something_waits else 0
        task = asyncio.create_task(send(transport, file))
        await bench.turns()
        getattr(transport, end)()
        received = await bench.read_all(peer)
        assert received == b"x" * before + DATA
        assert await task == len(DATA)
        if end == "write_eof":
            with pytest.raises(RuntimeError, match="after write_eof"):
                transport.write(b"x")
            with pytest.raises(RuntimeError, match="after write_eof"):
                await send(transport, file)
            transport.close()
        assert await protocol.hears("lost") == ("lost", None)

    run(bench, main)


def test_a_peer_that_has_said_all_still_gets_the_file(bench, file):
    """The protocol does not care for the end of its side, so the transport closes: after the file."""

    async def main():
        transport, protocol, peer = bench.open(send_buffer=4096)
        task = asyncio.create_task(send(transport, file))
        await bench.turns()
        peer.shutdown(socket.SHUT_WR)
        await protocol.hears("eof")
        assert transport.is_closing()
        assert await bench.read_all(peer) == DATA
        assert await task == len(DATA)
        await protocol.hears("lost")

    run(bench, main)


def test_reading_goes_on(bench, file):
    async def main():
        transport, protocol, peer = bench.open(send_buffer=4096)
        task = asyncio.create_task(send(transport, file))
        await bench.turns()
        peer.send(b"hello")
        await protocol.has_data(b"hello")
        assert not task.done()
        progress = transport.write_progress()
        assert await bench.read(peer, len(DATA)) == DATA
        await task
        assert transport.write_progress() > progress
        transport.abort()
        await protocol.hears("lost")

    run(bench, main)


@pytest.mark.parametrize("something_waits", [False, True])
@pytest.mark.parametrize("how", ["abort", "the peer leaves"])
def test_the_connection_is_lost(bench, file, how, something_waits):
    async def main():
        transport, protocol, peer = bench.open(send_buffer=4096)
        if something_waits:
            fill(transport)
        task = asyncio.create_task(send(transport, file))
        await bench.turns()
        if how == "abort":
            transport.abort()
        else:
            peer.close()
        with pytest.raises(ConnectionError):
            await task
        assert transport.is_closing()
        await protocol.hears("lost")
        transport.write(b"is dropped")
        assert file.tell() < len(DATA)

    run(bench, main)


def test_the_error_of_a_lost_connection_is_in_no_circle(bench, file):
    def errors():
        return sum(isinstance(each, ConnectionError) for each in gc.get_objects())

    async def main():
        transport, protocol, _ = bench.open(send_buffer=4096)
        task = asyncio.create_task(send(transport, file))
        await bench.turns()
        before = errors()
        transport.abort()
        with contextlib.suppress(ConnectionError):
            await task
        del task
        await bench.turns()  # the step that has just run holds the task
        assert errors() == before
        await protocol.hears("lost")

    gc.collect()
    gc.disable()
    try:
        run(bench, main)
    finally:
        gc.enable()


def test_a_failure_of_the_file_ends_the_connection(bench, file, monkeypatch):
    async def main():
        transport, protocol, peer = bench.open(send_buffer=4096)
        task = asyncio.create_task(send(transport, file))
        await bench.turns()
        transport.close()
        monkeypatch.setattr(os, "sendfile", failing_with(errno.EIO))
        peer.recv(1000)
        reader = asyncio.create_task(bench.read_all(peer))
        with pytest.raises(OSError, match="Input/output error") as caught:
            await task
        assert await protocol.hears("lost") == ("lost", caught.value)
        await reader

    run(bench, main)


@pytest.mark.parametrize("something_waits", [False, True])
def test_a_file_that_the_kernel_does_not_send_does_no_harm(
    bench, file, monkeypatch, something_waits
):
    async def main():
        transport, protocol, peer = bench.open(send_buffer=4096)
        before = fill(transport) if something_waits else 0
        monkeypatch.setattr(os, "sendfile", failing_with(errno.EINVAL))
        task = asyncio.create_task(send(transport, file))
        assert await bench.read(peer, before) == b"x" * before
        with pytest.raises(asyncio.SendfileNotAvailableError):
            await task
        transport.write(b"x")
        assert await bench.read(peer, 1) == b"x"
        transport.close()
        await protocol.hears("lost")

    run(bench, main)


@pytest.mark.parametrize("something_waits", [False, True])
def test_a_place_that_no_file_has_does_no_harm(bench, file, something_waits):
    async def main():
        transport, protocol, peer = bench.open(send_buffer=4096)
        before = fill(transport) if something_waits else 0
        sending = FileSending(file, 1 << 70, None)
        task = asyncio.create_task(transport.send_file(sending))
        assert await bench.read(peer, before) == b"x" * before
        with pytest.raises(OverflowError):
            await task
        sending.end()
        transport.write(b"x")
        assert await bench.read(peer, 1) == b"x"
        transport.close()
        sending = FileSending(file, 0, None)
        with pytest.raises(RuntimeError, match="Transport is closing"):
            await transport.send_file(sending)
        sending.end()
        await protocol.hears("lost")

    run(bench, main)


@pytest.mark.parametrize("then", ["write", "close"])
@pytest.mark.parametrize("something_waits", [False, True])
def test_cancelling_leaves_the_connection_open(bench, file, something_waits, then):
    async def main():
        transport, protocol, peer = bench.open(send_buffer=4096)
        before = fill(transport) if something_waits else 0
        task = asyncio.create_task(send(transport, file))
        await bench.turns()
        if then == "close":
            transport.close()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        sent = file.tell()
        assert sent < len(DATA)
        if then == "write":
            transport.write(b"after")
            transport.close()
        received = await bench.read_all(peer)
        assert received == b"x" * before + DATA[:sent] + (b"after" if then == "write" else b"")
        assert await protocol.hears("lost") == ("lost", None)

    run(bench, main)


# Parts that wait among bytes


def test_a_part_is_sent_and_read_piece_by_piece(pair, file):
    part = FilePart(file, 5, 2_000_000)
    file.close()
    sent = part.send(pair[0].fileno())
    assert 0 < sent <= STEP
    assert len(part) == 2_000_000 - sent
    assert part.take(10) == DATA[5 + sent : 15 + sent]
    assert part.take(1 << 22) == DATA[15 + sent : 2_000_005]
    assert len(part) == 0
    part.end()


def test_a_part_without_a_descriptor_of_its_own_is_read(file, monkeypatch):
    """There may be none left; it is safe as long as the file is open, and no other is read when it is not."""

    def no_more(fd):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "dup", no_more)
    part = FilePart(file, 5, 2_000_000)
    assert not part.sendable
    assert part.take(10) == DATA[5:15]
    file.close()
    with pytest.raises(UnreadableFile, match="closed"):
        part.take(10)
    part.end()


def test_whose_descriptor_has_the_content(tmp_path, file):
    with (
        gzip.open(tmp_path / "packed", "wb") as packed,
        open(tmp_path / "new", "w+b") as updated,
        open(tmp_path / "new", "rb", buffering=0) as raw,
        open(os.devnull, "rb") as device,
    ):
        assert descriptor_of(file) == file.fileno()
        assert descriptor_of(raw) == raw.fileno()
        updated.write(b"not yet there")
        assert descriptor_of(updated) == updated.fileno()
        assert read_part(raw, 4, 3) == b"yet"
        for other in (packed, device, io.BytesIO(), io.BufferedReader(io.BytesIO()), object()):
            assert descriptor_of(other) is None
    assert descriptor_of(raw) is None  # closed


class Broken(io.RawIOBase):
    def __init__(self, error):
        self.error = error

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, offset, whence=0):
        return offset

    def readinto(self, buffer):
        raise self.error


@pytest.mark.parametrize(
    "broken",
    [Broken(OSError()), Broken(EOFError()), io.StringIO("text"), object(), io.BytesIO(b"x")],
)
def test_files_that_cannot_be_read(broken):
    with pytest.raises(UnreadableFile):
        read_part(broken, 0, 3)
    part = FilePart(broken, 0, 3)
    with pytest.raises(UnreadableFile):
        part.take(2 if isinstance(broken, Broken) else 3)
    part.end()


def test_a_file_that_gives_less_than_it_is_asked_for():
    class Slow(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 7))

    assert read_part(Slow(DATA[:1000]), 3, 100) == DATA[3:103]
