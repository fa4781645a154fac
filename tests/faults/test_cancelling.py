"""Whatever is waited for can be cancelled at any turn of the loop, and nothing is left."""

import asyncio
import contextlib
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.running import fixture_of_run, turns
from tests.tls_certs import Certificates
from tornadolike.iostream import IOStream, SSLIOStream
from tornadolike.tcpclient import TCPClient
from tornadolike.tcpserver import TCPServer

TURNS = range(25)
"""More than a connection needs until its handshake is done."""

run = fixture_of_run(20)


class Echo(TCPServer):
    async def handle_stream(self, stream: Any, address: Any) -> None:
        while True:
            await stream.write(await stream.read_bytes(1000, partial=True))


def descriptors() -> set[str]:
    """What is open, but for what looks at it."""
    links = []
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            links.append(os.readlink(f"/proc/self/fd/{number}"))
    return set(links)


async def nothing_is_left(before: set[str]) -> None:
    """Wait until no descriptor is open that was not open before."""
    async with asyncio.timeout(5):
        while descriptors() - before:
            await asyncio.sleep(0.001)


async def cancel(task: Any, after: int) -> bool:
    """Cancel ``task`` after so many turns; whether it had done its work."""
    await turns(after)
    task.cancel()
    try:
        (await task).close()
    except asyncio.CancelledError:
        return False
    return True


@pytest.mark.parametrize("tls", [False, True])
def test_a_client_that_connects(run: Any, certs: Certificates, tls: bool) -> None:
    async def main() -> None:
        server = Echo(ssl_options=certs.server_context() if tls else None)
        server.listen(0, "127.0.0.1")
        (sock,) = server._sockets.values()
        port = sock.getsockname()[1]
        client = TCPClient()
        context = certs.client_context() if tls else None
        (await client.connect("localhost", port, ssl_options=context)).close()
        await server.close_all_connections()
        before = descriptors()
        done = 0
        for after in TURNS:
            connecting = client.connect("localhost", port, ssl_options=context)
            done += await cancel(asyncio.ensure_future(connecting), after)
            await server.close_all_connections()
            await nothing_is_left(before)
        assert done < len(TURNS)
        server.stop()
        client.close()

    run(main)


@pytest.mark.parametrize("kind", ["connect", "tls", "start_tls", "unix"])
def test_a_stream_that_connects(run: Any, certs: Certificates, kind: str, tmp_path: Path) -> None:
    async def connect(address: Any) -> IOStream:
        sock = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET)
        context = certs.client_context()
        stream = SSLIOStream(sock, ssl_options=context) if kind == "tls" else IOStream(sock)
        try:
            await stream.connect(address, "localhost")
            if kind == "start_tls":
                stream = await stream.start_tls(False, context, "localhost")
        except BaseException:
            stream.close()
            raise
        return stream

    async def main() -> None:
        server = Echo(ssl_options=certs.server_context() if "tls" in kind else None)
        path = str(tmp_path / "socket")
        if kind == "unix":
            server.listen_unix(path)
        else:
            server.listen(0, "127.0.0.1")
        (listening,) = server._sockets.values()
        before = descriptors()
        for after in TURNS:
            connecting = connect(path if kind == "unix" else listening.getsockname())
            await cancel(asyncio.ensure_future(connecting), after)
            await server.close_all_connections()
            await nothing_is_left(before)
        server.stop()

    run(main)


@pytest.mark.parametrize("tls", [False, True])
def test_a_conversation(run: Any, certs: Certificates, tls: bool) -> None:
    """Reads and writes are cancelled again and again, and no byte is lost or comes twice."""

    async def main() -> None:
        server = Echo(ssl_options=certs.server_context() if tls else None)
        server.listen(0, "127.0.0.1")
        (sock,) = server._sockets.values()
        context = certs.client_context() if tls else None
        client = TCPClient()
        stream = await client.connect("localhost", sock.getsockname()[1], ssl_options=context)
        text = bytes(range(256)) * 40
        heard = b""
        memory = bytearray(700)
        for number, start in enumerate(range(0, len(text), 512)):
            stream.write(text[start : start + 512]).cancel()
            read: Any = stream.read_into(memory) if number % 2 else stream.read_bytes(700)
            await turns(number % 7)
            read.cancel()
            if not read.cancelled():
                heard += bytes(memory) if number % 2 else read.result()
        heard += await stream.read_bytes(len(text) - len(heard))
        assert heard == text
        stream.close()
        server.stop()
        await server.close_all_connections()
        client.close()

    run(main)
