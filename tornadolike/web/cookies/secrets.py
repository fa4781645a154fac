"""Secrets: what signs and encrypts, and whether it is good enough for that."""

from collections.abc import Mapping
from typing import Any, Final

SHORTEST_SECRET: Final = 16
"""Characters."""
RECIPE: Final = 'python -c "import secrets; print(secrets.token_hex(32))"'
"""A command that makes a secret."""


def secrets_of(settings: Mapping[str, Any], what: str) -> tuple[bytes, ...]:
    """The secrets of the setting ``cookie_secret``, the one that encrypts first.

    :arg what: needs one; it begins the message if there is none.

    Raises :exc:`RuntimeError` if there is none, and what :func:`checked_secrets` raises.
    """
    secret = settings.get("cookie_secret")
    if not secret:
        raise RuntimeError(
            f"{what}, and needs a secret: Application(..., cookie_secret=...); {RECIPE} makes one"
        )
    if isinstance(secret, Mapping):
        version = settings.get("key_version")
        if version not in secret:
            raise RuntimeError(
                "cookie_secret is a dict: it needs the setting key_version, the number of the secret that encrypts"
            )
        secret = [secret[version], *(one for key, one in secret.items() if key != version)]
    return checked_secrets(secret, what)


def checked_secrets(secret: object, what: str) -> tuple[bytes, ...]:
    """One secret, or a list of them, as bytes. Raises :exc:`TypeError`, and :exc:`ValueError` for a short one."""
    found = []
    for one in secret if isinstance(secret, (list, tuple)) else [secret]:
        if not isinstance(one, (str, bytes)):
            raise TypeError(
                f"a secret is a str or bytes, or a list of them, not {type(one).__name__}"
            )
        made = one.encode() if isinstance(one, str) else one
        if len(made) < SHORTEST_SECRET:
            raise ValueError(
                f"{what}: a secret for that has at least {SHORTEST_SECRET} characters; {RECIPE} makes one"
            )
        found.append(made)
    if not found:
        raise ValueError(f"{what}, and needs a secret: the list of them is empty")
    return tuple(found)
