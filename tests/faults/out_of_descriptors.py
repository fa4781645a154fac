"""A process that runs out of descriptors and gets some back; run by test_descriptors.py.

Usage: python out_of_descriptors.py tcp|tls|http|https SERVER.pem CA.pem

Clients and server are in one process and share its few descriptors. Prints "fine" if all is well.
"""

import asyncio
import errno
import os
import resource
import ssl
import sys
from typing import Any

import tornadolike
from tornadolike.httpserver import HTTPServer
from tornadolike.iostream import IOStream, StreamClosedError
from tornadolike.tcpclient import TCPClient
from tornadolike.tcpserver import TCPServer

FEW = 40


class Echo(TCPServer):
    async def handle_stream(self, stream: Any, address: Any) -> None:
        while True:
            await stream.write(await stream.read_until(b"\n"))


def answer(request: Any) -> None:
    request.connection.respond(200, "OK", "text/plain", None, b"", b"hello")


async def ask(stream: IOStream, http: bool) -> None:
    async with asyncio.timeout(5):
        if http:
            await stream.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            assert (await stream.read_until(b"hello")).startswith(b"HTTP/1.1 200 OK")
        else:
            await stream.write(b"hello\n")
            assert await stream.read_until(b"\n") == b"hello\n"


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


async def connect_until_none_is_left(client: TCPClient, port: int, context: Any) -> list[IOStream]:
    """Connections of which the last got no descriptor, or no answer (the server got none)."""
    streams: list[IOStream] = []
    while True:
        try:
            streams.append(
                await client.connect("127.0.0.1", port, ssl_options=context, timeout=0.3)
            )
        except TimeoutError:  # of TLS: nobody has accepted it
            return streams
        except OSError as error:
            reason = error.real_error if isinstance(error, StreamClosedError) else error
            if getattr(reason, "errno", None) != errno.EMFILE:
                raise
            return streams
        assert len(streams) < FEW


async def main(kind: str, certificate: str, ca: str) -> None:
    http = kind.startswith("http")
    server_context = client_context = None
    if kind in ("tls", "https"):
        server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server_context.load_cert_chain(certificate)
        client_context = ssl.create_default_context(cafile=ca)
    server: Any = HTTPServer(answer, ssl_options=server_context) if http else Echo(server_context)
    server.listen(0, "127.0.0.1")
    (sock,) = server._sockets.values()
    port = sock.getsockname()[1]
    client = TCPClient()
    first = await client.connect("127.0.0.1", port, ssl_options=client_context)
    await ask(first, http)
    before = descriptors()
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, FEW))
    for _ in range(2):
        streams = await connect_until_none_is_left(client, port, client_context)
        assert len(streams) > 5
        await ask(first, http)  # who is there already is served
        while len(streams) > 3:
            streams.pop().close()
        await asyncio.sleep(0.25)  # the server looks again after a while
        stream = await client.connect("127.0.0.1", port, ssl_options=client_context, timeout=5)
        await ask(stream, http)
        for one in [*streams, stream]:
            await ask(one, http)
            one.close()
        async with asyncio.timeout(5):
            while descriptors() > before:
                await asyncio.sleep(0.01)
    first.close()
    server.stop()
    await server.close_all_connections()
    client.close()
    print("fine")


tornadolike.run(main(*sys.argv[1:]))
