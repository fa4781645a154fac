"""What stands before a delegate passes everything on, and bodies in small pieces."""

import asyncio

import pytest

from tests.running import on_every_loop
from tornadolike.http1connection.bodies import PiecewiseDelegate, prepared
from tornadolike.httputil import HTTPHeaders, HTTPMessageDelegate, RequestStartLine


class Told(HTTPMessageDelegate):
    """Writes down what it is told, and lets whoever tells it wait."""

    def __init__(self, waits=False):
        self.waits = waits
        self.told = []

    def _note(self, *what):
        self.told.append(what)
        return asyncio.sleep(0) if self.waits else None

    def headers_received(self, start_line, headers):
        return self._note("head", start_line, headers)

    def data_received(self, chunk):
        return self._note("data", chunk)

    def trailers_received(self, trailers):
        self._note("trailers", trailers)

    def finish(self):
        self._note("finish")

    def on_connection_close(self):
        self._note("closed")


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("size", range(9))
@on_every_loop
async def test_pieces(waits, size):
    inner = Told(waits)
    outer = PiecewiseDelegate(inner, 3)
    body = bytes(range(size))
    waiting = outer.data_received(body)
    assert (waiting is not None) is waits
    if waits:
        await waiting
    pieces = [piece for _, piece in inner.told]
    assert b"".join(pieces) == body
    assert [len(piece) for piece in pieces[:-1]] == [3] * (len(pieces) - 1)
    assert len(pieces[-1]) <= 3


def test_the_rest_is_passed_on():
    inner = Told()
    outer = PiecewiseDelegate(inner, 3)
    head = RequestStartLine("GET", "/", "HTTP/1.1"), HTTPHeaders()
    assert outer.headers_received(*head) is None
    trailers = HTTPHeaders({"A": "b"})
    outer.trailers_received(trailers)
    outer.finish()
    outer.on_connection_close()
    assert inner.told == [("head", *head), ("trailers", trailers), ("finish",), ("closed",)]


def test_nothing_stands_before_who_wants_nothing():
    inner = Told()
    assert prepared(inner, None, False, lambda: 0) is inner
