"""Tokens of others: the right ones are read, the others refused, each for its reason."""

import asyncio
import json
import re
import time
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from tests.auth.jose.tokens import AUDIENCE, ISSUER, claims, encoded, key, token
from tornadolike.auth import TokenError
from tornadolike.auth.jose.algorithms import ALGORITHMS
from tornadolike.auth.jose.keys import Keys, KnownKeys, load_key, secret_key
from tornadolike.auth.jose.reading import MAX_SIZE, read_token, verify

HEADER = {"alg": "ES256", "kid": "a", "typ": "JWT"}


def read(text, keys=None, **options):
    options = {"issuer": ISSUER, "audience": AUDIENCE} | options
    return asyncio.run(read_token(text, keys or KnownKeys(key()), **options))


def refused(text, keys=None, **options):
    """Why a token is not read. Whatever it is, nothing of the token is told."""
    with pytest.raises(TokenError) as caught:
        read(text, keys, **options)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    said = str(caught.value)
    assert len(said) < 200
    assert not isinstance(text, str) or not any(p in said for p in text.split(".") if len(p) > 12)
    return said


# What is right


@pytest.mark.parametrize("name", ALGORITHMS)
def test_each_signature_is_read(name):
    signed = token({"alg": name, "kid": "a"}, claims(), key(name))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(signed, KnownKeys(key(name)), algorithms=[name])["sub"] == "17"
    other = "ES256" if name != "ES256" else "ES384"
    assert "not allowed" in refused(signed, KnownKeys(key(name)), algorithms=[other])


def test_what_another_library_signs_is_read():
    signed = jwt.encode({"alg": "RS256"}, claims(), key("RS256"))
    assert read(signed, KnownKeys(key("RS256")))["iss"] == ISSUER


RFC_7515_PAYLOAD = (
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
)
RFC_7515 = {
    "A.1": (
        "HS256",
        {
            "kty": "oct",
            "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
        },
        f"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{RFC_7515_PAYLOAD}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    ),
    "A.2": (
        "RS256",
        {
            "kty": "RSA",
            "e": "AQAB",
            "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL"
            "-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBE"
            "Ma2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91"
            "kzk2PAcDTW9gb54h4FRWyuXpoQ",
        },
        f"eyJhbGciOiJSUzI1NiJ9.{RFC_7515_PAYLOAD}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHI"
        "m4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQB"
        "MHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6Lbg"
        "GY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
    ),
    "A.3": (
        "ES256",
        {
            "kty": "EC",
            "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        },
        f"eyJhbGciOiJFUzI1NiJ9.{RFC_7515_PAYLOAD}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQx"
        "fKTUJqPP3-Kg6NU1Q",
    ),
}
NO_CLAIMS = {  # what is signed there is a text, and no claims
    "RFC 7515, A.4": (
        "ES512",
        {
            "kty": "EC",
            "crv": "P-521",
            "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
            "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
        },
        "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34"
        "XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn",
    ),
    "RFC 8037, A.4": (
        "EdDSA",
        {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4"
        "ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    ),
}


@pytest.mark.parametrize("example", RFC_7515)
def test_the_tokens_of_rfc_7515(example):
    name, jwk, signed = RFC_7515[example]
    verified = asyncio.run(verify(signed, KnownKeys(load_key(jwk)), algorithms=[name]))
    assert verified.claims == {
        "iss": "joe",
        "exp": 1300819380,
        "http://example.com/is_root": True,
    }


@pytest.mark.parametrize("example", RFC_7515 | NO_CLAIMS)
def test_they_are_refused_with_any_character_changed(example):
    name, jwk, signed = (RFC_7515 | NO_CLAIMS)[example]
    keys = KnownKeys(load_key(jwk))
    _, _, signature = signed.rpartition(".")
    if example in NO_CLAIMS:
        assert "claims cannot be read" in refused(signed, keys, algorithms=[name])
    for position in range(len(signed) - len(signature), len(signed), 7):
        other = "A" if signed[position] != "A" else "B"
        forged = signed[:position] + other + signed[position + 1 :]
        assert "signature is wrong" in refused(forged, keys, algorithms=[name])


# What is wrong with the header. (RFC 8725 section 2 has most of these attacks.)


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        ({"alg": "none"}, "which is not allowed"),
        ({"alg": "None"}, "which is not allowed"),
        ({"alg": "nOnE"}, "which is not allowed"),
        ({"alg": ""}, "which is not allowed"),
        ({}, "which is not allowed"),
        ({"alg": None}, "which is not allowed"),
        ({"alg": 1}, "which is not allowed"),
        ({"alg": ["ES256"]}, "which is not allowed"),
        ({"alg": {"ES256": 1}}, "which is not allowed"),
        ({"alg": "es256"}, "which is not allowed"),
        ({"alg": "ES256 "}, "which is not allowed"),
        ({"alg": "HS256"}, "which is not allowed"),
        ({"alg": "ES256K"}, "which is not allowed"),
        ({"alg": "RSA1_5"}, "which is not allowed"),
        ({"alg": "ES384"}, "no key is known for ES384"),
        ({"alg": "RS256"}, "no key is known for RS256"),
        (HEADER | {"kid": "b"}, "no key is known for ES256 of the name 'b'"),
        (HEADER | {"kid": ""}, "no key is known"),
        (HEADER | {"kid": 1}, "kid is no text"),
        (HEADER | {"kid": None}, "kid is no text"),
        (HEADER | {"kid": ["a"]}, "kid is no text"),
        (HEADER | {"kid": "../../dev/null"}, "no key is known"),
        (HEADER | {"kid": "' OR 1=1"}, "no key is known"),
        (HEADER | {"crit": []}, "an extension"),
        (HEADER | {"crit": ["exp"], "exp": 1}, "an extension"),
        (HEADER | {"crit": ["b64"], "b64": True}, "an extension"),
        (HEADER | {"crit": None}, "an extension"),
        (HEADER | {"b64": False}, "an extension"),
        (HEADER | {"b64": 0}, "an extension"),
        (HEADER | {"typ": "at+jwt"}, "not of the kind JWT"),
        (HEADER | {"typ": "logout+jwt"}, "not of the kind JWT"),
        (HEADER | {"typ": "JWE"}, "not of the kind JWT"),
        (HEADER | {"typ": ""}, "not of the kind JWT"),
        (HEADER | {"typ": None}, "not of the kind JWT"),
        (HEADER | {"typ": ["JWT"]}, "not of the kind JWT"),
        (HEADER | {"cty": "JWT"}, "another token in it"),
        (HEADER | {"cty": "application/jwt"}, "another token in it"),
        (b"{", "header cannot be read: it is not JSON"),
        (b"[]", "header cannot be read: it is not a JSON object"),
        (b'"ES256"', "header cannot be read: it is not a JSON object"),
        (b"\xff", "header cannot be read: it is not UTF-8"),
        (b'{"alg":"ES256","alg":"ES256"}', "a member twice"),
        (b'{"alg":"none","alg":"ES256"}', "a member twice"),
        (b'{"alg":"ES256","kid":"a","x":NaN}', "a number that is none"),
        (b'{"alg":"ES256","x":' + b"[" * 4000 + b"]" * 4000 + b"}", "nested too deep|too large"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_headers_that_are_refused(header, complaint):
    signed = token(header, claims(), key(), "ES256")
    assert re.search(complaint, refused(signed))


@pytest.mark.parametrize("name", [["ES256"], {"ES256": 1}, None, 1])
def test_an_algorithm_is_a_text_whatever_the_allowed_ones_are_in(name):
    signed = token({"alg": name}, claims(), key(), "ES256")
    for algorithms in ({"ES256"}, frozenset(["ES256"]), ["ES256"], {"ES256": 1}):
        assert "not allowed" in refused(signed, algorithms=algorithms)
        assert read(GOOD, algorithms=algorithms)


@pytest.mark.parametrize("name", ["none", "None", "ES256"])
def test_no_signature_is_a_wrong_one(name):
    head, body = encoded(json.dumps({"alg": name}).encode()), encoded(b"{}")
    assert "no signed token" in refused(f"{head}.{body}.")
    assert "not allowed" in refused(f"{head}.{body}.AA") or name == "ES256"


@pytest.mark.parametrize("name", ["RS256", "ES256", "EdDSA"])
def test_a_public_key_is_not_taken_for_a_secret(name):
    """HS256 with the text of the public key as the secret, which whoever forges knows."""
    public = load_key(key(name).as_pem(private=False), kid="a")
    for text in (
        public.as_pem(private=False),
        public.as_der(private=False),
        json.dumps(public.as_dict(private=False)).encode(),
    ):
        forged = token({"alg": "HS256", "kid": "a"}, claims(), OctKey(text, text))
        assert "not allowed" in refused(forged, KnownKeys(public))
        for algorithms in (["HS256"], ["HS256", name]):
            said = refused(forged, KnownKeys(public), algorithms=algorithms)
            assert said == "no key is known for HS256 of the name 'a'"


def test_a_secret_is_not_taken_for_another_signature():
    keys = KnownKeys(key("HS256"))
    signed = token({"alg": "HS256", "kid": "a"}, claims(), key("HS256"))
    assert read(signed, keys, algorithms=["HS256"])
    assert "not allowed" in refused(signed, keys)


def test_keys_that_a_token_brings_are_passed_over():
    forger = ECKey.generate_key("P-256")
    for more in (
        {"jwk": forger.as_dict(private=False)},
        {"jku": "http://127.0.0.1:1/jwks"},
        {"x5u": "http://127.0.0.1:1/cert", "x5c": ["AAAA"]},
    ):
        header = HEADER | more
        assert refused(token(header, claims(), forger)) == "the token's signature is wrong"
        nameless = {"alg": "ES256"} | more
        assert refused(token(nameless, claims(), forger)) == "the token's signature is wrong"
        assert read(token(header, claims(), key()))


def test_headers_may_be_long():
    assert read(token(HEADER | {"x5c": ["A" * 4000]}, claims(), key()))


def test_a_key_that_is_for_another_algorithm():
    only_pss = load_key(key("PS256").as_dict(private=True), kid="a", algorithm="PS256")
    forged = token({"alg": "RS256", "kid": "a"}, claims(), key("RS256", "a"))
    assert "no key is known for RS256" in refused(forged, KnownKeys(only_pss))


def test_a_curve_is_not_taken_for_another():
    forged = token({"alg": "ES256"}, claims(), ECKey.generate_key("P-384"))
    assert "no key is known" in refused(forged, KnownKeys(key("ES384")))


@pytest.mark.parametrize(
    "signature",
    [b"\0" * 64, b"\0" * 63 + b"\1", b"\xff" * 64, b"\0" * 10, b"\0" * 128, b"0"],
    ids=range(6),
)
def test_signatures_of_nothing(signature):
    """Zeros, which some libraries have taken for a signature of anything (CVE-2022-21449)."""
    signed, _, _ = token(HEADER, claims(), key()).rpartition(".")
    assert "signature is wrong" in refused(f"{signed}.{encoded(signature)}")


def test_a_signature_in_another_notation():
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    signed, _, _ = token(HEADER, claims(), key()).rpartition(".")
    der = key().private_key.sign(signed.encode(), ECDSA(SHA256()))
    assert "signature is wrong" in refused(f"{signed}.{encoded(der)}")


# What kind it is


@pytest.mark.parametrize(
    ("typ", "kind", "is_read"),
    [
        ("JWT", None, True),
        ("jwt", None, True),
        ("application/jwt", None, True),
        (..., None, True),
        ("at+jwt", "at+jwt", True),
        ("application/at+jwt", "at+jwt", True),
        ("AT+JWT", "at+jwt", True),
        ("JWT", "at+jwt", False),
        (..., "at+jwt", False),
        ("logout+jwt", "at+jwt", False),
        ("logout+jwt", ["logout+jwt", "JWT"], True),
        (..., ["logout+jwt", "JWT"], True),
        ("at+jwt", ["logout+jwt", "JWT"], False),
    ],
)
def test_a_token_is_read_only_as_what_it_is(typ, kind, is_read):
    header = {"alg": "ES256"} if typ is ... else {"alg": "ES256", "typ": typ}
    signed = token(header, claims(), key())
    if is_read:
        assert read(signed, kind=kind)
    else:
        assert "not of the kind" in refused(signed, kind=kind)


# What is wrong with its shape


GOOD = token(HEADER, claims(exp=9_999_999_999), key())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no signed token"),
        (".", "no signed token"),
        ("..", "no signed token"),
        ("a.b", "no signed token"),
        ("a.b.c.d", "no signed token"),
        ("a.b.c.d.e", "encrypted"),
        (GOOD + "=", "no signed token"),
        (GOOD + "\n", "no signed token"),
        (" " + GOOD, "no signed token"),
        (GOOD + ".", "no signed token"),
        (GOOD.replace(".", "..", 1), "no signed token"),
        (GOOD.replace(".", ".+", 1), "no signed token"),
        (GOOD.replace("e", "é", 1), "no signed token"),
        ("Bearer " + GOOD, "no signed token"),
        ("A." + GOOD.partition(".")[2], "not in base64url"),
        ("x" * (MAX_SIZE + 1), "too large"),
        (None, "no token"),
        (GOOD.encode(), "no token"),
        (17, "no token"),
        (json.dumps({"payload": "e30", "signatures": []}), "no signed token"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_token(text, complaint):
    assert complaint in refused(text)


def test_its_size_has_a_limit_that_can_be_set():
    assert read(GOOD, max_size=len(GOOD))
    assert "too large" in refused(GOOD, max_size=len(GOOD) - 1)
    exactly = token(HEADER, claims(fill="x" * 9000), key())
    assert read(exactly, max_size=len(exactly))


def test_bits_behind_the_end_are_not_passed_over():
    """One signature has one text, or who keeps a list of what was seen could be fooled."""
    assert GOOD[-1] in "AQgw"
    assert "signature is wrong" in refused(GOOD[:-1] + chr(ord(GOOD[-1]) + 1))


# What is wrong with what it says


NOW = 1_800_000_000


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setattr(time, "time", lambda: NOW)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("other", "complaint"),
    [
        ({"iss": None}, "not by 'https://id.example.com'"),
        ({"iss": ISSUER + "/"}, "not by"),
        ({"iss": ISSUER.upper()}, "not by"),
        ({"iss": [ISSUER]}, "not by"),
        ({"iss": 1}, "not by"),
        ({"aud": None}, "does not say for whom"),
        ({"aud": 1}, "does not say for whom"),
        ({"aud": {AUDIENCE: 1}}, "does not say for whom"),
        ({"aud": [AUDIENCE, 1]}, "does not say for whom"),
        ({"aud": [[AUDIENCE]]}, "does not say for whom"),
        ({"aud": []}, "for somebody else"),
        ({"aud": ""}, "for somebody else"),
        ({"aud": AUDIENCE + "2"}, "for somebody else"),
        ({"aud": AUDIENCE[:-1]}, "for somebody else"),
        ({"aud": AUDIENCE.upper()}, "for somebody else"),
        ({"aud": ["a", "b"]}, "for somebody else"),
        ({"aud": ["a", AUDIENCE]}, None),
        ({"exp": None}, "does not say when it expires"),
        ({"exp": NOW - 61}, "has expired"),
        ({"exp": NOW - 60}, "has expired"),
        ({"exp": NOW - 59}, None),
        ({"exp": NOW - 59.5}, None),
        ({"exp": 0}, "has expired"),
        ({"exp": str(NOW + 9)}, "exp is no time"),
        ({"exp": True}, "exp is no time"),
        ({"exp": [NOW + 9]}, "exp is no time"),
        ({"exp": -1}, "exp is no time"),
        ({"exp": 253_402_300_799}, None),
        ({"exp": 253_402_300_800}, "exp is no time"),
        ({"exp": 10**30}, "exp is no time"),
        ({"exp": 1e300}, "exp is no time"),
        ({"nbf": NOW + 61}, "not valid yet"),
        ({"nbf": NOW + 60}, None),
        ({"nbf": "0"}, "nbf is no time"),
        ({"iat": NOW + 61}, "made in the future"),
        ({"iat": NOW + 60}, None),
        ({"iat": 0}, None),
        ({"iat": None}, None),
        ({"iat": False}, "iat is no time"),
    ],
    ids=str,
)
def test_claims(other, complaint):
    signed = token(HEADER, claims(**other), key())
    if complaint is None:
        assert read(signed)
    else:
        assert complaint in refused(signed)


def test_null_is_no_time():
    signed = token(HEADER, claims() | {"exp": None}, key())
    assert "exp is no time" in refused(signed)


@pytest.mark.usefixtures("clock")
def test_the_leeway_can_be_set():
    signed = token(HEADER, claims(exp=NOW - 5, nbf=NOW + 5), key())
    assert read(signed, leeway=6)
    assert "expired" in refused(signed, leeway=5)
    assert "expired" in refused(signed, leeway=0)


def test_an_issuer_of_many_names():
    def issuer(said):
        return {"t1": "https://id.example.com/t1"}.get(said.get("tid"))

    tenant = "https://id.example.com/t1"
    assert read(token(HEADER, claims(iss=tenant, tid="t1"), key()), issuer=issuer)
    for other in ({"iss": tenant}, {"iss": tenant, "tid": "t2"}, {"iss": None, "tid": "t2"}):
        assert "not by" in refused(token(HEADER, claims(**other), key()), issuer=issuer)
    assert "not by None" in refused(token(HEADER, claims(iss=None), key()), issuer=issuer)


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        (b"", "no signed token"),
        (b"x", "claims cannot be read: it is not JSON"),
        (b"[]", "claims cannot be read: it is not a JSON object"),
        (b'{"exp":9999999999,"exp":1}', "a member twice"),
        (b'{"exp":Infinity}', "a number that is none"),
        (b'{"exp":1e999}', "a number that is too large"),
        (b'{"sub":"\\udc00"}', "not UTF-8"),
    ],
)
def test_claims_that_cannot_be_read(payload, complaint):
    assert complaint in refused(token(HEADER, payload, key()))


def test_nothing_of_its_claims_is_said_while_the_signature_is_wrong():
    forged = token(HEADER, claims(exp=1, iss="x"), ECKey.generate_key("P-256"))
    assert refused(forged) == "the token's signature is wrong"
    assert refused(token(HEADER, b"x", ECKey.generate_key("P-256"))) == (
        "the token's signature is wrong"
    )


# Keys that were exchanged for others


class Exchanged(Keys):
    """The key has been exchanged, but not its name."""

    def __init__(self, before, after):
        self.before, self.after, self.asked = before, after, 0

    async def find(self, header):
        return self.before

    async def find_anew(self, header):
        self.asked += 1
        return self.after


def test_keys_are_asked_for_anew_when_a_signature_is_wrong():
    old, new = key("ES256", "a"), load_key(key("ES256", "b").as_dict(private=True) | {"kid": "a"})
    keys = Exchanged([old], [new])
    assert read(token(HEADER, claims(), new), keys)
    assert keys.asked == 1
    assert read(token(HEADER, claims(), old), keys)
    assert keys.asked == 1
    assert "signature is wrong" in refused(token(HEADER, claims(), key("ES256", "c")), keys)


# Mistakes of whoever programs


@pytest.mark.parametrize("algorithms", [[], "ES256", ["none"], ["ES256", "none"], None])
def test_algorithms_are_named(algorithms):
    with pytest.raises(ValueError, match=r"algorithm|signature"):
        read(GOOD, algorithms=algorithms)


def test_keys_are_keys():
    for wrong in (key(), key().as_pem(private=False), "secret"):
        with pytest.raises(TypeError, match="such as KnownKeys"):
            read(GOOD, wrong)


@pytest.mark.parametrize("empty", [{"issuer": ""}, {"audience": ""}])
def test_an_empty_setting_is_not_what_everybody_can_have(empty):
    signed = token(HEADER, claims(iss="", aud=""), key())
    with pytest.raises(ValueError, match="not empty"):
        read(signed, **empty)


@pytest.mark.parametrize("leeway", [-1, float("nan"), float("inf")])
def test_a_leeway_is_some_seconds(leeway):
    with pytest.raises(ValueError, match="leeway is seconds"):
        read(GOOD, leeway=leeway)


# Anything


PARTS = st.sampled_from([b"{}", b'{"alg":"ES256"}', b'{"alg":"none"}', b"[]", b""]) | st.binary()


@given(PARTS, PARTS, st.binary(max_size=70))
def test_whatever_comes_it_is_a_token_error(header, payload, signature):
    assert refused(f"{encoded(header)}.{encoded(payload)}.{encoded(signature)}")


@given(st.text())
def test_whatever_text_comes_it_is_a_token_error(text):
    with pytest.raises(TokenError):
        read(text)


@given(st.integers(0, len(GOOD) - 1), st.sampled_from("AZaz09-_.=+ \0é"))
def test_whatever_is_changed_in_a_token_it_is_refused(position, character):
    changed = GOOD[:position] + character + GOOD[position + 1 :]
    if changed != GOOD:
        with pytest.raises(TokenError):
            read(changed)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=3,
)  # fmt: skip


@pytest.mark.once
@given(st.dictionaries(st.sampled_from(["iss", "aud", "exp", "nbf", "iat", "sub"]), JSON))
def test_whatever_a_token_says_it_is_read_or_a_token_error(said):
    try:
        got = read(token(HEADER, json.dumps(claims() | said).encode(), key()))
    except TokenError:
        return
    assert got["iss"] == ISSUER
    assert got["aud"] == AUDIENCE or AUDIENCE in got["aud"]
    assert got["exp"] > time.time() - 61


def test_a_shared_secret_for_ones_own_tokens():
    secret = secret_key("0123456789abcdef0123456789abcdef")
    signed = token({"alg": "HS256"}, claims(), secret)
    assert read(signed, KnownKeys(secret), algorithms=["HS256"])
