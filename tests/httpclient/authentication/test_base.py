"""Ways of one's own to say who is asking."""

import asyncio

import pytest

from tests.httpclient.scripted import ScriptedAnswer, ScriptedEngine, conversation, converse, ok
from tests.running import on_jumping_clock
from tornadolike.httpclient.authentication import Auth


class Key(Auth):
    def __init__(self):
        self.key = 0

    def sign(self, hop):
        hop.headers["X-Key"] = str(self.key)


class Renewed(Key):
    def __init__(self):
        super().__init__()
        self.tries = []

    def answered(self, hop, status, headers, tries):
        self.tries.append(tries)
        self.key += 1
        return status == 401


@on_jumping_clock
async def test_it_signs_each_request():
    engine, _, answer = await converse("http://h/", ScriptedAnswer(401), auth=Key())
    assert answer.status == 401
    assert engine.sent("X-Key") == ["0"]


class Fetched(Renewed):
    """It has to wait for its key."""

    async def prepare(self, hop):
        await asyncio.sleep(1)
        self.key += 10


@on_jumping_clock
async def test_it_waits_before_each():
    auth = Fetched()
    engine, _, _ = await converse("http://h/", ScriptedAnswer(401), ok(), auth=auth)
    assert engine.sent("X-Key") == ["10", "21"]


class Failing(Key):
    async def prepare(self, hop):
        raise LookupError("no key")


@on_jumping_clock
async def test_what_it_waits_for_fails():
    engine = ScriptedEngine(ok())
    with pytest.raises(LookupError, match="no key"):
        await conversation(engine, "http://h/", auth=Failing()).open()
    assert engine.hops == []


@on_jumping_clock
async def test_another_try():
    engine, _, answer = await converse("http://h/", ScriptedAnswer(401), ok(), auth=Renewed())
    assert answer.status == 200
    assert engine.sent("X-Key") == ["0", "1"]


@on_jumping_clock
async def test_not_for_ever():
    auth = Renewed()
    engine, _, answer = await converse(
        "http://h/", *[ScriptedAnswer(401) for _ in range(4)], auth=auth
    )
    assert answer.status == 401
    assert auth.tries == [0, 1, 2, 3]
    assert len(engine.hops) == 4


@on_jumping_clock
async def test_a_body_that_is_gone():
    pieces = iter([b"x"])  # which nobody can have twice
    _, _, answer = await converse(
        "http://h/", ScriptedAnswer(401), method="POST", body_producer=pieces, auth=Renewed()
    )
    assert answer.status == 401
