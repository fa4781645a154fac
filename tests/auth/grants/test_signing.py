"""Requests with a token that is good now, to real servers."""

import asyncio
import contextlib
import time

import pytest

from tests.httpclient.house import client_of
from tests.httpclient.scripted import ScriptedAnswer, ScriptedEngine, conversation, converse, ok, to
from tests.running import on_every_loop, on_jumping_clock
from tornadolike.auth import (
    Grant,
    MemoryTokens,
    ProviderAnswerError,
    SignInRequiredError,
    Token,
    TokenAuth,
    Tokens,
)
from tornadolike.httpclient import HTTPTimeoutError
from tornadolike.httpserver import HTTPServer
from tornadolike.netutil import bind_sockets
from tornadolike.web import Application, RequestHandler


class Numbered(Grant):
    """Gives token-1, token-2, ..."""

    def __init__(self, seconds=0.0, **attributes):
        self.made = 0
        self.seconds = seconds
        self.attributes = attributes

    async def obtain(self):
        self.made += 1
        await asyncio.sleep(self.seconds)
        return Token(f"token-{self.made}", **self.attributes)


def auth_of(grant):
    return TokenAuth(Tokens(grant))


@on_jumping_clock
async def test_it_is_got_and_kept():
    grant = Numbered()
    auth = auth_of(grant)
    for _ in range(2):
        engine, _, _ = await converse("http://h/", ok(), auth=auth)
        assert engine.sent("Authorization") == ["Bearer token-1"]
    assert grant.made == 1


@on_jumping_clock
async def test_a_refused_one_is_renewed():
    auth = auth_of(Numbered())
    engine, _, answer = await converse("http://h/", ScriptedAnswer(401), ok(), auth=auth)
    assert answer.status == 200
    assert engine.sent("Authorization") == ["Bearer token-1", "Bearer token-2"]


@on_jumping_clock
async def test_who_refuses_all_of_them():
    """Not one for each request is made for it."""
    grant = Numbered()
    auth = auth_of(grant)
    _, _, answer = await converse("http://h/", ScriptedAnswer(401), ScriptedAnswer(401), auth=auth)
    assert answer.status == 401
    for _ in range(20):
        engine, _, _ = await converse("http://h/", ScriptedAnswer(401), auth=auth)
        assert engine.sent("Authorization") == ["Bearer token-2"]
    assert grant.made == 2
    await asyncio.sleep(11)
    await converse("http://h/", ScriptedAnswer(401), ok(), auth=auth)
    assert grant.made == 3


@on_jumping_clock
async def test_it_is_renewed_in_time():
    grant = Numbered(expires_at=time.time() + 5)
    auth = auth_of(grant)
    for number in (1, 2):
        engine, _, _ = await converse("http://h/", ok(), auth=auth)
        assert engine.sent("Authorization") == [f"Bearer token-{number}"]


@pytest.mark.parametrize("status", [400, 403, 500])
@on_jumping_clock
async def test_other_answers_are_none_of_its_business(status):
    grant = Numbered()
    engine, _, _ = await converse("http://h/", ScriptedAnswer(status), auth=auth_of(grant))
    assert len(engine.hops) == grant.made == 1


@on_jumping_clock
async def test_it_does_not_go_to_others():
    engine, _, _ = await converse("http://h/", to("http://other/"), ok(), auth=auth_of(Numbered()))
    assert engine.sent("Authorization") == ["Bearer token-1", None]


@pytest.mark.parametrize(
    ("grant", "complaint"),
    [
        (Numbered(token_type="mac"), "type 'mac'"),
        (Numbered(token_type="DPoP"), "type 'DPoP'"),
        (Numbered(token_type="x" * 500), r"type 'x{40}'"),
    ],
)
@on_jumping_clock
async def test_types_that_nobody_knows(grant, complaint):
    engine = ScriptedEngine(ok())
    with pytest.raises(ProviderAnswerError, match=complaint):
        await conversation(engine, "http://h/", auth=auth_of(grant)).open()
    assert engine.hops == []


class Odd(Grant):
    async def obtain(self):
        return Token("secret\r\nX-Evil: 1")


@on_jumping_clock
async def test_a_token_that_no_header_may_have():
    with pytest.raises(ProviderAnswerError, match="characters") as caught:
        await conversation(ScriptedEngine(ok()), "http://h/", auth=auth_of(Odd())).open()
    assert "secret" not in str(caught.value)


@on_jumping_clock
async def test_several_users_of_one_provider():
    storage = MemoryTokens()
    tokens = Tokens(Numbered(), storage)
    await tokens.save("ann", Token("anns"))
    await tokens.save("bob", Token("bobs"))
    for user in ("ann", "bob"):
        engine, _, _ = await converse("http://h/", ok(), auth=TokenAuth(tokens, user))
        assert engine.sent("Authorization") == [f"Bearer {user}s"]


class Guarded(RequestHandler):
    """Lets in those with the token of the application."""

    async def get(self):
        used = self.request.headers.get("Authorization", "")
        self.application.seen.append(used)
        if self.get_argument("wait", ""):
            # until the others are here, too
            self.application.here += 1
            while self.application.here < 5:
                await asyncio.sleep(0.001)
        if used != self.application.good:
            self.set_status(401)
            self.set_header("WWW-Authenticate", 'Bearer error="invalid_token"')
        self.write(used)


@contextlib.asynccontextmanager
async def guarded(good):
    site = Application([("/", Guarded)], log_function=lambda handler: None)
    site.good, site.seen, site.here = good, [], 0
    server = HTTPServer(site)
    sockets = bind_sockets(0, "127.0.0.1")
    site.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    server.add_sockets(sockets)
    try:
        yield site
    finally:
        server.stop()
        await server.close_all_connections()


@on_every_loop
async def test_many_are_refused_at_once():
    grant = Numbered()
    auth = auth_of(grant)
    async with guarded("Bearer token-2") as site, client_of(site) as client:
        answers = await asyncio.gather(*[client.fetch("/?wait=1", auth=auth) for _ in range(5)])
        assert [answer.body for answer in answers] == [b"Bearer token-2"] * 5
        assert sorted(site.seen) == ["Bearer token-1"] * 5 + ["Bearer token-2"] * 5
    assert grant.made == 2


@on_every_loop
async def test_waiting_for_it_counts():
    grant = Numbered(seconds=0.5)
    auth = auth_of(grant)
    async with guarded("Bearer token-1") as site, client_of(site) as client:
        with pytest.raises(HTTPTimeoutError):
            await client.fetch("/", auth=auth, request_timeout=0.05)
        assert (await client.fetch("/", auth=auth)).code == 200
    assert grant.made == 1  # what has begun for the first was for the second


class Nobody(Grant):
    async def obtain(self):
        raise SignInRequiredError("there is no token")


@on_every_loop
async def test_what_goes_wrong_comes_out_of_the_fetch():
    async with guarded("") as site, client_of(site) as client:
        with pytest.raises(SignInRequiredError, match="no token"):
            await client.fetch("/", auth=auth_of(Nobody()))
        assert site.seen == []
