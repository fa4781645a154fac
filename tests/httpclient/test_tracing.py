"""What is told about a request, and how long it took."""

import pytest

from tests.httpclient.scripted import ScriptedAnswer, ScriptedEngine, conversation, converse, ok, to
from tests.running import on_jumping_clock
from tornadolike.httpclient.authentication import DigestAuth
from tornadolike.httpclient.engine import Times
from tornadolike.httpclient.failures import HTTPRefusedError
from tornadolike.httpclient.requests import HTTPRequest
from tornadolike.httpclient.responses import HTTPResponse
from tornadolike.httpclient.retries import Retries
from tornadolike.httpclient.tracing import Trace, everywhere, time_info


class Notes(Trace):
    def __init__(self):
        self.told = []

    def on_request(self, hop):
        hop.headers["X-Span"] = str(len(self.told))
        self.told.append(("request", hop.method, hop.address.resource))
        self.hop = hop

    def on_response(self, hop, answer):
        assert hop is self.hop
        self.told.append(("response", answer.status))

    def on_redirect(self, hop, answer, following):
        self.told.append(("redirect", answer.status, following.address.resource))

    def on_retry(self, hop, reason, delay):
        self.told.append(("retry", type(reason).__name__, delay))

    def on_end(self, response):
        self.told.append(("end", response.code))

    def on_failure(self, hop, error):
        self.told.append(("failure", type(error).__name__))


URL = "http://h/a"


@on_jumping_clock
async def test_all_that_may_happen():
    trace = Notes()
    engine, talk, answer = await converse(
        URL,
        *(HTTPRefusedError("x"), ScriptedAnswer(503)),
        *(to("/b"), ScriptedAnswer(401, ("WWW-Authenticate", "Digest nonce=n")), ok()),
        trace=trace,
        retries=Retries(backoff=0),
        auth=DigestAuth("a", "b"),
    )
    talk.complete(HTTPResponse(HTTPRequest(URL), answer.status))
    assert trace.told == [
        *(("request", "GET", "/a"), ("retry", "HTTPRefusedError", 0)),
        *(("request", "GET", "/a"), ("response", 503), ("retry", "ScriptedAnswer", 0)),
        *(("request", "GET", "/a"), ("response", 302), ("redirect", 302, "/b")),
        *(("request", "GET", "/b"), ("response", 401)),
        *(("request", "GET", "/b"), ("response", 200)),
        ("end", 200),
    ]
    assert engine.sent("X-Span") == ["0", "2", "5", "8", "10"]


@on_jumping_clock
async def test_failures():
    trace = Notes()
    talk = conversation(ScriptedEngine(HTTPRefusedError("x")), URL, trace=trace)
    with pytest.raises(HTTPRefusedError) as caught:
        await talk.open()
    talk.failed(caught.value)
    assert trace.told == [("request", "GET", "/a"), ("failure", "HTTPRefusedError")]


@pytest.mark.parametrize("hook", ["on_request", "on_response", "on_redirect", "on_retry"])
@on_jumping_clock
async def test_a_hook_that_fails(hook):
    """Its error is the result, and nothing stays open."""

    def fail(*arguments):
        raise ZeroDivisionError

    trace = Trace()
    setattr(trace, hook, fail)
    engine = ScriptedEngine(ScriptedAnswer(503) if hook == "on_retry" else to("/b"))
    with pytest.raises(ZeroDivisionError):
        await conversation(engine, URL, trace=trace, retries=Retries()).open()
    assert all(answer.closed for answer in engine.given)


@on_jumping_clock
async def test_by_itself_it_does_nothing():
    trace = Trace()
    script = [HTTPRefusedError("x"), to("/b"), ok()]
    _, talk, answer = await converse(URL, *script, trace=trace, retries=Retries(backoff=0))
    talk.complete(HTTPResponse(HTTPRequest(URL), answer.status))
    talk.failed(ZeroDivisionError())


def test_what_is_no_trace():
    with pytest.raises(TypeError, match="trace is a Trace"):
        conversation(ScriptedEngine(), URL, trace=print)


FRESH = Times(
    started=100.0, dequeued=101.0, resolved=102.0, connected=103.0, secured=105.0, sent=105.5
)
FRESH.first_byte = 107.0


def test_times():
    assert time_info(FRESH, FRESH, 110.0) == {
        "queue": 1.0,
        "namelookup": 1.0,
        "connect": 2.0,
        "appconnect": 4.0,
        "pretransfer": 4.5,
        "starttransfer": 6.0,
        "total": 9.0,
        "redirect": 0.0,
    }


def test_times_of_a_kept_connection_behind_a_redirect():
    last = Times(started=110.0, dequeued=110.0, sent=110.5, first_byte=111.0, reused=True)
    found = time_info(FRESH, last, 112.0)
    assert (found["redirect"], found["total"]) == (10.0, 12.0)
    assert (found["namelookup"], found["connect"], found["appconnect"]) == (0.0, 0.0, 0.0)
    assert (found["pretransfer"], found["starttransfer"]) == (0.5, 1.0)


def test_times_of_which_an_engine_tells_nothing():
    found = time_info(Times(), Times(), 5.0)
    assert all(seconds == 0 for name, seconds in found.items() if name != "total")


@pytest.mark.parametrize("own", [False, True])
@on_jumping_clock
async def test_somebody_is_told_of_all_clients(own):
    told, mine = Notes(), Notes()
    everywhere.add(told)
    everywhere.add(told)
    try:
        await converse(URL, ok(), **({"trace": mine} if own else {}))
        _, talk, answer = await converse(
            URL, *(ScriptedAnswer(503), to("/b"), ok()), retries=Retries(backoff=0), trace=mine
        )
        talk.complete(HTTPResponse(HTTPRequest(URL), answer.status))
        talk.failed(HTTPRefusedError("x"))
    finally:
        everywhere.remove(told)
    kinds = ["request", "response"]
    then = [*kinds, "retry", *kinds, "redirect", *kinds, "end", "failure"]
    assert [one[0] for one in told.told] == [*kinds, *then]
    assert [one[0] for one in mine.told] == [*(kinds if own else []), *then]
    await converse(URL, ok())
    assert len(told.told) == len(kinds) + len(then)


def test_nobody_else_is_told_of_all_clients():
    with pytest.raises(TypeError, match="trace"):
        everywhere.add(print)
    assert everywhere.traces == ()
