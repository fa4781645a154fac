"""Which way to say who is asking a request means."""

from typing import Any, Final

from ..addresses import Address
from .base import Auth
from .basic import BasicAuth
from .digest import DigestAuth

_BY_NAME: Final = 2
"""Items of a pair: a user name and a password."""


def auth_for(
    auth: Any, address: Address, username: str | None, password: str | None, mode: str | None
) -> Auth | None:
    """Who is asking.

    :arg auth: what the request says of it, or its client: an :class:`Auth`, or a pair of a user name and a password,
        for Basic. It goes before the others.
    :arg address: the URL may name a user, who goes before ``username``.
    :arg mode: how user and password are said: ``"basic"``, which is the default, or ``"digest"``.

    Raises :exc:`ValueError` for another mode, and what the classes raise; :exc:`TypeError` for what is no ``auth``.
    """
    if isinstance(auth, tuple) and len(auth) == _BY_NAME:
        return BasicAuth(*auth)
    if auth is not None:
        if not isinstance(auth, Auth):
            raise TypeError(
                "auth is an Auth, like BearerAuth(token), or a pair (username, password), "
                f"and not of the type {type(auth).__name__}"
            )
        return auth
    if address.username is not None:
        username, password = address.username, address.password
    if username is None:
        return None
    if mode in (None, "basic"):
        return BasicAuth(username, password or "")
    if mode == "digest":
        return DigestAuth(username, password or "")
    raise ValueError(f"auth_mode may be 'basic', which is the default, or 'digest', not {mode!r}")
