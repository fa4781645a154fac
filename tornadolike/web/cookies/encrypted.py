"""Encrypted cookies: the client keeps them, and can neither read nor change them."""

import binascii
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from typing import Any, Final

from .sealing import Sealer
from .secrets import secrets_of
from .signed import SignedCookies

_WHAT: Final = "Cookies are to be encrypted"
_TIME_SIZE: Final = 8
_DAY: Final = 86400


class EncryptedCookies(SignedCookies):
    """Encrypts cookies with the setting ``cookie_secret``, and reads those that it has encrypted.

    The secrets are those of :class:`.SignedCookies`, from which others are derived.
    """

    def set_encrypted_cookie(
        self, name: str, value: str | bytes, expires_days: float | None = 30, **kwargs: Any
    ) -> None:
        """Set a cookie that nobody else can make or read: AES-256-GCM, bound to its name and with the present time.

        The arguments are those of :meth:`set_signed_cookie`.
        """
        attributes = {**self.settings.get("signed_cookie_kwargs", {}), **kwargs}
        sealed = self.create_encrypted_value(name, value)
        self.set_cookie(name, sealed, **{**attributes, "expires_days": expires_days})

    def get_encrypted_cookie(
        self, name: str, value: str | None = None, max_age_days: float = 31
    ) -> bytes | None:
        """What was encrypted; None for a cookie that is not there, not ours, not for this ``name``, or too old.

        :arg value: what :meth:`create_encrypted_value` gave, in the place of the request's cookie.
        :arg max_age_days: how long ago it may have been encrypted.
        """
        if value is None:
            value = self.get_cookie(name)
        content = None if value is None else self._sealer(name).open(_decoded(value))
        if content is None or len(content) < _TIME_SIZE:
            return None
        made = int.from_bytes(content[:_TIME_SIZE])
        return None if made < time.time() - max_age_days * _DAY else content[_TIME_SIZE:]

    def create_encrypted_value(self, name: str, value: str | bytes) -> str:
        """Encrypt a value that is to travel by another way than a cookie: URL-safe Base64."""
        data = value.encode() if isinstance(value, str) else value
        content = int(time.time()).to_bytes(_TIME_SIZE) + data
        return urlsafe_b64encode(self._sealer(name).seal(content)).rstrip(b"=").decode()

    def _sealer(self, name: str) -> Sealer:
        return _sealer_of(secrets_of(self.settings, _WHAT), f"cookie: {name}")


@lru_cache(maxsize=64)
def _sealer_of(secrets: tuple[bytes, ...], purpose: str) -> Sealer:
    """Deriving a key takes longer than what it is for."""
    return Sealer(secrets, purpose)


def _decoded(value: str) -> bytes:
    """What is in Base64; nothing if it is none."""
    try:
        return urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError):
        return b""
