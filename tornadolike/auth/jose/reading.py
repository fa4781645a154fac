"""Tokens that others have signed (RFC 7519, RFC 8725): nothing in one is believed before it is checked."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from .keys import Keys

DEFAULT_ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures by a key pair. Never ``none``; ``HS256`` only for who says so, and never with a public key."""
LEEWAY: Final = 60.0
"""Seconds that the clocks of others may be wrong."""


async def read_token(
    token: str,
    keys: Keys,
    *,
    issuer: str,
    audience: str,
    algorithms: Collection[str] = DEFAULT_ALGORITHMS,
    leeway: float = LEEWAY,
    kind: str | None = None,
) -> Mapping[str, Any]:
    """The claims of a token whose signature, issuer, audience and times are right. Raises :exc:`.TokenError`.

    :arg kind: the ``typ`` that its header must have, such as ``"at+jwt"`` (RFC 9068) or ``"logout+jwt"``.
    """
    raise NotImplementedError
