"""Tokens that we sign are such as others read."""

import asyncio
import time

import pytest
from joserfc import jws, jwt

from tests.auth.jose.tokens import key
from tornadolike.auth.jose.algorithms import ALGORITHMS
from tornadolike.auth.jose.keys import KnownKeys, load_key, new_key, public_keys, secret_key
from tornadolike.auth.jose.reading import read_token
from tornadolike.auth.jose.writing import write_token

CLAIMS = {"iss": "https://a.example", "aud": "b", "sub": "17"}


def header_of(token):
    return jws.extract_compact(token.encode()).headers()


@pytest.mark.parametrize("name", ALGORITHMS)
def test_what_is_written_another_library_reads(name):
    written = write_token(CLAIMS, key(name), lifetime=60)
    if name != "EdDSA":  # of which it warns
        assert jwt.decode(written, key(name), algorithms=[name]).claims.items() >= CLAIMS.items()
    assert header_of(written) == {"alg": name, "typ": "JWT", "kid": "a"}
    read = read_token(
        written, KnownKeys(key(name)), issuer=CLAIMS["iss"], audience="b", algorithms=[name]
    )
    assert asyncio.run(read)["sub"] == "17"


def test_when_it_was_made_and_when_it_ends(monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1000.9)
    written = jwt.decode(write_token(CLAIMS, key(), lifetime=60), key()).claims
    assert (written["iat"], written["exp"]) == (1000, 1060)
    given = jwt.decode(write_token({"exp": 7, "iat": 5}, key(), lifetime=60), key()).claims
    assert given == {"iat": 5, "exp": 7}


def test_a_nameless_key_is_named_by_its_thumbprint_which_published_keys_have():
    nameless = load_key(new_key().as_pem(private=True))
    written = write_token(CLAIMS, nameless, lifetime=60)
    assert header_of(written)["kid"] == nameless.thumbprint()
    (published,) = public_keys(KnownKeys(nameless).published())
    assert published.kid == nameless.thumbprint()
    assert jwt.decode(written, published, algorithms=["ES256"])


def test_a_secret_has_no_thumbprint_told():
    secret = secret_key("0123456789abcdef0123456789abcdef")
    assert header_of(write_token(CLAIMS, secret, lifetime=60)) == {"alg": "HS256", "typ": "JWT"}


def test_the_algorithm_and_the_kind_may_be_said():
    loaded = load_key(key("RS256").as_pem(private=True))
    written = write_token(CLAIMS, loaded, lifetime=60, algorithm="PS384", kind="at+jwt")
    assert header_of(written).items() >= {"alg": "PS384", "typ": "at+jwt"}.items()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"algorithm": "none"}, "cannot sign by 'none'"),
        ({"algorithm": "RS256"}, "cannot sign by 'RS256'"),
        ({"key": load_key(new_key().as_pem(private=False))}, "a public key cannot sign"),
        ({"lifetime": 0}, "more than 0 seconds"),
        ({"lifetime": float("nan")}, "more than 0 seconds"),
        ({"lifetime": float("inf")}, "more than 0 seconds"),
        ({"claims": {"x": float("nan")}}, "not JSON compliant"),
        ({"claims": {"x": object()}}, "claims are no JSON"),
    ],
    ids=str,
)
def test_what_cannot_be_written(arguments, complaint):
    arguments = {"claims": CLAIMS, "key": key(), "lifetime": 60} | arguments
    with pytest.raises(ValueError, match=complaint):
        write_token(arguments.pop("claims"), arguments.pop("key"), **arguments)


def test_a_text_is_no_key():
    with pytest.raises(TypeError, match="a key comes from load_key"):
        write_token(CLAIMS, key().as_pem(private=True), lifetime=60)


def test_the_claims_that_are_given_are_not_changed():
    given = dict(CLAIMS)
    write_token(given, key(), lifetime=60)
    assert given == CLAIMS
