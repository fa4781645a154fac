"""What an answer over a connection is: its head, and what takes its place when nobody wants it."""

import asyncio

from tests.running import on_every_loop
from tornadolike.http1 import ResponseHead
from tornadolike.httputil import HTTPHeaders, ResponseStartLine
from tornadolike.simple_httpclient.answers import Leftover, WireAnswer


class Source:
    """Counts what it is told."""

    def __init__(self):
        self.told = []

    def resume(self):
        self.told.append("resume")

    def abandon(self, answer):
        self.told.append(answer)


def test_an_answer_by_its_head():
    head = ResponseHead(ResponseStartLine("HTTP/1.1", 200, "OK"), HTTPHeaders({"X": "y"}))
    source = Source()
    answer = WireAnswer(source, head, 10)
    assert (answer.version, answer.status, answer.reason) == ("HTTP/1.1", 200, "OK")
    assert answer.headers is head.headers
    assert answer.add(bytes(10))
    answer.close()
    assert source.told == [answer]


@on_every_loop
async def test_a_leftover():
    timer = asyncio.get_running_loop().call_later(1000, print)
    left = Leftover(10, timer)
    assert not left.add(bytes(10))
    assert left.add(b"x")
    assert not timer.cancelled()
    left.stop()
    assert timer.cancelled()
