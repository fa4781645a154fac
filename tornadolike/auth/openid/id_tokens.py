"""ID tokens: who has signed in (OpenID Connect Core 1.0 section 3.1.3.7)."""

from collections.abc import Collection, Mapping
from typing import Any

from ..jose.keys import Keys


async def read_id_token(
    id_token: str,
    keys: Keys,
    *,
    issuer: str,
    client_id: str,
    nonce: str | None,
    algorithms: Collection[str],
    max_age: int | None = None,
    access_token: str | None = None,
) -> Mapping[str, Any]:
    """Its claims, when all of it is right: signature, ``iss``, ``aud``, ``azp``, ``exp``, ``iat``, ``nonce``,
    ``auth_time`` (with ``max_age``), ``at_hash`` (if it is there). Raises :exc:`.TokenError`.

    :arg nonce: what the request had; None where there was none (a refresh).
    """
    raise NotImplementedError
