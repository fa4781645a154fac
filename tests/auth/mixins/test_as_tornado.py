"""Tornado's mixins and ours, given the same: the same requests, the same cookies, the same users.

Mixins ask little of a handler, so that one that writes down what they do is enough here.
"""

import inspect
import json
import secrets
import time
import types
import uuid
import warnings
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import tornado.auth

import tornadolike.auth
from tornadolike.httputil import HTTPServerRequest

pytestmark = pytest.mark.once

NONCE = uuid.UUID("00112233445566778899aabbccddeeff")
SETTINGS = {
    "google_oauth": {"key": "google", "secret": "google's & secret"},
    "twitter_consumer_key": "twitter",
    "twitter_consumer_secret": "twitter's & secret",
}
ACCESS = {"key": "an access token", "secret": "its & secret"}


class Client:
    """Answers in turn, and writes down what it was asked."""

    def __init__(self, *bodies: bytes) -> None:
        self.bodies = list(bodies)
        self.asked: list[Any] = []

    async def fetch(self, url: str, **options: Any) -> Any:
        options["body"] = parse_qsl(options["body"]) if "body" in options else None
        self.asked.append((split(url), options))
        return types.SimpleNamespace(body=self.bodies.pop(0))


def split(url: str) -> tuple[str, list[tuple[str, str]]]:
    """An address, and its query without an order."""
    parts = urlsplit(url)
    return parts._replace(query="").geturl(), sorted(parse_qsl(parts.query, keep_blank_values=True))


def handler(package: Any, name: str, uri: str, client: Client, cookies: dict[str, str]) -> Any:
    """A handler with a mixin of a package."""
    mixin = getattr(package, name)

    class Handler(mixin):  # type: ignore[misc]
        _OAUTH_REQUEST_TOKEN_URL = "https://provider.example/request"
        _OAUTH_ACCESS_TOKEN_URL = "https://provider.example/access"
        _OAUTH_AUTHORIZE_URL = "https://provider.example/authorize"
        _OPENID_ENDPOINT = "https://provider.example/openid"
        settings = SETTINGS

        def __init__(self) -> None:
            self.done: list[Any] = []
            self.request = HTTPServerRequest("GET", uri, headers=None, host="site.example")

        def _oauth_consumer_token(self) -> dict[str, Any]:
            return {"key": "consumer", "secret": "their & secret"}

        async def _oauth_get_user_future(self, access_token: dict[str, Any]) -> dict[str, Any]:
            return {"name": "Ann"}

        def get_auth_http_client(self) -> Any:
            return client

        def require_setting(self, name: str, feature: str) -> None:
            assert name in self.settings

        def get_argument(self, name: str, default: str | None = None) -> str | None:
            return dict(parse_qsl(urlsplit(uri).query)).get(name, default)

        def get_cookie(self, name: str) -> str | None:
            return cookies.get(name)

        def set_cookie(self, name: str, value: Any, **attributes: Any) -> None:
            text = value.decode() if isinstance(value, bytes) else value
            self.done.append(("cookie", name, text))

        def clear_cookie(self, name: str) -> None:
            self.done.append(("no cookie", name))

        def redirect(self, url: str) -> None:
            self.done.append(("redirect", split(url)))

        def finish(self, url: str) -> None:
            self.done.append(("finish", split(url)))

    return Handler()


def run(result: Any) -> Any:
    """What a coroutine that does not wait returns."""
    if not hasattr(result, "send"):
        return result
    with pytest.raises(StopIteration) as stopped:
        result.send(None)
    return stopped.value.value


Do = Callable[[Any], Any]
TOKEN = b"oauth_token=a+token&oauth_token_secret=its%20%26&more=%C3%A9"
COOKIE = {"_oauth_request_token": "YSB0b2tlbg==|aXRzICY="}
JSON = json.dumps({"access_token": "t", "expires_in": 7, "id": "1", "name": "Ann"}).encode()


def case(name: str, do: Do, *bodies: bytes, uri: str = "/login?a=1", id: str) -> Any:
    return pytest.param(name, do, bodies, uri, id=id)


@pytest.mark.parametrize(
    ("name", "do", "bodies", "uri"),
    [
        case("OAuthMixin", lambda h: h.authorize_redirect(), TOKEN, id="begin"),
        case("OAuthMixin", lambda h: h.authorize_redirect("/back?b=2"), TOKEN, id="callback"),
        case("OAuthMixin", lambda h: h.authorize_redirect("oob"), TOKEN, id="out of band"),
        case(
            "OAuthMixin",
            lambda h: h.authorize_redirect("https://other.example/", {"x": "1 & 2"}),
            TOKEN,
            id="more parameters",
        ),
        case(
            "OAuthMixin",
            lambda h: h.get_authenticated_user(),
            TOKEN,
            uri="/login?oauth_token=a%20token",
            id="end",
        ),
        case(
            "OAuthMixin",
            lambda h: h.get_authenticated_user(),
            TOKEN,
            uri="/login?oauth_token=a%20token&oauth_verifier=v",
            id="end with a verifier",
        ),
        case(
            "OAuthMixin",
            lambda h: h._oauth_request_parameters(
                "https://api.example/a", ACCESS, {"b": "1 & 2", "a": "é"}, method="POST"
            ),
            id="parameters",
        ),
        case("TwitterMixin", lambda h: h.authenticate_redirect("/b"), TOKEN, id="Twitter begins"),
        case(
            "TwitterMixin",
            lambda h: h.twitter_request("/a/b", ACCESS, {"status": "1 & é"}, x="y z"),
            JSON,
            id="Twitter gets a POST",
        ),
        case("TwitterMixin", lambda h: h.twitter_request("/a/b", ACCESS), JSON, id="Twitter"),
        case("OAuth2Mixin", lambda h: h.authorize_redirect(), id="begin 2"),
        case(
            "OAuth2Mixin",
            lambda h: h.authorize_redirect(
                "https://a/?b", "id", extra_params={"state": "é"}, scope=["a", "b"]
            ),
            id="begin 2 with all",
        ),
        case(
            "OAuth2Mixin",
            lambda h: h._oauth_request_token_url("r", "i", "s", "c", {"e": "f"}),
            id="the address of a token",
        ),
        case(
            "OAuth2Mixin",
            lambda h: h.oauth2_request("https://api.example/", "t", a="1 & 2"),
            JSON,
            id="ask",
        ),
        case(
            "OAuth2Mixin",
            lambda h: h.oauth2_request("https://api.example/", "t", {"a": "1 & 2"}),
            JSON,
            id="post",
        ),
        case(
            "GoogleOAuth2Mixin",
            lambda h: h.get_authenticated_user("https://site.example/login", "a code"),
            JSON,
            id="Google",
        ),
        case(
            "GoogleOAuth2Mixin",
            lambda h: h.get_authenticated_user("r", "a code", "another", "secret"),
            JSON,
            id="Google with another key",
        ),
        case(
            "FacebookGraphMixin",
            lambda h: h.facebook_request("/me", "t", {"message": "é"}, a="b"),
            JSON,
            id="Facebook gets a POST",
        ),
    ],
)
@pytest.mark.parametrize("version", ["1.0", "1.0a"])
def test_the_same(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    do: Do,
    bodies: tuple[bytes, ...],
    uri: str,
    version: str,
) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_700_000_000.5)
    monkeypatch.setattr(uuid, "uuid4", lambda: NONCE)
    monkeypatch.setattr(secrets, "token_hex", lambda size: NONCE.hex)
    outcomes = []
    for package in (tornado.auth, tornadolike.auth):
        client = Client(*bodies)
        made = handler(package, name, uri, client, COOKIE)
        made._OAUTH_VERSION = version
        outcomes.append((run(do(made)), made.done, client.asked))
    theirs, ours = outcomes
    assert any(theirs)
    if version == "1.0":
        theirs, ours = (without_signatures(outcome) for outcome in (theirs, ours))
    assert ours == theirs


def without_signatures(outcome: Any) -> Any:
    """In 1.0 Tornado does not encode the secrets that it signs with."""
    result, done, asked = outcome
    if isinstance(result, dict):
        result = {k: v for k, v in result.items() if k != "oauth_signature"}
    asked = [
        ((url, [pair for pair in query if pair[0] != "oauth_signature"]), options)
        for (url, query), options in asked
    ]
    return result, done, asked


def test_facebooks_users(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tornado asks for the fields in any order."""
    outcomes = []
    for package in (tornado.auth, tornadolike.auth):
        client = Client(JSON, JSON)
        made = handler(package, "FacebookGraphMixin", "/", client, {})
        user = run(made.get_authenticated_user("r", "i", "s", "c", {"email"}))
        (first, _), ((url, query), _) = client.asked
        fields = sorted(dict(query).pop("fields").split(","))
        outcomes.append((user, first, url, [p for p in query if p[0] != "fields"], fields))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize(
    "attributes", [[], ["name"], ["email", "language"], ["name", "email", "language", "username"]]
)
def test_openids_arguments(attributes: list[str]) -> None:
    outcomes = []
    for package in (tornado.auth, tornadolike.auth):
        made = handler(package, "OpenIdMixin", "/login?a=1", Client(), {})
        made.cookies = {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            said = made._openid_args("/back?b=2", attributes, "a scope")
        return_to = said.pop("openid.return_to")
        required = sorted(said.pop("openid.ax.required", "").split(","))
        outcomes.append((said, required, return_to.partition("&openid_state=")[0]))
    assert outcomes[0] == outcomes[1]


def test_the_same_names() -> None:
    """All that programs may override or call, with the same arguments."""
    missing: list[str] = []
    for name, theirs in vars(tornado.auth).items():
        if not (isinstance(theirs, type) and theirs.__module__ == "tornado.auth"):
            continue
        ours = getattr(tornadolike.auth, name)
        for attribute, value in vars(theirs).items():
            if attribute.startswith("__"):
                continue
            mine = getattr(ours, attribute, missing)
            if callable(value):
                wanted = list(inspect.signature(value).parameters)
                if mine is missing or list(inspect.signature(mine).parameters) != wanted:
                    missing.append(f"{name}.{attribute}")
            elif mine != value:
                missing.append(f"{name}.{attribute}")
    assert missing == []
