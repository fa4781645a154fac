"""Keys, and where those come from by which signatures are checked (RFC 7517, RFC 7638)."""

import json
import re
from abc import ABC, abstractmethod
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, OctKey, OKPKey, RSAKey

from ..arguments import check_kind, check_kind_if_any, check_text, check_text_if_any
from ..errors import TokenError
from .algorithms import ALGORITHMS, RSA_SIZES, algorithm_of

LEAST_SECRET: Final = 32
"""Bytes of a shared secret."""
MAX_CANDIDATES: Final = 4
"""Keys that are tried for one token, if its header does not say which it is."""
MAX_KEYS: Final = 100
"""Keys that a JWK Set may have."""
_BITS: Final = 8
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*")
_PEM: Final = "-----BEGIN "
_PUBLIC: Final = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_PRIVATE: Final = {"RSA": ("d", "p", "q", "dp", "dq", "qi"), "EC": ("d",), "OKP": ("d",)}
_CLASSES: Final[tuple[tuple[tuple[type, ...], Any], ...]] = (
    ((RSAPrivateKey, RSAPublicKey), RSAKey),
    ((EllipticCurvePrivateKey, EllipticCurvePublicKey), ECKey),
    ((Ed25519PrivateKey, Ed25519PublicKey), OKPKey),
)


class Keys(ABC):
    """Keys by which signatures are checked."""

    @abstractmethod
    async def find(self, header: Mapping[str, Any]) -> Sequence[Key]:
        """The keys that may have signed a token with this header: as a rule one, never more than a few.

        ``alg`` of the header is one of :data:`.ALGORITHMS`, and ``kid`` a text if it is there. Raises
        :exc:`.TokenError` if there is none, and :exc:`.ProviderUnavailableError`.
        """

    async def find_anew(self, header: Mapping[str, Any]) -> Sequence[Key]:
        """The same, when the signature was wrong with all of these: they may have been exchanged for others without
        getting another name."""
        return ()


class KnownKeys(Keys):
    """Keys that one has: for tokens of one's own, or of somebody whose key one was given.

    .. code-block:: python

        KnownKeys(load_key(Path("public.pem").read_text()))

    :arg keys: several while one is exchanged for another: all of them check, whatever order they are in.

    Raises :exc:`TypeError` and :exc:`ValueError` for what is no key for signatures.
    """

    def __init__(self, *keys: Key) -> None:
        if not keys:
            raise ValueError("KnownKeys needs a key")
        for key in keys:
            algorithm_of(key)
        self._keys = keys

    async def find(self, header: Mapping[str, Any]) -> Sequence[Key]:
        return found(self._keys, header)

    def published(self) -> dict[str, Any]:
        """What others need to check what these keys have signed: a JWK Set of the public halves.

        A handler may answer with it: ``self.write(keys.published())``. Shared secrets are not in it.
        """
        return {
            "keys": [
                {**key.as_dict(private=False), "kid": kid_of(key), "use": "sig"}
                for key in self._keys
                if not isinstance(key, OctKey)
            ]
        }


def found(keys: Iterable[Key], header: Mapping[str, Any]) -> Sequence[Key]:
    """Those that fit the header. Raises :exc:`.TokenError` if none does."""
    algorithm, kid = ALGORITHMS[header["alg"]], header.get("kid")
    fitting = [key for key in keys if algorithm.fits(key)]
    if kid is not None:  # a key without a name may be any
        named = [key for key in fitting if key.kid == kid]
        fitting = named or [key for key in fitting if key.kid is None]
    if not fitting:
        of_that_name = "" if kid is None else f" of the name {kid[:80]!r}"
        raise TokenError(f"no key is known for {algorithm.name}{of_that_name}")
    if len(fitting) > MAX_CANDIDATES:
        raise TokenError("the token does not say which of many keys has signed it")
    return fitting


def kid_of(key: Key) -> str | None:
    """By what name a token says that this key has signed it: its own, or the thumbprint of RFC 7638.

    None for a secret without one: a thumbprint would let others try what it may be.
    """
    return key.kid or (None if isinstance(key, OctKey) else key.thumbprint())


# Making them


def load_key(
    source: str | bytes | Mapping[str, Any],
    *,
    kid: str | None = None,
    algorithm: str | None = None,
    password: bytes | None = None,
) -> Key:
    """The key that is in a text: PEM (a private or public key, a certificate), or a JWK.

    :arg kid: its name, whatever it is called there.
    :arg algorithm: the only one that it is to be used for, such as ``"PS256"``.
    :arg password: of an encrypted PEM.

    Raises :exc:`ValueError`, which says nothing of the key, for what is none: RSA keys of less than 2048 bits, too; and
    :exc:`TypeError`.
    """
    check_kind((str, bytes, Mapping), source=source)
    check_text_if_any(kid=kid, algorithm=algorithm)
    check_kind_if_any(bytes, password=password)
    if algorithm is not None and algorithm not in ALGORITHMS:
        raise ValueError(f"{algorithm!r} is no signature: there are {', '.join(ALGORITHMS)}")
    extra = {name: value for name, value in (("kid", kid), ("alg", algorithm)) if value is not None}
    if isinstance(source, Mapping):
        key = _from_jwk({**source, **extra}, private=True)
    else:
        text = _text(source)
        if text.startswith("{"):
            return load_key(_json(text), kid=kid, algorithm=algorithm)
        if not text.startswith(_PEM):
            raise ValueError("a key is PEM or a JWK; for a shared secret there is secret_key()")
        key = _from_pem(text.encode(), password, extra)
    if not any(each.fits(key) for each in ALGORITHMS.values()):
        raise ValueError(
            "no signature is known that the key fits (RSA keys need 2048 bits, secrets 32 bytes)"
        )
    return key


def secret_key(secret: str | bytes, *, kid: str | None = None) -> Key:
    """A key that whoever signs shares with whoever checks, for ``HS256`` (``HS384``, ``HS512``).

    Raises :exc:`ValueError` for less than 32 bytes, and for a public key: what everybody knows is no secret.
    """
    check_kind((str, bytes), secret=secret)
    check_text_if_any(kid=kid)
    raw = secret.encode() if isinstance(secret, str) else secret
    return _secret(raw, None if kid is None else {"kid": kid})


def new_key(algorithm: str = "ES256", *, kid: str | None = None) -> Key:
    """A new key for this signature; ``new_key().as_pem(private=True)`` is its text.

    An RSA key takes a part of a second: make it in a thread, or keep it.
    """
    check_text(algorithm=algorithm)
    check_text_if_any(kid=kid)
    known = ALGORITHMS.get(algorithm)
    if known is None:
        raise ValueError(f"{algorithm!r} is no signature: there are {', '.join(ALGORITHMS)}")
    extra = {"alg": algorithm} if kid is None else {"alg": algorithm, "kid": kid}
    size: str | int = known.curve or (known.least * _BITS) or RSA_SIZES.start
    return JWKRegistry.generate_key(known.key_type, size, extra)  # type: ignore[arg-type] # it has types of its own for each kind


def public_keys(jwks: Any) -> Sequence[Key]:
    """The keys of a JWK Set that check signatures. Others in it are passed over (RFC 7517 section 5).

    Raises :exc:`ValueError` if it is no JWK Set.
    """
    listed = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(listed, list):
        raise ValueError("it is no JWK Set: it has no list of keys")
    if len(listed) > MAX_KEYS:
        raise ValueError(f"it has more than {MAX_KEYS} keys")
    keys = []
    for jwk in listed:
        try:
            keys.append(_from_jwk(jwk, private=False))
        except ValueError:
            continue
    return keys


def _secret(raw: bytes, extra: Any) -> Key:
    if len(raw) < LEAST_SECRET:
        raise ValueError(
            f"a shared secret has at least {LEAST_SECRET} bytes; python -m tornadolike secret makes one"
        )
    if raw.lstrip().startswith((_PEM.encode(), b"ssh-", b"ecdsa-", b"{")):
        raise ValueError("this is a key of a pair, and no shared secret: there is load_key()")
    return OctKey(raw, raw, extra)


def _text(source: str | bytes) -> str:
    try:
        return (source.decode() if isinstance(source, bytes) else source).strip()
    except UnicodeDecodeError:  # it would have the key in it
        raise ValueError("a key is PEM or a JWK: a text") from None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("the JWK is no JSON") from None


def _from_jwk(jwk: Any, *, private: bool) -> Key:
    """One of a JWK, of which only that is taken over which is used."""
    if not isinstance(jwk, Mapping) or not _is_for_signatures(jwk, private):
        raise ValueError("it is no JWK for signatures")
    kind = jwk.get("kty")
    extra: Any = {name: jwk[name] for name in ("kid", "alg") if jwk.get(name) is not None}
    if not all(isinstance(value, str) for value in extra.values()):
        raise ValueError("the JWK's kid and alg are texts")
    if kind == "oct" and private:
        return _secret(_bytes(jwk.get("k")), extra)
    if not isinstance(kind, str) or kind not in _PUBLIC:
        raise ValueError("the JWK is of a type that is not known")
    if kind == "RSA" and int.from_bytes(_bytes(jwk.get("n"))).bit_length() not in RSA_SIZES:
        raise ValueError(f"an RSA key has {RSA_SIZES.start} bits or more")
    wanted = (*_PUBLIC[kind], *(_PRIVATE[kind] if private else ()))
    material: Any = {"kty": kind, **{name: jwk[name] for name in wanted if name in jwk}}
    try:
        return JWKRegistry.import_key({**material, **extra})
    except (JoseError, UnsupportedAlgorithm, ValueError, TypeError, LookupError):
        raise ValueError("the JWK cannot be read") from None


def _is_for_signatures(jwk: Mapping[str, Any], private: bool) -> bool:
    """RFC 7517 sections 4.2 and 4.3."""
    operations = jwk.get("key_ops")
    if operations is None:
        operations = ["verify"]
    return (
        jwk.get("use") in (None, "sig")
        and isinstance(operations, list)
        and ("verify" in operations or (private and "sign" in operations))
    )


def _bytes(text: Any) -> bytes:
    if not isinstance(text, str) or not _BASE64URL.fullmatch(text):
        raise ValueError("the JWK's members are texts in base64url")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _from_pem(data: bytes, password: bytes | None, extra: Any) -> Key:
    native: Any
    try:
        if (
            b" PRIVATE KEY-----" in data
        ):  # perhaps behind a certificate, or behind a curve's parameters
            native = load_pem_private_key(data, password)
        elif b"-----BEGIN CERTIFICATE-----" in data:
            native = load_pem_x509_certificate(data).public_key()
        else:
            native = load_pem_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("the PEM cannot be read (is it encrypted?)") from None
    for kinds, made in _CLASSES:
        if isinstance(native, kinds):
            key: Key = made(native, native, extra)
            return key
    raise ValueError("the PEM has a key of a kind that is not known")
