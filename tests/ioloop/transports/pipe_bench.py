"""Pipes to try transports on, and a protocol that writes down what it is told."""

import asyncio
import contextlib
import io
import os
from collections.abc import Iterator
from typing import Any

from tests.ioloop.transports.bench import Recorder
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.transports.pipes import ReadPipeTransport, WritePipeTransport


class PipeRecorder(Recorder):
    """As :class:`Recorder`, for pipes."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._hear("made")


class PipeBench:
    """Files that are closed in the end, and the transports on them."""

    def __init__(self, loop: IOLoop) -> None:
        self.loop = loop
        self.files: list[Any] = []

    def file(self, fd: int, mode: str) -> io.FileIO:
        self.files.append(io.FileIO(fd, mode))
        return self.files[-1]

    def pipe(self) -> tuple[io.FileIO, io.FileIO]:
        reading, writing = os.pipe()
        return self.file(reading, "r"), self.file(writing, "w")

    async def reader(self, file: Any) -> tuple[ReadPipeTransport, PipeRecorder]:
        return await self.loop.connect_read_pipe(PipeRecorder, file)

    async def writer(self, file: Any) -> tuple[WritePipeTransport, PipeRecorder]:
        return await self.loop.connect_write_pipe(PipeRecorder, file)

    def run(self, function: Any) -> None:
        self.loop.run_sync(function, timeout=30)


@contextlib.contextmanager
def bench_on(loop: IOLoop) -> Iterator[PipeBench]:
    made = PipeBench(loop)
    yield made
    for file in made.files:
        with contextlib.suppress(OSError):
            file.close()


def fill(transport: WritePipeTransport, piece: bytes = b"x" * 65536) -> int:
    """Write until the kernel takes no more; return how much was written."""
    written = 0
    while not transport.get_write_buffer_size():
        transport.write(piece)
        written += len(piece)
    return written


async def read(file: Any, size: int) -> bytes:
    """Exactly ``size`` bytes from the other end, or all until its end."""
    os.set_blocking(file.fileno(), False)
    received = bytearray()
    async with asyncio.timeout(10):
        while len(received) < size:
            data = file.read(min(65536, size - len(received)))
            if data is None:
                await asyncio.sleep(0)
            elif not data:
                break
            else:
                received += data
    return bytes(received)


async def turns(count: int = 4) -> None:
    for _ in range(count):
        await asyncio.sleep(0)
