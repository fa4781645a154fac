"""However a fetch ends, nothing of it is left: no descriptor, no task, no turn, no one who waits."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.httpclient.behaviours.engines import LIMIT, Engine
from tests.httpclient.behaviours.scripted import ok
from tests.running import LOOPS, run_on
from tornadolike.httpclient import AsyncHTTPClient
from tornadolike.httpclient.downloading import download
from tornadolike.httpclient.retries import Retries
from tornadolike.simple_httpclient import SimpleAsyncHTTPClient

Way = Callable[[AsyncHTTPClient, str, Path], Awaitable[None]]

MOVED = b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 4\r\n\r\ngone"
ASKED = b'HTTP/1.1 401 Who\r\nWWW-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\nContent-Length: 0\r\n\r\n'
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"5\r\nhello\r\n"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Redirects, asks who is asking, is busy, and gives pieces: each at its path, in turns of the same loop."""
    busy = True
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split()[1]
            if head.startswith(b"PUT"):
                await reader.readexactly(3)
            if path == b"/moved":
                said = MOVED
            elif path == b"/private" and b"Authorization: Digest" not in head:
                said = ASKED
            elif path == b"/busy" and busy:
                busy, said = False, BUSY
            elif path == b"/pieces":
                writer.write(CHUNKS)
                for _ in range(3):
                    await asyncio.sleep(0)
                    writer.write(CHUNK)
                said = b"0\r\n\r\n"
            else:
                said = ok()
            writer.write(said)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def served() -> AsyncIterator[str]:
    """The URL of that site; at the end no connection to it is open any more."""
    peers = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        peers.add(task)
        try:
            await answer(reader, writer)
        finally:
            peers.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        while peers:
            await asyncio.sleep(0.001)
    finally:
        server.close()


async def plainly(client: AsyncHTTPClient, url: str, folder: Path) -> None:
    await client.fetch(url + "/x")


async def redirected(client: AsyncHTTPClient, url: str, folder: Path) -> None:
    await client.fetch(url + "/moved")


async def asked(client: AsyncHTTPClient, url: str, folder: Path) -> None:
    await client.fetch(url + "/private", auth_username="a", auth_password="b", auth_mode="digest")


async def again(client: AsyncHTTPClient, url: str, folder: Path) -> None:
    await client.fetch(url + "/busy", retries=Retries(backoff=0))


async def called_back(client: AsyncHTTPClient, url: str, folder: Path) -> None:
    async def slow(piece: bytes) -> None:
        await asyncio.sleep(0)

    await client.fetch(url + "/pieces", streaming_callback=slow)


async def uploaded(client: AsyncHTTPClient, url: str, folder: Path) -> None:
    async def produce(write: Callable[[bytes], Awaitable[None]]) -> None:
        for _ in range(3):
            await write(b"x")
            await asyncio.sleep(0)

    await client.fetch(url, method="PUT", body_producer=produce, headers={"Content-Length": "3"})


async def streamed(client: AsyncHTTPClient, url: str, folder: Path) -> None:
    async with client.stream("GET", url + "/pieces") as response:
        async for _ in response:
            await asyncio.sleep(0)


async def downloaded(client: AsyncHTTPClient, url: str, folder: Path) -> None:
    await download(client, url + "/pieces", folder / "there")


async def queued(client: AsyncHTTPClient, url: str, folder: Path) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(plainly(client, url, folder))


WAYS = [plainly, redirected, asked, again, called_back, uploaded, streamed, downloaded, queued]


def at_rest(client: Any) -> bool:
    """Whether nobody has a turn, and nobody waits for one."""
    if isinstance(client, SimpleAsyncHTTPClient):
        return not client.active and not client.queue
    engine = client.engine
    return engine._room == 1 and not engine._waiting and not engine._transfers


@pytest.mark.parametrize("way", WAYS)
def test_cancelled_at_every_turn(guest_engine: Engine, tmp_path: Path, way: Way) -> None:
    """After the n-th turn of the loop, for each n until it is done before: then the client serves as ever."""

    async def main() -> None:
        turns = 0
        async with asyncio.timeout(LIMIT):
            async with served() as url:
                while await given_up(url, turns):
                    turns += 1
            while len(asyncio.all_tasks()) > 1:
                await asyncio.sleep(0.001)
        assert turns > 10
        assert {path.name for path in tmp_path.iterdir()} <= {"there"}

    async def given_up(url: str, turns: int) -> bool:
        # A client of its own, so that the connection is new; for one at once, so that it shows if that is not ended.
        async with guest_engine.client(max_clients=1) as client:
            fetch = asyncio.ensure_future(way(client, url, tmp_path))
            for _ in range(turns):
                await asyncio.sleep(0)
                if fetch.done():
                    break
            cancelled = fetch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await fetch
            assert fetch.cancelled() or not cancelled
            assert (await client.fetch(url + "/after")).body == b"hello"
            assert at_rest(client)
        return cancelled

    run_on(LOOPS[guest_engine.loop], main())
