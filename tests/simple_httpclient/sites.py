"""Servers that count their connections, engines and hops for them."""

import asyncio
import contextlib

from tests.tcpclient.helpers import serving
from tornadolike.httpclient.addresses import parse_url
from tornadolike.httpclient.engine import Hop, Timeouts, Way
from tornadolike.httputil import HTTPHeaders
from tornadolike.simple_httpclient.dialing import Dialer
from tornadolike.simple_httpclient.engine import SimpleEngine
from tornadolike.simple_httpclient.pool import Pool
from tornadolike.simple_httpclient.turns import Turns
from tornadolike.tcpclient import TCPClient

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Site:
    """Answers each request, and knows what it has heard.

    :arg answer: what it answers to a head (a function of it, or bytes); None ends the connection without a word.
    """

    def __init__(self, answer=OK):
        self.answer = answer
        self.heads = []
        self.connections = 0
        self.open = 0
        self.most_at_once = 0
        self.gate = asyncio.Event()
        """No answer goes out before it is set."""
        self.gate.set()
        self.writers = []

    @contextlib.asynccontextmanager
    async def running(self, host="127.0.0.1", **options):
        """``async with site.running() as url:``"""
        async with serving(host, handle=self._handle, **options) as address:
            if isinstance(address, str):
                yield address
                return
            scheme = "https" if options.get("ssl") else "http"
            yield f"{scheme}://{host}:{address[1]}/"

    async def _handle(self, reader, writer):
        self.connections += 1
        self.writers.append(writer)
        self.open += 1
        self.most_at_once = max(self.most_at_once, self.open)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.heads.append(head)
                await self.gate.wait()
                answer = self.answer(head) if callable(self.answer) else self.answer
                if answer is None:
                    return
                writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1

    async def heard(self, count):
        """Wait until so many requests have come."""
        async with asyncio.timeout(30):
            while len(self.heads) < count:
                await asyncio.sleep(0.001)


@contextlib.asynccontextmanager
async def engine(most=10, per_host=None, *, client=None, **pool_options):
    """``async with engine() as (engine, pool):``, closed at the end."""
    turns = Turns(most, per_host)
    pool = Pool(turns, **pool_options)
    made = SimpleEngine(Dialer(client or TCPClient()), turns, pool)
    try:
        yield made, pool
    finally:
        made.close()
        async with asyncio.timeout(30):
            while len(pool):
                await asyncio.sleep(0)


def hop_to(url, method="GET", *, way=None, timeouts=None, headers=None, **options):
    """A request to ``url``."""
    address = parse_url(url)
    return Hop(
        method,
        address,
        HTTPHeaders({"Host": address.authority, **(headers or {})}),
        way=way or Way(),
        timeouts=timeouts or Timeouts(),
        **options,
    )


async def get(sender, url, **options):
    """The whole body of what is there."""
    answer = await sender.send(hop_to(url, **options))
    body = b""
    while piece := await answer.read():
        body += piece
    return body
