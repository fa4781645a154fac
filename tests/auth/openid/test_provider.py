"""OpenID Connect: what a provider says of who has signed in, true and false."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from tests.auth.browser import Browser
from tests.auth.lying_provider import LyingProvider, json_answer, new_key
from tornadolike import ioloop
from tornadolike.auth import (
    AccessDeniedError,
    AuthError,
    Identity,
    OAuthError,
    OpenIDProvider,
    ProviderAnswerError,
    ProviderUnavailableError,
    SignInError,
    Token,
    TokenError,
)
from tornadolike.auth.oauth2.clients import SecretInForm
from tornadolike.auth.openid.keeping import Keeping

BACK = "http://site.example/back"


@pytest.fixture(params=[ioloop.run, asyncio.run], ids=["own", "guest"])
def run(request: pytest.FixtureRequest) -> Callable[[Awaitable[Any]], Any]:
    """Runs a coroutine on a loop of ours, and beside one of asyncio's."""
    runner: Callable[[Awaitable[Any]], Any] = request.param
    return runner


Run = Callable[[Any], Any]


def provider_of(lying: LyingProvider, **more: Any) -> OpenIDProvider:
    return OpenIDProvider(
        lying.client_id, **{"client_secret": lying.client_secret, "issuer": lying.issuer, **more}
    )


async def answer_of(url: str) -> dict[str, str]:
    """With what the browser comes back that is sent there."""
    page = await asyncio.to_thread(Browser().open, url, None, BACK)
    return dict(parse_qsl(urlsplit(page.url).query))


async def sign_in(provider: OpenIDProvider, **options: Any) -> Identity:
    url, pending = await provider.begin(BACK, **options)
    return await provider.complete(pending, await answer_of(url))


def test_who_it_is(lying_provider: LyingProvider, run: Run) -> None:
    identity = run(sign_in(provider_of(lying_provider)))
    assert identity.provider == "openid"
    assert (identity.issuer, identity.subject) == (lying_provider.issuer, "user-17")
    assert (identity.name, identity.username) == ("Ann Example", "ann")
    assert (identity.email, identity.email_verified) == ("ann@example.com", True)
    assert (identity.picture, identity.session_id) == ("https://example.com/ann.png", "session-3")
    assert identity.token.refresh_token
    assert identity.claims["aud"] == lying_provider.client_id
    for secret in (identity.token.access_token, identity.token.id_token):
        assert secret not in repr(identity)


def test_what_the_provider_is_asked(lying_provider: LyingProvider, run: Run) -> None:
    run(sign_in(provider_of(lying_provider), prompt="login", login_hint="ann", max_age=60))
    request = lying_provider.asked_of("/authorize")[0].form
    assert request["scope"] == "openid profile email"
    assert request["code_challenge_method"] == "S256"
    assert (request["prompt"], request["login_hint"], request["max_age"]) == ("login", "ann", "60")
    assert len({request["nonce"], request["state"], request["code_challenge"]}) == 3
    [asked] = lying_provider.asked_of("/token")
    assert asked.headers["Authorization"].startswith("Basic ")
    assert "client_secret" not in asked.form


@pytest.mark.parametrize(
    ("methods", "client", "place"),
    [
        (["client_secret_basic", "client_secret_post"], {}, "header"),
        (None, {}, "header"),
        (["private_key_jwt", "client_secret_post"], {}, "form"),
        (["client_secret_basic"], {"client_secret": None}, "nowhere"),
        (["client_secret_basic"], {"client_authentication": "form"}, "form"),
    ],
)
def test_how_the_application_says_who_it_is(
    lying_provider: LyingProvider, run: Run, methods: Any, client: dict[str, Any], place: str
) -> None:
    lying_provider.metadata["token_endpoint_auth_methods_supported"] = methods
    if "client_authentication" in client:
        given = SecretInForm(lying_provider.client_id, lying_provider.client_secret)
        client = {"client_secret": None, "client_authentication": given}
    run(sign_in(provider_of(lying_provider, **client)))
    [asked] = lying_provider.asked_of("/token")
    there = {
        "header": "Authorization" in asked.headers,
        "form": "client_secret" in asked.form,
        "nowhere": "client_id" in asked.form and "client_secret" not in asked.form,
    }
    assert [name for name, is_there in there.items() if is_there] == [place]


def test_a_provider_that_takes_no_secret(lying_provider: LyingProvider, run: Run) -> None:
    lying_provider.metadata["token_endpoint_auth_methods_supported"] = ["tls_client_auth"]
    with pytest.raises(ProviderAnswerError, match="client_authentication="):
        run(sign_in(provider_of(lying_provider)))


LIES: dict[str, tuple[str, dict[str, Any], type[AuthError], str]] = {
    "no ID token": ("token_answer", {"id_token": None}, ProviderAnswerError, "no id_token"),
    "no JWT": ("token_answer", {"id_token": "a.b.c"}, TokenError, "."),
    "no access token": ("token_answer", {"access_token": None}, ProviderAnswerError, "."),
    "nonce": ("claims", {"nonce": "another"}, TokenError, "nonce"),
    "no nonce": ("claims", {"nonce": None}, TokenError, "nonce"),
    "issuer": ("claims", {"iss": "https://evil.example"}, TokenError, "."),
    "audience": ("claims", {"aud": "another"}, TokenError, "."),
    "party": ("claims", {"azp": "another"}, TokenError, "azp"),
    "expired": ("claims", {"exp": 1_000_000_000}, TokenError, "expired"),
    "no subject": ("claims", {"sub": None}, TokenError, "sub"),
    "at_hash": ("claims", {"at_hash": "AAAA"}, TokenError, "at_hash"),
    "c_hash": ("claims", {"c_hash": "AAAA"}, TokenError, "c_hash"),
    "not signed": ("header", {"alg": "HS256"}, TokenError, "."),
    "user info of another": ("userinfo", {"sub": "user-18"}, TokenError, "user info"),
    "user info of nobody": ("userinfo", {"sub": None}, TokenError, "user info"),
    "no iss": ("redirect", {"iss": None}, SignInError, "9207"),
    "iss": ("redirect", {"iss": "https://evil.example"}, SignInError, "another provider"),
    "state": ("redirect", {"state": "a" * 32}, SignInError, "state"),
    "no state": ("redirect", {"state": None}, SignInError, "state"),
    "no code": ("redirect", {"code": None}, ProviderAnswerError, "code"),
    "another code": ("redirect", {"code": "forged"}, OAuthError, "invalid_grant"),
    "error": ("redirect", {"code": None, "error": "server_error"}, OAuthError, "server_error"),
    "denied": ("redirect", {"error": "access_denied"}, AccessDeniedError, "access_denied"),
    "algorithms": (
        "metadata",
        {"id_token_signing_alg_values_supported": ["none", "HS256"]},
        ProviderAnswerError,
        "none is believed",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_lies(lying_provider: LyingProvider, lie: str) -> None:
    where, what, error, said = LIES[lie]
    getattr(lying_provider, where).update(what)
    if lie == "not signed":
        lying_provider.sign = lambda claims, key=None, header=None: "e30.e30."  # type: ignore[method-assign]
    with pytest.raises(error, match=said):
        ioloop.run(sign_in(provider_of(lying_provider)))


def test_an_error_is_of_the_right_provider_too(lying_provider: LyingProvider) -> None:
    """Else an attacker's provider could end sign-ins with others."""
    lying_provider.redirect.update(error="access_denied", iss="https://evil.example")
    with pytest.raises(SignInError):
        ioloop.run(sign_in(provider_of(lying_provider)))


def test_signed_by_another_key(lying_provider: LyingProvider) -> None:
    honest = lying_provider.sign
    forged = new_key(lying_provider.keys[0].kid)
    lying_provider.sign = lambda claims, key=None, header=None: honest(claims, forged, header)  # type: ignore[method-assign]
    with pytest.raises(TokenError):
        ioloop.run(sign_in(provider_of(lying_provider)))


def test_keys_that_change(lying_provider: LyingProvider, run: Run) -> None:
    provider = provider_of(lying_provider, keeping=Keeping(pause=0))

    async def main() -> None:
        await sign_in(provider)
        lying_provider.rotate()
        await sign_in(provider)

    run(main())
    assert len(lying_provider.asked_of("/jwks")) == 2
    assert len(lying_provider.asked_of("/.well-known/openid-configuration")) == 1


@pytest.mark.parametrize(
    ("auth_time", "fits"), [(0, True), (-50, True), (-1000, False), (None, False)]
)
def test_how_long_ago_the_password_was_given(
    lying_provider: LyingProvider, auth_time: int | None, fits: bool
) -> None:
    said = None if auth_time is None else int(time.time()) + auth_time
    lying_provider.claims["auth_time"] = said
    provider = provider_of(lying_provider)
    ioloop.run(sign_in(provider))
    if fits:
        ioloop.run(sign_in(provider_of(lying_provider), max_age=60))
    else:
        with pytest.raises(TokenError):
            ioloop.run(sign_in(provider_of(lying_provider), max_age=60))


# The user info


def test_what_is_signed_counts_more(lying_provider: LyingProvider) -> None:
    lying_provider.claims.update(name="Signed", email="signed@example.com")
    identity = ioloop.run(sign_in(provider_of(lying_provider)))
    assert (identity.name, identity.username) == ("Signed", "ann")
    # The user info says that another address is verified.
    assert (identity.email, identity.email_verified) == ("signed@example.com", False)


def test_what_the_id_token_calls_verified_is_the_address_in_it(
    lying_provider: LyingProvider,
) -> None:
    lying_provider.claims.update(email_verified=True)
    lying_provider.userinfo.update(email="other@example.com", email_verified=False)
    identity = ioloop.run(sign_in(provider_of(lying_provider)))
    assert (identity.email, identity.email_verified) == ("other@example.com", False)


def test_a_user_whose_name_no_page_can_show(lying_provider: LyingProvider) -> None:
    text = '{"sub": "user-17", "name": "\\ud800", "email": "a\\u0000@b.c", "email_verified": true}'
    lying_provider.answers["/userinfo"] = json_answer(text)
    identity = ioloop.run(sign_in(provider_of(lying_provider)))
    assert (identity.name, identity.email, identity.email_verified) == (None, None, False)


@pytest.mark.parametrize("said", ["true", 1, None, "false", [True], {}])
def test_only_true_is_verified(lying_provider: LyingProvider, said: Any) -> None:
    lying_provider.userinfo["email_verified"] = said
    assert not ioloop.run(sign_in(provider_of(lying_provider))).email_verified


@pytest.mark.parametrize("said", [7, None, ["a"], {"a": 1}, ""])
def test_what_is_no_text_is_not_there(lying_provider: LyingProvider, said: Any) -> None:
    lying_provider.userinfo.update(name=said, email=said, picture=said, preferred_username=said)
    identity = ioloop.run(sign_in(provider_of(lying_provider)))
    assert (identity.name, identity.email, identity.picture, identity.username) == (None,) * 4


def test_without_user_info(lying_provider: LyingProvider) -> None:
    class Alone(OpenIDProvider):
        asks_userinfo = False

    provider = Alone(
        lying_provider.client_id, lying_provider.client_secret, issuer=lying_provider.issuer
    )
    assert ioloop.run(sign_in(provider)).name is None
    lying_provider.metadata["userinfo_endpoint"] = None
    assert ioloop.run(sign_in(provider_of(lying_provider))).name is None
    assert not lying_provider.asked_of("/userinfo")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (json_answer("e30.e30.AAAA", Content_Type="application/jwt"), ProviderAnswerError),
        (json_answer([]), TokenError),
        (json_answer({"error": "invalid_token"}, 401), OAuthError),
        (json_answer("", 503), ProviderUnavailableError),
        (json_answer('{"sub": "' + "x" * 2_000_000 + '"}'), ProviderUnavailableError),
    ],
    ids=["signed", "no object", "refused", "down", "too large"],
)
def test_user_info_that_is_none(
    lying_provider: LyingProvider, answer: Any, error: type[AuthError]
) -> None:
    lying_provider.answers["/userinfo"] = answer
    with pytest.raises(error):
        ioloop.run(sign_in(provider_of(lying_provider)))


# With what has been given


def refreshed(lying: LyingProvider, **claims: Any) -> tuple[Token, Token]:
    async def main() -> tuple[Token, Token]:
        provider = provider_of(lying)
        identity = await sign_in(provider)
        lying.claims.update(claims)
        assert identity.token is not None
        return identity.token, await provider.refresh(identity.token)

    return ioloop.run(main())  # type: ignore[no-any-return]


def test_refresh(lying_provider: LyingProvider) -> None:
    before, after = refreshed(lying_provider)
    assert after.access_token != before.access_token
    assert after.refresh_token not in (None, before.refresh_token)
    assert after.id_token not in (None, before.id_token)


def test_what_a_refresh_does_not_speak_of_stays(lying_provider: LyingProvider) -> None:
    honest = lying_provider.post_token

    def silent(handler: Any) -> None:
        if handler.asked.form["grant_type"] == "refresh_token":
            lying_provider.token_answer.update(id_token=None, refresh_token=None, scope=None)
        else:
            lying_provider.token_answer["scope"] = "openid email"
        honest(handler)

    lying_provider.answers["/token"] = silent
    before, after = refreshed(lying_provider)
    assert after.access_token != before.access_token
    assert (after.id_token, after.refresh_token) == (before.id_token, before.refresh_token)
    assert after.scope == "openid email"


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "user-18"},
        {"aud": ["the client", "another"], "azp": "the client"},
        {"iss": "https://evil.example"},
        {"nonce": "another"},
        {"exp": 1_000_000_000},
    ],
    ids=repr,
)
def test_a_refresh_gives_nobody_elses_token(
    lying_provider: LyingProvider, claims: dict[str, Any]
) -> None:
    with pytest.raises(TokenError):
        refreshed(lying_provider, **claims)


@pytest.mark.parametrize("kept", ["", "a.b.c", "e30.W10.", "\ud800"])
def test_a_token_that_was_kept_badly(lying_provider: LyingProvider, kept: str) -> None:
    async def main() -> None:
        provider = provider_of(lying_provider)
        identity = await sign_in(provider)
        assert identity.token is not None
        with pytest.raises(TokenError):
            await provider.refresh(replace(identity.token, id_token=kept))

    ioloop.run(main())


def test_a_refresh_that_is_refused(lying_provider: LyingProvider) -> None:
    provider = provider_of(lying_provider)
    with pytest.raises(OAuthError, match="without a refresh token"):
        ioloop.run(provider.refresh(Token("a")))
    with pytest.raises(OAuthError, match="invalid_grant"):
        ioloop.run(provider.refresh(Token("a", refresh_token="forged")))


def test_where_users_sign_out(lying_provider: LyingProvider) -> None:
    provider = provider_of(lying_provider)
    url = ioloop.run(provider.end_session_url("hint", "https://site.example/bye", "a b"))
    base, _, query = url.partition("?")
    assert base == f"{lying_provider.issuer}/end_session"
    assert parse_qs(query) == {
        "client_id": [lying_provider.client_id],
        "id_token_hint": ["hint"],
        "post_logout_redirect_uri": ["https://site.example/bye"],
        "state": ["a b"],
    }
    lying_provider.metadata["end_session_endpoint"] = f"{lying_provider.issuer}/end?a=b"
    assert "/end?a=b&client_id=" in ioloop.run(provider_of(lying_provider).end_session_url())
    lying_provider.metadata["end_session_endpoint"] = None
    assert ioloop.run(provider_of(lying_provider).end_session_url("hint")) is None


def test_wrong_arguments(lying_provider: LyingProvider) -> None:
    with pytest.raises(ValueError, match="openid"):
        provider_of(lying_provider, scope=["profile"])
    for issuer in ("", "id.example.com", "http://id.example.com"):
        with pytest.raises(ValueError, match="issuer"):
            OpenIDProvider("client", issuer=issuer)
    with pytest.raises(ValueError, match="nonce, state"):
        ioloop.run(provider_of(lying_provider).begin(BACK, state="a", nonce="b"))


def test_a_pending_sign_in_is_for_its_own_provider(lying_provider: LyingProvider) -> None:
    """Two may have one name, and one handler: what was begun with the one is not ended with the other."""

    async def main() -> None:
        url, pending = await provider_of(lying_provider).begin(BACK)
        answer = await answer_of(url)
        lying_provider.metadata["authorization_response_iss_parameter_supported"] = False
        del answer["iss"]
        asked = len(lying_provider.asked_of("/token"))
        for client_id, issuer in (
            ("another client", lying_provider.issuer),
            (lying_provider.client_id, "http://127.0.0.1:9"),
        ):
            other = OpenIDProvider(client_id, "secret", issuer=issuer)
            assert other.name == pending.provider
            with pytest.raises(SignInError, match="another provider"):
                await other.complete(pending, answer)
        assert len(lying_provider.asked_of("/token")) == asked
        await provider_of(lying_provider).complete(pending, answer)

    ioloop.run(main())


def test_a_pending_sign_in_is_for_its_own_verifier(lying_provider: LyingProvider) -> None:
    async def main() -> None:
        provider = provider_of(lying_provider)
        url, pending = await provider.begin(BACK)
        answer = await answer_of(url)
        other = replace(pending, verifier="x" * 43)
        with pytest.raises(OAuthError, match="invalid_grant"):
            await provider.complete(other, answer)

    ioloop.run(main())
