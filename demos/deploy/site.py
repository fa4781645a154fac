"""What a proxy has to do with: a short answer and a long one, files in both directions, events, WebSockets.

GET  /                      who asks for what, as the site sees it, and which process answers
GET  /slow?seconds=S        an answer that takes its time
GET  /download?size=BYTES   so many bytes
POST /upload                {"size": BYTES, "sha256": HEX}: what has come, counted while it came
GET  /events                an event each second, numbered
     /echo                  a WebSocket that says what it is told
GET  /live, /ready          200 as long as the process answers, as long as it wants requests: for proxies and others
"""

from __future__ import annotations

import asyncio
import hashlib
import os

from tornadolike.health import Health
from tornadolike.web import Application, HTTPError, RequestHandler, reads_request_body
from tornadolike.websocket import WebSocketHandler

MAX_SECONDS = 60.0
MAX_BYTES = 1024**3
PIECE = bytes(range(256)) * 256


class Who(RequestHandler):
    """Behind a proxy that tells all, this is as if there were none."""

    def get(self) -> None:
        self.write(
            {
                "client": self.request.remote_ip,
                "url": self.request.full_url(),
                "process": os.getpid(),
            }
        )


class Slow(RequestHandler):
    """A request that is at work while the site is deployed anew."""

    async def get(self) -> None:
        await asyncio.sleep(number(self.get_query_argument("seconds", "1"), MAX_SECONDS))
        self.write({"process": os.getpid()})


class Download(RequestHandler):
    """Waits for who is slow, so that no answer is in memory as a whole."""

    async def get(self) -> None:
        left = int(number(self.get_query_argument("size", "1048576"), MAX_BYTES))
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Length", str(left))
        while left > 0:
            self.write(PIECE[:left])
            left -= len(PIECE)
            await self.flush()


@reads_request_body
class Upload(RequestHandler):
    """Reads what comes piece by piece."""

    max_body_size = MAX_BYTES

    async def post(self) -> None:
        size, digest = 0, hashlib.sha256()
        async for piece in self.request_body:
            size += len(piece)
            digest.update(piece)
        self.write({"size": size, "sha256": digest.hexdigest()})


class Events(RequestHandler):
    """A browser that comes back goes on behind the event that it got last, whichever process it meets."""

    async def get(self) -> None:
        try:
            last = int(self.last_event_id or 0)
        except ValueError:
            last = 0
        async with self.event_stream(retry=1000) as events:
            while True:
                last += 1
                await events.send({"number": last, "process": os.getpid()}, id=str(last))
                await asyncio.sleep(1)


class Echo(WebSocketHandler):
    """Says what it is told, until the site stops: then browsers come back by themselves, if their page wants it."""

    def on_message(self, message: str | bytes) -> None:
        self.write_message(message, binary=isinstance(message, bytes))


def number(text: str, most: float) -> float:
    """What a query says. Raises 400 for what is none, or too much."""
    try:
        value = float(text)
    except ValueError:
        raise HTTPError(400, reason="A number is wanted") from None
    if not 0 <= value <= most:
        raise HTTPError(400, reason=f"A number from 0 to {most:g} is wanted")
    return value


health = Health()
app = Application(
    [
        *health.rules(),
        ("/", Who),
        ("/slow", Slow),
        ("/download", Download),
        ("/upload", Upload),
        ("/events", Events),
        ("/echo", Echo),
    ]
)
