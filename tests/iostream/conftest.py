"""Two connected streams, over pipes and over sockets, on a loop of ours and on somebody else's."""

import asyncio
import contextlib
import functools
import os
import socket
import ssl

import pytest

from tests.running import fixture_of_run
from tests.tls_certs import only
from tornadolike.iostream import (
    BaseIOStream,
    IOStream,
    PipeIOStream,
    SSLIOStream,
    memory_stream_pair,
)

LIMIT = 10.0


class SocketStream(BaseIOStream):
    """What somebody writes who knows the methods to be overridden and nothing else."""

    def __init__(self, sock, **options):
        self.socket = sock
        sock.setblocking(False)
        super().__init__(**options)

    def fileno(self):
        return self.socket

    def close_fd(self):
        self.socket.close()

    def read_from_fd(self, buf):
        try:
            return self.socket.recv_into(buf)
        except BlockingIOError:
            return None

    def write_to_fd(self, data):
        return self.socket.send(data)


def pipes(**options):
    reading, writing = os.pipe()
    return PipeIOStream(reading, **options), PipeIOStream(writing, **options)


def sockets(**options):
    reading, writing = socket.socketpair()
    return SocketStream(reading, **options), SocketStream(writing, **options)


def streams(**options):
    reading, writing = socket.socketpair()
    return IOStream(reading, **options), IOStream(writing, **options)


def tcp_streams(**options):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)  # or megabytes fit in
        writing = socket.create_connection(listening.getsockname())
        reading, _ = listening.accept()
    writing.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
    return IOStream(reading, **options), IOStream(writing, **options)


def tls_streams(version):
    """Makes the function that makes pairs which speak this version of TLS."""

    def make(certs, **options):
        context = only(certs.client_context(), version)
        reading, writing = socket.socketpair()
        return (
            SSLIOStream(reading, ssl_options=certs.server_context(), server_side=True, **options),
            SSLIOStream(writing, ssl_options=context, server_hostname="localhost", **options),
        )

    return make


MAKERS = {
    "pipe": pipes,
    "subclass": sockets,
    "unix": streams,
    "tcp": tcp_streams,
    "memory": memory_stream_pair,
    "tls12": tls_streams(ssl.TLSVersion.TLSv1_2),
    "tls13": tls_streams(ssl.TLSVersion.TLSv1_3),
}


@pytest.fixture(params=MAKERS)
def make_pair(request, certs):
    """``make_pair(**options)`` gives two streams, perhaps still shaking hands, that the caller closes."""
    make = MAKERS[request.param]
    return functools.partial(make, certs) if request.param.startswith("tls") else make


@pytest.fixture
def pair(make_pair):
    """``async with pair(**options) as (reader, writer):``, two streams that are closed at the end."""

    @contextlib.asynccontextmanager
    async def connected(**options):
        ends = make_pair(**options)
        try:
            if isinstance(ends[0], SSLIOStream):
                await asyncio.gather(*(end.wait_for_handshake() for end in ends))
            yield ends
        finally:
            for end in ends:
                end.close()

    return connected


run = fixture_of_run(LIMIT)
