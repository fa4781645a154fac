"""Sending again."""

from tests.httpclient.scripted import ScriptedAnswer
from tornadolike.httpclient.addresses import parse_url
from tornadolike.httpclient.engine import Hop
from tornadolike.httpclient.failures import HTTPStreamClosedError
from tornadolike.httpclient.repeating import anew, discard, has_body_again
from tornadolike.httputil import HTTPHeaders


def hop(**more):
    return Hop("POST", parse_url("http://h/"), HTTPHeaders({"A": "b"}), **more)


def test_bodies():
    async def produce(write):
        await write(b"x")

    assert has_body_again(hop())
    assert has_body_again(hop(body=b"x"))
    assert has_body_again(hop(producer=produce))
    produce.repeatable = False
    assert not has_body_again(hop(producer=produce))


def test_anew():
    before = hop(body=b"x")
    before.times.sent = 3.0
    again = anew(before)
    again.headers["A"] = "c"
    assert (before.headers["A"], before.times.sent) == ("b", 3.0)
    assert (again.body, again.times.sent) == (b"x", 0.0)


def test_discarding():
    answer = ScriptedAnswer(302, body=b"there")
    discard(answer)
    assert answer.pieces == []
    assert answer.closed


def test_discarding_what_has_failed():
    class Failed(ScriptedAnswer):
        def read_nowait(self):
            raise HTTPStreamClosedError("ended")

    answer = Failed(302)
    discard(answer)
    assert answer.closed
