"""Public keys that are good enough."""

from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography
from webauthn.helpers.cose import COSEAlgorithmIdentifier

ALGORITHMS: Final = [
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
"""Those that WebAuthn recommends, the best first."""
RSA_BITS: Final = range(2048, 4096 + 1)
"""Shorter ones can be broken; longer ones are for making us work."""


def is_good(public_key: bytes) -> bool:
    """Whether it is a key of one of our algorithms, and of a size for it. Raises whatever for what is no key."""
    decoded = decode_credential_public_key(public_key)
    key: Any = decoded_public_key_to_cryptography(decoded)
    match decoded.alg:
        case COSEAlgorithmIdentifier.EDDSA:
            return isinstance(key, Ed25519PublicKey)
        case COSEAlgorithmIdentifier.ECDSA_SHA_256:
            return isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
        case COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256:
            return isinstance(key, RSAPublicKey) and key.key_size in RSA_BITS
        case _:
            return False
