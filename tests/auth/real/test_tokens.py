"""Tokens of a certified provider: who asks for them, how they are renewed, and those that scripts get."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from tests.auth.real.site import CLIENT, SECRET, SIGNIN, FormPost, Site
from tests.auth.real.users import User
from tornadolike.auth import (
    AccessDeniedError,
    ClientCredentials,
    ClientSecretJWT,
    DeviceGrant,
    OAuthError,
    OpenIDProvider,
    PrivateKeyJWT,
    Token,
    new_key,
)
from tornadolike.auth.oauth2.clients import SecretInForm

pytestmark = pytest.mark.once

Make = Callable[..., Site]

KEY = new_key("ES256", kid="the site's")
PUBLIC = {**KEY.as_dict(private=False), "use": "sig"}

CLIENTS: dict[str, dict[str, Any]] = {
    "client_secret_basic": {},
    "client_secret_post": {"client_authentication": SecretInForm(CLIENT, SECRET)},
    "client_secret_jwt": {"client_authentication": ClientSecretJWT(CLIENT, SECRET)},
    "private_key_jwt": {"client_authentication": PrivateKeyJWT(CLIENT, KEY), "secret": None},
    "none": {"secret": None},
}
"""By what the provider calls it: how a site says who it is."""


def registered(method: str) -> dict[str, Any]:
    """What the provider knows of a site that says so who it is."""
    has_secret = method.startswith("client_secret")
    return {
        "token_endpoint_auth_method": method,
        "client_secret": SECRET if has_secret else None,
        "jwks": {"keys": [PUBLIC]} if method == "private_key_jwt" else None,
    }


@pytest.mark.parametrize("kind", [OpenIDProvider, FormPost])
@pytest.mark.parametrize("method", CLIENTS)
def test_each_way_to_say_who_one_is(make: Make, method: str, kind: type[OpenIDProvider]) -> None:
    site, ada = make(kind=kind, client=registered(method), **CLIENTS[method]), User()
    _, answer = ada.sign_in(site.url + SIGNIN)
    assert answer.status == 200, site.errors
    assert [identity.subject for identity in site.identities] == ["ada"]


@pytest.mark.parametrize("method", ["client_secret_jwt", "private_key_jwt"])
def test_the_wrong_way(make: Make, method: str) -> None:
    site, ada = make(client=registered(method)), User()
    _, answer = ada.sign_in(site.url + SIGNIN)
    assert answer.status == 502
    assert [error.error for error in site.errors] == ["invalid_client"]


def test_another_key(make: Make) -> None:
    client = PrivateKeyJWT(CLIENT, new_key("ES256", kid="the site's"))
    site = make(client=registered("private_key_jwt"), client_authentication=client, secret=None)
    User().sign_in(site.url + SIGNIN)
    assert [error.error for error in site.errors] == ["invalid_client"]


# Renewing


def offline(make: Make, method: str) -> tuple[Site, Token]:
    """A site, and a token of a user that can be renewed."""
    site = make(
        client=registered(method),
        scope=["openid", "email", "offline_access"],
        parameters={"prompt": "consent"},
        **CLIENTS[method],
    )
    User().sign_in(site.url + SIGNIN)
    (identity,) = site.identities
    assert identity.token.refresh_token
    return site, identity.token


def test_a_token_is_renewed(make: Make) -> None:
    site, token = offline(make, "client_secret_basic")
    renewed = site.run(site.openid.refresh, token)
    assert renewed.access_token != token.access_token
    assert (
        renewed.refresh_token == token.refresh_token
    )  # this provider keeps it for those with a secret
    assert renewed.id_token
    again = site.run(site.openid.refresh, renewed)
    assert again.access_token not in (token.access_token, renewed.access_token)


def test_a_refresh_token_that_is_exchanged_serves_once(make: Make) -> None:
    site, token = offline(make, "none")
    renewed = site.run(site.openid.refresh, token)
    assert renewed.refresh_token != token.refresh_token
    with pytest.raises(OAuthError, match="invalid_grant"):
        site.run(site.openid.refresh, token)
    # Two had it, so somebody has stolen it: that was the end of all of them.
    with pytest.raises(OAuthError, match="invalid_grant"):
        site.run(site.openid.refresh, renewed)


# For scripts

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


def script(make: Make, *grants: str) -> Site:
    """What a program gets that has no site."""
    response_types = [] if "authorization_code" not in grants else ["code"]
    client = {"grant_types": list(grants), "response_types": response_types, "redirect_uris": []}
    return make(client=client)


def test_a_program_for_itself(make: Make) -> None:
    site = script(make, "client_credentials")
    token = site.run(ClientCredentials(site.openid).obtain)
    assert token.token_type == "Bearer"
    assert not token.is_expired()
    assert token.refresh_token is None


def device_code(site: Site) -> tuple[DeviceGrant, Any]:
    """A grant that has begun; nobody has to wait for the provider's patience."""
    grant = DeviceGrant(site.openid)
    return grant, dataclasses.replace(site.run(grant.begin), interval=0.0)


def test_a_user_agrees_on_another_device(make: Make) -> None:
    site = script(make, DEVICE, "refresh_token")
    grant, code = device_code(site)
    _, answer = User().sign_in(code.verification_uri_complete, confirm="yes")
    assert answer.status == 200
    token = site.run(grant.finish, code)
    assert not token.is_expired()
    assert token.scope == "openid profile email"
    assert token.id_token


def test_a_user_does_not_agree_on_another_device(make: Make) -> None:
    site = script(make, DEVICE)
    grant, code = device_code(site)
    User().follow(code.verification_uri_complete, abort="yes")
    with pytest.raises(AccessDeniedError):
        site.run(grant.finish, code)


def test_a_device_code_serves_once(make: Make) -> None:
    site = script(make, DEVICE)
    grant, code = device_code(site)
    User().sign_in(code.verification_uri_complete)
    site.run(grant.finish, code)
    with pytest.raises(OAuthError, match="invalid_grant"):
        site.run(grant.finish, code)
