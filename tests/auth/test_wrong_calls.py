"""Wrong calls of what is public: each is refused where it is made, in the name of the argument, without its value."""

import inspect
import math
from typing import Any, Final

import pytest

import tornadolike.auth as auth
from tornadolike.auth import KnownKeys, MemoryTokens, OAuth2Provider, Tokens, new_key
from tornadolike.stores import MemoryStore

SECRET: Final = "3f0e1c8ab4d97b26a51d3f0e1c8ab4d97b26a51d"
ISSUER: Final = "https://id.example.com"
KEY: Final = new_key()


class Plain(OAuth2Provider):
    async def identify(self, token: Any, pending: Any, answer: Any) -> Any:
        raise NotImplementedError


PROVIDER: Final = Plain("id", "secret")
CLIENT: Final = {"client_id": "id", "client_secret": "secret"}

NO_TEXT: Final = (None, 7, b"tea-cosy", ["tea-cosy"], "")
NO_TEXT_IF_ANY: Final = (7, b"tea-cosy", ["tea-cosy"], "")
NO_LIST: Final = ("tea-cosy", b"tea-cosy", 7, [7])
NO_FUNCTION: Final = ("tea-cosy", 7, [print])
NO_TIME: Final = (None, "tea-cosy", -1, 0, math.nan, math.inf, True)
NO_LEEWAY: Final = (None, "tea-cosy", -1, math.nan, True)
NO_NUMBER: Final = (None, "tea-cosy", 1.5, True, 0, -1)
NO_OBJECT: Final = ("tea-cosy", 7, object(), [])
NONE_EITHER: Final = (None, *NO_OBJECT)

OF_PROVIDERS: Final[dict[str, Any]] = {
    "client_id": NO_TEXT,
    "client_secret": NO_TEXT_IF_ANY,
    "scope": NO_LIST,
    "name": NO_TEXT_IF_ANY,
    "client_authentication": NO_OBJECT,
    "http_client": NO_OBJECT,
    "timeout": NO_TIME,
}
OF_OPENID: Final[dict[str, Any]] = {**OF_PROVIDERS, "keeping": NO_OBJECT}

CALLS: Final[dict[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    # name: what is right, and what is wrong with each argument
    "ApiKey": ({"id": "x", "digest": "y"}, {"scopes": ("tea-cosy", b"tea-cosy", 7, None)}),
    "ApiKeyAuthentication": (
        {"check": print},
        {
            "check": (None, *NO_FUNCTION),
            "header": (*NO_TEXT, "Cookie", "a b"),
            "query": NO_TEXT_IF_ANY,
            "scopes": NO_LIST,
        },
    ),
    "ApiKeys": (
        {"find": print},
        {"find": (None, *NO_FUNCTION), "used": NO_FUNCTION, "used_interval": NO_LEEWAY},
    ),
    "Apple": (
        {
            "client_id": "id",
            "team_id": "t",
            "key_id": "k",
            "private_key": KEY.as_pem(private=True),
        },
        {
            "client_id": NO_TEXT,
            "team_id": NO_TEXT,
            "key_id": NO_TEXT,
            "private_key": (None, 7, KEY.as_pem(private=False)),
            "scope": NO_LIST,
            "timeout": NO_TIME,
        },
    ),
    "BasicAuthentication": (
        {"check": print},
        {"check": (None, *NO_FUNCTION), "throttle": NO_OBJECT},
    ),
    "BearerAuthentication": (
        {"check": print},
        {
            "check": (None, *NO_FUNCTION),
            "scopes": NO_LIST,
            "query": NO_TEXT_IF_ANY,
            "max_length": NO_NUMBER,
        },
    ),
    "ClientCredentials": ({"provider": PROVIDER}, {"provider": NONE_EITHER, "scope": NO_LIST}),
    "ClientSecretJWT": (
        {"client_id": "id", "client_secret": SECRET},
        {"client_id": NO_TEXT, "audience": NO_TEXT_IF_ANY, "lifetime": NO_TIME},
    ),
    "Credentials": ({"user": "u"}, {"scopes": ("tea-cosy", b"tea-cosy", 7, None)}),
    "DeviceGrant": (
        {"provider": PROVIDER},
        {"provider": NONE_EITHER, "show": (None, *NO_FUNCTION), "scope": NO_LIST},
    ),
    "Discord": (CLIENT, OF_PROVIDERS),
    "Discovery": (
        {"issuer": ISSUER},
        {
            "issuer": (*NO_TEXT, "http://id.example.com", "tea-cosy"),
            "endpoints": NO_OBJECT,
            "called": NO_TEXT_IF_ANY,
            "keeping": NO_OBJECT,
        },
    ),
    "Facebook": (CLIENT, {**OF_PROVIDERS, "client_secret": NO_TEXT, "fields": NO_LIST}),
    "GitHub": (CLIENT, OF_PROVIDERS),
    "GitLab": (CLIENT, OF_OPENID),
    "Google": (CLIENT, {**OF_OPENID, "hosted_domain": NO_TEXT_IF_ANY}),
    "JWTBearer": (
        {"issuer": ISSUER, "audience": "a", "keys": KnownKeys(KEY)},
        {
            "issuer": NO_TEXT,
            "audience": NO_TEXT,
            "keys": NO_OBJECT,
            "algorithms": (None, "ES256", 7),
            "kind": NO_TEXT,
            "user": NO_FUNCTION,
            "leeway": NO_LEEWAY,
        },
    ),
    "Keeping": (
        {},
        dict.fromkeys(
            ("default", "shortest", "longest", "stale", "pause", "patience", "failure_pause"),
            NO_LEEWAY,
        ),
    ),
    "LeakedPasswords": ({}, {"url": NO_TEXT, "timeout": NO_TIME, "http_client": NO_OBJECT}),
    "LoginThrottle": (
        {},
        {
            "store": NO_OBJECT,
            "account": ("5/minute",),
            "address": ("5/minute",),
            "trusted_days": (-1, "tea-cosy"),
            "name": NO_TEXT,
            "store_down": NONE_EITHER,
        },
    ),
    "MailTokens": (
        {"purpose": "confirm", "secret": SECRET},
        {
            "purpose": NO_TEXT,
            "secret": (None, "tea-cosy", 7),
            "max_age_seconds": NO_TIME,
            "store": NO_OBJECT,
            "clock": (None, *NO_FUNCTION),
        },
    ),
    "Microsoft": (
        CLIENT,
        {**OF_OPENID, "tenant": (*NO_TEXT, "tea-cosy"), "tenants": NO_LIST},
    ),
    "OpenIDProvider": (
        {**CLIENT, "issuer": ISSUER},
        {**OF_OPENID, "issuer": (*NO_TEXT, "http://id.example.com")},
    ),
    "PasswordHasher": (
        {},
        {
            "memory": NO_NUMBER,
            "passes": NO_NUMBER,
            "lanes": NO_NUMBER,
            "max_running": NO_NUMBER,
            "max_waiting": (None, "tea-cosy", 1.5, -1),
            "foreign": (None, 7, "tea-cosy", [7]),
        },
    ),
    "PasswordRules": ({}, {"min_length": NO_NUMBER, "leaked": NO_FUNCTION}),
    "PrivateKeyJWT": (
        {"client_id": "id", "key": KEY},
        {
            "client_id": NO_TEXT,
            "key": (None, "tea-cosy", KnownKeys(KEY)),
            "algorithm": ("tea-cosy", 7, []),
            "audience": NO_TEXT_IF_ANY,
            "lifetime": NO_TIME,
        },
    ),
    "PublishedKeys": (
        {"url": ISSUER},
        {
            "url": (*NO_TEXT, "http://id.example.com"),
            "endpoints": NO_OBJECT,
            "keeping": NO_OBJECT,
        },
    ),
    "SignOuts": (
        {"store": MemoryStore()},
        {"store": NONE_EITHER, "seconds": (None, "tea-cosy", -1, 0, math.nan)},
    ),
    "Slack": (CLIENT, {**OF_OPENID, "team": NO_TEXT_IF_ANY}),
    "StoreTokens": (
        {"store": MemoryStore(), "secrets": SECRET},
        {
            "store": NONE_EITHER,
            "secrets": (None, 7, "tea-cosy", [7]),
            "seconds": NO_TIME,
            "renewing": NO_TIME,
            "prefix": NO_TEXT,
        },
    ),
    "TokenAuth": ({"tokens": Tokens(PROVIDER)}, {"tokens": NONE_EITHER, "key": NO_TEXT}),
    "TokenServer": (
        {**CLIENT, "token_endpoint": f"{ISSUER}/token"},
        {
            **OF_PROVIDERS,
            "token_endpoint": (*NO_TEXT, "http://id.example/token"),
            "device_authorization_endpoint": (None, 7, b"tea-cosy", "http://id.example/device"),
        },
    ),
    "Tokens": (
        {"grant": PROVIDER, "storage": MemoryTokens()},
        {"grant": NONE_EITHER, "storage": NO_OBJECT, "leeway": NO_LEEWAY},
    ),
    "load_key": (
        {"source": KEY.as_pem(private=True)},
        {
            "source": (None, 7, []),
            "kid": NO_TEXT_IF_ANY,
            "algorithm": NO_TEXT_IF_ANY,
            "password": ("tea-cosy", 7),
        },
    ),
    "make_api_key": (
        {"prefix": "acme"},
        {
            "prefix": (*NO_TEXT, "Acme"),
            "scopes": ("tea-cosy", 7, None),
            "expires_at": ("tea-cosy", True),
        },
    ),
    "new_key": ({}, {"algorithm": NO_TEXT, "kid": NO_TEXT_IF_ANY}),
    "secret_key": ({"secret": SECRET}, {"secret": NO_TEXT, "kid": NO_TEXT_IF_ANY}),
    "write_token": (
        {"claims": {}, "key": KEY, "lifetime": 60},
        {
            "claims": (None, "tea-cosy", 7),
            "key": (None, "tea-cosy"),
            "lifetime": NO_TIME,
            "algorithm": NO_TEXT_IF_ANY,
            "kind": NO_TEXT,
        },
    ),
}
"""What is left out takes anything: what checks and handlers give and get (Identity, Token, ...)."""


@pytest.mark.parametrize("name", CALLS)
def test_a_right_call(name: str) -> None:
    right, wrong = CALLS[name]
    function = getattr(auth, name)
    function(**right)
    kinds = {each.kind for each in inspect.signature(function).parameters.values()}
    if inspect.Parameter.VAR_KEYWORD not in kinds:
        assert wrong.keys() <= inspect.signature(function).parameters.keys()


@pytest.mark.parametrize(
    ("name", "argument", "value"),
    [
        (name, argument, value)
        for name, (_, wrong) in CALLS.items()
        for argument, values in wrong.items()
        for value in values
    ],
)
def test_a_wrong_call(name: str, argument: str, value: Any) -> None:
    right, _ = CALLS[name]
    with pytest.raises((TypeError, ValueError)) as caught:
        getattr(auth, name)(**{**right, argument: value})
    assert type(caught.value) in (TypeError, ValueError)
    text = str(caught.value)
    assert argument.removesuffix("s") in text.replace(" ", "_"), text
    assert "tea-cosy" not in text or argument not in ("client_secret", "secret", "secrets"), text


@pytest.mark.parametrize(
    "decorator",
    [
        auth.requires_role,
        auth.requires_any_role,
        auth.requires_permission,
        auth.requires_any_permission,
        auth.requires_scope,
    ],
)
@pytest.mark.parametrize("wanted", [(), (7,), (None,), ("",), (["a"],), (print,)])
def test_decorators_that_want_nothing(decorator: Any, wanted: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        decorator(*wanted)
