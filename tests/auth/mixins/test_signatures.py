"""auth/mixins/signatures.py: the vectors of RFC 5849 and others, and what oauthlib and Tornado make of the same."""

import string
from typing import Any
from urllib.parse import quote, urlencode

import hypothesis
import hypothesis.strategies as st
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from oauthlib.oauth1.rfc5849 import signature as oauthlib_signature
from tornado.auth import _oauth10a_signature

from tornadolike.auth.mixins.signatures import (
    SIGNATURE_METHODS,
    base_string,
    base_url,
    encode,
    normalized_parameters,
    sign,
)

# The client and its tokens of RFC 5849 section 1.2.
PHOTOS = {"oauth_consumer_key": "dpf43f3p2l4k3l03", "oauth_signature_method": "HMAC-SHA1"}
PHOTOS_SECRET = "kd94hf93k423kf44"
# Those of section 3.4.1.1.
REQUEST = {
    "oauth_consumer_key": "9djdj82h48djs9d2",
    "oauth_token": "kkk9d7dh3k39sjv7",
    "oauth_signature_method": "HMAC-SHA1",
    "oauth_timestamp": "137131201",
    "oauth_nonce": "7d8f3e4a",
    "c2": "",
    "a3": "2 q",
}
REQUEST_URL = "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b"
# The request of Twitter's "Creating a signature".
TWEET = {
    "status": "Hello Ladies + Gentlemen, a signed OAuth request!",
    "include_entities": "true",
    "oauth_consumer_key": "xvz1evFS4wEEPTGEFPHBog",
    "oauth_nonce": "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
    "oauth_signature_method": "HMAC-SHA1",
    "oauth_timestamp": "1318622958",
    "oauth_token": "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
    "oauth_version": "1.0",
}
TWEET_SECRETS = (
    "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
    "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
)
# The key of the test cases in OAuth's wiki: known to everybody.
WIKI_KEY = """-----BEGIN PRIVATE KEY-----
MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBALRiMLAh9iimur8V
A7qVvdqxevEuUkW4K+2KdMXmnQbG9Aa7k7eBjK1S+0LYmVjPKlJGNXHDGuy5Fw/d
7rjVJ0BLB+ubPK8iA/Tw3hLQgXMRRGRXXCn8ikfuQfjUS1uZSatdLB81mydBETlJ
hI6GH4twrbDJCR2Bwy/XWXgqgGRzAgMBAAECgYBYWVtleUzavkbrPjy0T5FMou8H
X9u2AC2ry8vD/l7cqedtwMPp9k7TubgNFo+NGvKsl2ynyprOZR1xjQ7WgrgVB+mm
uScOM/5HVceFuGRDhYTCObE+y1kxRloNYXnx3ei1zbeYLPCHdhxRYW7T0qcynNmw
rn05/KO2RLjgQNalsQJBANeA3Q4Nugqy4QBUCEC09SqylT2K9FrrItqL2QKc9v0Z
zO2uwllCbg0dwpVuYPYXYvikNHHg+aCWF+VXsb9rpPsCQQDWR9TT4ORdzoj+Nccn
qkMsDmzt0EfNaAOwHOmVJ2RVBspPcxt5iN4HI7HNeG6U5YsFBb+/GZbgfBT3kpNG
WPTpAkBI+gFhjfJvRw38n3g/+UeAkwMI2TJQS4n8+hid0uus3/zOjDySH3XHCUno
cn1xOJAyZODBo47E+67R4jV1/gzbAkEAklJaspRPXP877NssM5nAZMU0/O/NGCZ+
3jPgDUno6WbJn5cqm8MqWhW1xGkImgRk+fkDBquiq4gPiT898jusgQJAd5Zrr6Q8
AO/0isr/3aa6O6NLQxISLKcPDk2NOccAfS/xOtfOz4sJYM3+Bs4Io9+dZGSDCA54
Lw03eHTNQghS0A==
-----END PRIVATE KEY-----
"""


@pytest.mark.parametrize(
    ("method", "url", "parameters", "secrets", "signature"),
    [
        pytest.param(
            "POST",
            "https://photos.example.net/initiate",
            {
                **PHOTOS,
                "oauth_timestamp": "137131200",
                "oauth_nonce": "wIjqoS",
                "oauth_callback": "http://printer.example.com/ready",
            },
            (PHOTOS_SECRET,),
            "74KNZJeDHnMBp0EMJ9ZHt/XKycU=",
            id="RFC 5849 1.2, temporary credentials",
        ),
        pytest.param(
            "POST",
            "https://photos.example.net/token",
            {
                **PHOTOS,
                "oauth_token": "hh5s93j4hdidpola",
                "oauth_timestamp": "137131201",
                "oauth_nonce": "walatlh",
                "oauth_verifier": "hfdp7dh39dks9884",
            },
            (PHOTOS_SECRET, "hdhd0244k9j7ao03"),
            "gKgrFCywp7rO0OXSjdot/IHF7IU=",
            id="RFC 5849 1.2, token",
        ),
        pytest.param(
            "GET",
            "http://photos.example.net/photos?file=vacation.jpg&size=original",
            {
                **PHOTOS,
                "oauth_token": "nnch734d00sl2jdk",
                "oauth_timestamp": "137131202",
                "oauth_nonce": "chapoH",
            },
            (PHOTOS_SECRET, "pfkkdhi9sl3r4s00"),
            "MdpQcU8iPSUjWoN/UDMsK2sui9I=",
            id="RFC 5849 1.2, photos",
        ),
        pytest.param(
            "POST",
            REQUEST_URL,
            REQUEST,
            ("j49sk3j29djd", "dh893hdasih9"),
            "r6/TJjbCOr97/+UU0NsvSne7s5g=",
            id="RFC 5849 3.1, erratum 2550",
        ),
        pytest.param(
            "GET",
            "http://photos.example.net/photos",
            {
                **PHOTOS,
                "oauth_token": "nnch734d00sl2jdk",
                "oauth_timestamp": "1191242096",
                "oauth_nonce": "kllo9940pd9333jh",
                "oauth_version": "1.0",
                "file": "vacation.jpg",
                "size": "original",
            },
            (PHOTOS_SECRET, "pfkkdhi9sl3r4s00"),
            "tR3+Ty81lMeYAr/Fid0kMTYa/WM=",
            id="OAuth Core 1.0, appendix A",
        ),
        pytest.param(
            "POST",
            "https://api.twitter.com/1/statuses/update.json",
            TWEET,
            TWEET_SECRETS,
            "tnnArxj06cWHq44gCs1OSKk/jLY=",
            id="Twitter 1",
        ),
        pytest.param(
            "POST",
            "https://api.twitter.com/1.1/statuses/update.json?include_entities=true",
            TWEET,
            TWEET_SECRETS,
            "hCtSmYh+iHYCEqBWrE7C7hYmtUk=",
            id="Twitter 1.1",
        ),
    ],
)
def test_known_signatures(
    method: str, url: str, parameters: dict[str, Any], secrets: tuple[str, ...], signature: str
) -> None:
    assert sign("HMAC-SHA1", method, url, parameters, *secrets) == signature


def test_the_base_string_of_the_rfc() -> None:
    """Section 3.4.1.1."""
    assert base_string("post", REQUEST_URL, REQUEST) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D"
        "%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1"
        "%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )


def test_the_known_signature_by_a_key() -> None:
    """The test case of OAuth's wiki for RSA-SHA1."""
    parameters = {
        "oauth_consumer_key": "dpf43f3p2l4k3l03",
        "oauth_signature_method": "RSA-SHA1",
        "oauth_timestamp": "1196666512",
        "oauth_nonce": "13917289812797014437",
        "oauth_version": "1.0",
        "file": "vacaction.jpg",
        "size": "original",
    }
    url = "http://photos.example.net/photos"
    assert sign("RSA-SHA1", "GET", url, parameters, WIKI_KEY) == (
        "jvTp/wX1TYtByB1m+Pbyo0lnCOLIsyGCH7wke8AUs3BpnwZJtAuEJkvQL2/9n4s5wUmUl4aCI4BwpraNx4RtEXMe5qg5T1LVTGliMRpKasKs"
        "W//e+RinhejgCuzoH26dyF8iY2ZZ/5D1ilgeijhV/vBka5twt399mXwaYdCwFYE="
    )


@pytest.mark.parametrize(
    ("consumer_secret", "token_secret", "signature"),
    [
        ("djr9rjt0jd78jf88", "jjd999tj88uiths3", "djr9rjt0jd78jf88&jjd999tj88uiths3"),
        ("djr9rjt0jd78jf88", "jjd99$tj88uiths3", "djr9rjt0jd78jf88&jjd99%24tj88uiths3"),
        ("djr9rjt0jd78jf88", "", "djr9rjt0jd78jf88&"),
        (b"a&b", b"\xc3\xa9", "a%26b&%C3%A9"),
    ],
)
def test_plaintext(consumer_secret: str | bytes, token_secret: str | bytes, signature: str) -> None:
    """OAuth Core 1.0a section 9.4.1."""
    made = sign("PLAINTEXT", "GET", "https://example.com/", {}, consumer_secret, token_secret)
    assert made == signature


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("abcABC123", "abcABC123"),
        ("-._~", "-._~"),
        ("%", "%25"),
        ("+", "%2B"),
        (" ", "%20"),
        ("/", "%2F"),
        ("&=*", "%26%3D%2A"),
        ("\n", "%0A"),
        ("\x7f", "%7F"),
        ("\x80", "%C2%80"),
        ("\u3001", "%E3%80%81"),
        ("☃", "%E2%98%83"),
    ],
)
def test_encoding(text: str, encoded: str) -> None:
    """The test cases of OAuth's wiki, and Twitter's."""
    assert encode(text) == encoded


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://EXAMPLE.COM:80/r%20v/X?id=123", "http://example.com/r%20v/X"),
        ("https://www.example.net:8080/?q=1", "https://www.example.net:8080/"),
        ("https://example.com:443/a", "https://example.com/a"),
        ("http://example.com:443/a", "http://example.com:443/a"),
        ("https://example.com:80/a", "https://example.com:80/a"),
        ("HTTP://example.com", "http://example.com/"),
        ("http://user:word@example.com/a#b", "http://example.com/a"),
        ("http://[::1]:80/a", "http://[::1]/a"),
        ("http://[::1]:8080/a", "http://[::1]:8080/a"),
    ],
)
def test_addresses(url: str, base: str) -> None:
    assert base_url(url) == base


@pytest.mark.parametrize(
    ("url", "parameters", "normalized"),
    [
        ("http://a/", {"name": "value"}, "name=value"),
        ("http://a/", {"n": ""}, "n="),
        ("http://a/", {"a": ["y", "x"]}, "a=x&a=y"),
        ("http://a/", {"a": ("x!y", "x y")}, "a=x%20y&a=x%21y"),
        ("http://a/?x=1", {"y": 2}, "x=1&y=2"),
        ("http://a/?x=1", {"x": 1}, "x=1"),
        ("http://a/?x=1", {"x": 2}, "x=1&x=2"),
        ("http://a/?x=1&x=1", {}, "x=1&x=1"),
        ("http://a/?x", {}, "x="),
        ("http://a/", {"oauth_signature": "s", "realm": "r", "b": b"\xc3\xa9"}, "b=%C3%A9"),
        # by what is encoded: "-" before "%", "." and letters
        ("http://a/", {"a": "1", "a-": "2", "a b": "3", "aé": "4"}, "a=1&a%20b=3&a%C3%A9=4&a-=2"),
    ],
)
def test_parameters(url: str, parameters: dict[str, Any], normalized: str) -> None:
    assert normalized_parameters(url, parameters) == normalized


def test_methods_that_are_none() -> None:
    with pytest.raises(ValueError, match=r"no signature method 'HMAC-MD5'.* HMAC-SHA1, "):
        sign("HMAC-MD5", "GET", "http://a/", {}, "secret")


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://example.com/", True),
        ("HTTPS://example.com/", True),
        ("http://localhost:8888/", True),
        ("http://127.0.0.1/", True),
        ("http://[::1]:8888/", True),
        ("http://example.com/", False),
        ("http://127.0.0.1.example.com/", False),
        ("http://127.0.0.1@example.com/", False),
    ],
)
def test_plaintext_is_for_tls(url: str, private: bool) -> None:
    """RFC 5849 section 3.4.4."""
    if private:
        assert sign("PLAINTEXT", "GET", url, {}, "secret") == "secret&"
    else:
        with pytest.raises(ValueError, match="it is for https only"):
            sign("PLAINTEXT", "GET", url, {}, "secret")


def test_keys_that_are_none() -> None:
    made = ec.generate_private_key(ec.SECP256R1())
    pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(ValueError, match="needs an RSA key"):
        sign("RSA-SHA1", "GET", "http://a/", {}, pem)
    with pytest.raises(ValueError, match=r".") as raised:
        sign("RSA-SHA1", "GET", "http://a/", {}, "a secret that is no key")
    assert "a secret" not in str(raised.value)


TEXT = st.text(string.ascii_letters + string.digits + " -._~%+&=/é☃\U0001f600", max_size=8)
NAMES = TEXT.filter(lambda name: name not in ("oauth_signature", "realm"))
PARAMETERS = st.dictionaries(NAMES, TEXT | st.lists(TEXT, min_size=1, max_size=3), max_size=5)
QUERIES = st.lists(st.tuples(NAMES.map("q{}".format), TEXT), max_size=3)
HOSTS = st.sampled_from(
    ["example.com", "EXAMPLE.com:80", "example.com:443", "example.com:8080", "[::1]:8080"]
)
PATHS = st.sampled_from(["", "/", "/a/b", "/r%20v", "/a;b"])


@pytest.mark.once
@hypothesis.given(
    method=st.sampled_from(["get", "POST", "Put"]),
    scheme=st.sampled_from(["http", "https"]),
    host=HOSTS,
    path=PATHS,
    query=QUERIES,
    parameters=PARAMETERS,
    secrets=st.tuples(TEXT, TEXT),
    hash_=st.sampled_from(["SHA1", "SHA256"]),
)
def test_as_oauthlib(
    method: str,
    scheme: str,
    host: str,
    path: str,
    query: list[tuple[str, str]],
    parameters: dict[str, Any],
    secrets: tuple[str, str],
    hash_: str,
) -> None:
    url = f"{scheme}://{host}{path}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")
    pairs = [
        (name, each)
        for name, value in parameters.items()
        for each in (value if isinstance(value, list) else [value])
    ]

    class Client:
        client_secret, resource_owner_secret = secrets

    said = oauthlib_signature.signature_base_string(
        method,
        oauthlib_signature.base_string_uri(url),
        oauthlib_signature.normalize_parameters([*pairs, *query]),
    )
    assert base_string(method, url, parameters) == said
    make = getattr(oauthlib_signature, f"sign_hmac_{hash_.lower()}_with_client")
    assert sign(f"HMAC-{hash_}", method, url, parameters, *secrets) == make(said, Client)


@pytest.mark.once
@hypothesis.given(
    path=st.sampled_from(["/", "/a/b"]),
    parameters=st.dictionaries(st.text(string.ascii_letters, min_size=1, max_size=5), TEXT),
    secrets=st.tuples(TEXT, TEXT),
)
def test_as_tornado(path: str, parameters: dict[str, str], secrets: tuple[str, str]) -> None:
    """Which encodes no names and knows no default ports: the same for what it can."""
    url = f"https://example.com:8443{path}"
    parameters.pop("realm", None)
    consumer, token = ({"key": "k", "secret": secret} for secret in secrets)
    theirs = _oauth10a_signature(consumer, "get", url, parameters, token)
    assert sign("HMAC-SHA1", "get", url, parameters, *secrets).encode() == theirs


@pytest.mark.parametrize("name", SIGNATURE_METHODS)
def test_a_signature_is_of_all(name: str) -> None:
    """What is changed has another signature, but for PLAINTEXT, which is of nothing."""
    made = rsa.generate_private_key(65537, 2048)
    pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    right = ("GET", "https://a/b?c=1", {"d": "2"})
    others = [
        ("POST", "https://a/b?c=1", {"d": "2"}),
        ("GET", "https://b/b?c=1", {"d": "2"}),
        ("GET", "https://a:1/b?c=1", {"d": "2"}),
        ("GET", "https://a/b?c=2", {"d": "2"}),
        ("GET", "https://a/b?c=1", {"d": "3"}),
        ("GET", "https://a/b?c=1", {"d": "2", "e": ""}),
    ]
    signature = sign(name, *right, pem)
    assert sign(name, *right, pem) == signature
    assert all((sign(name, *other, pem) == signature) == (name == "PLAINTEXT") for other in others)
