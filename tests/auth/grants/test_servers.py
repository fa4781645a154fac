"""A server of which only its URLs are known."""

from base64 import b64decode

import pytest

from tests.auth.grants.asking import Scripted
from tests.running import on_jumping_clock
from tornadolike.auth import ClientCredentials, DeviceGrant, Pending, Token, TokenServer
from tornadolike.auth.oauth2.clients import SecretInForm

URL = "https://id.example.com/oauth/token"
TOKEN = {"access_token": "good", "token_type": "Bearer"}


def server_of(*answers, secret="the secret", **options):
    client = Scripted(*answers)
    return TokenServer(
        "the:client", secret, token_endpoint=URL, http_client=client, **options
    ), client


@on_jumping_clock
async def test_the_secret_is_in_the_header():
    server, client = server_of(TOKEN)
    assert (await ClientCredentials(server).obtain()).access_token == "good"
    assert client.urls == [URL]
    assert client.forms == [{"grant_type": "client_credentials"}]
    scheme, _, said = client.headers[0]["Authorization"].partition(" ")
    assert (scheme, b64decode(said)) == ("Basic", b"the%3Aclient:the+secret")


@on_jumping_clock
async def test_the_secret_elsewhere():
    server, client = server_of(
        TOKEN, secret=None, client_authentication=SecretInForm("the:client", "s")
    )
    await ClientCredentials(server).obtain()
    assert client.forms[0]["client_secret"] == "s"
    assert "Authorization" not in client.headers[0]


@on_jumping_clock
async def test_without_a_secret():
    codes = {
        "device_code": "d",
        "user_code": "u",
        "verification_uri": "https://id.example.com/device",
        "expires_in": 60,
    }
    device = "https://id.example.com/oauth/device"
    server, client = server_of(codes, TOKEN, secret=None, device_authorization_endpoint=device)
    await DeviceGrant(server, lambda code: None, scope=["x"]).obtain()
    assert client.urls == [device, URL]
    assert [form["client_id"] for form in client.forms] == ["the:client"] * 2
    assert "Authorization" not in client.headers[1]


@on_jumping_clock
async def test_nobody_signs_in_with_it():
    server, _ = server_of(TOKEN)
    with pytest.raises(TypeError, match="does not say who anybody is"):
        await server.identify(Token("x"), Pending("tokens", "https://a.example"), {})


def test_the_secret_is_not_shown():
    server, _ = server_of(TOKEN)
    assert "the secret" not in repr(server)
