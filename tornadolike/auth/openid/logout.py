"""Being told by a provider that somebody has signed out: OpenID Connect Back-Channel Logout 1.0."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..errors import TokenError
from ..jose.reading import LEEWAY, moment, read_token
from .provider import OpenIDProvider

LONGEST_AGE: Final = 3600.0
"""Seconds after which a logout token counts for nothing, whatever it says itself."""
REMEMBERED: Final = LONGEST_AGE + 2 * LEEWAY
"""Seconds for which one must be remembered, so that it does not serve twice."""

_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_KINDS: Final = ("logout+jwt", "JWT")
"""The second is what older providers write, or nothing; the event tells these from other tokens."""
_LONGEST_ID: Final = 255


@dataclass(frozen=True, slots=True)
class Logout:
    """Who has signed out: a session, or a user with all sessions."""

    issuer: str
    subject: str | None
    """The user; None if only the session is told."""
    session_id: str | None
    """The provider's session (``sid``); None if all of the user's have ended."""
    token_id: str
    """No two tokens have the same (``jti``)."""


async def read_logout_token(token: str, provider: OpenIDProvider) -> Logout:
    """What a logout token says, when all of it is right (section 2.6): signature, issuer, audience and times as of an
    ID token, ``sub`` or ``sid`` or both, the event, ``jti``, and no ``nonce``. Whether it has come before is not looked
    at.

    Raises :exc:`.TokenError`, :exc:`.ProviderUnavailableError` and :exc:`.ProviderAnswerError`.
    """
    claims = await read_token(
        token,
        provider.discovery.keys,
        issuer=provider.token_issuer,
        audience=provider.client_id,
        algorithms=await provider.find_algorithms(),
        kind=_KINDS,
    )
    made = moment(claims, "iat")
    if made is None or made + LONGEST_AGE + LEEWAY < time.time():
        raise TokenError("the logout token does not say when it was made, or that was too long ago")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(_EVENT), dict):
        raise TokenError("the token does not tell of a logout (events)")
    if "nonce" in claims:
        raise TokenError("the token is no logout token: it has a nonce")
    subject, session_id, token_id = (_identifier(claims, name) for name in ("sub", "sid", "jti"))
    if subject is None and session_id is None:
        raise TokenError("the logout token says neither sub nor sid")
    if token_id is None:
        raise TokenError("the logout token has no jti")
    return Logout(str(claims["iss"]), subject, session_id, token_id)


def _identifier(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_ID:
        raise TokenError(f"{name} of the logout token is no identifier")
    return value
