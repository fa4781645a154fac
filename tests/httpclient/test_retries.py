"""What is tried again, and when."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.httpclient.scripted import ScriptedAnswer, ScriptedEngine, conversation, converse, ok, to
from tests.running import on_jumping_clock
from tornadolike.httpclient.failures import (
    HTTPCertificateError,
    HTTPConnectError,
    HTTPNameError,
    HTTPProtocolError,
    HTTPRefusedError,
    HTTPStreamClosedError,
    HTTPTimeoutError,
    HTTPTLSError,
)
from tornadolike.httpclient.proxies import ProxyError
from tornadolike.httpclient.responses import HTTPClientError
from tornadolike.httpclient.retries import Retries, RetryBudget

URL = "http://h/"
NOON = 1_700_000_000.0
"""Tue, 14 Nov 2023 22:13:20 GMT"""


class Patience(Retries):
    """Waits no longer than it takes to write down how long, and always draws the longest."""

    def __init__(self, *arguments, **options):
        self.slept = []

        async def sleep(seconds):
            self.slept.append(seconds)

        options.setdefault("draw", lambda: 1.0)
        super().__init__(*arguments, sleep=sleep, clock=lambda: NOON, **options)


def unavailable(*fields, status=503):
    return ScriptedAnswer(status, *fields)


def name_error(number):
    error = HTTPNameError("no address")
    error.errno = number
    return error


@on_jumping_clock
async def test_without_a_policy_nothing_is():
    _, _, answer = await converse(URL, unavailable())
    assert answer.status == 503
    with pytest.raises(HTTPRefusedError):
        await converse(URL, HTTPRefusedError("nobody"))


@on_jumping_clock
async def test_waiting_longer_each_time():
    retries = Patience(5, backoff=1, max_backoff=3)
    script = [HTTPStreamClosedError("x"), unavailable(), unavailable(), unavailable(), ok()]
    engine, _, answer = await converse(URL, *script, retries=retries)
    assert answer.status == 200
    assert retries.slept == [1, 2, 3, 3]
    assert len(engine.hops) == 5


@on_jumping_clock
async def test_the_last_is_the_result():
    retries = Patience(2)
    _, _, answer = await converse(URL, unavailable(), unavailable(status=502), retries=retries)
    assert answer.status == 502
    with pytest.raises(HTTPTimeoutError, match="second"):
        await converse(
            URL, HTTPTimeoutError("first"), HTTPTimeoutError("second"), retries=Patience(2)
        )


@given(st.floats(0, 1), st.integers(1, 10_000), st.floats(0, 10), st.floats(0, 100))
def test_full_jitter(drawn, attempt, backoff, longest):
    retries = Retries(10_001, backoff=backoff, max_backoff=longest, draw=lambda: drawn)
    assert 0 <= retries._pause(attempt) <= longest
    assert retries._pause(1) == min(backoff, longest) * drawn


# What has happened, and whether it is tried again: a GET, a POST.
FAILURES = [
    (HTTPRefusedError("x"), True, True),
    (HTTPConnectError("x"), True, True),
    (name_error(None), True, True),
    (name_error(socket.EAI_AGAIN), True, True),
    (name_error(socket.EAI_NONAME), False, False),
    (HTTPTLSError("x"), False, False),
    (HTTPCertificateError("x"), False, False),
    (HTTPStreamClosedError("x"), True, False),
    (HTTPTimeoutError("x"), True, False),
    (HTTPProtocolError("x"), False, False),
    (ProxyError(503, "x"), True, True),
    (ProxyError(407, "x"), False, False),
    (ProxyError(599, "x"), False, False),
    (lambda _: unavailable(), True, False),
    (lambda _: unavailable(status=429), True, False),
    (lambda _: unavailable(status=500), False, False),
    (lambda _: unavailable(status=404), False, False),
]


@pytest.mark.parametrize(("failure", "get", "post"), FAILURES)
@on_jumping_clock
async def test_what_is_tried_again(failure, get, post):
    for method, again in {"GET": get, "POST": post}.items():
        engine = ScriptedEngine(failure, ok())
        options = {"method": method, "body": b"" if method == "POST" else None}
        talk = conversation(engine, URL, retries=Patience(2), **options)
        if again or callable(failure):
            assert ((await talk.open()).status == 200) == again
        else:
            with pytest.raises(HTTPClientError) as caught:
                await talk.open()
            assert caught.value is failure
        assert (len(engine.hops) == 2) == again


@on_jumping_clock
async def test_who_says_that_it_does_no_harm():
    script = [HTTPStreamClosedError("x"), ok()]
    options = {"method": "POST", "body": b"x"}
    await converse(URL, *script, idempotent=True, retries=Patience(2), **options)
    await converse(URL, *script, retries=Patience(2, methods={"POST"}), **options)
    for more in (
        {"idempotent": False, "retries": Patience(2)},
        {"retries": Patience(2, methods={"POST"})},
    ):
        with pytest.raises(HTTPStreamClosedError):
            await converse(URL, HTTPStreamClosedError("x"), **more)


@on_jumping_clock
async def test_statuses_by_choice():
    retries = Patience(2, statuses={418})
    _, _, answer = await converse(URL, unavailable(status=418), unavailable(), retries=retries)
    assert answer.status == 503


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        *(("7", 7), ("0", 1), ("60", 60), ("61", None), ("9" * 5000, None)),
        *(("Tue, 14 Nov 2023 22:13:30 GMT", 10), ("Tue, 14 Nov 2023 22:13:10 GMT", 1)),
        *(("Tue, 14 Nov 2033 22:13:20 GMT", None), ("soon", 1), ("-3", 1), ("1.5", 1), ("", 1)),
        ("\u00b2", 1),
    ],
)
@on_jumping_clock
async def test_retry_after(said, seconds):
    retries = Patience(2, backoff=1)
    script = [unavailable(("Retry-After", said))] + ([] if seconds is None else [ok()])
    await converse(URL, *script, retries=retries, request_timeout=0)
    assert retries.slept == ([] if seconds is None else [seconds])


@on_jumping_clock
async def test_no_longer_than_the_request_may_take():
    retries = Patience(3, backoff=1)
    _, _, answer = await converse(
        URL, unavailable(), unavailable(("Retry-After", "5")), retries=retries, request_timeout=5
    )
    assert answer.status == 503
    assert retries.slept == [1]


@on_jumping_clock
async def test_real_pauses():
    """On a clock that jumps, with what Python itself sleeps and draws."""
    retries = Retries(4, backoff=100, max_backoff=100)
    script = [HTTPRefusedError("x"), HTTPRefusedError("x"), HTTPRefusedError("x"), ok()]
    await converse(URL, *script, retries=retries, request_timeout=0)


@on_jumping_clock
async def test_budget():
    retries = Patience(3, budget=RetryBudget(reserve=3, ratio=0.5))
    for budget, sent in [(1, 3), (0, 2), (0, 1)]:
        engine = ScriptedEngine(*[unavailable() for _ in range(sent)])
        answer = await conversation(engine, URL, retries=retries).open()
        assert answer.status == 503
        assert engine.script == []
        assert retries.budget.left == budget
    for left in (0.5, 1, 1.5, 2, 2.5, 3, 3):
        await converse(URL, ok(), retries=retries)
        assert retries.budget.left == left


@on_jumping_clock
async def test_an_outage_is_not_made_worse():
    """A thousand requests to a server that is down: hardly more than a thousand are sent."""
    retries = Patience(10)
    engine = ScriptedEngine(*[HTTPRefusedError("x") for _ in range(1010)])
    for _ in range(1000):
        with pytest.raises(HTTPRefusedError):
            await conversation(engine, URL, retries=retries).open()
    assert len(engine.hops) == 1010


@on_jumping_clock
async def test_each_hop_has_its_attempts():
    script = [HTTPRefusedError("x"), to("/x"), HTTPRefusedError("x"), ok()]
    engine, talk, answer = await converse(URL, *script, retries=Patience(2))
    assert answer.status == 200
    assert engine.urls == ["http://h/", "http://h/", "http://h/x", "http://h/x"]
    assert len(talk.history) == 1


@on_jumping_clock
async def test_bodies_that_are_gone():
    pieces = iter([b"x"])  # which nobody can have twice
    with pytest.raises(HTTPRefusedError):
        await converse(
            *(URL, HTTPRefusedError("x")), method="PUT", body_producer=pieces, retries=Patience()
        )


@on_jumping_clock
async def test_policies_of_programs():
    class Stubborn(Patience):
        def is_transient(self, hop, error):
            return True

    _, _, answer = await converse(URL, HTTPProtocolError("x"), ok(), retries=Stubborn())
    assert answer.status == 200

    class Broken(Patience):
        def may_repeat(self, hop):
            raise ZeroDivisionError

    engine = ScriptedEngine(unavailable())
    with pytest.raises(ZeroDivisionError):
        await conversation(engine, URL, retries=Broken()).open()
    assert engine.given[0].closed


def test_mistakes():
    for wrong in ({"attempts": 0}, {"backoff": -1}, {"max_backoff": -1}, {"max_retry_after": -1}):
        with pytest.raises(ValueError, match="from"):
            Retries(**wrong)
    for wrong in ({"reserve": -1}, {"ratio": -0.1}):
        with pytest.raises(ValueError, match="from 0"):
            RetryBudget(**wrong)
    with pytest.raises(TypeError, match="retries is a Retries, not 3"):
        conversation(ScriptedEngine(), URL, retries=3)
