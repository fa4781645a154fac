"""Connected pairs of streams of each kind, over the faulty sockets that are given."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

from tests.faults.sockets import FaultySocket, pair
from tests.tls_certs import Certificates
from tornadolike.ioloop.transports.tls.machine import TLSMachine
from tornadolike.iostream import IOStream, SSLIOStream

Sockets = tuple[FaultySocket, ...]
Maker = Callable[..., tuple[IOStream, ...]]


def plain(sockets: Sockets, certs: Certificates, options: Any) -> tuple[IOStream, ...]:
    return tuple(IOStream(sock, **options) for sock in sockets)


def tls(
    sockets: Sockets, certs: Certificates, options: Any, client: Any = None
) -> tuple[IOStream, ...]:
    """The client first."""
    context = client or certs.client_context()
    first, second = sockets
    return (
        SSLIOStream(first, ssl_options=context, server_hostname="localhost", **options),
        SSLIOStream(second, ssl_options=certs.server_context(), server_side=True, **options),
    )


def tls_1_2(sockets: Sockets, certs: Certificates, options: Any) -> tuple[IOStream, ...]:
    """The server first."""
    context = certs.client_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return tls(sockets[::-1], certs, options, context)[::-1]


MAKERS: list[Maker] = [plain, tls, tls_1_2]


async def stream_and_machine(certs: Certificates) -> tuple[SSLIOStream, Any, TLSMachine]:
    """A server's stream, and its client: a socket and a machine that have shaken hands."""
    ours, theirs = pair()
    stream = SSLIOStream(ours, ssl_options=certs.server_context(), server_side=True)
    loop = asyncio.get_running_loop()
    client = TLSMachine(certs.client_context(), server_side=False, server_hostname="localhost")
    while not client.handshake():
        await loop.sock_sendall(theirs, client.output())
        client.feed(await loop.sock_recv(theirs, 65536))
    await loop.sock_sendall(theirs, client.output())
    return stream, theirs, client
