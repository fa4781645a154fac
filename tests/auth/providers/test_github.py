"""GitHub, with the answers of its documentation."""

import asyncio

import pytest

from tests.auth.providers.imitation import imitated, sign_in
from tests.running import on_every_loop
from tornadolike.auth import (
    DeviceGrant,
    GitHub,
    OAuthError,
    ProviderAnswerError,
    ProviderUnavailableError,
    SignInError,
)
from tornadolike.auth.grants import device

PROFILE = {
    "login": "octocat",
    "id": 583231,
    "avatar_url": "https://github.com/images/error/octocat_happy.gif",
    "type": "User",
    "name": "monalisa octocat",
    "email": "public@github.com",
}
EMAILS = [
    {"email": "other@github.com", "verified": True, "primary": False, "visibility": None},
    {"email": "octocat@github.com", "verified": True, "primary": True, "visibility": "private"},
]
TOKEN = {"access_token": "gho_16C7e42F", "scope": "read:user,user:email", "token_type": "bearer"}


def answers(host="github.com", api="api.github.com"):
    return {
        f"{host}/login/oauth/access_token": TOKEN,
        f"{api}/user": PROFILE,
        f"{api}/user/emails": EMAILS,
    }


@on_every_loop
async def test_signing_in():
    async with imitated() as (imitation, client):
        imitation.answers = answers()
        provider = GitHub("the-client", "the-secret", http_client=client)
        identity, asked = await sign_in(imitation, provider)
    assert asked["at"] == "https://github.com/login/oauth/authorize"
    assert asked["scope"] == "read:user user:email"
    assert asked["code_challenge_method"] == "S256"
    assert identity.provider == "github"
    assert identity.issuer == "https://github.com/login/oauth"
    assert identity.subject == "583231"
    assert (identity.name, identity.username) == ("monalisa octocat", "octocat")
    assert (identity.email, identity.email_verified) == ("octocat@github.com", True)
    assert identity.picture == PROFILE["avatar_url"]
    assert identity.claims == PROFILE
    assert identity.token.access_token == "gho_16C7e42F"
    for_token, for_user, _ = imitation.asked
    assert for_token.headers["Accept"] == "application/json"
    assert for_token.arguments["client_secret"] == "the-secret"
    assert for_user.headers["Authorization"] == "Bearer gho_16C7e42F"
    assert for_user.headers["Accept"] == "application/vnd.github+json"
    assert for_user.headers["X-GitHub-Api-Version"] == "2022-11-28"
    assert for_user.headers["User-Agent"]  # without one it is refused


@pytest.mark.parametrize(
    ("emails", "email", "verified"),
    [
        ((403, {"message": "Resource not accessible by integration"}), "public@github.com", False),
        ((404, {"message": "Not Found"}), "public@github.com", False),
        ([], "public@github.com", False),
        ([{**EMAILS[1], "verified": False}], "public@github.com", False),
        ([EMAILS[0]], "public@github.com", False),
        ([{**EMAILS[1], "verified": "true"}], "public@github.com", False),
        ([7, None, EMAILS[1]], "octocat@github.com", True),
        ({"email": "x@y"}, "public@github.com", False),
    ],
)
@on_every_loop
async def test_which_address(emails, email, verified):
    async with imitated() as (imitation, client):
        imitation.answers = {**answers(), "api.github.com/user/emails": emails}
        identity, _ = await sign_in(imitation, GitHub("the-client", "s", http_client=client))
    assert (identity.email, identity.email_verified) == (email, verified)


@on_every_loop
async def test_a_profile_that_says_little():
    async with imitated() as (imitation, client):
        little = {"id": 1, "login": "x", "name": None, "email": None, "avatar_url": ""}
        imitation.answers = {**answers(), "api.github.com/user": little}
        imitation.answers["api.github.com/user/emails"] = []
        identity, _ = await sign_in(imitation, GitHub("the-client", "s", http_client=client))
    assert (identity.name, identity.email, identity.picture) == (None, None, None)
    assert not identity.email_verified


@pytest.mark.parametrize(
    "profile", [{}, {"id": None}, {"id": True}, {"id": [1]}, [], "x", {"id": 0}]
)
@on_every_loop
async def test_a_profile_of_nobody(profile):
    async with imitated() as (imitation, client):
        imitation.answers = {**answers(), "api.github.com/user": profile}
        with pytest.raises(ProviderAnswerError, match="github has answered with a profile"):
            await sign_in(imitation, GitHub("the-client", "s", http_client=client))


@on_every_loop
async def test_a_refusal_comes_with_a_200():
    async with imitated() as (imitation, client):
        imitation.answers = {
            "github.com/login/oauth/access_token": {
                "error": "bad_verification_code",
                "error_description": "The code passed is incorrect or expired.",
                "error_uri": "https://docs.github.com/x",
            }
        }
        with pytest.raises(OAuthError, match="bad_verification_code: The code passed"):
            await sign_in(imitation, GitHub("the-client", "s", http_client=client))


@pytest.mark.parametrize("place", ["/user", "/user/emails"])
@on_every_loop
async def test_its_api_is_down(place):
    async with imitated() as (imitation, client):
        imitation.answers = {**answers(), f"api.github.com{place}": (503, {"message": "no"})}
        with pytest.raises(ProviderUnavailableError):
            await sign_in(imitation, GitHub("the-client", "s", http_client=client))


@pytest.mark.parametrize(
    ("base", "host", "api"),
    [
        ("https://github.example.com", "github.example.com", "github.example.com/api/v3"),
        ("https://github.example.com/", "github.example.com", "github.example.com/api/v3"),
        ("https://octo.ghe.com", "octo.ghe.com", "api.octo.ghe.com"),
        ("https://evilghe.com", "evilghe.com", "evilghe.com/api/v3"),
    ],
)
@on_every_loop
async def test_enterprises(base, host, api):
    async with imitated() as (imitation, client):
        imitation.answers = answers(host, api)
        provider = GitHub("the-client", "s", base_url=base, http_client=client)
        identity, asked = await sign_in(imitation, provider)
    assert asked["at"] == f"https://{host}/login/oauth/authorize"
    assert identity.issuer == f"https://{host}/login/oauth"
    assert identity.email == "octocat@github.com"


@on_every_loop
async def test_it_says_who_it_is():
    """RFC 9207, which GitHub had in April 2026, and took back for a while."""
    async with imitated() as (imitation, client):
        imitation.answers = answers()
        provider = GitHub("the-client", "s", http_client=client)
        await sign_in(imitation, provider, iss="https://github.com/login/oauth")
        with pytest.raises(SignInError):
            await sign_in(imitation, provider, iss="https://evil.example")


@on_every_loop
async def test_without_a_browser(monkeypatch):
    monkeypatch.setattr(device, "SHORTEST_INTERVAL", 0.01)
    async with imitated() as (imitation, client):
        imitation.answers = {
            "github.com/login/device/code": {
                "device_code": "3584d83530557fdd1f46af8289938c8ef79f9dc5",
                "user_code": "WDJB-MJHT",
                "verification_uri": "https://github.com/login/device",
                "expires_in": 900,
                "interval": 0,
            },
            "github.com/login/oauth/access_token": TOKEN,
        }
        shown = []
        grant = DeviceGrant(GitHub("the-client", http_client=client), shown.append)
        async with asyncio.timeout(50):
            token = await grant.obtain()
    assert token.access_token == "gho_16C7e42F"
    assert shown[0].user_code == "WDJB-MJHT"
    assert [asked.arguments["client_id"] for asked in imitation.asked] == ["the-client"] * 2
