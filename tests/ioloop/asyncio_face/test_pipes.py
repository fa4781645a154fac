"""connect_read_pipe and connect_write_pipe as :mod:`asyncio`'s streams use them."""

import asyncio
import os

from tornadolike.ioloop import IOLoop


def test_streams_over_a_pipe(io_loop: IOLoop) -> None:
    async def main() -> None:
        reading, writing = os.pipe()
        reader = asyncio.StreamReader()
        source, protocol = await io_loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb")
        )
        assert source.get_protocol() is protocol
        target, flow = await io_loop.connect_write_pipe(
            asyncio.streams.FlowControlMixin, os.fdopen(writing, "wb")
        )
        writer = asyncio.StreamWriter(target, flow, None, io_loop)
        data = b"line\n" * 100_000
        writer.write(data)
        received, _ = await asyncio.gather(reader.readexactly(len(data)), writer.drain())
        assert received == data
        writer.close()
        assert await reader.read() == b""

    io_loop.run_sync(main)


def test_a_factory_that_fails_leaves_the_pipe_alone(io_loop: IOLoop) -> None:
    def fail() -> asyncio.Protocol:
        raise ZeroDivisionError

    async def main() -> None:
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb", 0) as source, os.fdopen(writing, "wb", 0) as target:
            for connect, pipe in (
                (io_loop.connect_read_pipe, source),
                (io_loop.connect_write_pipe, target),
            ):
                try:
                    await connect(fail, pipe)
                except ZeroDivisionError:
                    assert os.get_blocking(pipe.fileno())
            target.write(b"x")
            assert source.read(1) == b"x"

    io_loop.run_sync(main)
