"""Logout tokens: Back-Channel Logout 1.0, section 2.6, point by point."""

import time
from typing import Any

import pytest

from tests.auth.lying_provider import CLIENT_ID, SUBJECT, LyingProvider, new_key
from tornadolike import ioloop
from tornadolike.auth import OpenIDProvider, ProviderUnavailableError, TokenError
from tornadolike.auth.openid.logout import Logout, read_logout_token

EVENT = "http://schemas.openid.net/event/backchannel-logout"
NOW = int(time.time())


def read(lying: LyingProvider, token: str) -> Logout:
    provider = OpenIDProvider(CLIENT_ID, lying.client_secret, issuer=lying.issuer)
    return ioloop.run(read_logout_token(token, provider))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({}, (SUBJECT, "session-3")),
        ({"sid": None}, (SUBJECT, None)),
        ({"sub": None}, (None, "session-3")),
        ({"aud": [CLIENT_ID]}, (SUBJECT, "session-3")),
        ({"events": {EVENT: {}, "another": {}}}, (SUBJECT, "session-3")),
        ({"events": {EVENT: {"more": 1}}}, (SUBJECT, "session-3")),
    ],
    ids=repr,
)
def test_who_has_signed_out(
    lying_provider: LyingProvider, claims: dict[str, Any], expected: tuple[str | None, str | None]
) -> None:
    logout = read(lying_provider, lying_provider.logout_token(**claims))
    assert (logout.subject, logout.session_id) == expected
    assert logout.issuer == lying_provider.issuer
    assert len(logout.token_id) == 16


@pytest.mark.parametrize("kind", ["logout+jwt", "LOGOUT+JWT", "JWT", None])
def test_kinds(lying_provider: LyingProvider, kind: str | None) -> None:
    assert read(lying_provider, lying_provider.logout_token({"typ": kind})).subject == SUBJECT


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"iat": None},
        {"iat": NOW + 100_000},
        {"iat": NOW - 4000, "exp": NOW + 4000},
        {"exp": None},
        {"exp": NOW - 100},
        {"sub": None, "sid": None},
        {"sub": 17},
        {"sub": ""},
        {"sid": ["session-3"]},
        {"sid": "x" * 300},
        {"events": None},
        {"events": {}},
        {"events": [EVENT]},
        {"events": EVENT},
        {"events": {EVENT: None}},
        {"events": {EVENT: True}},
        {"nonce": "n"},
        {"nonce": ""},
        {"jti": None},
        {"jti": 7},
        {"jti": "x" * 300},
    ],
    ids=repr,
)
def test_what_does_not_count(lying_provider: LyingProvider, claims: dict[str, Any]) -> None:
    with pytest.raises(TokenError):
        read(lying_provider, lying_provider.logout_token(**claims))


def test_a_null_nonce_is_one_too(lying_provider: LyingProvider) -> None:
    honest = lying_provider.honest_claims(jti="1", events={EVENT: {}}, nonce=None)
    with pytest.raises(TokenError, match="nonce"):
        read(lying_provider, lying_provider.sign(honest))


@pytest.mark.parametrize("kind", ["at+jwt", "secevent+jwt", ""])
def test_tokens_of_other_kinds(lying_provider: LyingProvider, kind: str) -> None:
    with pytest.raises(TokenError):
        read(lying_provider, lying_provider.logout_token({"typ": kind}))


def test_an_id_token_is_none(lying_provider: LyingProvider) -> None:
    token = lying_provider.sign(lying_provider.honest_claims(jti="1"))
    with pytest.raises(TokenError, match="events"):
        read(lying_provider, token)


def test_forged(lying_provider: LyingProvider) -> None:
    forged = new_key(lying_provider.keys[0].kid)
    token = lying_provider.logout_token()
    head, body, signature = token.split(".")
    other = lying_provider.sign({"sub": "x"}, forged).split(".")[2]
    for wrong in (
        f"{head}.{body}.{other}",
        f"{head}.{body}.",
        "eyJhbGciOiJub25lIn0." + body + ".",
        "",
        "é",
        "a.b.c",
    ):
        with pytest.raises(TokenError):
            read(lying_provider, wrong)
    assert read(lying_provider, f"{head}.{body}.{signature}").subject == SUBJECT


def test_a_provider_that_is_down(lying_provider: LyingProvider, free_port: int) -> None:
    provider = OpenIDProvider(CLIENT_ID, issuer=f"http://127.0.0.1:{free_port}")
    with pytest.raises(ProviderUnavailableError):
        ioloop.run(read_logout_token(lying_provider.logout_token(), provider))
