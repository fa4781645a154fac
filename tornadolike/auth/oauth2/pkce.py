"""Proof Key for Code Exchange (RFC 7636): a code is worth nothing to who has only seen it."""

import hashlib
import secrets
from base64 import urlsafe_b64encode


def new_verifier() -> str:
    """A secret for one sign-in: 43 characters, 256 random bits."""
    return secrets.token_urlsafe(32)


def challenge(verifier: str) -> str:
    """What is told of it before: the method ``S256``.

    >>> challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
