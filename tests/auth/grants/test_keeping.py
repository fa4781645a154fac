"""A token that is good now: renewed once for all who ask, and never brought back for who has signed out."""

import asyncio
import time

import pytest

from tests.auth.grants.asking import provider_of, refusal
from tests.running import on_jumping_clock, turns
from tornadolike.auth import (
    Grant,
    MemoryTokens,
    OAuthError,
    ProviderUnavailableError,
    SignInRequiredError,
    StoreTokens,
    Token,
    Tokens,
)
from tornadolike.stores import MemoryStore

SECRET = "b1f9c0a27d3e4f5860718293a4b5c6d7"
NEW = {"access_token": "new", "refresh_token": "r2", "expires_in": 3600}


def ended(refresh_token="r1", seconds=-10.0):
    return Token("old", expires_at=time.time() + seconds, refresh_token=refresh_token)


def good():
    return Token("old", expires_at=time.time() + 3600, refresh_token="r1")


async def tokens_of(token, *answers, seconds=0.0, storage=None):
    """Tokens with one for Ann, the storage, and what the provider is asked by."""
    provider, client = provider_of(*answers, seconds=seconds)
    storage = MemoryTokens() if storage is None else storage
    tokens = Tokens(provider, storage)
    if token is not None:
        await tokens.save("ann", token)
    return tokens, storage, client


@on_jumping_clock
async def test_a_good_one_is_given():
    token = good()
    tokens, _, client = await tokens_of(token, NEW)
    assert await tokens.current("ann") == token
    assert client.urls == []


@on_jumping_clock
async def test_one_without_an_end_is_good():
    tokens, _, client = await tokens_of(Token("endless"), NEW)
    assert (await tokens.current("ann")).access_token == "endless"
    assert client.urls == []


@pytest.mark.parametrize("seconds", [-10.0, 20.0])
@on_jumping_clock
async def test_it_is_renewed_before_it_ends(seconds):
    tokens, storage, client = await tokens_of(ended(seconds=seconds), NEW)
    token = await tokens.current("ann")
    assert (token.access_token, token.refresh_token) == ("new", "r2")
    assert client.forms[0]["refresh_token"] == "r1"
    assert await storage.load("ann") == token
    assert await tokens.current("ann") == token
    assert len(client.urls) == 1


@on_jumping_clock
async def test_once_for_all():
    tokens, _, client = await tokens_of(ended(), NEW, seconds=3)
    given = await asyncio.gather(*[tokens.current("ann") for _ in range(20)])
    assert {token.access_token for token in given} == {"new"}
    assert len(client.urls) == 1


@on_jumping_clock
async def test_who_gives_up_leaves_the_others():
    tokens, _, client = await tokens_of(ended(), NEW, seconds=3)
    first, second = (asyncio.create_task(tokens.current("ann")) for _ in range(2))
    await turns()
    first.cancel()
    assert (await second).access_token == "new"
    assert len(client.urls) == 1


@on_jumping_clock
async def test_it_is_kept_even_if_nobody_waits_any_more():
    """The provider has taken the old refresh token: the new one must not be lost."""
    tokens, storage, _ = await tokens_of(ended(), NEW, seconds=3)
    task = asyncio.create_task(tokens.current("ann"))
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.sleep(5)
    assert (await storage.load("ann")).refresh_token == "r2"


@on_jumping_clock
async def test_several_users():
    tokens, _, client = await tokens_of(ended(), NEW, {"access_token": "bobs"}, seconds=3)
    await tokens.save("bob", ended("r7"))
    given = await asyncio.gather(tokens.current("ann"), tokens.current("bob"))
    assert [token.access_token for token in given] == ["new", "bobs"]
    assert [form["refresh_token"] for form in client.forms] == ["r1", "r7"]


@on_jumping_clock
async def test_several_processes_renew_once():
    store = MemoryStore()
    provider, client = provider_of(NEW, refusal("invalid_grant"), seconds=3)
    processes = [Tokens(provider, StoreTokens(store, SECRET)) for _ in range(4)]
    await processes[0].save("ann", ended())
    given = await asyncio.gather(*[tokens.current("ann") for tokens in processes])
    assert {token.access_token for token in given} == {"new"}
    assert len(client.urls) == 1


@on_jumping_clock
async def test_nobody_has_signed_in():
    tokens, _, client = await tokens_of(None, NEW)
    with pytest.raises(SignInRequiredError, match="has to sign in"):
        await tokens.current("ann")
    assert client.urls == []


@on_jumping_clock
async def test_one_that_cannot_be_renewed():
    tokens, _, client = await tokens_of(ended(refresh_token=None), NEW)
    with pytest.raises(SignInRequiredError, match="sign in again"):
        await tokens.current("ann")
    assert client.urls == []


@on_jumping_clock
async def test_the_provider_is_not_asked_again_for_what_is_over():
    tokens, _, client = await tokens_of(ended(), refusal("invalid_grant"))
    for _ in range(3):
        with pytest.raises(SignInRequiredError):
            await tokens.current("ann")
    assert len(client.urls) == 1
    await tokens.save("ann", good())
    assert (await tokens.current("ann")).access_token == "old"


@on_jumping_clock
async def test_another_refusal_leaves_it_as_it_is():
    token = ended()
    tokens, storage, _ = await tokens_of(token, refusal("invalid_client", 401), NEW)
    with pytest.raises(OAuthError, match="invalid_client"):
        await tokens.current("ann")
    assert await storage.load("ann") == token
    assert (await tokens.current("ann")).access_token == "new"


@on_jumping_clock
async def test_the_provider_is_down_and_the_token_not_over_yet():
    tokens, _, _ = await tokens_of(ended(seconds=20), OSError("down"), NEW)
    assert (await tokens.current("ann")).access_token == "old"
    assert (await tokens.current("ann")).access_token == "new"


@on_jumping_clock
async def test_the_provider_is_down():
    token = ended()
    tokens, storage, _ = await tokens_of(token, (503, {}), NEW)
    with pytest.raises(ProviderUnavailableError):
        await tokens.current("ann")
    assert await storage.load("ann") == token
    assert (await tokens.current("ann")).access_token == "new"


@on_jumping_clock
async def test_who_signs_out_meanwhile_stays_out():
    tokens, storage, _ = await tokens_of(ended(), NEW, seconds=3)
    task = asyncio.create_task(tokens.current("ann"))
    await asyncio.sleep(1)
    await tokens.forget("ann")
    with pytest.raises(SignInRequiredError, match="removed"):
        await task
    assert await storage.load("ann") is None


@pytest.mark.parametrize("answer", [NEW, refusal("invalid_grant")])
@on_jumping_clock
async def test_who_signs_in_meanwhile(answer):
    tokens, storage, _ = await tokens_of(ended(), answer, seconds=3)
    task = asyncio.create_task(tokens.current("ann"))
    await asyncio.sleep(1)
    fresh = Token("fresh", refresh_token="r9")
    await tokens.save("ann", fresh)
    await asyncio.wait([task])
    if task.exception() is None:
        assert await task == fresh
    assert await storage.load("ann") == fresh
    assert await tokens.current("ann") == fresh


@on_jumping_clock
async def test_one_that_was_refused_before_its_end():
    token = good()
    tokens, _, client = await tokens_of(token, NEW)
    assert (await tokens.renewed("ann", token)).access_token == "new"
    assert (await tokens.renewed("ann", token)).access_token == "new"  # it is another by now
    assert len(client.urls) == 1


@on_jumping_clock
async def test_a_refused_one_that_cannot_be_renewed_now():
    token = good()
    tokens, storage, _ = await tokens_of(token, OSError("down"))
    with pytest.raises(ProviderUnavailableError):
        await tokens.renewed("ann", token)
    assert await storage.load("ann") == token


class Counting(Grant):
    def __init__(self, lifetime=3600):
        self.made = 0
        self.lifetime = lifetime

    async def obtain(self):
        self.made += 1
        await asyncio.sleep(1)
        return Token(f"token-{self.made}", expires_at=time.time() + self.lifetime)


@on_jumping_clock
async def test_a_program_with_one_token():
    grant = Counting()
    tokens = Tokens(grant)
    given = await asyncio.gather(*[tokens.current() for _ in range(5)])
    assert {token.access_token for token in given} == {"token-1"}
    assert (await tokens.current()).access_token == "token-1"
    assert grant.made == 1


@on_jumping_clock
async def test_tokens_that_are_over_at_once_are_given_all_the_same():
    tokens = Tokens(Counting(lifetime=0))
    assert (await tokens.current()).access_token == "token-1"
    assert (await tokens.current()).access_token == "token-2"
