"""Tokens that others have signed (RFC 7519, RFC 8725): nothing in one is believed before it is checked.

A token is looked at in this order, and what is wrong ends it: its size and shape, its header (of which only ``alg``,
``kid`` and ``typ`` count: keys and places of keys that a token brings itself are passed over), the key, the signature,
and only then what it says.
"""

import math
import re
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key

from ..errors import TokenError
from .algorithms import DEFAULT_ALGORITHMS, REGISTRY, check_algorithms
from .keys import Keys
from .strict_json import read_object

LEEWAY: Final = 60.0
"""Seconds that the clocks of others may be wrong."""
MAX_SIZE: Final = 16 * 1024
"""Characters that a token may have."""
DEFAULT_KIND: Final = "JWT"
"""The ``typ`` of a token of no special kind. One that has none counts as of this."""

Issuer = str | Callable[[Mapping[str, Any]], str | None]
"""Who must have made a token: a text, or what tells it by the claims, for who has many names (None: nobody may)."""

_LATEST: Final = 253_402_300_799  # the year 9999: what is larger is no time
_ENCRYPTED: Final = 4
_COMPACT: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")


@dataclass(frozen=True, slots=True)
class Verified:
    """A token whose signature is right. That says nothing of its claims."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]


async def read_token(
    token: str,
    keys: Keys,
    *,
    issuer: Issuer,
    audience: str,
    algorithms: Collection[str] = DEFAULT_ALGORITHMS,
    leeway: float = LEEWAY,
    kind: str | Collection[str] | None = None,
    max_size: int = MAX_SIZE,
) -> Mapping[str, Any]:
    """The claims of a token whose signature, issuer, audience and times are right. Raises :exc:`.TokenError`.

    :arg issuer: ``iss``, to the letter.
    :arg audience: what must be among ``aud``: whom the token is for.
    :arg algorithms: those that it may be signed with; by default all by a pair of keys. For a shared secret say
        ``["HS256"]``.
    :arg leeway: seconds that the clocks may differ; by default 60.
    :arg kind: the ``typ`` that its header must have, such as ``"at+jwt"`` (RFC 9068) or ``"logout+jwt"``; several if
        one of them will do. By default ``"JWT"``, or none.
    :arg max_size: characters that it may have; by default 16 KiB.
    """
    verified = await verify(token, keys, algorithms=algorithms, kind=kind, max_size=max_size)
    check_claims(verified.claims, issuer=issuer, audience=audience, leeway=leeway)
    return verified.claims


async def verify(
    token: str,
    keys: Keys,
    *,
    algorithms: Collection[str] = DEFAULT_ALGORITHMS,
    kind: str | Collection[str] | None = None,
    max_size: int = MAX_SIZE,
) -> Verified:
    """A token whose signature is right, for who checks the claims otherwise. Raises :exc:`.TokenError`."""
    check_algorithms(algorithms)
    if not isinstance(keys, Keys):
        raise TypeError(f"keys is an object such as KnownKeys(key), not {type(keys).__name__}")
    header, claims = _parts(token, max_size)
    _check_header(header, algorithms, kind)
    candidates = await keys.find(header)
    if not _is_signed_by(candidates, token):
        others = [each for each in await keys.find_anew(header) if each not in candidates]
        if not _is_signed_by(others, token):
            raise TokenError("the token's signature is wrong")
    # Now somebody known has said it, and may be told of what is wrong.
    return Verified(header, _object(claims, "claims"))


def check_claims(
    claims: Mapping[str, Any], *, issuer: Issuer, audience: str, leeway: float = LEEWAY
) -> None:
    """Who has made it, for whom, and when (RFC 7519 section 4.1). Raises :exc:`.TokenError`.

    Raises :exc:`ValueError` where nobody is said (an empty setting may not become a token that everybody can have), and
    for a leeway that is none.
    """
    if not issuer or not audience:
        raise ValueError("issuer and audience are not empty")
    if not 0 <= leeway < math.inf:
        raise ValueError(f"leeway is seconds from 0 on, not {leeway!r}")
    wanted = issuer(claims) if callable(issuer) else issuer
    if wanted is None or claims.get("iss") != wanted:
        raise TokenError(f"the token is not by {wanted!r}")
    if audience not in audiences(claims):
        raise TokenError("the token is for somebody else")
    now = time.time()
    expires, begins, made = (moment(claims, name) for name in ("exp", "nbf", "iat"))
    if expires is None:
        raise TokenError("the token does not say when it expires")
    if expires + leeway <= now:
        raise TokenError("the token has expired")
    if begins is not None and begins - leeway > now:
        raise TokenError("the token is not valid yet")
    if made is not None and made - leeway > now:
        raise TokenError("the token was made in the future")


def audiences(claims: Mapping[str, Any]) -> Sequence[str]:
    """For whom it is: ``aud``, a text or a list of texts. Raises :exc:`.TokenError`."""
    listed = claims.get("aud")
    if isinstance(listed, str):
        return [listed]
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise TokenError("the token does not say for whom it is")
    return listed


def moment(claims: Mapping[str, Any], name: str) -> float | None:
    """A claim that is a time, in seconds since the epoch; None if it is not there. Raises :exc:`.TokenError`."""
    value = claims.get(name)
    if value is None and name not in claims:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LATEST:
        raise TokenError(f"the token's {name} is no time")
    return value


def _parts(token: str, max_size: int) -> tuple[dict[str, Any], bytes]:
    """Its header, and its claims as they came."""
    if not isinstance(token, str) or len(token) > max_size:
        raise TokenError("the token is too large" if isinstance(token, str) else "it is no token")
    matched = _COMPACT.fullmatch(token)
    if matched is None:
        if token.count(".") == _ENCRYPTED:
            raise TokenError("the token is encrypted, which is not supported")
        raise TokenError("it is no signed token: it has not three parts in base64url")
    return _object(_decode(matched[1]), "header"), _decode(matched[2])


def _decode(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise TokenError("it is no signed token: it is not in base64url") from None


def _object(data: bytes, part: str) -> dict[str, Any]:
    try:
        return read_object(data)
    except ValueError as error:
        raise TokenError(f"the token's {part} cannot be read: {error}") from None


def _check_header(
    header: Mapping[str, Any], algorithms: Collection[str], kind: str | Collection[str] | None
) -> None:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise TokenError(f"the token is signed by {str(algorithm)[:20]!r}, which is not allowed")
    if not isinstance(header.get("kid", ""), str):
        raise TokenError("the token's kid is no text")
    # No extension is known that changes what a signature covers (RFC 7515 section 4.1.11, RFC 7797).
    if "crit" in header or header.get("b64", True) is not True:
        raise TokenError("the token's header wants an extension that is not known")
    allowed = [kind or DEFAULT_KIND] if kind is None or isinstance(kind, str) else kind
    if _kind_of(header.get("typ", DEFAULT_KIND)) not in map(_kind_of, allowed):
        raise TokenError(f"the token is not of the kind {' or '.join(allowed)}")
    if _kind_of(header.get("cty", "")) == _kind_of(DEFAULT_KIND):
        raise TokenError("the token has another token in it, which is not supported")


def _kind_of(name: Any) -> str:
    """RFC 7515 section 4.1.9: a media type, whose ``application/`` may be left out."""
    return name.lower().removeprefix("application/") if isinstance(name, str) else ""


def _is_signed_by(keys: Sequence[Key], token: str) -> bool:
    return any(_has_signed(key, token) for key in keys)


def _has_signed(key: Key, token: str) -> bool:
    try:
        jws.deserialize_compact(token, key, registry=REGISTRY)
    except (JoseError, ValueError):
        return False
    return True
