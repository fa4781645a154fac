"""ID tokens: who has signed in (OpenID Connect Core 1.0 section 3.1.3.7)."""

import hashlib
import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping
from typing import Any, Final

from ..errors import TokenError
from ..jose.algorithms import ALGORITHMS
from ..jose.keys import Keys
from ..jose.reading import LEEWAY, Issuer, audiences, check_claims, moment, verify

LONGEST_SUBJECT: Final = 255
"""Characters (Core section 2)."""


async def read_id_token(
    id_token: str,
    keys: Keys,
    *,
    issuer: Issuer,
    client_id: str,
    nonce: str | None,
    algorithms: Collection[str],
    max_age: int | None = None,
    access_token: str | None = None,
    code: str | None = None,
    leeway: float = LEEWAY,
) -> Mapping[str, Any]:
    """Its claims, when all of it is right: signature, ``iss``, ``sub``, ``aud``, ``azp``, ``exp``, ``iat``, ``nonce``,
    ``auth_time`` (with ``max_age``), ``at_hash`` and ``c_hash`` (if they are there). Raises :exc:`.TokenError`.

    :arg issuer: who must have made it: a text, or what tells it by the claims.
    :arg nonce: what the request had; None where there was none (a refresh).
    :arg algorithms: those that it may be signed with.
    :arg max_age: how long ago the user may have given the password, in seconds.
    :arg access_token: what it came with.
    :arg code: for which it was given.
    :arg leeway: seconds that the clocks may differ.
    """
    verified = await verify(id_token, keys, algorithms=algorithms)
    claims = verified.claims
    check_claims(claims, issuer=issuer, audience=client_id, leeway=leeway)
    if "events" in claims:  # RFC 8417 section 4.1: many providers write the same typ in both
        raise TokenError("the token is no ID token: it tells of an event")
    _check_party(claims, client_id)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise TokenError("the ID token does not say who it is (sub)")
    if moment(claims, "iat") is None:
        raise TokenError("the ID token does not say when it was made")
    if nonce is not None and not _same(claims.get("nonce"), nonce):
        raise TokenError("the ID token belongs to another sign-in: its nonce is not ours")
    _check_age(claims, max_age, leeway)
    digest = ALGORITHMS[verified.header["alg"]].digest
    for name, value in (("at_hash", access_token), ("c_hash", code)):
        if value is not None and name in claims and not _same(claims[name], half(value, digest)):
            raise TokenError(f"the ID token came with something else than it says ({name})")
    return claims


def half(value: str, digest: str) -> str:
    """``at_hash`` and ``c_hash``: the left half of a hash (Core section 3.1.3.6).

    >>> half("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "sha256")
    '77QmUPtjPfzWtF2AnpK9RQ'
    """
    hashed = hashlib.new(digest, value.encode()).digest()
    return urlsafe_b64encode(hashed[: len(hashed) // 2]).rstrip(b"=").decode()


def _check_party(claims: Mapping[str, Any], client_id: str) -> None:
    """For others it may be as well only if it says that it was given to us: we know none of them."""
    party = claims.get("azp")
    if party is None and len(set(audiences(claims))) > 1:
        raise TokenError(
            "the ID token is for others, too, and does not say to whom it was given (azp)"
        )
    if party is not None and party != client_id:
        raise TokenError("the ID token was given to somebody else (azp)")


def _check_age(claims: Mapping[str, Any], max_age: int | None, leeway: float) -> None:
    signed_in = moment(claims, "auth_time")
    if max_age is None:
        return
    if signed_in is None:
        raise TokenError("the ID token does not say when the user has given the password")
    if signed_in + max_age + leeway < time.time():
        raise TokenError("the user has given the password too long ago")


def _same(said: Any, wanted: str) -> bool:
    return isinstance(said, str) and hmac.compare_digest(said.encode(), wanted.encode())
