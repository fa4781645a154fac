"""Google, GitLab and Slack: OpenID Connect, with the claims of their documentations."""

import pytest

from tests.auth.providers.imitation import imitated, sign_in
from tests.running import on_every_loop
from tornadolike.auth import AccessDeniedError, DeviceGrant, GitLab, Google, Slack, TokenError

# Each with its issuer, its claims, and what they are in our words.
PROVIDERS = {
    "google": (
        Google,
        {},
        "https://accounts.google.com",
        {
            "azp": "the-client",
            "sub": "10769150350006150715113082367",
            "email": "jsmith@example.com",
            "email_verified": True,
            "hd": "example.com",
            "name": "Jo Smith",
            "picture": "https://lh3.googleusercontent.com/a/x",
        },
        {
            "subject": "10769150350006150715113082367",
            "name": "Jo Smith",
            "username": None,
            "email": "jsmith@example.com",
            "email_verified": True,
            "picture": "https://lh3.googleusercontent.com/a/x",
        },
    ),
    "gitlab": (
        GitLab,
        {},
        "https://gitlab.com",
        {
            "sub": "1234567",
            "auth_time": 1700000000,
            "name": "Ann Example",
            "nickname": "ann",
            "preferred_username": "ann",
            "email": "ann@example.com",
            "email_verified": False,
            "groups_direct": ["a/b"],
        },
        {
            "subject": "1234567",
            "name": "Ann Example",
            "username": "ann",
            "email": "ann@example.com",
            "email_verified": False,
            "picture": None,
        },
    ),
    "gitlab of one's own": (
        GitLab,
        {"base_url": "https://example.com:8443/gitlab/"},
        "https://example.com:8443/gitlab",
        {"sub": "1", "preferred_username": "ann", "email": "a@b.c", "email_verified": True},
        {"subject": "1", "username": "ann", "email": "a@b.c", "email_verified": True},
    ),
    "slack": (
        Slack,
        {},
        "https://slack.com",
        {
            "sub": "U123ABC456",
            "https://slack.com/user_id": "U123ABC456",
            "https://slack.com/team_id": "T123ABC456",
            "email": "alice@example.com",
            "email_verified": True,
            "name": "Alice",
            "picture": "https://secure.gravatar.com/x.jpg",
        },
        {
            "subject": "U123ABC456",
            "name": "Alice",
            "email": "alice@example.com",
            "email_verified": True,
            "picture": "https://secure.gravatar.com/x.jpg",
        },
    ),
}


async def signed_in(name, claims=(), **options):
    provider_class, usual, issuer, said, _ = PROVIDERS[name]
    async with imitated() as (imitation, client):
        imitation.openid(issuer, claims={**said, **dict(claims)})
        provider = provider_class("the-client", "s", http_client=client, **usual, **options)
        return (*await sign_in(imitation, provider), imitation)


@pytest.mark.parametrize("name", PROVIDERS)
@on_every_loop
async def test_signing_in(name):
    _, _, issuer, said, wanted = PROVIDERS[name]
    identity, asked, _ = await signed_in(name)
    assert identity.provider == name.partition(" ")[0]
    assert identity.issuer == issuer
    assert {attribute: getattr(identity, attribute) for attribute in wanted} == wanted
    assert identity.claims.items() >= said.items()
    assert asked["scope"] == "openid profile email"
    assert asked["nonce"]
    assert ("code_challenge" in asked) == (name != "slack")


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("lie", [("iss", "https://evil.example"), ("aud", "other"), ("nonce", "x")])
@on_every_loop
async def test_lies(name, lie):
    with pytest.raises(TokenError):
        await signed_in(name, claims=[lie])


@pytest.mark.parametrize(
    ("wanted", "claims", "is_let_in"),
    [
        ("example.com", {}, True),
        ("example.com", {"hd": "evil.example"}, False),
        ("example.com", {"hd": None}, False),
        ("example.com", {"hd": "*"}, False),
        ("*", {"hd": "whichever.example"}, True),
        ("*", {"hd": None}, False),
        ("*", {"hd": ""}, False),
        (None, {"hd": None}, True),
    ],
)
@on_every_loop
async def test_domains_of_google(wanted, claims, is_let_in):
    attempt = signed_in("google", claims=claims.items(), hosted_domain=wanted)
    if is_let_in:
        _, asked, _ = await attempt
        assert asked.get("hd") == wanted
    else:
        with pytest.raises(AccessDeniedError, match="domain"):
            await attempt


def test_an_empty_domain_is_a_mistake():
    with pytest.raises(ValueError, match="hosted_domain is empty"):
        Google("id", "secret", hosted_domain="")


@on_every_loop
async def test_refresh_tokens_of_google():
    _, asked, _ = await signed_in("google", offline=True)
    assert (asked["access_type"], asked["prompt"]) == ("offline", "consent")
    _, asked, _ = await signed_in("google")
    assert asked.keys().isdisjoint({"access_type", "prompt", "hd"})


@pytest.mark.parametrize(
    ("team", "is_let_in"), [("T123ABC456", True), ("T999", False), (None, True)]
)
@on_every_loop
async def test_workspaces_of_slack(team, is_let_in):
    attempt = signed_in("slack", team=team)
    if is_let_in:
        _, asked, _ = await attempt
        assert asked.get("team") == team
    else:
        with pytest.raises(AccessDeniedError, match="workspace"):
            await attempt


def test_where_gitlab_cannot_be():
    with pytest.raises(ValueError, match="a provider is at a URL"):
        GitLab("id", "s", base_url="http://git.example.com")


@on_every_loop
async def test_a_device_of_google():
    """With the older name that Google has for the page."""
    async with imitated() as (imitation, client):
        imitation.openid("https://accounts.google.com", claims={"sub": "1", "nonce": None})
        imitation.answers["accounts.google.com/device"] = {
            "device_code": "4/4-GMMhmHCXhWEzkobqIHGG_EnNYYsAkukHspeYUk9E8",
            "user_code": "GQVQ-JKEC",
            "verification_url": "https://www.google.com/device",
            "expires_in": 1800,
            "interval": 5,
        }
        grant = DeviceGrant(Google("the-client", "s", http_client=client))
        code = await grant.begin()
    assert code.verification_uri == "https://www.google.com/device"
    (asked,) = imitation.asked_of("accounts.google.com/device")
    assert asked.arguments["scope"] == "openid profile email"
