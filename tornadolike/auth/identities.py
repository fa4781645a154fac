""":class:`Identity`: who has signed in, said in the same words for every provider."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .tokens import Token

_CHOSEN: Final = ("name", "username", "email", "picture", "session_id")
_UNFIT: Final = re.compile(r"[\0\ud800-\udfff]")
"""What JSON can have in it, and neither pages nor databases."""
_PICTURE: Final = re.compile(r"https?://[!-~]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who has signed in, as a provider says.

    Of all this only ``issuer`` and ``subject`` together name somebody for ever: names and addresses change hands. Users
    choose the others, and what could be written into no page and no database (half a surrogate pair, NUL) is left out.
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
    """The URL of a picture. What is none of ``https`` or ``http`` is left out: users choose it, and pages link it."""
    session_id: str | None = None
    """The provider's session (``sid``), by which it tells of a logout."""
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """All that the provider has said, in its own words: the ID token's claims and the user info, or its profile."""
    token: Token | None = field(default=None, repr=False)
    """For asking the provider for more in the user's name."""

    def __post_init__(self) -> None:
        for name in _CHOSEN:
            if _UNFIT.search(getattr(self, name) or ""):
                object.__setattr__(self, name, None)
        if not _PICTURE.fullmatch(self.picture or ""):
            object.__setattr__(self, "picture", None)
        if self.email is None:
            object.__setattr__(self, "email_verified", False)
