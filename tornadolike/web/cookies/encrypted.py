"""Encrypted cookies: the client keeps them, and can neither read nor change them."""

from typing import Any, Final

from .encrypting import open_value, seal_value, sealer_of
from .plain import MAX_COOKIE_SIZE, wanted_by_prefix
from .sealing import Sealer
from .secrets import secrets_of
from .signed import SignedCookies

_WHAT: Final = "An encrypted cookie is wanted"


class EncryptedCookies(SignedCookies):
    """Encrypts cookies with the setting ``cookie_secret``, and reads those that it has encrypted.

    The secrets are those of :class:`.SignedCookies`, from which others are derived. Those that can be guessed are
    refused (:exc:`ValueError`), and without one these methods raise :exc:`RuntimeError`.
    """

    def set_encrypted_cookie(
        self, name: str, value: str | bytes, expires_days: float | None = 30, **kwargs: Any
    ) -> None:
        """Set a cookie that nobody else can make or read: AES-256-GCM, bound to its name and with the present time.

        The arguments are those of :meth:`set_signed_cookie`. Unless they or the setting ``signed_cookie_kwargs`` say
        otherwise the cookie is ``HttpOnly``, ``SameSite=Lax``, and ``Secure`` if the request came by HTTPS.

        Raises :exc:`ValueError` for what makes a cookie that browsers do not take: of more than
        :data:`~.plain.MAX_COOKIE_SIZE` bytes with its name, so about 3000 bytes of ``value``.
        """
        attributes = {
            "httponly": True,
            "samesite": "Lax",
            "secure": self.request.protocol == "https",
            **wanted_by_prefix(name),
            **self.settings.get("signed_cookie_kwargs", {}),
            **kwargs,
            "expires_days": expires_days,
        }
        sealed = self.create_encrypted_value(name, value)
        size = len(name) + len(sealed)
        if size > MAX_COOKIE_SIZE:
            raise ValueError(
                f"the encrypted cookie {name!r} has {size} bytes, and browsers take {MAX_COOKIE_SIZE}: put less in, "
                "or keep it on the server (Sessions(store))"
            )
        self.set_cookie(name, sealed, **attributes)

    def get_encrypted_cookie(
        self, name: str, value: str | bytes | None = None, max_age_days: float = 31
    ) -> bytes | None:
        """What was encrypted; None for a cookie that is not there, not ours, not for this ``name``, or too old.

        There is nothing in a cookie for which an exception is raised.

        :arg value: what :meth:`create_encrypted_value` gave, in the place of the request's cookie.
        :arg max_age_days: how long ago it may have been encrypted.
        """
        if value is None:
            value = self.get_cookie(name)
        return open_value(self._sealer(name), value, max_age_days)

    def create_encrypted_value(self, name: str, value: str | bytes) -> str:
        """Encrypt a value that is to travel by another way than a cookie: URL-safe text, 66 characters and more."""
        return seal_value(self._sealer(name), value)

    def _sealer(self, name: str) -> Sealer:
        return sealer_of(secrets_of(self.settings, _WHAT), name)
