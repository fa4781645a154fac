"""Streams and OpenSSL's own client and server, in both roles."""

import asyncio
import contextlib
import re
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.interop.peers import ALLOW_CLIENT_RENEGOTIATION, VERSIONS
from tests.running import fixture_of_run
from tests.tls_certs import Certificates
from tornadolike.iostream import IOStream, SSLIOStream, StreamClosedError

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")

run = fixture_of_run(20)

FLAGS = {ssl.TLSVersion.TLSv1_2: "-tls1_2", ssl.TLSVersion.TLSv1_3: "-tls1_3"}
TEXT = b"".join(b"line %d of a text that is as long as it has to be\n" % i for i in range(6000))

versions = pytest.mark.parametrize("version", VERSIONS, ids=["1.2", "1.3"])


class Program:
    """A running openssl; what it says can be read from ``output``."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self.input = process.stdin
        self.output = process.stdout

    async def says(self, pattern: bytes) -> bytes:
        """Wait for a line that matches; return it."""
        while line := await self.output.readline():
            if re.search(pattern, line):
                return line
        raise AssertionError(f"openssl ended without {pattern!r}")

    async def does(self, command: bytes, saying: bytes) -> None:
        """Have it obey a command, which has to come alone."""
        self.input.write(command + b"\n")
        await self.says(saying)


@contextlib.asynccontextmanager
async def openssl(*args: str) -> AsyncIterator[Program]:
    process = await asyncio.create_subprocess_exec(
        "openssl",
        *args,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def listening() -> socket.socket:
    sock = socket.create_server(("127.0.0.1", 0))
    sock.setblocking(False)
    return sock


async def accepted(sock: socket.socket) -> socket.socket:
    with sock:
        async with asyncio.timeout(10):
            return (await asyncio.get_running_loop().sock_accept(sock))[0]


async def served(sock: socket.socket, certs: Certificates) -> SSLIOStream:
    """The server's stream to the next client; there will be no other."""
    context = certs.server_context()
    return SSLIOStream(await accepted(sock), ssl_options=context, server_side=True)


async def connected(port: int, certs: Certificates) -> SSLIOStream:
    """A stream that has been connected to the server there."""
    stream = SSLIOStream(socket.socket(), ssl_options=certs.client_context())
    return await stream.connect(("127.0.0.1", port), "localhost")


def s_client(certs: Certificates, sock: socket.socket, *more: str) -> Any:
    """OpenSSL's client, which checks our certificate."""
    address = f"127.0.0.1:{sock.getsockname()[1]}"
    trust = ("-CAfile", certs.ca, "-verify_return_error", "-verify_hostname", "localhost")
    return openssl("s_client", "-connect", address, "-servername", "localhost", *trust, *more)


@contextlib.asynccontextmanager
async def s_server(certs: Certificates, *more: str) -> AsyncIterator[tuple[Program, int]]:
    """OpenSSL's server, and its port."""
    args = ("-accept", "127.0.0.1:0", "-cert", certs.server, "-naccept", "1", *more)
    async with openssl("s_server", *args) as program:
        port = (await program.says(rb"^ACCEPT")).rpartition(b":")[2]
        yield program, int(port)


@versions
def test_its_client_sends_much(run: Any, certs: Certificates, version: Any) -> None:
    async def main() -> None:
        sock = listening()
        async with s_client(certs, sock, FLAGS[version], "-quiet", "-no_ign_eof") as client:
            stream = await served(sock, certs)
            client.input.write(TEXT)
            client.input.write_eof()
            assert await stream.read_until_close() == TEXT
            assert not stream.truncated
            assert await client.process.wait() == 0

    run(main)


@versions
def test_its_client_is_sent_much(run: Any, certs: Certificates, version: Any) -> None:
    async def main() -> None:
        sock = listening()
        async with s_client(certs, sock, FLAGS[version], "-quiet") as client:
            stream = await served(sock, certs)
            writing = asyncio.ensure_future(stream.write(TEXT))
            await client.says(rb"^line 5999 of")
            await writing
            stream.close()
            rest = await client.output.read()
            assert b"error" not in rest, rest  # it complains of an end without a goodbye
            assert await client.process.wait() == 0

    run(main)


@versions
def test_its_server(run: Any, certs: Certificates, version: Any) -> None:
    async def main() -> None:
        async with s_server(certs, FLAGS[version], "-rev") as (_, port):
            stream = await connected(port, certs)
            assert stream.socket.version() == version.name.replace("_", ".")
            for i in range(100):
                await stream.write(b"drawkcab %d\n" % i)
                assert await stream.read_until(b"\n") == b"%s backward\n" % str(i)[::-1].encode()
            stream.close()

    run(main)


def test_a_key_is_updated_in_both_directions(run: Any, certs: Certificates) -> None:
    async def main() -> None:
        sock = listening()
        async with s_client(certs, sock, "-tls1_3") as client:
            stream = await served(sock, certs)
            for command in b"kK" * 20:
                await client.does(bytes([command]), b"KEYUPDATE")
                client.input.write(b"said\n")
                assert await stream.read_until(b"\n") == b"said\n"
                await stream.write(b"answered\n")
                await client.says(rb"^answered")
            stream.close()
            await client.says(rb"^closed")

    run(main)


def test_a_key_is_updated_by_its_server(run: Any, certs: Certificates) -> None:
    async def main() -> None:
        async with s_server(certs, "-tls1_3") as (server, port):
            stream = await connected(port, certs)
            writing = asyncio.ensure_future(stream.write(TEXT))
            for number, command in enumerate(b"kK" * 20):
                server.input.write(bytes([command]) + b"\n")
                await stream.write(b"question %d\n" % number)
                await server.says(b"^question %d" % number)  # it looks at its commands first
                server.input.write(b"said\n")
                assert await stream.read_until(b"\n") == b"said\n"
            await writing
            server.input.write(b"Q\n")
            assert await stream.read_until_close() == b""

    run(main)


def test_a_client_may_not_renegotiate(run: Any, certs: Certificates) -> None:
    async def main() -> None:
        sock = listening()
        async with s_client(certs, sock, "-tls1_2") as client:
            stream = await served(sock, certs)
            await stream.wait_for_handshake()
            await client.does(b"R", b"RENEGOTIATING")
            with pytest.raises((ssl.SSLError, StreamClosedError)) as caught:
                await stream.read_until(b"\n")
            error = getattr(caught.value, "real_error", caught.value)
            assert "HANDSHAKE_FAILURE" in str(error)  # what it has to say to our refusal

    run(main)


def test_a_client_renegotiates(run: Any, certs: Certificates) -> None:
    async def main() -> None:
        context = certs.server_context()
        context.options &= ~ssl.OP_NO_RENEGOTIATION
        context.options |= ALLOW_CLIENT_RENEGOTIATION
        sock = listening()
        async with s_client(certs, sock, "-tls1_2") as client:
            stream = SSLIOStream(await accepted(sock), ssl_options=context, server_side=True)
            await stream.wait_for_handshake()
            for _ in range(5):
                await client.does(b"R", b"RENEGOTIATING")
                client.input.write(b"said\n")
                assert await stream.read_until(b"\n") == b"said\n"
                await stream.write(b"answered\n")
                await client.says(rb"^answered")
            stream.close()
            await client.says(rb"^closed")

    run(main)


@versions
def test_starttls(run: Any, certs: Certificates, version: Any) -> None:
    async def main() -> None:
        sock = listening()
        async with s_client(certs, sock, FLAGS[version], "-starttls", "smtp", "-quiet") as client:
            plain = IOStream(await accepted(sock))
            await plain.write(b"220 here\r\n")
            assert (await plain.read_until(b"\r\n")).startswith(b"EHLO")
            await plain.write(b"250-here\r\n250 STARTTLS\r\n")
            assert await plain.read_until(b"\r\n") == b"STARTTLS\r\n"
            await plain.write(b"220 begin\r\n")
            stream = await plain.start_tls(True, certs.server_context())
            client.input.write(b"said\n")
            assert await stream.read_until(b"\n") == b"said\n"
            stream.close()
            await client.process.wait()

    run(main)


def test_a_certificate_that_it_does_not_trust(
    run: Any, certs: Certificates, expect_log: Any
) -> None:
    async def main() -> None:
        sock = listening()
        async with s_client(certs, sock, "-quiet") as client:
            context = certs.server_context(certs.stranger)
            stream = SSLIOStream(await accepted(sock), ssl_options=context, server_side=True)
            with pytest.raises(ssl.SSLError, match="UNKNOWN_CA"):
                await stream.wait_for_handshake()
            assert await client.process.wait() == 1
        assert stream.closed()

    run(main)
