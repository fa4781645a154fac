"""Signed cookies: the client keeps them and can read them, but what it has made or changed is refused."""

from collections.abc import Mapping
from typing import Any

from .plain import Cookies
from .secrets import COMMAND
from .signing import (
    Secret,
    create_signed_value,
    decode_signed_value,
    get_signature_key_version,
)


class SignedCookies(Cookies):
    """Signs cookies with the setting ``cookie_secret``, and reads those that it has signed.

    The setting is a random text, or a dict of several by their numbers, of which the setting ``key_version`` says
    which one signs; the others are still read. Without it these methods raise :exc:`RuntimeError`. One that can be
    guessed is refused when the application is served (:func:`.refuse_guessable`).
    """

    def set_signed_cookie(
        self,
        name: str,
        value: str | bytes,
        expires_days: float | None = 30,
        version: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Set a cookie that nobody else can make: its value, with the present time, is signed, not hidden.

        :arg value: any text or bytes.
        :arg expires_days: how long the browser keeps it; None, until it is closed. For how long we believe it, the
            ``max_age_days`` of :meth:`get_signed_cookie` says.
        :arg version: of the format; see :mod:`tornadolike.web.cookies.signing`.
        :arg kwargs: as for :meth:`set_cookie`. What they do not say is taken from the setting
            ``signed_cookie_kwargs``: ``{"httponly": True, "secure": True, "samesite": "Lax"}`` is a good one.
        """
        attributes = {**self.settings.get("signed_cookie_kwargs", {}), **kwargs}
        signed = self.create_signed_value(name, value, version=version)
        self.set_cookie(name, signed, **{**attributes, "expires_days": expires_days})

    set_secure_cookie = set_signed_cookie

    def create_signed_value(
        self, name: str, value: str | bytes, version: int | None = None
    ) -> bytes:
        """Sign a value that is to travel by another way than a cookie. :meth:`get_signed_cookie` reads it."""
        secret = self._cookie_secret()
        key_version = None
        if isinstance(secret, Mapping):
            key_version = self.settings.get("key_version")
            if key_version is None:
                raise RuntimeError(
                    "cookie_secret is a dict: it needs the setting key_version, the number of the secret that signs"
                )
        return create_signed_value(secret, name, value, version=version, key_version=key_version)

    def get_signed_cookie(
        self,
        name: str,
        value: str | None = None,
        max_age_days: float = 31,
        min_version: int | None = None,
    ) -> bytes | None:
        """What was signed; None for a cookie that is not there, not ours, not for this ``name``, or too old.

        :arg value: what :meth:`create_signed_value` gave, in the place of the request's cookie.
        :arg max_age_days: how long ago it may have been signed.
        :arg min_version: the oldest format that is accepted, 1 or 2; by default 1.
        """
        secret = self._cookie_secret()
        if value is None:
            value = self.get_cookie(name)
        return decode_signed_value(
            secret, name, value, max_age_days=max_age_days, min_version=min_version
        )

    get_secure_cookie = get_signed_cookie

    def get_signed_cookie_key_version(self, name: str, value: str | None = None) -> int | None:
        """The number of the secret that the cookie claims to be signed with. Nothing of it is checked.

        None if there is no such cookie, or it is of version 1, or malformed.
        """
        self._cookie_secret()
        if value is None:
            value = self.get_cookie(name)
        return None if value is None else get_signature_key_version(value)

    get_secure_cookie_key_version = get_signed_cookie_key_version

    def _cookie_secret(self) -> Secret:
        secret: Secret | None = self.settings.get("cookie_secret")
        if not secret:
            raise RuntimeError(
                "signed cookies need a setting: Application(..., cookie_secret=...), a text of your own that "
                f"nobody can guess and that stays the same: {COMMAND} makes one"
            )
        return secret
