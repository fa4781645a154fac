"""What a password is, as a text."""

import unicodedata
from typing import Final

MAX_LENGTH: Final = 1024
"""Characters of a password."""


def normalized(password: str) -> str:
    """The same password from whatever keyboard it comes: RFC 8265 section 4.2.1."""
    spaced = "".join(" " if unicodedata.category(one) == "Zs" else one for one in password)
    return unicodedata.normalize("NFC", spaced)
