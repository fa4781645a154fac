"""The signatures that are known, and the keys that fit them (RFC 7518 section 3, RFC 8037, RFC 9864).

``none`` is not among them, nor is anything with SHA-1. What is not in this table is refused, whatever joserfc knows.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

# Other rooms have these from here: only this room says what to do where joserfc is missing.
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jwk import Key as Key
from joserfc.jwk import OctKey as OctKey
from joserfc.jws import JWSRegistry

RSA_SIZES: Final = range(2048, 16384 + 1)
"""Bits. A smaller key can be broken (NIST SP 800-131A); a larger one keeps a processor busy with each token."""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A signature, by its name in a token's header."""

    name: str
    key_type: str
    digest: str
    """The hash of ``at_hash`` and its like, for :mod:`hashlib` (OpenID Connect Core section 3.1.3.6)."""
    curve: str | None = None
    least: int = 0
    """Bytes that a secret must have: as many as the hash (RFC 7518 section 3.2)."""

    def fits(self, key: Key) -> bool:
        """Whether this key makes, or checks, such signatures."""
        if key.key_type != self.key_type or key.alg not in (None, self.name):
            return False
        if isinstance(key, RSAKey):
            return key.raw_value.key_size in RSA_SIZES
        if isinstance(key, OctKey):
            return len(key.raw_value) >= self.least
        return isinstance(key, ECKey | OKPKey) and key.curve_name == self.curve


ALGORITHMS: Final = {
    algorithm.name: algorithm
    for algorithm in (
        Algorithm("RS256", "RSA", "sha256"),
        Algorithm("RS384", "RSA", "sha384"),
        Algorithm("RS512", "RSA", "sha512"),
        Algorithm("PS256", "RSA", "sha256"),
        Algorithm("PS384", "RSA", "sha384"),
        Algorithm("PS512", "RSA", "sha512"),
        Algorithm("ES256", "EC", "sha256", "P-256"),
        Algorithm("ES384", "EC", "sha384", "P-384"),
        Algorithm("ES512", "EC", "sha512", "P-521"),
        Algorithm("EdDSA", "OKP", "sha512", "Ed25519"),
        Algorithm("Ed25519", "OKP", "sha512", "Ed25519"),
        Algorithm("HS256", "oct", "sha256", least=32),
        Algorithm("HS384", "oct", "sha384", least=48),
        Algorithm("HS512", "oct", "sha512", least=64),
    )
}
"""By name."""

DEFAULT_ALGORITHMS: Final = tuple(
    algorithm.name for algorithm in ALGORITHMS.values() if algorithm.key_type != "oct"
)
"""Signatures by a pair of keys. Those by a shared secret (``HS256``) are only for who says so."""


def check_algorithms(names: Collection[str]) -> Collection[str]:
    """The names, if all are known. Raises :exc:`ValueError`."""
    if isinstance(names, str) or not names or not isinstance(names, Collection):
        raise ValueError(f"algorithms is a collection of names such as 'ES256', not {names!r}")
    unknown = [name for name in names if name not in ALGORITHMS]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no signature: there are {', '.join(ALGORITHMS)}")
    return names


def algorithm_of(key: Key) -> Algorithm:
    """The one that this key is for, as it says itself; else the usual one. Raises :exc:`ValueError`, and
    :exc:`TypeError` for what is no key."""
    if not isinstance(key, ECKey | OctKey | OKPKey | RSAKey):
        raise TypeError(
            f"a key comes from load_key(), new_key() or secret_key(), and is no {type(key).__name__}"
        )
    for algorithm in ALGORITHMS.values():
        if algorithm.fits(key):
            return algorithm
    raise ValueError("no signature is known that this key fits")


class Registry(JWSRegistry):
    """joserfc's, without what has been looked at before: sizes, and which algorithms may be."""

    max_header_length = max_payload_length = max_signature_length = 2**30

    def __init__(self) -> None:
        super().__init__(strict_check_header=False)

    def get_alg(self, name: str) -> Any:
        return self.algorithms[name]  # joserfc's own warns of EdDSA, a name that most still use


REGISTRY: Final = Registry()
