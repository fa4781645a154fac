""":class:`PasswordRules`: which passwords may be chosen (NIST SP 800-63B-4 section 3.1.1.2)."""

import unicodedata
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from ...util import check_whole_numbers
from .common import is_common
from .passwords import MAX_LENGTH, normalized

MIN_LENGTH: Final = 15
"""Characters, if a password is all that is asked for; with a second factor 8 are enough."""
_LEAST: Final = 8
_TELLING: Final = 4
"""Characters that something of the user's has at least, that is not to be in the password."""

Leaked = Callable[[str], Awaitable[bool]]
"""Whether a password is known to have been stolen somewhere."""


@dataclass(frozen=True, slots=True)
class PasswordFault:
    """Why a password cannot be chosen."""

    code: Literal["short", "long", "personal", "common", "leaked"]
    text: str
    """A sentence for the user."""


class PasswordRules:
    """Says what is wrong with a password that somebody chooses.

    As NIST says they ask for length, and not for digits and signs; any letters of any language may be used, and spaces
    too. No password grows too old.

    :arg min_length: characters: 15, or, where there is a second factor, 8. Less cannot be.
    :arg leaked: asks a list of passwords that were stolen elsewhere: a coroutine function that takes the password. What
        it raises, :meth:`check` raises.

    Raises :exc:`ValueError` and :exc:`TypeError` for what is no such rule.
    """

    def __init__(self, *, min_length: int = MIN_LENGTH, leaked: Leaked | None = None) -> None:
        check_whole_numbers(min_length=min_length)
        if not _LEAST <= min_length <= MAX_LENGTH:
            raise ValueError(f"min_length is from {_LEAST} to {MAX_LENGTH}, not {min_length}")
        if leaked is not None and not callable(leaked):
            raise TypeError(f"leaked is a function that takes a password, not {leaked!r}")
        self.min_length = min_length
        self._leaked = leaked

    async def check(self, password: str, about: Iterable[str | None] = ()) -> PasswordFault | None:
        """What is wrong with it; None if nothing is.

        :arg about: what is known of the user, and so is easily guessed: the user's name, e-mail address, this site's
            name, ...
        """
        length = len(normalized(password[: MAX_LENGTH + 1]))
        if length < self.min_length:
            return PasswordFault(
                "short",
                f"A password has at least {self.min_length} characters: some words in a row are good.",
            )
        if max(length, len(password)) > MAX_LENGTH:
            return PasswordFault("long", f"A password has at most {MAX_LENGTH} characters.")
        if _is_personal(password, about):
            return PasswordFault("personal", "The password is too much like your name or address.")
        if is_common(password):
            return PasswordFault("common", "Too many people have this password: it is guessed.")
        if self._leaked is not None and await self._leaked(password):
            return PasswordFault(
                "leaked", "This password has been stolen from another site: choose another one."
            )
        return None


def _is_personal(password: str, about: Iterable[str | None]) -> bool:
    """Whether hardly anything is left of a password without what is known of its user."""
    left = folded = _folded(password)
    for one in about:
        for part in _parts(one or ""):
            left = left.replace(part, "")
    return left != folded and len(left) < _LEAST


def _parts(text: str) -> list[str]:
    """A name as a whole, and what it is made of; the longest first."""
    folded = _folded(text)
    words = "".join(one if one.isalnum() else " " for one in folded).split()
    found = {folded, *words, "".join(words)}
    return sorted((one for one in found if len(one) >= _TELLING), key=len, reverse=True)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
