"""What guests type, made fit to be shown to others.

Nothing here escapes HTML: the page only ever sets text, never markup. What is removed is what
plain text itself can be abused for: invisible names, line breaks in names, characters that turn
the direction of everything after them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from .limits import Refused

# Embeddings, overrides and isolates: in a name they could rearrange the words around it.
_BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
# Invisible, but Persian and Indic words and many emoji are misspelt without them.
_JOINERS = frozenset("\u200c\u200d")
# Letters and signs that leave no ink: fillers of Hangul syllables, a Braille pattern without dots.
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def clean_message(text: str, longest: int) -> str:
    """A message: any text, its line breaks kept, control characters dropped."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    text = text.strip()
    if not _is_visible(text):
        raise Refused("empty-message")
    if len(text) > longest:
        raise Refused("long-message", count=len(text), most=longest)
    return text


def clean_name(text: str, longest: int) -> str:
    """A guest's name: one line, visible, with nothing that reorders its surroundings."""
    text = unicodedata.normalize("NFC", text)
    text = " ".join("".join(c for c in text if _fits_a_name(c)).split())
    if not _is_visible(text):
        raise Refused("empty-name")
    if len(text) > longest:
        raise Refused("long-name", count=longest)
    return text


def clean_room_name(text: str, longest: int) -> str:
    """A room's name as it stands in the address: lower case, letters, digits, dashes."""
    text = unicodedata.normalize("NFKC", text).strip().removeprefix("#").strip().casefold()
    text = "-".join(text.split())
    if not text or not any(_is_letter(c) for c in text):
        raise Refused("empty-room")
    if len(text) > longest:
        raise Refused("long-room", count=longest)
    if not all(_is_letter(c) or c in "-_." or c in _JOINERS for c in text):
        raise Refused("bad-room")
    return text


def same_name(name: str) -> str:
    """What two names have in common when people would read them as one.

    (Letters of two scripts that look alike are not told apart: that takes Unicode's own table.)
    """
    seen = "".join(c for c in unicodedata.normalize("NFKC", name) if not _is_unseen(c))
    return " ".join(unicodedata.normalize("NFKC", seen.casefold()).split())


def unique_name(wanted: str, taken: Iterable[str], longest: int) -> str:
    """`wanted`, or `wanted 2`, `wanted 3`... whichever nobody in the room has."""
    keys = {same_name(name) for name in taken}
    name, number = wanted, 1
    while same_name(name) in keys:
        number += 1
        suffix = f" {number}"
        name = wanted[: longest - len(suffix)] + suffix
    return name


def _fits_a_name(char: str) -> bool:
    if char in _JOINERS or char.isspace():
        return True
    return char not in _BIDI_CONTROLS and unicodedata.category(char)[0] != "C"


def _is_visible(text: str) -> bool:
    """Whether any character leaves ink: not a space, not a control, not a lone accent."""
    return any(unicodedata.category(c)[0] in "LNPS" and c not in _BLANKS for c in text)


def _is_unseen(char: str) -> bool:
    """Whether it only says how its neighbours are drawn, or leaves a blank."""
    return (
        char in _JOINERS
        or char in _BLANKS
        or char == "\u034f"  # the grapheme joiner
        or "\ufe00" <= char <= "\ufe0f"  # variation selectors
        or "\U000e0100" <= char <= "\U000e01ef"
    )


def _is_letter(char: str) -> bool:
    """Letters and digits of every script, with the marks that many scripts write vowels with."""
    return unicodedata.category(char)[0] in "LNM"
