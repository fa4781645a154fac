""":class:`Sealer`: bytes that only the owner of a secret can read or make.

.. code-block:: text

   version (1 byte: 1)   random (24 bytes)   AES-256-GCM of the content, with its tag (16 bytes more than that)

Each content has a key of its own: HMAC-SHA256 of the first 12 of the random bytes, with a key that HKDF (RFC 5869) has
derived from the secret and the purpose. The other 12 are the nonce of AES-GCM. So the number of contents that a secret
may seal is not bounded, as it would be by the 12 random bytes of AES-GCM alone (NIST SP 800-38D section 8.3).

As text it is URL-safe Base64 (RFC 4648 section 5) without ``=``, in its one right spelling: what is opened can be
remembered by its text.
"""

import binascii
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION: Final = b"\x01"
_HALF: Final = 12
_RANDOM: Final = 2 * _HALF
_TAG: Final = 16

OVERHEAD: Final = len(_VERSION) + _RANDOM + _TAG
"""Bytes that a content becomes longer by."""


class Sealer:
    """Seals bytes with the first of its secrets, and opens what was sealed with any of them.

    :arg purpose: what it is for. What was sealed for another purpose cannot be opened.
    """

    def __init__(self, secrets: Iterable[bytes], purpose: str) -> None:
        self._purpose = purpose.encode()
        self._keys = [
            HKDF(SHA256(), 32, None, b"tornadolike sealed: " + self._purpose).derive(secret)
            for secret in secrets
        ]

    def seal(self, content: bytes) -> bytes:
        """The content, hidden."""
        random = os.urandom(_RANDOM)
        cipher, nonce = _cipher(self._keys[0], random)
        return _VERSION + random + cipher.encrypt(nonce, content, self._purpose)

    def open(self, sealed: bytes) -> bytes | None:
        """The content; None for what was not sealed with one of our secrets for this purpose."""
        random = sealed[1 : 1 + _RANDOM]
        if sealed[:1] != _VERSION or len(sealed) < OVERHEAD:
            return None
        for key in self._keys:
            cipher, nonce = _cipher(key, random)
            try:
                return cipher.decrypt(nonce, sealed[1 + _RANDOM :], self._purpose)
            except InvalidTag:
                continue
        return None

    def seal_text(self, content: bytes) -> str:
        """The content, hidden, as text for cookies and URLs."""
        return _coded(self.seal(content)).decode()

    def open_text(self, sealed: str | bytes) -> bytes | None:
        """As :meth:`open`, of what :meth:`seal_text` has made. None for every other text, whatever it is."""
        try:
            text = sealed.encode("ascii") if isinstance(sealed, str) else sealed
            made = urlsafe_b64decode(text + b"=" * (-len(text) % 4))
        except (UnicodeEncodeError, binascii.Error):
            return None
        # Python passes over strange characters, and over bits behind the end.
        return self.open(made) if _coded(made) == text else None


def _coded(made: bytes) -> bytes:
    return urlsafe_b64encode(made).rstrip(b"=")


def _cipher(key: bytes, random: bytes) -> tuple[AESGCM, bytes]:
    return AESGCM(hmac.digest(key, random[:_HALF], "sha256")), random[_HALF:]
