"""How a response names the file that it is: ``Content-Disposition`` (RFC 6266, RFC 8187)."""

import re
import unicodedata
from typing import Final
from urllib.parse import quote

MAX_NAME_LENGTH: Final = 255
"""Characters of a name; more are cut out of its middle."""

# Control characters, among them those that change the direction of what is written, so that "gpj.exe" reads "exe.jpg";
# and halves of surrogate pairs.
_UNFIT_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS: Final = "\u200c\u200d"
"""Of those, what the writing of some languages cannot do without."""
_AT_NO_END: Final = " .\xa0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""Dots, and blanks of all widths."""
_NOT_IN_FALLBACK: Final = re.compile(r'[^\x20-\x7e]|["%/\\]')
_UNQUOTED_SAFE: Final = "!#$&+-.^_`|~"
"""What RFC 8187 lets stand for itself, beside letters and digits."""


def safe_name(name: str) -> str:
    """What of ``name`` can be the name of a file in a directory that somebody has chosen; empty if nothing can.

    Only what is behind the last slash or backslash, without control characters and without the dots and blanks around
    it, and with at most :data:`MAX_NAME_LENGTH` characters.
    """
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(
        character
        for character in name
        if character in _JOINERS or unicodedata.category(character) not in _UNFIT_CATEGORIES
    ).strip(_AT_NO_END)
    if len(name) > MAX_NAME_LENGTH:
        _, dot, extension = name.rpartition(".")
        ending = (dot + extension)[-20:]
        name = name[: MAX_NAME_LENGTH - len(ending)] + ending
    return name


def content_disposition(name: str | None, inline: bool = False) -> str:
    """The value of the header for a file of this name, which may come from anybody; None for one without a name.

    >>> content_disposition("../a b.txt")
    'attachment; filename="a b.txt"'
    >>> content_disposition("\\u20ac.txt", inline=True)
    'inline; filename="_.txt"; filename*=UTF-8\\'\\'%E2%82%AC.txt'

    :arg inline: whether a browser should show it rather than keep it.

    What is not ASCII, and what browsers read in several ways, is in the extended notation, with a plain one for those
    that know no better.
    """
    kind = "inline" if inline else "attachment"
    name = safe_name(name) if name else ""
    if not name:
        return kind
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    # Taken apart, characters may be dots and slashes: "\uff0f", "\u2026".
    fallback = _NOT_IN_FALLBACK.sub("_", plain).strip(" .") or "_"
    value = f'{kind}; filename="{fallback}"'
    if fallback != name:
        value += f"; filename*=UTF-8''{quote(name, safe=_UNQUOTED_SAFE)}"
    return value
