""":class:`Token`: what a provider gives for access (RFC 6749 section 5.1)."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from .errors import ProviderAnswerError

DEFAULT_LEEWAY: Final = 30.0
"""Seconds before its end from which a token counts as expired: a request with it takes some time."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and what came with it. Its ``repr`` shows none of the secrets."""

    access_token: str = field(repr=False)
    token_type: str = "Bearer"  # noqa: S105 - a scheme, no secret
    expires_at: float | None = None
    """When it ends, in seconds since the epoch; None: the provider has not said."""
    scope: str | None = None
    """What it is good for, as the provider has said it; None if it has not: what was asked for."""
    refresh_token: str | None = field(default=None, repr=False)
    id_token: str | None = field(default=None, repr=False)
    answer: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """All that the provider has answered."""

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any], now: float | None = None) -> Self:
        """The token that is in a token endpoint's answer. Raises :exc:`.ProviderAnswerError` if none is."""
        access_token = answer.get("access_token")
        if not isinstance(access_token, str) or not access_token:
            raise ProviderAnswerError("the provider's answer has no access_token")
        return cls(
            access_token,
            str(answer.get("token_type") or "Bearer"),
            _end(answer.get("expires_in"), time.time() if now is None else now),
            _text(answer.get("scope")),
            _text(answer.get("refresh_token")),
            _text(answer.get("id_token")),
            dict(answer),
        )

    def is_expired(self, leeway: float = DEFAULT_LEEWAY, now: float | None = None) -> bool:
        """Whether it has ended, or does within ``leeway`` seconds. False for one of which no end is known."""
        if self.expires_at is None:
            return False
        return self.expires_at - leeway <= (time.time() if now is None else now)


def _end(expires_in: Any, now: float) -> float | None:
    """Some providers write the number as a text."""
    try:
        seconds = float(expires_in)
    except (TypeError, ValueError, OverflowError):
        return None
    return now + max(0.0, seconds) if math.isfinite(seconds) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
