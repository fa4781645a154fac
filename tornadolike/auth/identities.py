""":class:`Identity`: who has signed in, said in the same words for every provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .tokens import Token


@dataclass(frozen=True, slots=True)
class Identity:
    """Who has signed in, as a provider says.

    Of all this only ``issuer`` and ``subject`` together name somebody for ever: names and addresses change hands.
    """

    provider: str
    """The name of ours for the provider: ``"github"``."""
    issuer: str
    """The URL by which the provider is known, in ID tokens too."""
    subject: str
    """The user's identifier with the provider."""
    name: str | None = None
    """The full name, for display."""
    username: str | None = None
    """A short name. It may change."""
    email: str | None = None
    email_verified: bool = False
    """Whether the provider says that the address is the user's. An account must not be found by one that is not."""
    picture: str | None = None
    """The URL of a picture."""
    session_id: str | None = None
    """The provider's session (``sid``), by which it tells of a logout."""
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """All that the provider has said, in its own words: the ID token's claims and the user info, or its profile."""
    token: Token | None = field(default=None, repr=False)
    """For asking the provider for more in the user's name."""
