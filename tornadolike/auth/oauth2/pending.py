""":class:`Pending`: a sign-in that has begun.

It is kept by the browser that has begun it, encrypted (:mod:`tornadolike.auth.signin`), and by nobody else: what comes
back must come back there.
"""

import json
import secrets
import time
from dataclasses import asdict, dataclass, field
from typing import Self

_RANDOM_BYTES = 24


def _random() -> str:
    return secrets.token_urlsafe(_RANDOM_BYTES)


@dataclass(frozen=True, slots=True)
class Pending:
    """What has to be known when the user comes back."""

    provider: str
    """The name of the provider that was asked."""
    redirect_uri: str
    state: str = field(default_factory=_random, repr=False)
    nonce: str = field(default_factory=_random, repr=False)
    verifier: str = field(default="", repr=False)
    """PKCE's; the empty text where the provider does not know it."""
    next: str = "/"
    """Where the user wanted to go. Checked: a path of ours."""
    max_age: int | None = None
    """How long ago the user may have given the password, in seconds, if that was asked for."""
    made: int = field(default_factory=lambda: int(time.time()))
    """When it began, in seconds since the epoch."""
    party: str = ""
    """Who was asked, and for which client: names may be the same, and the ``iss`` of an answer is not always there."""

    def encode(self) -> str:
        """As a text."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def decode(cls, text: str | bytes) -> Self:
        """One from its text, which nobody else can have made.

        Raises :exc:`ValueError` for what another release of ours may have made.
        """
        try:
            return cls(**json.loads(text))
        except TypeError:
            raise ValueError("the sign-in was begun by another release") from None
