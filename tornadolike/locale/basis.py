"""What the formats need of the locale that they are mixed into."""

import re
from typing import TYPE_CHECKING, Any, Final

INVISIBLE: Final = re.compile("[\u061c\u200e\u200f\u2066-\u2069]")
"""Marks of the direction of text, which dates and numbers are copied with."""


class Basis:
    """The part of `Locale` that the formats stand on; `Locale` gives it its meaning."""

    code: str
    if TYPE_CHECKING:

        @property
        def babel(self) -> Any:
            """Babel's data of this language."""

        def find(
            self, message: str, plural_message: str | None = None, count: int | None = None
        ) -> str | None:
            """The translation of a message in the site's catalogues, or None."""

        def own(
            self, message: str, plural_message: str | None = None, count: int | None = None
        ) -> str:
            """The translation of a message in the site's catalogues or in ours, or the message."""


def one_of(known: tuple[str, ...], given: str, name: str) -> None:
    """Raise `ValueError` if an argument of that name is none of the words that are known."""
    if given not in known:
        raise ValueError(f"{name} is {', '.join(known[:-1])} or {known[-1]}, not {given!r}")
