""":func:`write_access_token`: tokens of one's own, as :class:`.JWTBearer` reads them (RFC 9068)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from ..jose.writing import write_token
from .jwt_bearer import ACCESS_TOKEN
from .scopes import checked_scopes

if TYPE_CHECKING:
    from joserfc.jwk import Key

_LIFETIME: Final = 1800.0
_OWN: Final = frozenset({"iss", "aud", "sub", "client_id", "jti", "scope", "iat", "exp"})


def write_access_token(
    subject: str,
    key: Key,
    *,
    issuer: str,
    audience: str,
    scopes: Iterable[str] = (),
    client_id: str | None = None,
    lifetime: float = _LIFETIME,
    claims: Mapping[str, Any] | None = None,
) -> str:
    """A token with which ``subject`` may use an API, signed.

    .. code-block:: python

        write_access_token("ann", key, issuer="https://api.example", audience="https://api.example")

    What reads it is ``JWTBearer(issuer, audience=..., keys=KnownKeys(key))``.

    :arg subject: whose it is: the user's number, or whatever names them for ever.
    :arg key: a private key of :func:`.load_key` or :func:`.new_key`, or a :func:`.secret_key`.
    :arg issuer: who makes it: the URL of your site.
    :arg audience: what stands for the API; the same URL, if the site is the API.
    :arg scopes: what it may be used for (:func:`.requires_scope`).
    :arg client_id: the program to which it is given. None: the issuer's own.
    :arg lifetime: seconds that it is good for. It cannot be taken back before.
    :arg claims: what it says beside that.

    Raises :exc:`TypeError` and :exc:`ValueError` for what is of no use.
    """
    for name, value in (("subject", subject), ("issuer", issuer), ("audience", audience)):
        _check_text(name, value)
    if client_id is not None:
        _check_text("client_id", client_id)
    more = dict(claims or {})
    if taken := _OWN & more.keys():
        raise ValueError(f"claims has {', '.join(sorted(taken))}, for which there are arguments")
    said = {
        **more,
        "iss": issuer,
        "aud": audience,
        "sub": subject,
        "client_id": client_id or issuer,
        "jti": secrets.token_urlsafe(16),
    }
    if allowed := checked_scopes(scopes):
        said["scope"] = " ".join(allowed)
    return write_token(said, key, lifetime=lifetime, kind=ACCESS_TOKEN)


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} is a text, not {value!r}")
    if not value:
        raise ValueError(f"{name} is empty")
