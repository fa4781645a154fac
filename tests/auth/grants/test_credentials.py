"""A program asks for itself (RFC 6749 section 4.4)."""

import pytest

from tests.auth.grants.asking import provider_of, refusal
from tests.running import on_jumping_clock
from tornadolike.auth import ClientCredentials, OAuthError

TOKEN = {"access_token": "good", "token_type": "Bearer", "expires_in": 3600}


@on_jumping_clock
async def test_what_is_asked():
    provider, client = provider_of(TOKEN)
    grant = ClientCredentials(provider, scope=["a", "b"], audience="https://api.example")
    assert (await grant.obtain()).access_token == "good"
    (form,) = client.forms
    assert {name: form[name] for name in ("grant_type", "scope", "audience")} == {
        "grant_type": "client_credentials",
        "scope": "a b",
        "audience": "https://api.example",
    }


@on_jumping_clock
async def test_no_scope_is_the_providers_choice():
    provider, client = provider_of(TOKEN)
    await ClientCredentials(provider).obtain()
    assert "scope" not in client.forms[0]


@on_jumping_clock
async def test_it_is_asked_anew():
    provider, client = provider_of(TOKEN)
    grant = ClientCredentials(provider)
    await grant.renew(await grant.obtain())
    assert [form["grant_type"] for form in client.forms] == ["client_credentials"] * 2


@on_jumping_clock
async def test_a_refusal():
    provider, _ = provider_of(refusal("invalid_client", 401))
    with pytest.raises(OAuthError, match="invalid_client"):
        await ClientCredentials(provider).obtain()
