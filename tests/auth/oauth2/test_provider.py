"""The authorization code flow, without OpenID Connect and without handlers."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.auth.lying_provider import CLIENT_ID, CLIENT_SECRET, LyingProvider, json_answer
from tornadolike import ioloop
from tornadolike.auth import (
    AccessDeniedError,
    Identity,
    OAuth2Provider,
    OAuthError,
    Pending,
    ProviderAnswerError,
    SignInError,
    Token,
)

BACK = "https://site.example/back"


class Plain(OAuth2Provider):
    default_name = "plain"
    default_scope = ("a", "b")
    authorization_endpoint = "https://id.example.com/authorize"
    token_endpoint = "https://id.example.com/token"

    async def identify(self, token: Token, pending: Pending, answer: Mapping[str, str]) -> Identity:
        return Identity(self.name, "https://id.example.com", answer["code"], token=token)


def begun(provider: OAuth2Provider, **options: Any) -> tuple[dict[str, str], Pending, str]:
    """The authorization request, what is kept of it, and its URL."""
    url, pending = ioloop.run(provider.begin(BACK, **options))
    query = parse_qs(urlsplit(url).query)
    assert all(len(values) == 1 for values in query.values())
    return {name: values[0] for name, values in query.items()}, pending, url


def test_the_request() -> None:
    request, pending, url = begun(Plain("me"), next="/a", login_hint="ann")
    digest = hashlib.sha256(pending.verifier.encode()).digest()
    assert url.startswith("https://id.example.com/authorize?")
    assert request == {
        "response_type": "code",
        "client_id": "me",
        "redirect_uri": BACK,
        "scope": "a b",
        "state": pending.state,
        "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        "login_hint": "ann",
    }
    assert (pending.provider, pending.redirect_uri, pending.next) == ("plain", BACK, "/a")


def test_no_two_are_alike() -> None:
    provider = Plain("me")
    made = [begun(provider)[1] for _ in range(20)]
    assert len({secret for one in made for secret in (one.state, one.nonce, one.verifier)}) == 60


def test_what_can_be_chosen() -> None:
    provider = Plain("me", scope=["c"], name="other")
    provider.response_mode = "form_post"
    provider.uses_pkce = False
    provider.authorization_endpoint = "https://id.example.com/authorize?tenant=1"
    request, pending, _ = begun(provider, scope=["d", "e"])
    assert (request["tenant"], request["scope"]) == ("1", "d e")
    assert request["response_mode"] == "form_post"
    assert "code_challenge" not in request
    assert (pending.provider, pending.verifier) == ("other", "")
    assert begun(provider)[0]["scope"] == "c"


@pytest.mark.parametrize("name", ["state", "client_id", "response_type", "code_challenge"])
def test_what_cannot(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        begun(Plain("me"), **{name: "mine"})


def at(lying: LyingProvider, **more: Any) -> Plain:
    provider = Plain(CLIENT_ID, CLIENT_SECRET, **more)
    provider.token_endpoint = f"{lying.issuer}/token"
    lying.answers.setdefault("/token", json_answer({"access_token": "it"}))
    return provider


def completed(provider: OAuth2Provider, **answer: str) -> Identity:
    _, pending, _ = begun(provider)
    given = {"state": pending.state, "code": "c", **answer}
    return ioloop.run(provider.complete(pending, given))  # type: ignore[no-any-return]


def test_the_answer(lying_provider: LyingProvider) -> None:
    identity = completed(at(lying_provider))
    assert identity.token is not None
    assert (identity.subject, identity.token.access_token) == ("c", "it")
    [asked] = lying_provider.asked
    verifier = asked.form.pop("code_verifier")
    assert len(verifier) == 43
    assert asked.form == {
        "grant_type": "authorization_code",
        "code": "c",
        "redirect_uri": BACK,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"state": ""}, SignInError),
        ({"state": "a" * 32}, SignInError),
        ({"state": "é\ud800"}, SignInError),
        ({"state": "", "error": "access_denied"}, SignInError),
        ({"code": ""}, ProviderAnswerError),
        ({"error": "access_denied"}, AccessDeniedError),
        ({"error": ""}, OAuthError),
        ({"error": "server_error", "code": "c"}, OAuthError),
    ],
    ids=repr,
)
def test_answers_that_are_none(
    lying_provider: LyingProvider, answer: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        completed(at(lying_provider), **answer)
    assert not lying_provider.asked


def test_why_it_was_refused(lying_provider: LyingProvider) -> None:
    with pytest.raises(OAuthError) as caught:
        completed(
            at(lying_provider),
            error="invalid_scope",
            error_description="d" * 10_000,
            error_uri="https://id.example.com/why",
        )
    assert caught.value.error == "invalid_scope"
    assert len(caught.value.description or "") == 500
    assert caught.value.uri == "https://id.example.com/why"


def test_the_answer_of_another_provider(lying_provider: LyingProvider) -> None:
    provider = at(lying_provider)
    assert completed(provider, iss="https://any.example").subject == "c"  # nobody has said which
    provider.issuer = "https://id.example.com"
    assert completed(provider, iss="https://id.example.com").subject == "c"
    assert completed(provider).subject == "c"
    for iss in ("https://evil.example", "https://id.example.com/", ""):
        with pytest.raises(SignInError):
            completed(provider, iss=iss)


def test_a_refresh(lying_provider: LyingProvider) -> None:
    provider = at(lying_provider)
    before = Token("old", refresh_token="r1", scope="a b")
    after = ioloop.run(provider.refresh(before))
    assert (after.access_token, after.refresh_token, after.scope) == ("it", "r1", "a b")
    lying_provider.answers["/token"] = json_answer(
        {"access_token": "newer", "refresh_token": "r2", "scope": "a"}
    )
    after = ioloop.run(provider.refresh(after))
    assert (after.access_token, after.refresh_token, after.scope) == ("newer", "r2", "a")
    assert [asked.form["refresh_token"] for asked in lying_provider.asked] == ["r1", "r1"]


def test_without_a_secret(lying_provider: LyingProvider) -> None:
    provider = at(lying_provider)
    public = Plain("me")
    public.token_endpoint = provider.token_endpoint
    completed(public)
    [asked] = lying_provider.asked
    assert asked.form["client_id"] == "me"
    assert "client_secret" not in asked.form
    assert "Authorization" not in asked.headers


def test_the_device_endpoint() -> None:
    assert ioloop.run(Plain("me").find_device_endpoint()) == ""
