"""A server that answers the handshakes of clients as it is told, word for word."""

import asyncio
import contextlib
import re

from tests.tcpclient.helpers import serving
from tests.websocket.helpers import close
from tornadolike.websocket import websocket_connect
from tornadolike.websocket.handshake import accept_value

SWITCH = "HTTP/1.1 101 Switching Protocols\r\n"


def switching(*lines, behind=b"", **headers):
    """A 101: the right one, but for the ``headers`` given (None leaves one out), and more ``lines``."""
    fields = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Accept": "ACCEPT"}
    fields |= headers
    text = [
        f"{name.replace('_', '-')}: {value}" for name, value in fields.items() if value is not None
    ]
    return (SWITCH + "\r\n".join([*text, *lines, "", ""])).encode() + behind


def status(line, *lines, body=b""):
    """Another answer than 101."""
    head = [f"HTTP/1.1 {line}", f"Content-Length: {len(body)}", *lines, "", ""]
    return "\r\n".join(head).encode() + body


class Answering:
    """Gives the ``answers`` one after another, ``ACCEPT`` being replaced by what answers the key.

    Keeps the heads of the requests, and in ``rest`` what came behind the last one, until the client's end.
    """

    def __init__(self, *answers, ends=False):
        self.answers = list(answers)
        self.heads = []
        self.rest = b""
        self.ends = ends

    def running(self, *where, **options):
        """``async with server.running() as (host, port):``"""
        return serving(*where, handle=self._handle, **options)

    async def _handle(self, reader, writer):
        try:
            self.answer(await self.head(reader), writer)
        except asyncio.IncompleteReadError:
            return
        if self.ends:
            writer.write_eof()
        self.rest = await reader.read()

    async def head(self, reader):
        """The head of a request."""
        return (await reader.readuntil(b"\r\n\r\n")).decode("latin1")

    def answer(self, head, writer):
        """Give the next answer."""
        self.heads.append(head)
        key = re.search(r"Sec-Websocket-Key: (\S+)", head)[1]
        answer = self.answers.pop(0).replace(b"ACCEPT", accept_value(key).encode())
        writer.write(answer)

    def field(self, name, request=-1):
        """The value of a header of a request; None if it was not there."""
        found = re.findall(rf"^{name}: (.*)\r$", self.heads[request], re.MULTILINE | re.IGNORECASE)
        assert len(found) < 2
        return found[0] if found else None


GOODBYE = close(1000, mask=None)


@contextlib.asynccontextmanager
async def answering(*answers, ends=False, **options):
    """A server that answers so, and its URL."""
    server = Answering(*answers, ends=ends)
    async with server.running(**options) as (_, port):
        yield server, f"ws://127.0.0.1:{port}"


async def ask(url, **options):
    """Connect, and hear what the server says until the end."""
    async with websocket_connect(url, **options) as connection:
        return [message async for message in connection]
