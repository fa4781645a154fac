"""What is kept of passwords: Argon2id, and what earlier versions of the blog have kept."""

from __future__ import annotations

import hashlib
import hmac

from tornadolike.auth import PasswordHasher, PasswordRules


def earlier_hashes(stored: str, password: str) -> bool | None:
    """Those of the blog before version 3 of its database. Who signs in gets another in their place."""
    scheme, *fields = stored.split("$")
    if scheme != "scrypt":
        return None
    salt, expected = map(bytes.fromhex, fields)
    made = hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=5)
    return hmac.compare_digest(made, expected)


PASSWORDS = PasswordHasher(foreign=[earlier_hashes])

RULES = PasswordRules()
