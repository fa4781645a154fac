"""Tokens of users, which are renewed and not made."""

import pytest

from tests.auth.grants.asking import provider_of, refusal
from tests.running import on_jumping_clock
from tornadolike.auth import Grant, OAuthError, SignInRequiredError, Token
from tornadolike.auth.grants.base import Refreshing


@on_jumping_clock
async def test_there_is_none_without_the_user():
    provider, client = provider_of({})
    with pytest.raises(SignInRequiredError, match="has to sign in"):
        await Refreshing(provider).obtain()
    with pytest.raises(SignInRequiredError, match="sign in again"):
        await Refreshing(provider).renew(Token("old"))
    assert client.urls == []


@on_jumping_clock
async def test_the_provider_renews_no_more():
    provider, _ = provider_of(refusal("invalid_grant", error_description="revoked"))
    with pytest.raises(SignInRequiredError, match="github renews the token no more"):
        await Refreshing(provider).renew(Token("old", refresh_token="r"))


@on_jumping_clock
async def test_another_refusal_says_nothing_of_the_user():
    provider, _ = provider_of(refusal("invalid_client", 401))
    with pytest.raises(OAuthError, match="invalid_client"):
        await Refreshing(provider).renew(Token("old", refresh_token="r"))


class Counting(Grant):
    made = 0

    async def obtain(self):
        self.made += 1
        return Token(f"token-{self.made}")


@on_jumping_clock
async def test_by_default_another_one_is_made():
    assert (await Counting().renew(Token("old"))).access_token == "token-1"
