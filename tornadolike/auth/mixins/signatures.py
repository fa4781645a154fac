"""OAuth 1.0: signing requests (RFC 5849 section 3.4). Pure functions.

What is signed is the *base string*: the method, the address and all parameters, in one form that both sides can make.

>>> base_string("get", "HTTP://Example.com:80/r%20v?b=2", {"a": "1 & 2"})
'GET&http%3A%2F%2Fexample.com%2Fr%2520v&a%3D1%2520%2526%25202%26b%3D2'
"""

import hmac
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_pem_private_key

DEFAULT_METHOD: Final = "HMAC-SHA1"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_PLAINTEXT: Final = "PLAINTEXT"
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_NOT_SIGNED: Final = frozenset({"oauth_signature", "realm"})


def sign(
    signature_method: str,
    method: str,
    url: str,
    parameters: Mapping[str, Any],
    consumer_secret: str | bytes,
    token_secret: str | bytes = "",
) -> str:
    """The ``oauth_signature`` of a request.

    :arg signature_method: one of :data:`SIGNATURE_METHODS`. Raises :exc:`ValueError` for others, and for ``PLAINTEXT``
        without TLS to another machine (section 3.4.4).
    :arg method: the HTTP method.
    :arg url: what is asked for; its query is signed too.
    :arg parameters: those of the protocol, of the query and of the form, decoded. A list stands for several of a name.
        What is in the query of ``url`` may be told here once more, as Tornado wants it.
    :arg consumer_secret: the client's; for ``RSA-SHA1`` its private key, in PEM.
    :arg token_secret: the token's, if there is one.
    """
    if signature_method == _PLAINTEXT and not _is_private(url):
        raise ValueError("PLAINTEXT sends the secrets themselves: it is for https only")
    signing = SIGNATURE_METHODS.get(signature_method)
    if signing is None:
        known = ", ".join(SIGNATURE_METHODS)
        raise ValueError(f"there is no signature method {signature_method!r}, but {known}")
    return signing(
        base_string(method, url, parameters), _text(consumer_secret), _text(token_secret)
    )


def base_string(method: str, url: str, parameters: Mapping[str, Any]) -> str:
    """What is signed (section 3.4.1)."""
    return "&".join(
        encode(part)
        for part in (method.upper(), base_url(url), normalized_parameters(url, parameters))
    )


def base_url(url: str) -> str:
    """The address without what may differ (section 3.4.1.2).

    >>> base_url("HTTPS://www.Example.NET:443?q=1"), base_url("http://example.net:8080/a;b")
    ('https://www.example.net/', 'http://example.net:8080/a;b')
    """
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2].lower()
    default = _DEFAULT_PORTS.get(parts.scheme)
    if default is not None and parts.port == default:
        host = host.rpartition(":")[0]
    return f"{parts.scheme}://{host}{parts.path or '/'}"


def normalized_parameters(url: str, parameters: Mapping[str, Any]) -> str:
    """All parameters, encoded and in order (section 3.4.1.3.2)."""
    told = list(pairs(parameters))
    in_query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    every = [*told, *(pair for pair in in_query if pair not in told)]
    encoded = sorted(
        (encode(name), encode(value)) for name, value in every if name not in _NOT_SIGNED
    )
    return "&".join(f"{name}={value}" for name, value in encoded)


def encode(text: str) -> str:
    """Percent-encoding as OAuth 1.0 has it (section 3.6): all but letters, digits and ``-._~``."""
    return quote(text, safe="~")


def pairs(parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Parameters as they are sent: each name with one value."""
    for name, value in parameters.items():
        for each in value if isinstance(value, (list, tuple)) else (value,):
            yield name, _text(each)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _key(consumer_secret: str, token_secret: str) -> str:
    return f"{encode(consumer_secret)}&{encode(token_secret)}"


def _hmac(hash_name: str) -> Callable[[str, str, str], str]:
    def signature(base: str, consumer_secret: str, token_secret: str) -> str:
        key = _key(consumer_secret, token_secret)
        return b64encode(hmac.digest(key.encode(), base.encode(), hash_name)).decode()

    return signature


def _plaintext(base: str, consumer_secret: str, token_secret: str) -> str:
    """The secrets themselves (section 3.4.4)."""
    return _key(consumer_secret, token_secret)


def _is_private(url: str) -> bool:
    """Whether nobody between here and there can read what is sent."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in _THIS_MACHINE


def _rsa_sha1(base: str, consumer_secret: str, token_secret: str) -> str:
    key = _private_key(consumer_secret)
    # The specification has no other hash; what is signed is new each time, and chosen by nobody else.
    return b64encode(key.sign(base.encode(), PKCS1v15(), SHA1())).decode()  # noqa: S303


@lru_cache(maxsize=8)
def _private_key(pem: str) -> RSAPrivateKey:
    """Reading and checking one takes longer than to sign with it."""
    key = load_pem_private_key(pem.encode(), None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("RSA-SHA1 needs an RSA key")
    return key


SIGNATURE_METHODS: Final[Mapping[str, Callable[[str, str, str], str]]] = {
    "HMAC-SHA1": _hmac("sha1"),
    "HMAC-SHA256": _hmac("sha256"),
    _PLAINTEXT: _plaintext,
    "RSA-SHA1": _rsa_sha1,
}
"""By their names in ``oauth_signature_method``: each makes a signature of the base string and the two secrets."""
