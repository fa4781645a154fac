"""Language tags: their parts, and what CLDR knows of who can read what (RFC 5646, UTS 35).

A code is written as in Tornado and gettext, with underscores: ``de``, ``pt_BR``, ``zh_Hant_TW``. Tags of HTTP and
HTML, with hyphens and in any case, are understood everywhere.
"""

import functools
import re
from typing import Final, NamedTuple

from . import cldr

LONGEST_TAG: Final = 64
"""Characters. RFC 5646 (section 4.4.1) wants 35 at least; what is longer is no tag to us."""

_SUBTAG: Final = re.compile(r"[a-z0-9]{1,8}")

_ALIASES: Final = {"no": "nb"}
"""What CLDR holds for another language, and whoever asks for it does not."""

_PLACES: Final = {("es", "LA"): "419", ("ar", "AR"): None}
"""Territories that some of Tornado's codes have and CLDR does not: all of Latin America, all Arabs."""


RIGHT_TO_LEFT: Final = frozenset(
    {"Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa", "Yezi"}
)
"""The scripts of living languages that are written from right to left."""


class Tag(NamedTuple):
    """The parts of a tag that decide who can read it; what does not stand there is empty."""

    language: str
    script: str = ""
    territory: str = ""

    def __str__(self) -> str:
        return "_".join(part for part in self if part)


def parse(code: str) -> Tag | None:
    """The tag that ``code`` is, with today's name of the language. None if it is none.

    Variants and extensions (``ca-valencia``, ``en-u-hc-h12``) are passed over.
    """
    if len(code) > LONGEST_TAG:
        return None
    parts = split(code)
    if not all(map(_SUBTAG.fullmatch, parts)):
        return None
    language, *rest = parts
    if not (2 <= len(language) <= 3 and language.isalpha()):
        return None
    while rest and len(rest[0]) == 3 and rest[0].isalpha():
        del rest[0]  # an extended language
    script = rest.pop(0).title() if rest and len(rest[0]) == 4 and rest[0].isalpha() else ""
    territory = rest[0].upper() if rest and re.fullmatch("[a-z]{2}|[0-9]{3}", rest[0]) else ""
    return _renamed(Tag(language, script, territory))


def split(code: str) -> list[str]:
    """The subtags of ``code``, in lower case."""
    return code.replace("-", "_").lower().split("_")


def _renamed(tag: Tag) -> Tag:
    language, _, script = _known("language_aliases").get(tag.language, tag.language).partition("_")
    language = _ALIASES.get(language, language)
    territory = _PLACES.get((language, tag.territory), tag.territory) or ""
    return Tag(language, tag.script or script, territory)


def _known(table: str) -> dict[str, str]:
    return cldr.core.get_global(table)  # type: ignore[arg-type, return-value]


def full(tag: Tag) -> Tag:
    """``tag`` with the script and the territory that are most likely ("Add Likely Subtags" of UTS 35).

    >>> full(Tag("zh", territory="TW"))
    Tag(language='zh', script='Hant', territory='TW')
    """
    likely = _known("likely_subtags")
    language, script, territory = tag
    for key in (tag, Tag(language, "", territory), Tag(language, script), Tag(language)):
        if found := likely.get(str(key)):
            parts = found.split("_")
            return Tag(
                language,
                script or (parts[1] if len(parts[1]) == 4 else ""),
                territory or parts[-1],
            )
    return tag


@functools.lru_cache(512)
def lineage(tag: Tag) -> tuple[str, ...]:
    """``tag`` and its parents, the nearest first: whose texts do where its own are missing.

    >>> lineage(Tag("es", territory="MX"))
    ('es_MX', 'es_419', 'es')
    >>> lineage(Tag("zh", territory="TW"))
    ('zh_Hant_TW', 'zh_Hant', 'zh')
    """
    script = full(tag).script
    if script == full(Tag(tag.language)).script:
        script = ""
    parents = _known("parent_exceptions")
    code = str(Tag(tag.language, script, tag.territory))
    line = []
    while code and code not in line:
        line.append(code)
        code = parents.get(code, code.rpartition("_")[0])
        if code.partition("_")[0] != tag.language:
            break  # as of Haitian, whose parent is French: another language
    return tuple(line)


def babel_locale(code: str) -> "cldr.core.Locale":
    """What Babel knows of the language, in the country if it knows that; of English if it knows nothing."""
    tag = parse(code) or Tag("en")
    for known in (tag, tag._replace(territory=""), Tag(tag.language)):
        try:
            return cldr.core.Locale.parse(str(known))
        except cldr.core.UnknownLocaleError:
            pass
    return cldr.core.Locale("en")
