"""A site for clients to fetch from, and an engine that answers by itself."""

import asyncio
import contextlib

from tornadolike.httpclient import AsyncHTTPClient
from tornadolike.httpclient.engine import Answer, Engine
from tornadolike.httpserver import HTTPServer
from tornadolike.httputil import HTTPHeaders
from tornadolike.netutil import bind_sockets
from tornadolike.web import Application, RequestHandler


class Echo(RequestHandler):
    """Says what it was asked, as JSON."""

    SUPPORTED_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

    def get(self):
        request = self.request
        self.write(
            {
                "method": request.method,
                "uri": request.uri,
                "headers": dict(request.headers),
                "body": request.body.decode(),
                "peer": request.connection.context.address[1],
            }
        )

    head = post = put = patch = delete = options = get


class Status(RequestHandler):
    def get(self, status):
        self.set_status(int(status))
        if status not in ("204", "304"):
            self.write("as you like")


class Stuck(RequestHandler):
    """Says what it is told to, and no more until the client has gone; then so does ``gone`` of the application."""

    async def get(self):
        self.left = asyncio.Event()
        if said := self.get_argument("say", ""):
            self.write(said)
            await self.flush()
        self.application.stuck.set()
        await self.left.wait()
        self.application.gone.set()

    def on_connection_close(self):
        self.left.set()


class Lines(RequestHandler):
    def get(self):
        self.set_header("Content-Type", self.get_argument("type", "text/plain"))
        self.write(b"one\ntwo\r\nthr\xc3\xa9e\n\n" + b"x" * 10)


class House(Application):
    """The site; ``url`` is its address."""

    def __init__(self):
        super().__init__(
            [
                (r"/status/(\d+)", Status),
                ("/stuck", Stuck),
                ("/lines", Lines),
                (r"/.*", Echo),
            ],
            log_function=lambda handler: None,
        )
        self.stuck = asyncio.Event()
        self.gone = asyncio.Event()
        self.url = ""


@contextlib.asynccontextmanager
async def house(**options):
    """``async with house() as site:`` it is served on a port of 127.0.0.1."""
    site = House()
    server = HTTPServer(site, **options)
    sockets = bind_sockets(0, "127.0.0.1")
    site.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    server.add_sockets(sockets)
    try:
        yield site
    finally:
        server.stop()
        await server.close_all_connections()


@contextlib.asynccontextmanager
async def client_of(site=None, **arguments):
    """A client of its own, whose URLs begin at the site's."""
    if site is not None:
        arguments["base_url"] = site.url
    async with AsyncHTTPClient(force_instance=True, **arguments) as client:
        yield client


class Said(Answer):
    """An answer that is there: its pieces (an exception is raised), and no end if the last is None."""

    def __init__(self, status=200, *pieces, headers=None):
        self.status = status
        self.reason = "Said"
        self.version = "HTTP/1.1"
        self.headers = HTTPHeaders(headers or {})
        self.trailers = HTTPHeaders({"X-Behind": "y"})
        self.pieces = list(pieces)
        self.closed = 0

    async def read(self):
        if not self.pieces:
            return b""
        piece = self.pieces.pop(0)
        if piece is None:
            await asyncio.Event().wait()
        if isinstance(piece, BaseException):
            raise piece
        return piece

    def close(self):
        self.closed += 1


class Answers(Engine):
    """An engine that gives the answers one after another; None is none, for ever. Keeps the hops."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.hops = []
        self.said = []

    async def send(self, hop):
        self.hops.append(hop)
        hop.waiting_for = "for a miracle"
        answer = self.answers.pop(0)
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def close(self):
        self.said.append("close")

    def close_idle(self):
        self.said.append("close_idle")


class Scripted(AsyncHTTPClient):
    """A client with such an engine."""

    def initialize(self, *answers, **options):
        super().initialize(**options)
        self.engine = Answers(*answers)


def scripted(*answers, **options):
    """A client of its own, with an engine that gives these answers."""
    client = Scripted(force_instance=True, **options)
    client.engine = Answers(*answers)
    return client
