"""A delegate that tells what it was told, and clients that ask."""

from tornadolike.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornadolike.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornadolike.iostream import memory_stream_pair

HOST = {"Host": "a.example"}
OK = ResponseStartLine("", 200, "OK")
GENERAL = "tornadolike.general"
APPLICATION = "tornadolike.application"


class Told(HTTPMessageDelegate):
    """Writes down what it is told; ``then`` has what it does about it, by the name of the method."""

    def __init__(self, **then):
        self.then = then
        self.heads = []
        self.pieces = []
        self.trailers = None
        self.ends = []

    @property
    def body(self):
        return b"".join(self.pieces)

    def _do(self, what):
        return self.then.get(what, lambda: None)()

    def headers_received(self, start_line, headers):
        self.heads.append((start_line, headers))
        return self._do("headers_received")

    def data_received(self, chunk):
        self.pieces.append(chunk)
        return self._do("data_received")

    def trailers_received(self, trailers):
        self.trailers = list(trailers.get_all())

    def finish(self):
        self.ends.append("finish")
        return self._do("finish")

    def on_connection_close(self):
        self.ends.append("closed")
        return self._do("on_connection_close")


def raising(error):
    def fail():
        raise error

    return fail


def requested(stream, method="GET", target="/", headers=(), **params):
    """A client's connection that has sent its request, if that has no body."""
    connection = HTTP1Connection(stream, True, HTTP1ConnectionParameters(**params))
    start_line = RequestStartLine(method, target, "")
    connection.write_headers(start_line, HTTPHeaders({**HOST, **dict(headers)}))
    return connection


async def response_to(text, told, *, method="GET", end=True, chunk=None, headers=(), **params):
    """Have a client read ``text``; return what it says of the stream, its stream, and the server's."""
    here, there = memory_stream_pair(chunk=chunk)
    connection = requested(here, method, "a:1" if method == "CONNECT" else "/", headers, **params)
    connection.finish()
    await there.read_until(b"\r\n\r\n")  # or its end would be a reset
    sent = there.write(text)
    if end:
        sent.add_done_callback(lambda _: there.close())
    return await connection.read_response(told), here, there
