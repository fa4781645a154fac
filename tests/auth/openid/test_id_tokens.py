"""ID tokens: each point of OpenID Connect Core section 3.1.3.7, right and wrong."""

import asyncio
import doctest
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.auth.jose.tokens import AUDIENCE, ISSUER, claims, key, token
from tornadolike.auth import TokenError
from tornadolike.auth.jose.keys import KnownKeys, secret_key
from tornadolike.auth.openid import id_tokens
from tornadolike.auth.openid.id_tokens import half, read_id_token

HEADER = {"alg": "ES256", "kid": "a"}
NOW = 1_800_000_000


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(time, "time", lambda: NOW)


def read(text, **options):
    options = {"nonce": "n", "algorithms": ["ES256"], "keys": KnownKeys(key())} | options
    return asyncio.run(
        read_id_token(text, options.pop("keys"), issuer=ISSUER, client_id=AUDIENCE, **options)
    )


def id_token(**other):
    return token(HEADER, claims(nonce="n") | other, key())


@pytest.mark.parametrize(
    ("other", "complaint"),
    [
        ({}, None),
        ({"iss": "https://evil.example"}, "not by"),
        ({"aud": "other"}, "for somebody else"),
        ({"aud": ["other"]}, "for somebody else"),
        ({"aud": [AUDIENCE]}, None),
        ({"aud": [AUDIENCE, AUDIENCE]}, None),
        ({"aud": [AUDIENCE, "other"]}, "does not say to whom"),
        ({"aud": [AUDIENCE, "other"], "azp": AUDIENCE}, None),
        ({"aud": [AUDIENCE, "other"], "azp": "other"}, "given to somebody else"),
        ({"azp": AUDIENCE}, None),
        ({"azp": "other"}, "given to somebody else"),
        ({"azp": [AUDIENCE]}, "given to somebody else"),
        ({"azp": ""}, "given to somebody else"),
        ({"exp": NOW - 61}, "has expired"),
        ({"exp": None}, "exp is no time"),
        ({"iat": None}, "iat is no time"),
        ({"iat": NOW + 100}, "in the future"),
        ({"nbf": NOW + 100}, "not valid yet"),
        ({"sub": None}, "does not say who"),
        ({"sub": ""}, "does not say who"),
        ({"sub": 17}, "does not say who"),
        ({"sub": ["17"]}, "does not say who"),
        ({"sub": "x" * 255}, None),
        ({"sub": "x" * 256}, "does not say who"),
        ({"nonce": "m"}, "nonce is not ours"),
        ({"nonce": ""}, "nonce is not ours"),
        ({"nonce": None}, "nonce is not ours"),
        ({"nonce": ["n"]}, "nonce is not ours"),
        ({"nonce": "é"}, "nonce is not ours"),
        ({"events": {}}, "tells of an event"),
        ({"auth_time": "yesterday"}, "auth_time is no time"),
        ({"auth_time": NOW - 99999}, None),
    ],
    ids=str,
)
def test_its_claims(other, complaint):
    if complaint is None:
        assert read(id_token(**other))["iss"] == ISSUER
    else:
        with pytest.raises(TokenError, match=complaint):
            read(id_token(**other))


@pytest.mark.parametrize("name", ["iat", "sub", "nonce", "exp", "iss", "aud"])
def test_what_must_be_there(name):
    said = claims(nonce="n")
    del said[name]
    with pytest.raises(TokenError):
        read(token(HEADER, said, key()))


def test_where_there_was_no_nonce_none_is_wanted():
    assert read(id_token(nonce="another"), nonce=None)


@pytest.mark.parametrize(
    ("auth_time", "max_age", "complaint"),
    [
        (NOW - 100, 100, None),
        (NOW - 160, 100, None),
        (NOW - 161, 100, "too long ago"),
        (NOW - 61, 0, "too long ago"),
        (NOW, 0, None),
        (None, 100, "auth_time is no time"),
        (..., 100, "does not say when the user"),
    ],
)
def test_when_the_password_was_given(auth_time, max_age, complaint):
    text = id_token() if auth_time is ... else id_token(auth_time=auth_time)
    if complaint is None:
        assert read(text, max_age=max_age)
    else:
        with pytest.raises(TokenError, match=complaint):
            read(text, max_age=max_age)


def test_the_algorithm_is_one_of_those():
    with pytest.raises(TokenError, match="not allowed"):
        read(id_token(), algorithms=["RS256"])


@pytest.mark.parametrize("typ", ["at+jwt", "logout+jwt"])
def test_other_kinds_of_tokens_are_none(typ):
    with pytest.raises(TokenError, match="not of the kind"):
        read(token(HEADER | {"typ": typ}, claims(nonce="n"), key()))


def test_a_client_secret_as_the_key():
    secret = secret_key("0123456789abcdef0123456789abcdef")
    signed = token({"alg": "HS256"}, claims(nonce="n"), secret)
    assert read(signed, keys=KnownKeys(secret), algorithms=["HS256"])


# The examples of OpenID Connect Core, appendices A.3, A.4 and A.6
ACCESS_TOKEN = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
AT_HASH = "77QmUPtjPfzWtF2AnpK9RQ"
CODE = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"
C_HASH = "LDktKdoQak3Pk0cnXxCltA"


def test_the_hashes_of_the_specification():
    assert half(ACCESS_TOKEN, "sha256") == AT_HASH
    assert half(CODE, "sha256") == C_HASH
    assert doctest.testmod(id_tokens).attempted > 0


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"at_hash": AT_HASH}, None),
        ({"c_hash": C_HASH, "at_hash": AT_HASH}, None),
        ({"at_hash": C_HASH}, "at_hash"),
        ({"at_hash": ""}, "at_hash"),
        ({"at_hash": None}, "at_hash"),
        ({"at_hash": AT_HASH + "="}, "at_hash"),
        ({"at_hash": "é"}, "at_hash"),
        ({"at_hash": [AT_HASH]}, "at_hash"),
        ({"c_hash": AT_HASH}, "c_hash"),
    ],
    ids=str,
)
def test_it_belongs_to_what_it_came_with(said, complaint):
    if complaint is None:
        assert read(id_token(**said), access_token=ACCESS_TOKEN, code=CODE)
    else:
        with pytest.raises(TokenError, match=complaint):
            read(id_token(**said), access_token=ACCESS_TOKEN, code=CODE)
    assert read(id_token(**said))


@pytest.mark.parametrize(
    ("name", "digest", "size"),
    [
        ("RS256", "sha256", 16),
        ("ES384", "sha384", 24),
        ("PS512", "sha512", 32),
        ("EdDSA", "sha512", 32),
    ],
)
def test_the_hash_is_that_of_the_signature(name, digest, size):
    right = half("token", digest)
    assert len(right) == -(-size * 4 // 3)
    keys, options = KnownKeys(key(name)), {"algorithms": [name], "access_token": "token"}
    header = {"alg": name, "kid": "a"}
    assert read(token(header, claims(nonce="n", at_hash=right), key(name)), keys=keys, **options)
    wrong = half("token", "sha224")
    with pytest.raises(TokenError, match="at_hash"):
        read(token(header, claims(nonce="n", at_hash=wrong), key(name)), keys=keys, **options)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)
NAMES = ["azp", "nonce", "auth_time", "at_hash", "sub", "iat", "aud"]


@pytest.mark.once
@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_whatever_it_says_it_is_read_or_a_token_error(said):
    try:
        got = read(id_token(**said), max_age=60, access_token="token")
    except TokenError:
        return
    assert got["nonce"] == "n"
    assert isinstance(got["sub"], str)
