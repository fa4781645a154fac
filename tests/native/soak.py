"""Mixed traffic for a long time, with peers that reset, dawdle, and leave in the middle; then all is as it was before.

    python -m tests.native.soak --seconds 600

The site is that of :mod:`.differential_site`, in a process of its own. What is watched is its memory and its
descriptors: after the first tenth of the time, and at the end, when everybody has left.
"""

import argparse
import asyncio
import contextlib
import gc
import random
import socket
import struct
import tempfile
from collections import Counter
from pathlib import Path

from tests.native.differential import Site, conversation, serving

CLIENTS = 16
RESET = struct.pack("ii", 1, 0)
ROOM_FOR_GROWTH = 3 * 1024 * 1024
"""Bytes: allocators keep some of what is given back, and logs and caches have buffers."""


class Traffic:
    """What clients do to a site."""

    def __init__(self, address: str, seed: int) -> None:
        self.address = address
        self.seed = seed
        self.rng = random.Random(seed)
        self.done: Counter[str] = Counter()
        self.number = 0

    async def client(self, end: float) -> None:
        kinds = [
            self.converse,
            self.converse,
            self.keep_asking,
            self.reset,
            self.dawdle,
            self.read_slowly,
            self.leave,
        ]
        loop = asyncio.get_running_loop()
        while loop.time() < end:
            kind = self.rng.choice(kinds)
            with contextlib.suppress(ConnectionError):
                reader, writer = await asyncio.open_unix_connection(self.address)
                try:
                    async with asyncio.timeout(20):
                        await kind(reader, writer)
                finally:
                    writer.close()
            self.done[kind.__name__] += 1

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What the fuzzer says, whatever that is."""
        self.number += 1
        for piece in conversation(self.seed, self.number):
            writer.write(piece)
            await writer.drain()
        writer.write_eof()
        await reader.read()

    async def keep_asking(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Well-formed requests in bunches, on one connection."""
        targets = [
            "/",
            "/raw/1",
            "/echo?a=1&a=2",
            "/at/now",
            "/at/once",
            "/tagged",
            "/cookie",
            "/big/3000",
        ]
        for _ in range(self.rng.randrange(1, 40)):
            bunch = self.rng.choices(targets, k=self.rng.choice([1, 1, 16]))
            writer.write(
                b"".join(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % t.encode() for t in bunch)
            )
            for _ in bunch:
                head = await reader.readuntil(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 200 OK\r\n"), head
                size = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
                await reader.readexactly(size)

    async def reset(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Ask for much, and vanish."""
        writer.write(
            b"GET /big/200000 HTTP/1.1\r\nHost: x\r\n\r\n" * 20
            + b"GET /at/twice HTTP/1.1\r\nHost: x\r\n\r\n"
        )
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.rng.random() * 0.05):
                await writer.drain()
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()

    async def dawdle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A request byte by byte."""
        for byte in b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na=1":
            writer.write(bytes([byte]))
            await asyncio.sleep(0)
        await reader.readuntil(b"\r\n\r\n")

    async def read_slowly(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers that nobody takes for a while."""
        writer.write(b"GET /big/100000 HTTP/1.1\r\nHost: x\r\n\r\n" * 30)
        await asyncio.sleep(self.rng.random() * 0.2)
        for _ in range(self.rng.randrange(20)):
            await reader.read(50_000)

    async def leave(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Half a request, and nobody is there."""
        whole = b"GET /at/twice HTTP/1.1\r\nHost: x\r\n\r\n"
        writer.write(whole * self.rng.randrange(3) + whole[: self.rng.randrange(len(whole))])
        await writer.drain()


def memory(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


async def soak(site: Site, seconds: float, seed: int) -> tuple[Counter[str], int, int]:
    """The traffic; return what was done, by how many bytes the site has grown, and its descriptors more."""
    pid = site.process.pid
    before = descriptors(pid)
    traffic = Traffic(site.address, seed)
    loop = asyncio.get_running_loop()

    async def phase(length: float) -> int:
        end = loop.time() + length
        async with asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS):
                clients.create_task(traffic.client(end))
        return memory(pid)

    early = await phase(max(seconds / 10, 1.0))
    late = await phase(seconds * 0.9)
    await gone(pid, before)
    return traffic.done, late - early, descriptors(pid) - before


async def gone(pid: int, wanted: int) -> None:
    """Wait until the server has noticed that all have left."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(15):
            while descriptors(pid) > wanted:
                await asyncio.sleep(0.05)


def run(seconds: float, seed: int, pure: bool = False) -> tuple[Counter[str], int, int]:
    gc.collect()
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), pure) as site:
        return asyncio.run(soak(site, seconds, seed))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--pure", action="store_true")
    options = parser.parse_args()
    print("seed", options.seed)
    done, growth, left = run(options.seconds, options.seed, options.pure)
    print(dict(done), f"grown by {growth / 1024:.0f} KiB, {left} descriptors left")


if __name__ == "__main__":
    main()
