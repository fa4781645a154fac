"""A user agrees on another device (RFC 8628)."""

import asyncio

import pytest

from tests.auth.grants.asking import provider_of, refusal
from tests.running import on_jumping_clock
from tornadolike.auth import (
    AccessDeniedError,
    DeviceGrant,
    OAuth2Provider,
    OAuthError,
    ProviderAnswerError,
    Token,
)
from tornadolike.auth.grants.device import DeviceCode, show_code

CODES = {
    "device_code": "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS",
    "user_code": "WDJB-MJHT",
    "verification_uri": "https://example.com/device",
    "verification_uri_complete": "https://example.com/device?user_code=WDJB-MJHT",
    "expires_in": 1800,
    "interval": 5,
}
PENDING = refusal("authorization_pending")
TOKEN = {"access_token": "good", "token_type": "bearer"}


@on_jumping_clock
async def test_the_user_agrees():
    provider, client = provider_of(CODES, PENDING, PENDING, TOKEN)
    shown = []
    token = await DeviceGrant(provider, shown.append, scope=["repo", "gist"]).obtain()
    assert token.access_token == "good"
    assert [(code.user_code, code.verification_uri) for code in shown] == [
        ("WDJB-MJHT", "https://example.com/device")
    ]
    assert client.urls[0] == "https://github.com/login/device/code"
    begun, asked = client.forms[0], client.forms[1]
    assert (begun["client_id"], begun["scope"]) == ("the-client", "repo gist")
    assert asked["grant_type"] == "urn:ietf:params:oauth:grant-type:device_code"
    assert asked["device_code"] == CODES["device_code"]
    assert client.waited == [5, 5, 5]


@on_jumping_clock
async def test_the_scope_is_the_providers():
    provider, client = provider_of(CODES, TOKEN)
    await DeviceGrant(provider, lambda code: None).begin()
    assert client.forms[0]["scope"] == "read:user user:email"


@pytest.mark.parametrize(
    ("answers", "waited"),
    [
        ([refusal("slow_down"), PENDING], [5, 10, 10]),
        ([refusal("slow_down"), refusal("slow_down")], [5, 10, 15]),
        ([(200, {"error": "slow_down", "interval": 30}), PENDING], [5, 30, 30]),
        ([refusal("slow_down", interval=1)], [5, 10]),
        ([OSError("gone"), PENDING], [5, 10, 10]),
        ([(503, {}), (503, {})], [5, 10, 20]),
    ],
)
@on_jumping_clock
async def test_it_asks_less_often(answers, waited):
    provider, client = provider_of(CODES, *answers, TOKEN)
    assert (await DeviceGrant(provider, lambda code: None).obtain()).access_token == "good"
    assert client.waited == waited


@on_jumping_clock
async def test_without_an_interval():
    provider, client = provider_of({**CODES, "interval": None}, TOKEN)
    await DeviceGrant(provider, lambda code: None).obtain()
    assert client.waited == [5]


@on_jumping_clock
async def test_an_interval_of_nothing_is_no_flood():
    provider, client = provider_of({**CODES, "interval": 0, "expires_in": 20}, PENDING)
    with pytest.raises(OAuthError, match="in time"):
        await DeviceGrant(provider, lambda code: None).obtain()
    assert len(client.urls) <= 21


@pytest.mark.parametrize(
    ("error", "kind"), [("access_denied", AccessDeniedError), ("expired_token", OAuthError)]
)
@on_jumping_clock
async def test_the_user_does_not(error, kind):
    provider, client = provider_of(CODES, PENDING, refusal(error))
    with pytest.raises(kind) as caught:
        await DeviceGrant(provider, lambda code: None).obtain()
    assert caught.value.error == error
    assert len(client.urls) == 3


@pytest.mark.parametrize(
    ("said", "seconds"), [({"expires_in": 12}, 12), ({"expires_in": 1e12}, 3600), ({}, 1800)]
)
@on_jumping_clock
async def test_it_does_not_ask_for_ever(said, seconds):
    provider, _ = provider_of({**CODES, **said}, PENDING)
    begun = asyncio.get_running_loop().time()
    with pytest.raises(OAuthError, match="expired_token: the user has not agreed in time"):
        await DeviceGrant(provider, lambda code: None).obtain()
    assert asyncio.get_running_loop().time() - begun == seconds


@on_jumping_clock
async def test_an_interval_beyond_the_end():
    provider, _ = provider_of({**CODES, "interval": 1e300, "expires_in": 60}, TOKEN)
    begun = asyncio.get_running_loop().time()
    assert (await DeviceGrant(provider, lambda code: None).obtain()).access_token == "good"
    assert asyncio.get_running_loop().time() - begun == 60


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"device_code": None}, "no device_code"),
        ({"device_code": 7}, "no device_code"),
        ({"user_code": ""}, "no user_code"),
        ({"user_code": "x" * 65}, "no user_code"),
        ({"user_code": 12345678}, "no user_code"),
        ({"user_code": "\x1b[2Jpwned"}, "cannot be shown"),
        ({"user_code": "AB\u202eCD"}, "cannot be shown"),
        ({"verification_uri": None}, "verification_uri"),
        ({"verification_uri": "javascript:alert(1)"}, "verification_uri"),
        ({"verification_uri": "https://a.example/\x1b[2J"}, "verification_uri"),
        ({"verification_uri": ["https://a.example/"]}, "verification_uri"),
        ({"interval": "soon"}, "interval"),
        ({"interval": -1}, "interval"),
        ({"interval": True}, "interval"),
        ({"interval": [5]}, "interval"),
        ({"interval": "nan"}, "interval"),
        ({"expires_in": 10**400}, "expires_in"),
    ],
)
def test_what_no_provider_may_answer(said, complaint):
    with pytest.raises(ProviderAnswerError, match=complaint) as caught:
        DeviceCode.from_answer({**CODES, **said}, 0.0)
    assert "\x1b" not in str(caught.value)


def test_an_older_name_for_the_page():
    answer = {**CODES, "verification_url": "https://www.google.com/device"}
    del answer["verification_uri"]
    code = DeviceCode.from_answer(answer, 0.0)
    assert code.verification_uri == "https://www.google.com/device"


def test_a_link_that_is_none_is_left_out():
    answer = {**CODES, "verification_uri_complete": "javascript:alert(1)"}
    assert DeviceCode.from_answer(answer, 0.0).verification_uri_complete is None


def test_the_programs_own_code_is_not_shown(capsys):
    code = DeviceCode.from_answer(CODES, 0.0)
    assert CODES["device_code"] not in repr(code)
    show_code(code)
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "To sign in, open https://example.com/device and enter the code WDJB-MJHT\n"


@on_jumping_clock
async def test_showing_may_wait():
    provider, client = provider_of(CODES, TOKEN)

    async def show(code):
        await asyncio.sleep(100)

    await DeviceGrant(provider, show).obtain()
    assert client.waited == [105]


class Codeless(OAuth2Provider):
    default_name = "codeless"

    async def identify(self, token, pending, answer):
        raise NotImplementedError


@on_jumping_clock
async def test_a_provider_that_knows_no_such_grant():
    with pytest.raises(ValueError, match="codeless has no device_authorization_endpoint"):
        await DeviceGrant(Codeless("id")).begin()


@on_jumping_clock
async def test_it_is_refreshed_without_the_user():
    provider, client = provider_of(TOKEN)
    shown = []
    token = await DeviceGrant(provider, shown.append).renew(Token("old", refresh_token="r"))
    assert (token.access_token, shown) == ("good", [])
    assert client.forms[0]["refresh_token"] == "r"


@pytest.mark.parametrize("error", ["invalid_grant", "bad_refresh_token"])
@on_jumping_clock
async def test_the_user_is_asked_when_that_is_over(error):
    provider, _ = provider_of(refusal(error), CODES, TOKEN)
    shown = []
    grant = DeviceGrant(provider, shown.append)
    assert (await grant.renew(Token("old", refresh_token="r"))).access_token == "good"
    assert len(shown) == 1


@on_jumping_clock
async def test_the_user_is_asked_when_nothing_can_be_refreshed():
    provider, _ = provider_of(CODES, TOKEN)
    assert (await DeviceGrant(provider, lambda code: None).renew(Token("old"))).access_token
