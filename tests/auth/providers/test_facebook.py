"""Facebook, with the answers of its documentation."""

import hashlib
import hmac

import pytest

from tests.auth.providers.imitation import imitated, sign_in
from tests.running import on_every_loop
from tornadolike.auth import Facebook, ProviderAnswerError

ME = {
    "id": "10207749201538131",
    "name": "Ann Example",
    "email": "ann@example.com",
    "picture": {"data": {"url": "https://platform-lookaside.fbsbx.com/x.jpg", "height": 200}},
}
TOKEN = {"access_token": "EAAB", "token_type": "bearer", "expires_in": 5183944}
BASE = "graph.facebook.com/v23.0"


async def signed_in(me, **options):
    async with imitated() as (imitation, client):
        imitation.answers = {f"{BASE}/oauth/access_token": TOKEN, f"{BASE}/me": me}
        provider = Facebook("the-client", "the-secret", http_client=client, **options)
        return (*await sign_in(imitation, provider), imitation)


@on_every_loop
async def test_signing_in():
    identity, asked, imitation = await signed_in(ME)
    assert asked["at"] == "https://www.facebook.com/v23.0/dialog/oauth"
    assert (identity.provider, identity.subject) == ("facebook", "10207749201538131")
    assert (identity.name, identity.picture) == ("Ann Example", ME["picture"]["data"]["url"])
    assert (identity.email, identity.email_verified) == ("ann@example.com", False)
    (me,) = imitation.asked_of(f"{BASE}/me")
    proof = hmac.new(b"the-secret", b"EAAB", hashlib.sha256).hexdigest()
    assert me.arguments["appsecret_proof"] == proof
    assert me.arguments["fields"] == "id,name,email,picture.width(200).height(200)"
    assert "access_token" not in me.arguments
    assert me.headers["Authorization"] == "Bearer EAAB"


@on_every_loop
async def test_other_fields():
    identity, _, imitation = await signed_in({"id": "1", "locale": "x"}, fields=("id", "locale"))
    assert imitation.asked_of(f"{BASE}/me")[0].arguments["fields"] == "id,locale"
    assert (identity.name, identity.picture, identity.claims["locale"]) == (None, None, "x")


@pytest.mark.parametrize("picture", [None, "x", {"data": None}, {"data": {"url": 7}}])
@on_every_loop
async def test_pictures_that_are_none(picture):
    identity, _, _ = await signed_in({**ME, "picture": picture})
    assert identity.picture is None


@on_every_loop
async def test_a_refusal_of_the_graph():
    error = {"error": {"message": "Invalid OAuth access token.", "type": "OAuthException"}}
    with pytest.raises(ProviderAnswerError, match="400"):
        await signed_in((400, error))
