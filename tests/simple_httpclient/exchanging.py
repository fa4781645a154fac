"""Connections of our client to servers that say what they are told to, word for word."""

import asyncio
import contextlib
import re
import socket

from tests.tcpclient.helpers import serving
from tornadolike.http1 import Limits
from tornadolike.httpclient.addresses import parse_url
from tornadolike.httpclient.engine import Hop, Timeouts
from tornadolike.httputil import HTTPHeaders
from tornadolike.simple_httpclient.bounds import BOUNDS
from tornadolike.simple_httpclient.connection import Connection
from tornadolike.tcpclient import TCPClient

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LIMIT = 60.0
"""Seconds for what should happen at once, on a machine that does much else."""


def response(status="200 OK", *lines, body=b""):
    """A response with Content-Length."""
    head = [f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(head).encode() + body


def hop(method="GET", path="/", body=None, producer=None, timeouts=None, **options):
    """A hop to a server that is called ``example.com``; ``headers`` are added to those that it needs."""
    headers = HTTPHeaders({"Host": "example.com", **options.pop("headers", {})})
    if body is not None:
        headers["Content-Length"] = str(len(body))
    return Hop(
        method,
        parse_url(f"http://example.com{path}"),
        headers,
        body,
        producer,
        timeouts=timeouts or Timeouts(),
        **options,
    )


class Owner:
    """Remembers what it was told."""

    def __init__(self):
        self.told = []
        self.room = True
        self.changed = asyncio.Event()

    def leave(self, key):
        assert key == "key"
        self._tell("left")

    def has_room(self):
        return self.room

    def keep(self, connection):
        self._tell("kept")

    def forget(self, connection):
        if self.told[-1:] != ["forgotten"]:
            self._tell("forgotten")

    def _tell(self, what):
        self.told.append(what)
        self.changed.set()

    async def hear(self, what):
        """Wait until that was told."""
        async with asyncio.timeout(LIMIT):
            while what not in self.told:
                self.changed.clear()
                await self.changed.wait()


class Server:
    """Runs ``script(peer)`` for each connection. ``peers`` are those who have come."""

    def __init__(self, script):
        self._script = script
        self.peers = []

    async def handle(self, reader, writer):
        peer = Peer(reader, writer)
        self.peers.append(peer)
        try:
            await self._script(peer)
        except asyncio.IncompleteReadError:
            pass  # the client has ended it
        finally:
            peer.over.set()


class Peer:
    """The server's end of one connection."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer
        self.heads = []
        self.over = asyncio.Event()

    async def head(self):
        """The head of the next request."""
        self.heads.append((await self.reader.readuntil(b"\r\n\r\n")).decode("latin1"))
        return self.heads[-1]

    async def body(self):
        """The body of the request whose head was read."""
        head = self.heads[-1].lower()
        if "transfer-encoding: chunked" in head:
            pieces = []
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                pieces.append((await self.reader.readexactly(size + 2))[:-2])
            await self.reader.readexactly(2)
            return b"".join(pieces)
        length = re.search(r"content-length: (\d+)", head)
        return await self.reader.readexactly(int(length[1])) if length else b""

    async def request(self):
        """The next request: its head and its body."""
        return await self.head(), await self.body()

    def say(self, data):
        self.writer.write(data)

    async def rest(self):
        """What the client says until its end."""
        with contextlib.suppress(ConnectionError):
            return await self.reader.read()
        return b""

    def reset(self):
        """End the connection rudely."""
        self.writer.transport.abort()


def saying(*answers, ends=False):
    """A script: each request has the next answer, then the end (at once if ``ends``, else the client's)."""

    async def script(peer):
        for answer in answers:
            await peer.request()
            peer.say(answer)
        if ends:
            peer.writer.write_eof()
        await peer.rest()

    return script


@contextlib.asynccontextmanager
async def connected(
    script, *, bounds=BOUNDS, limits=None, receive_buffer=None, tls=None, **options
):
    """``async with connected(script) as (connection, owner, server):``. Ends by itself what is left.

    :arg receive_buffer: of our side, in bytes, so that little goes by unseen.
    :arg tls: certificates of the tests: TLS is spoken.
    """
    server = Server(script)
    if tls is not None:
        options["ssl"] = tls.server_context()
    async with serving(handle=server.handle, **options) as (host, port), asyncio.timeout(LIMIT):
        context = None if tls is None else tls.client_context()
        stream = await TCPClient().connect(host, port, ssl_options=context)
        if receive_buffer is not None:
            stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        owner = Owner()
        connection = Connection("key", limits or Limits(), owner, bounds)
        transport = stream.detach()
        transport.set_protocol(connection)
        connection.connection_made(transport)
        transport.resume_reading()
        try:
            yield connection, owner, server
        finally:
            connection.close()
            transport.abort()


async def read_all(answer):
    """The whole body."""
    pieces = []
    while piece := await answer.read():
        pieces.append(piece)
    return b"".join(pieces)
