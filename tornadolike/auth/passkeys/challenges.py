"""What has been asked of a browser's authenticators, and is to be answered: once, soon, and by that browser.

The browser keeps it, in a cookie that it can neither read nor change, as a list: somebody may have several tabs.
"""

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from .storage import encoded

MAX_BEGUN: Final = 4
"""How many may go on in a browser. For one more the oldest is forgotten."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What an answer has to fit."""

    value: bytes = field(repr=False)
    """Random bytes, which the authenticator signs."""
    ends: int
    """When it is too late, in seconds since 1970."""
    user: str | None = None
    """Who is to answer; None for anybody."""
    user_handle: bytes | None = None
    """For a passkey that is to be made: by what the authenticator shall know the user."""


def packed(challenges: Iterable[Challenge]) -> str:
    """The last of them as a text."""
    rows = [
        [
            encoded(one.value),
            one.ends,
            one.user,
            None if one.user_handle is None else encoded(one.user_handle),
        ]
        for one in [*challenges][-MAX_BEGUN:]
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def unpacked(text: bytes) -> list[Challenge]:
    """Those that can still be answered. ``text`` is what :func:`packed` has made: nobody else can have."""
    now = time.time()
    return [
        Challenge(
            urlsafe_b64decode(value + "=="),
            ends,
            user,
            None if handle is None else urlsafe_b64decode(handle + "=="),
        )
        for value, ends, user, handle in json.loads(text)
        if now < ends
    ]
