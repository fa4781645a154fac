"""Which of the languages there are is best for somebody (RFC 9110 section 12.5.4, RFC 4647, UTS 35)."""

import functools
import re
from collections.abc import Callable, Iterable
from typing import Final

from . import tags
from .tags import Tag

MAX_LANGUAGE_RANGES: Final = 32
"""How many languages of an ``Accept-Language`` are looked at; browsers send six at most."""

REMEMBERED: Final = 256
"""How many answers are kept, and how many characters a header may have for that."""

_RANGE: Final = re.compile(
    r"(?P<range>\*|[a-z]{1,8}(?:[-_][a-z0-9]{1,8})*)"
    r"(?:[ \t]*;[ \t]*q=(?P<quality>0(?:\.[0-9]*)?|1(?:\.0*)?))?",
    re.IGNORECASE | re.ASCII,
)


def parse_accept_language(header: str) -> list[tuple[str, float]]:
    """The language ranges of an ``Accept-Language`` field and their qualities from 0 to 1, the best first.

    Ranges of the same quality stay in their order. 0 says that a language is not wanted. What is malformed is passed
    over, and so is what comes behind the first :data:`MAX_LANGUAGE_RANGES`.
    """
    ranges = []
    for member in header.split(",", MAX_LANGUAGE_RANGES)[:MAX_LANGUAGE_RANGES]:
        match = _RANGE.fullmatch(member.strip(" \t"))
        if match and len(match["range"]) <= tags.LONGEST_TAG:
            ranges.append((match["range"], float(match["quality"] or 1)))
    ranges.sort(key=lambda entry: -entry[1])
    return ranges


class Languages:
    """Languages that there are, by their codes.

    :param codes: of the languages
    :param default: the code of the language for those who would take any, or None
    """

    def __init__(self, codes: Iterable[str], default: str | None = None) -> None:
        self.codes = frozenset(codes)
        self._default = default
        self._closest = functools.lru_cache(REMEMBERED)(self._find_closest)
        self._accepted = functools.lru_cache(REMEMBERED)(self._find_accepted)

    def closest(self, code: str) -> str | None:
        """The code of the language that is closest to ``code``, or None if nothing is close.

        That is, in this order: the same; one that means the same (``zh_Hant`` for ``zh_TW``); the nearest of its
        parents (``es_419``, then ``es``, for ``es_MX``); the same language in the same script elsewhere (``en_GB``
        sooner than ``en_US`` for ``en_AU``); the language without a territory, if only that is written in another
        script.
        """
        if code in self.codes:
            return code
        return self._closest(code) if len(code) <= tags.LONGEST_TAG else None

    def accepted(self, header: str) -> str | None:
        """The code of the language that a client with this ``Accept-Language`` wants most, or None.

        Ranges with quality 0 exclude what they match, unless a longer range with a better quality matches it too;
        ``*`` stands for the default, or for any that is not excluded.
        """
        return (self._accepted if len(header) <= REMEMBERED else self._find_accepted)(header)

    def _find_closest(self, code: str) -> str | None:
        return self._closest_of(self.codes, code)

    def _find_accepted(self, header: str) -> str | None:
        ranges = parse_accept_language(header)
        codes = frozenset(filter(_wanted(ranges), self.codes))
        for wanted, quality in ranges:
            if quality and (
                found := self._any_of(codes) if wanted == "*" else self._closest_of(codes, wanted)
            ):
                return found
        return None

    def _any_of(self, codes: frozenset[str]) -> str | None:
        return self._default if self._default in codes else min(codes, default=None)

    @functools.cached_property
    def _by_name(self) -> dict[str, str]:
        return {"_".join(tags.split(code)): code for code in sorted(self.codes)}

    @functools.cached_property
    def _by_language(self) -> dict[str, list[tuple[str, Tag]]]:
        found: dict[str, list[tuple[str, Tag]]] = {}
        for code in sorted(self.codes):
            if tag := tags.parse(code):
                found.setdefault(tag.language, []).append((code, tag))
        return found

    def _closest_of(self, codes: frozenset[str], code: str) -> str | None:
        if same := self._literally(codes, code):
            return same
        wanted = tags.parse(code)
        if wanted is None:
            return None
        ranks = [
            (rank, candidate)
            for candidate, tag in self._by_language.get(wanted.language, ())
            if candidate in codes and (rank := _distance(wanted, tag)) is not None
        ]
        return min(ranks)[1] if ranks else None

    def _literally(self, codes: frozenset[str], code: str) -> str | None:
        """What has the same name, also without the variants behind the territory."""
        parts = tags.split(code)
        while True:
            found = self._by_name.get("_".join(parts))
            if found in codes:
                return found
            if len(parts) < 3 or len(parts[-1]) < 4:
                return None
            del parts[-1]


def _distance(wanted: Tag, tag: Tag) -> tuple[int, int, int, bool] | None:
    """How far ``tag`` is from ``wanted``, which is of the same language: less is nearer. None if it does not do."""
    whole, other = tags.full(wanted), tags.full(tag)
    if whole == other:
        return (0, 0, 0, False)
    if whole.script != other.script:
        return (3, 0, 0, False) if tag == Tag(wanted.language) else None
    line, others = tags.lineage(wanted), tags.lineage(tag)
    steps = next(i for i, ancestor in enumerate(line) if ancestor in others)
    back = others.index(line[steps])
    elsewhere = other.territory != tags.full(Tag(tag.language, tag.script)).territory
    return (2 if back else 1, steps, back, elsewhere)


def _wanted(ranges: list[tuple[str, float]]) -> Callable[[str], bool]:
    """Tells of a code whether the ranges do not exclude it: the longest that matches it decides."""
    qualities = {"_".join(tags.split(name)): quality for name, quality in reversed(ranges)}
    if all(qualities.values()):
        return lambda code: True

    def wanted(code: str) -> bool:
        tag = tags.parse(code)
        forms = (code, str(tag), str(tags.full(tag))) if tag else (code,)
        prefixes = (
            "_".join(parts[:length])
            for parts in map(tags.split, forms)
            for length in range(len(parts), 0, -1)
        )
        # The first of the longest: what a code is called, before what else means the same.
        matching = sorted(prefixes, key=lambda prefix: -prefix.count("_"))
        found = next((prefix for prefix in matching if prefix in qualities), "*")
        return qualities.get(found, 1) > 0

    return wanted
