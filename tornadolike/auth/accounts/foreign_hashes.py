"""Password hashes that other programs have made: read, so that users need not choose a new password.

A hash that is right is replaced by one of our own the next time that its user signs in
(:class:`~tornadolike.auth.PasswordHasher`).
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from typing import Final

ForeignHashes = Callable[[str, str], bool | None]
"""Called in a thread, with what is stored and a password: whether that is the right one; None: it is no hash of a kind
that this function knows."""

_SHA: Final = {"pbkdf2_sha256": "sha256", "pbkdf2_sha1": "sha1"}
_SCRYPT_SIZE: Final = 64
_SCRYPT_SPARE: Final = 1024 * 1024
"""OpenSSL needs some more memory than the algorithm itself, which is 128 * n * r bytes."""


def django_hashes(stored: str, password: str) -> bool | None:
    """Those of Django's PBKDF2PasswordHasher, PBKDF2SHA1PasswordHasher and ScryptPasswordHasher.

    Those of its Argon2PasswordHasher :class:`~tornadolike.auth.PasswordHasher` knows without this.
    """
    algorithm, *fields = stored.split("$")
    try:
        if algorithm in _SHA and len(fields) == 3:
            rounds, salt, expected = fields
            made = hashlib.pbkdf2_hmac(_SHA[algorithm], _bytes(password), _bytes(salt), int(rounds))
        elif algorithm == "scrypt" and len(fields) == 5:
            n, salt, r, p, expected = fields
            made = _scrypt(password, salt, int(n), int(r), int(p))
        else:
            return None
        return hmac.compare_digest(made, base64.b64decode(expected, validate=True))
    except (ValueError, binascii.Error, OverflowError):
        return None


def werkzeug_hashes(stored: str, password: str) -> bool | None:
    """Those of ``generate_password_hash`` of Werkzeug, which programs made with Flask use: ``scrypt`` and
    ``pbkdf2``."""
    method, *fields = stored.split("$")
    algorithm, *numbers = method.split(":")
    if len(fields) != 2:
        return None
    salt, expected = fields
    try:
        if algorithm == "pbkdf2" and len(numbers) == 2:
            name, rounds = numbers
            made = hashlib.pbkdf2_hmac(name, _bytes(password), _bytes(salt), int(rounds))
        elif algorithm == "scrypt" and len(numbers) == 3:
            made = _scrypt(password, salt, *map(int, numbers))
        else:
            return None
        return hmac.compare_digest(made, bytes.fromhex(expected))
    except (ValueError, OverflowError):
        return None


def _scrypt(password: str, salt: str, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(
        _bytes(password),
        salt=_bytes(salt),
        n=n,
        r=r,
        p=p,
        maxmem=128 * r * (n + p) + _SCRYPT_SPARE,
        dklen=_SCRYPT_SIZE,
    )


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
