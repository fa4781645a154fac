"""Handlers that take their body in pieces, or give up HTTP."""

import asyncio

import tornado.web


@tornado.web.stream_request_body
class Streamed(tornado.web.RequestHandler):
    def initialize(self):
        self.received = b""

    async def prepare(self):
        await asyncio.sleep(0)
        if self.get_query_argument("refuse", None):
            raise tornado.web.HTTPError(403)
        if self.get_query_argument("limit", None):
            self.request.connection.set_max_body_size(int(self.get_query_argument("limit")))

    def data_received(self, chunk):
        self.received += chunk
        if b"fail" in chunk:
            raise ValueError("text")

    def put(self):
        self.write({"body": self.received.decode("latin1"), "args": sorted(self.request.arguments)})

    post = put

    def get(self):
        self.write("got")


@tornado.web.stream_request_body
class Counted(tornado.web.RequestHandler):
    """Counts the pieces of its body, which it does not want at once."""

    def initialize(self):
        self.pieces = 0

    async def prepare(self):
        await asyncio.sleep(0)

    def data_received(self, chunk):
        self.pieces += 1

    def post(self):
        self.write({"pieces": self.pieces})


@tornado.web.stream_request_body
class EarlyEnd(tornado.web.RequestHandler):
    """Answers before it has its body."""

    def prepare(self):
        self.set_header("Connection", "close")
        self.finish("enough")

    def data_received(self, chunk):
        pass


@tornado.web.stream_request_body
class Unprepared(tornado.web.RequestHandler):
    """Has no ``data_received()``."""

    def post(self):
        self.write("posted")


class Detached(tornado.web.RequestHandler):
    async def get(self):
        stream = self.detach()
        await stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmine")
        stream.close()


class Large(tornado.web.RequestHandler):
    def post(self):
        self.write({"size": len(self.request.body)})


class Protected(Large):
    def prepare(self):
        if self.request.headers.get("Authorization") is None:
            self.set_status(401)
            self.finish("who?")


SERVER = {"max_body_size": 10_000, "decompress_request": True, "chunk_size": 10}


def make_app(folder):
    return tornado.web.Application(
        [
            (r"/streamed", Streamed),
            (r"/counted", Counted),
            (r"/early-end", EarlyEnd),
            (r"/unprepared", Unprepared),
            (r"/detached", Detached),
            (r"/large", Large),
            (r"/protected", Protected),
        ]
    )
