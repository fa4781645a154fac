"""Keys: read, made, found, published."""

import asyncio
import datetime
import json
import warnings

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OctKey

from tests.auth.jose.tokens import key
from tornadolike.auth import TokenError
from tornadolike.auth.jose.keys import (
    MAX_CANDIDATES,
    MAX_KEYS,
    KnownKeys,
    kid_of,
    load_key,
    new_key,
    public_keys,
    secret_key,
)

RFC_7638 = {
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n"
    "3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHz"
    "u6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8aw"
    "apJzKnqDKgw",
    "e": "AQAB",
}
RFC_8037 = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
SECRET = "0123456789abcdef0123456789abcdef"
TYPES = ["RS256", "ES256", "ES384", "ES512", "EdDSA"]


def find(keys, **header):
    return asyncio.run(keys.find(header))


# Reading them


@pytest.mark.parametrize(
    ("jwk", "thumbprint"),
    [
        (RFC_7638, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
        (RFC_8037, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
    ],
)
def test_the_thumbprints_of_the_rfcs(jwk, thumbprint):
    assert kid_of(load_key(jwk)) == thumbprint
    assert kid_of(load_key(jwk, kid="mine")) == "mine"


@pytest.mark.parametrize("name", TYPES)
def test_a_key_is_read_from_each_of_its_texts(name):
    made = new_key(name)
    private, public = made.as_pem(private=True), made.as_pem(private=False)
    for source in (private, private.decode(), b"\n" + private, made.as_dict(private=True)):
        assert load_key(source).is_private
    for source in (public, made.as_dict(private=False), json.dumps(made.as_dict(private=False))):
        assert not load_key(source).is_private
        assert load_key(source).thumbprint() == made.thumbprint()


def test_an_encrypted_pem_and_its_password():
    pem = new_key().as_pem(private=True, password="secret")
    assert load_key(pem, password=b"secret").is_private
    for password in (None, b"wrong"):
        with pytest.raises(ValueError, match="cannot be read") as caught:
            load_key(pem, password=password)
        assert caught.value.__suppress_context__


def test_a_certificate_has_a_public_key():
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, private.public_key(), 1, now, now)
        .sign(private, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    loaded = load_key(certificate, kid="c")
    assert (loaded.is_private, loaded.kid, loaded.key_type) == (False, "c", "EC")


def test_a_private_key_behind_other_things():
    """As ``openssl ecparam -genkey`` writes it, or a file for a server's TLS."""
    parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    pem = new_key().as_pem(private=True).decode()
    assert load_key(parameters + pem).is_private
    assert load_key(
        parameters
        + load_key(pem)
        .private_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        .decode()
    ).is_private


@pytest.mark.parametrize(
    ("operations", "may_sign", "is_read"),
    [
        (["verify"], True, True),
        (["sign", "verify"], True, True),
        (["sign"], True, False),
        (["encrypt"], False, False),
        ([], False, False),
        (None, True, True),
        ([["verify"]], False, False),
    ],
)
def test_what_a_key_may_be_used_for(operations, may_sign, is_read):
    jwk = key().as_dict(private=True) | {"key_ops": operations}
    assert bool(public_keys({"keys": [jwk]})) is is_read
    if may_sign:
        assert load_key(jwk).is_private
    else:
        with pytest.raises(ValueError, match="no JWK for signatures"):
            load_key(jwk)


def pem_of(native):
    return native.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        (SECRET, "for a shared secret there is secret_key"),
        ("", "a key is PEM or a JWK"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "PEM cannot be read"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "PEM cannot be read"),
        ("{", "no JSON"),
        ('{"kty":' + "[" * 100_000, "no JSON"),
        (b"\xff" + SECRET.encode(), "a text"),
        ({"kty": "oct", "k": "A" * 60 + "+/"}, "base64url"),
        ({"kty": "oct", "k": "A" * 60 + "!!!!"}, "base64url"),
        (RFC_7638 | {"n": "A" * 350 + "_w"}, "2048 bits or more"),
        ("{}", "a type that is not known"),
        (RFC_8037 | {"kty": "RSA"}, "members are texts"),
        (RFC_8037 | {"kty": ["OKP"]}, "a type that is not known"),
        (RFC_8037 | {"crv": "P-256"}, "cannot be read"),
        (RFC_8037 | {"crv": 1}, "cannot be read"),
        (RFC_8037 | {"crv": "X25519"}, "no signature is known"),
        (RFC_8037 | {"x": "AAAA"}, "cannot be read"),
        (RFC_8037 | {"x": "!"}, "cannot be read"),
        (RFC_8037 | {"use": "enc"}, "no JWK for signatures"),
        (RFC_8037 | {"key_ops": ["encrypt"]}, "no JWK for signatures"),
        (RFC_8037 | {"key_ops": "verify"}, "no JWK for signatures"),
        (RFC_8037 | {"kid": 1}, "kid and alg are texts"),
        (RFC_7638 | {"n": RFC_7638["n"][:170]}, "2048 bits or more"),
        (RFC_7638 | {"n": "A" * 2000}, "2048 bits or more"),
        (RFC_7638 | {"n": "_" * 400 + "Q="}, "base64url"),
        (RFC_7638 | {"n": "_" * 3000}, "2048 bits or more"),
        (RFC_7638 | {"e": "AQ"}, "cannot be read"),
        (RFC_7638 | {"e": "AAAA"}, "cannot be read"),
        (RFC_7638 | {"alg": "none"}, "no signature is known"),
        (RFC_7638 | {"alg": "HS256"}, "no signature is known"),
        ({"kty": "oct", "k": "AAAA"}, "at least 32 bytes"),
        ({"kty": "oct"}, "members are texts"),
    ],
    ids=lambda value: str(value)[-40:],
)
def test_what_is_no_key(source, complaint):
    with pytest.raises(ValueError, match=complaint):
        load_key(source)


@pytest.mark.parametrize(
    ("native", "complaint"),
    [
        (lambda: rsa.generate_private_key(65537, 1024), "2048 bits"),
        (lambda: ec.generate_private_key(ec.SECP256K1()), "no signature is known"),
        (ed448.Ed448PrivateKey.generate, "a kind that is not known"),
        (lambda: dsa.generate_private_key(1024), "a kind that is not known"),
    ],
    ids=["small", "curve", "448", "DSA"],
)
def test_pems_of_keys_that_are_not_for_us(native, complaint):
    with pytest.raises(ValueError, match=complaint):
        load_key(pem_of(native()))


@pytest.mark.parametrize(
    ("secret", "complaint"),
    [
        ("short", "at least 32 bytes"),
        (b"x" * 31, "tornadolike secret"),
        (key().as_pem(private=False), "a key of a pair"),
        (key("RS256").as_pem(private=False).decode(), "a key of a pair"),
        (b"  " + key().as_pem(private=False), "a key of a pair"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI", "a key of a pair"),
        (json.dumps(key().as_dict(private=False)), "a key of a pair"),
    ],
    ids=range(7),
)
def test_what_is_no_secret(secret, complaint):
    with pytest.raises(ValueError, match=complaint):
        secret_key(secret)
    if not isinstance(secret, str):
        return
    with pytest.raises(ValueError, match=complaint):
        secret_key(secret.encode())


def test_no_secret_is_shown():
    texts = [repr(secret_key(SECRET)), repr(KnownKeys(secret_key(SECRET)))]
    for source in (SECRET, b"\xff" + SECRET.encode(), '{"k": "' + SECRET):
        with pytest.raises(ValueError, match=r"key|JWK") as caught:
            load_key(source)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        texts += [str(caught.value), repr(caught.value)]
    assert not any(SECRET[:8] in text for text in texts)


def test_wrong_names_of_signatures():
    for make in (new_key, lambda name: load_key(RFC_8037, algorithm=name)):
        with pytest.raises(ValueError, match="'none' is no signature"):
            make("none")


# Finding them


def test_a_key_is_found_by_its_name_and_its_kind():
    first, second, other = key("ES256", "a"), key("ES256", "b"), key("ES384", "a")
    keys = KnownKeys(first, second, other)
    assert find(keys, alg="ES256", kid="b") == [second]
    assert find(keys, alg="ES384", kid="a") == [other]
    assert find(keys, alg="ES256") == [first, second]
    assert asyncio.run(keys.find_anew({"alg": "ES256"})) == ()
    for header in ({"alg": "ES384", "kid": "b"}, {"alg": "ES512"}, {"alg": "HS256", "kid": "a"}):
        with pytest.raises(TokenError, match="no key is known for"):
            find(keys, **header)


def test_a_key_without_a_name_may_be_any():
    nameless, named = (
        load_key(key("ES256", "a").as_dict(private=False) | {"kid": None}),
        key("ES256", "b"),
    )
    keys = KnownKeys(nameless, named)
    assert nameless.kid is None
    assert find(keys, alg="ES256", kid="x") == [nameless]
    assert find(keys, alg="ES256", kid="b") == [named]


def test_a_token_that_does_not_say_which_key_has_not_all_of_them_tried():
    many = [key("ES256", str(number)) for number in range(MAX_CANDIDATES + 1)]
    assert find(KnownKeys(*many[1:]), alg="ES256") == many[1:]
    with pytest.raises(TokenError, match="which of many keys"):
        find(KnownKeys(*many), alg="ES256")


def test_an_unknown_name_is_told_in_short():
    with pytest.raises(TokenError) as caught:
        find(KnownKeys(key()), alg="ES256", kid="\n" + "x" * 5000)
    assert len(str(caught.value)) < 200
    assert "\n" not in str(caught.value)


def test_mistakes_are_told_at_once():
    with pytest.raises(ValueError, match="needs a key"):
        KnownKeys()
    for wrong in (key().as_pem(private=False), SECRET, None, KnownKeys(key())):
        with pytest.raises(TypeError, match="a key comes from load_key"):
            KnownKeys(wrong)
    with pytest.raises(ValueError, match="no signature is known"):
        KnownKeys(OctKey.import_key(b"0123456789abcdef"))


def test_a_name_that_is_given_comes_first():
    assert load_key(RFC_8037 | {"kid": "theirs"}).kid == "theirs"
    assert load_key(RFC_8037 | {"kid": "theirs"}, kid="ours").kid == "ours"


# Publishing them, and reading what was published


def test_only_public_halves_are_published():
    private = [new_key(name) for name in TYPES]
    published = KnownKeys(*private, secret_key(SECRET)).published()
    assert len(published["keys"]) == len(TYPES)
    for jwk, made in zip(published["keys"], private, strict=True):
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & jwk.keys()
        assert (jwk["kid"], jwk["use"], jwk["alg"]) == (made.thumbprint(), "sig", made.alg)
    read = public_keys(json.loads(json.dumps(published)))
    assert [each.thumbprint() for each in read] == [each.thumbprint() for each in private]


def test_what_is_in_a_set_and_cannot_be_used_is_passed_over():
    good = key().as_dict(private=False) | {"kid": "good"}
    strange = [
        None, 1, "x", [], {}, {"kty": "oct", "k": "A" * 64}, {"kty": "new"}, RFC_8037 | {"x": 1},
        good | {"use": "enc"}, good | {"key_ops": ["wrapKey"]}, good | {"use": ["sig"]},
        good | {"kid": {}}, good | {"x": good["y"]}, RFC_7638 | {"n": "AQAB"},
    ]  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [each.kid for each in public_keys({"keys": [*strange, good]})] == ["good"]
    assert public_keys({"keys": []}) == []


def test_the_set_of_rfc_7517():
    """Appendix A.1: one key is for encryption, the other may be for anything."""
    curve = {
        "kty": "EC",
        "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        "use": "enc",
        "kid": "1",
    }
    rsa = RFC_7638 | {"alg": "RS256", "kid": "2011-04-29"}
    (read,) = public_keys({"keys": [curve, rsa]})
    assert (read.kid, read.alg, read.key_type) == ("2011-04-29", "RS256", "RSA")
    del curve["use"]
    assert len(public_keys({"keys": [curve, rsa]})) == 2


def test_private_keys_that_somebody_publishes_become_public_ones():
    (read,) = public_keys({"keys": [key().as_dict(private=True)]})
    assert not read.is_private


@pytest.mark.parametrize("jwks", [None, [], {}, {"keys": {}}, {"keys": None}, "keys"])
def test_what_is_no_set(jwks):
    with pytest.raises(ValueError, match="no JWK Set"):
        public_keys(jwks)


def test_a_set_of_too_many():
    assert len(public_keys({"keys": [RFC_8037] * MAX_KEYS})) == MAX_KEYS
    with pytest.raises(ValueError, match=f"more than {MAX_KEYS}"):
        public_keys({"keys": [RFC_8037] * (MAX_KEYS + 1)})


MEMBERS = ["kty", "n", "e", "crv", "x", "y", "d", "k", "use", "key_ops", "alg", "kid", "p"]
VALUES = (
    st.sampled_from(["RSA", "EC", "OKP", "oct", "P-256", "P-521", "Ed25519", "sig", "AQAB", "AA"])
    | st.sampled_from([RFC_7638["n"], RFC_8037["x"], ["verify"], "verify", "RS256"])
    | st.none() | st.integers() | st.text(max_size=8) | st.lists(st.text(max_size=4), max_size=2)
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(MEMBERS), VALUES))
def test_whatever_is_in_a_set_it_does_no_harm(jwk):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for read in public_keys({"keys": [jwk]}):
            assert not isinstance(read, OctKey)
            assert not read.is_private
