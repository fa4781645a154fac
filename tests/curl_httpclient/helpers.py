"""Engines over curl, hops for them, and servers that say what they are told to."""

import asyncio
import contextlib

from tests.tcpclient.helpers import serving
from tornadolike.curl_httpclient.engine import CurlEngine
from tornadolike.httpclient.addresses import parse_url
from tornadolike.httpclient.engine import Hop, Timeouts, Way
from tornadolike.httputil import HTTPHeaders
from tornadolike.ioloop import IOLoop

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextlib.asynccontextmanager
async def engine(max_clients=10, **options):
    """``async with engine() as engine:``"""
    made = CurlEngine(IOLoop.current(), max_clients, **options)
    try:
        yield made
    finally:
        made.close()
        # A server sees the end of a connection only when the loop comes round.
        await asyncio.sleep(0)


def hop(where, method="GET", path="/", headers=(), way=None, timeouts=None, **options):
    """A request to ``where``: a port of 127.0.0.1, its address, or a URL."""
    if isinstance(where, int):
        where = ("127.0.0.1", where)
    url = where if isinstance(where, str) else f"http://{where[0]}:{where[1]}{path}"
    address = parse_url(url)
    fields = HTTPHeaders({"Host": address.authority})
    for name, value in dict(headers).items():
        fields[name] = value
    return Hop(
        method,
        address,
        fields,
        way=way or Way(),
        timeouts=timeouts or Timeouts(),
        **options,
    )


async def body_of(answer):
    """All of the body."""
    pieces = []
    while piece := await answer.read():
        pieces.append(piece)
    return b"".join(pieces)


class Server:
    """Gives the ``answers`` one after another, each to one request; the last of them to all further ones.

    It keeps the ``heads`` of the requests, their ``bodies`` (by Content-Length or in chunks, undecoded), and counts its
    ``connections``. An answer of None is none: the connection ends. What does not say its length ends with it, too.
    """

    def __init__(self, *answers, before=None):
        self.answers = list(answers or [OK])
        self.heads = []
        self.bodies = []
        self.connections = 0
        self._before = before

    def running(self, **options):
        """``async with server.running() as (host, port):``"""
        return serving(handle=self._handle, **options)

    async def _handle(self, reader, writer):
        self.connections += 1
        with contextlib.suppress(
            asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError
        ):
            while await self._exchange(reader, writer):
                pass

    async def _exchange(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin1")
        self.heads.append(head)
        if self._before is not None:
            writer.write(self._before)
        self.bodies.append(await self._read_body(head.lower(), reader))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            return False
        writer.write(answer)
        await writer.drain()
        return b"content-length" in answer.lower() or b"chunked" in answer.lower()

    async def _read_body(self, head, reader):
        return await read_request_body(head, reader)


async def read_request_body(head, reader):
    """The body behind a head in lower case: by Content-Length or in chunks, which are not decoded."""
    if "transfer-encoding: chunked" in head:
        return await reader.readuntil(b"0\r\n\r\n")
    _, _, length = head.partition("content-length: ")
    return await reader.readexactly(int(length.split()[0])) if length else b""


class Silent:
    """Takes connections, says ``said`` once something came, and then nothing."""

    def __init__(self, said=b""):
        self.said = said
        self.asked = asyncio.Event()
        self.left = asyncio.Event()

    def running(self, **options):
        """``async with server.running() as (host, port):``"""
        return serving(handle=self._handle, **options)

    async def _handle(self, reader, writer):
        try:
            await reader.read(1)
            self.asked.set()
            writer.write(self.said)
            with contextlib.suppress(ConnectionError):
                while await reader.read(65536):
                    pass
        finally:
            self.left.set()
