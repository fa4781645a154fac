"""Apple: a secret that is signed anew, true and false as texts, and a name that comes once."""

import json
import time

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.auth.providers.imitation import imitated, sign_in
from tests.running import on_every_loop
from tornadolike.auth import Apple, TokenError
from tornadolike.auth.providers import apple
from tornadolike.auth.providers.apple import AppleSecret

ISSUER = "https://appleid.apple.com"
KEY = ECKey.generate_key("P-256")
PEM = KEY.as_pem(private=True)
CLAIMS = {
    "sub": "001999.7b0e4a2b3b7b4e6fb1b8a1a1c2d3e4f5.1234",
    "email": "hdf43k2@privaterelay.appleid.com",
    "email_verified": "true",
    "is_private_email": "true",
    "auth_time": 1700000000,
    "nonce_supported": True,
}
FIRST_TIME = {"name": {"firstName": "Ann", "lastName": "Example"}, "email": "evil@example.com"}


async def signed_in(claims=(), **answer):
    async with imitated() as (imitation, client):
        imitation.openid(ISSUER, claims={**CLAIMS, **dict(claims)})
        provider = Apple(
            "the-client",
            team_id="TEAM123456",
            key_id="KEY1234567",
            private_key=PEM,
            http_client=client,
        )
        return (*await sign_in(imitation, provider, **answer), imitation)


@on_every_loop
async def test_signing_in():
    identity, asked, imitation = await signed_in(user=json.dumps(FIRST_TIME))
    assert asked["at"] == "https://appleid.apple.com/authorize"
    assert asked["response_mode"] == "form_post"
    assert asked["scope"] == "openid name email"
    assert "code_challenge" not in asked
    assert (identity.provider, identity.issuer) == ("apple", ISSUER)
    assert (identity.subject, identity.name) == (CLAIMS["sub"], "Ann Example")
    assert (identity.email, identity.email_verified) == (CLAIMS["email"], True)
    (for_token,) = imitation.asked_of("appleid.apple.com/token")
    assert for_token.arguments["client_id"] == "the-client"
    secret = jwt.decode(for_token.arguments["client_secret"], KEY, algorithms=["ES256"])
    assert (secret.header["alg"], secret.header["kid"]) == ("ES256", "KEY1234567")
    assert secret.claims["iss"] == "TEAM123456"
    assert secret.claims["sub"] == "the-client"
    assert secret.claims["aud"] == ISSUER
    assert secret.claims["exp"] - secret.claims["iat"] == 3600


@on_every_loop
async def test_later_there_is_no_name():
    identity, _, _ = await signed_in()
    assert identity.name is None


@pytest.mark.parametrize(
    ("said", "verified"),
    [("true", True), (True, True), ("false", False), (False, False), (None, False), ("no", False)],
)
@on_every_loop
async def test_true_as_a_text(said, verified):
    identity, _, _ = await signed_in(claims=[("email_verified", said)])
    assert identity.email_verified is verified


@on_every_loop
async def test_the_nonce_counts():
    with pytest.raises(TokenError, match="nonce"):
        await signed_in(claims=[("nonce", "of another sign-in")])


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ('{"name": {"firstName": "Ann"}}', "Ann"),
        ('{"name": {"firstName": " Ann ", "lastName": ""}}', "Ann"),
        ('{"name": {"firstName": null, "lastName": "Example"}}', "Example"),
        ('{"name": {"firstName": "Älva", "lastName": "Öberg"}}', "Älva Öberg"),
        ('{"name": {}}', None),
        ('{"name": "Ann"}', None),
        ('{"name": {"firstName": 7}}', None),
        ('{"name": {"firstName": "a\\u0000b"}}', None),
        ('{"name": {"firstName": "a\\nb"}}', None),
        (json.dumps({"name": {"firstName": "x" * 201}}), None),
        (json.dumps({"name": {"firstName": "x" * 5000}}), None),
        *(("{}", None), ("[]", None), ("", None), ("{", None), ("null", None), ("[" * 4000, None)),
    ],
)
@on_every_loop
async def test_what_the_browser_says_of_the_name(user, name):
    identity, _, _ = await signed_in(user=user)
    assert identity.name == name
    assert identity.email == CLAIMS["email"]  # of that it is not asked


def test_the_secret_is_made_anew(monkeypatch):
    clock = [1_800_000_000.0]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    secret = AppleSecret("the-client", "TEAM123456", "KEY1234567", PEM)
    seen = []
    for seconds in (0, 1799, 1, 1799, 1):
        clock[0] += seconds
        form = {}
        secret.add_to(form, {}, "https://appleid.apple.com/auth/token")
        seen.append(form["client_secret"])
    assert [text == seen[0] for text in seen] == [True, True, False, False, False]
    assert seen[2] == seen[3] != seen[4]


@pytest.mark.parametrize(
    "key", ["", "no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
)
def test_what_is_no_key(key):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is of the room of keys
        Apple("the-client", team_id="T", key_id="K", private_key=key)
    assert "AAAA" not in str(caught.value)


def test_a_key_that_apple_does_not_take():
    other = ECKey.generate_key("P-384").as_pem(private=True)
    public = KEY.as_pem(private=False)
    for key in (other, public):
        with pytest.raises(ValueError, match="P-256"):
            Apple("the-client", team_id="T", key_id="K", private_key=key)


def test_the_lifetime_is_one_that_apple_takes():
    assert apple.SECRET_LIFETIME <= 15777000
