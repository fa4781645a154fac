"""Discord, with the answers of its documentation."""

import pytest

from tests.auth.providers.imitation import imitated, sign_in
from tests.running import on_every_loop
from tornadolike.auth import Discord, ProviderAnswerError
from tornadolike.auth.providers.discord import picture_of

PROFILE = {
    "id": "80351110224678912",
    "username": "nelly",
    "discriminator": "0",
    "global_name": "Nelly",
    "avatar": "8342729096ea3675442027381ff50dfe",
    "verified": True,
    "email": "nelly@discord.com",
}
TOKEN = {
    "access_token": "6qrZcUqja7812RVdnEKjpzOL4CvHBFG",
    "token_type": "Bearer",
    "expires_in": 604800,
    "refresh_token": "D43f5y0ahjqew82jZ4NViEr2YafMKhue",
    "scope": "identify email",
}


async def signed_in(**profile):
    async with imitated() as (imitation, client):
        imitation.answers = {
            "discord.com/api/oauth2/token": TOKEN,
            "discord.com/api/v10/users/@me": {**PROFILE, **profile},
        }
        return await sign_in(imitation, Discord("the-client", "s", http_client=client))


@on_every_loop
async def test_signing_in():
    identity, asked = await signed_in()
    assert asked["at"] == "https://discord.com/oauth2/authorize"
    assert asked["scope"] == "identify email"
    assert (identity.provider, identity.issuer) == ("discord", "https://discord.com")
    assert (identity.subject, identity.name) == ("80351110224678912", "Nelly")
    assert (identity.username, identity.email) == ("nelly", "nelly@discord.com")
    assert identity.email_verified
    assert identity.picture == (
        "https://cdn.discordapp.com/avatars/80351110224678912/8342729096ea3675442027381ff50dfe.png"
    )
    assert identity.token.refresh_token == TOKEN["refresh_token"]


@pytest.mark.parametrize(
    "profile", [{"verified": False}, {"verified": "true"}, {"email": None}, {"verified": None}]
)
@on_every_loop
async def test_an_address_that_is_not_verified(profile):
    identity, _ = await signed_in(**profile)
    assert not identity.email_verified


@on_every_loop
async def test_who_has_no_name_but_one():
    identity, _ = await signed_in(global_name=None)
    assert identity.name == "nelly"


@on_every_loop
async def test_a_profile_of_nobody():
    with pytest.raises(ProviderAnswerError, match="discord"):
        await signed_in(id=None)


@pytest.mark.parametrize(
    ("subject", "profile", "path"),
    [
        ("80351110224678912", {"avatar": "a_12"}, "avatars/80351110224678912/a_12.png"),
        ("80351110224678912", {"avatar": None, "discriminator": "1337"}, "embed/avatars/2.png"),
        ("80351110224678912", {"discriminator": "0"}, "embed/avatars/5.png"),
        ("80351110224678912", {}, "embed/avatars/5.png"),
        ("x/../y", {"avatar": "../../evil?"}, "avatars/x%2F..%2Fy/..%2F..%2Fevil%3F.png"),
        ("no number", {"discriminator": "٣"}, "embed/avatars/0.png"),
        ("9" * 5000, {}, "embed/avatars/0.png"),
    ],
)
def test_pictures(subject, profile, path):
    assert picture_of(subject, profile) == f"https://cdn.discordapp.com/{path}"
