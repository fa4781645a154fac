"""An HTTP proxy for tests: it opens the way to whom it is asked for, or says what it is told to."""

import asyncio
import contextlib

from tests.tcpclient.helpers import serving

OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"


class TestProxy:
    """Keeps the heads that it has read.

    :arg answer: what it answers; it is the end then unless it begins with ``HTTP/1.1 2``.
    """

    __test__ = False

    def __init__(self, answer=OPEN):
        self.answer = answer
        self.heads = []

    def running(self, **options):
        """``async with proxy.running() as (host, port):``"""
        return serving(handle=self._handle, **options)

    async def _handle(self, reader, writer):
        try:
            target = await self._hear(reader, writer)
        except asyncio.IncompleteReadError:
            return
        if target is None:
            return
        further, to_further = await asyncio.open_connection(*target)
        ways = [
            asyncio.create_task(pump(reader, to_further)),
            asyncio.create_task(pump(further, writer)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        to_further.close()
        writer.close()
        await asyncio.wait(ways)
        with contextlib.suppress(OSError):
            await to_further.wait_closed()

    async def _hear(self, reader, writer):
        """Whom it is to open the way to, if it does; the answer is sent already."""
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head.decode())
        writer.write(self.answer)
        if not self.answer.startswith(b"HTTP/1.1 2"):
            return None
        host, _, port = head.split()[1].decode().rpartition(":")
        return host.strip("[]"), int(port)


class SocksProxy(TestProxy):
    """One that speaks SOCKS5, and wants names of hosts, and users; ``heads`` has both."""

    async def _hear(self, reader, writer):
        _, count = await reader.readexactly(2)
        assert 2 in await reader.readexactly(count)
        writer.write(b"\5\2")
        await reader.readexactly(1)
        user = [await reader.readexactly((await reader.readexactly(1))[0]) for _ in range(2)]
        writer.write(b"\1\0")
        assert await reader.readexactly(4) == b"\5\1\0\3"
        host = await reader.readexactly((await reader.readexactly(1))[0])
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.heads.append((*user, host))
        writer.write(b"\5\0\0\1" + bytes(6))
        return host.decode(), port


async def pump(reader, writer):
    """Hand on what comes until its end."""
    with contextlib.suppress(OSError):
        while (data := await reader.read(65536)) and not writer.is_closing():
            writer.write(data)
            await writer.drain()
