"""Tokens in a store that fails, at whichever call: nothing is lost, and nobody asks the provider twice."""

import pytest

from tests.auth.failing_store import Failing
from tests.auth.test_cancelled import ISSUER, SECRET, Provider, provider_of
from tests.running import on_every_loop
from tornadolike.auth import StoreTokens, Token, Tokens
from tornadolike.stores import StoreError

CALLS = 6
"""Of a token that is renewed: load, count, load, get and set (by save), delete."""


@pytest.mark.parametrize("number", range(1, CALLS + 2))
@on_every_loop
async def test_a_store_that_fails_once(number):
    store, client = Failing(0), Provider()
    storage = StoreTokens(store, SECRET)
    await storage.save("k", Token("old", expires_at=1.0, refresh_token="r"))
    tokens = Tokens(provider_of(client), storage)
    store.left = number
    if number > CALLS:
        assert (await tokens.current("k")).access_token == "a"
        assert store.left == 1  # or there are more calls, or fewer
        store.left = 0
    else:
        with pytest.raises(StoreError):
            await tokens.current("k")
    assert (await tokens.current("k")).access_token == "a"
    assert client.asked.count("/token") == 1
    assert ISSUER not in str(await store.get("token:of:k"))
