"""Two connected streams, over pipes and over sockets, on a loop of ours and on somebody else's."""

import contextlib
import os
import socket

import pytest

from tests.running import fixture_of_run
from tornadolike.iostream import BaseIOStream, IOStream, PipeIOStream

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


@pytest.fixture(params=[pipes, sockets, streams])
def pair(request):
    """``with pair(**options) as (reader, writer):``, two streams that are closed at the end."""

    @contextlib.contextmanager
    def make(**options):
        reader, writer = request.param(**options)
        try:
            yield reader, writer
        finally:
            reader.close()
            writer.close()

    return make


run = fixture_of_run(LIMIT)
