"""PipeIOStream: what is special about pipes."""

import asyncio
import errno
import os
import pty

import pytest

from tests.running import turns
from tornadolike.ioloop import IOLoop
from tornadolike.iostream import PipeIOStream, StreamClosedError

from .conftest import pipes


def test_the_descriptor_is_owned_and_does_not_block(run):
    async def main():
        reader, writer = pipes()
        assert reader.fileno() == reader.fd
        assert not os.get_blocking(reader.fd)
        assert not os.get_blocking(writer.fd)
        number = reader.fd
        reader.close()
        writer.close()
        with pytest.raises(OSError, match="Bad file"):
            os.fstat(number)

    run(main)


def test_what_is_no_descriptor(io_loop):
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    with pytest.raises(OSError, match="Bad file"):
        PipeIOStream(reading)


def test_reading_from_the_end_that_writes(run):
    async def main():
        reader, writer = pipes()
        future = writer.read_bytes(1)
        with pytest.raises(StreamClosedError) as caught:
            await future
        assert caught.value.real_error.errno == errno.EBADF
        assert writer.closed()
        reader.close()

    run(main)


@pytest.mark.parametrize("full", [True, False])
def test_the_end_that_writes_learns_that_nobody_reads(run, full):
    async def main():
        reader, writer = pipes()
        closed = asyncio.Event()
        writer.set_close_callback(closed.set)
        if full:
            writer.write(b"x" * 1_000_000)
        await turns()
        reader.close()
        await closed.wait()
        assert isinstance(writer.error, BrokenPipeError)

    run(main)


def test_a_terminal(run):
    async def main():
        ours, theirs = pty.openpty()
        os.set_blocking(theirs, True)
        stream = PipeIOStream(ours)
        future = stream.read_until(b"\r\n")
        await stream.write(b"echo\n")
        assert await future == b"echo\r\n"
        future = stream.read_bytes(1)
        os.close(theirs)
        with pytest.raises(StreamClosedError):
            await future
        assert stream.closed()

    run(main)


def test_outside_a_running_loop(io_loop):
    reader, writer = pipes()
    assert reader.io_loop is io_loop
    writer.write(b"abc")
    assert io_loop.run_sync(lambda: reader.read_bytes(3)) == b"abc"
    reader.close()
    writer.close()
    assert IOLoop.current() is io_loop
