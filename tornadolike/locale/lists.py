"""Lists of things in a sentence: "A, B, and C"."""

from collections.abc import Iterable
from typing import Any, Literal

from .basis import Basis, one_of


class Lists(Basis):
    """The list formats of a language."""

    def list_of(self, parts: Iterable[str], style: Literal["and", "or", "unit"] = "and") -> str:
        """Return the parts as a list: ``A, B, and C``, ``A, B, or C``, and for measures ``5 ft, 7 in``.

        Other than `Locale.list`, which is Tornado's, it knows nothing of catalogues. Raises `ValueError` for another
        style. Names that people have chosen are best isolated: ``list_of(map(locale.isolate, names))``.
        """
        one_of(("and", "or", "unit"), style, "style")
        first, *others = [*parts] or [""]
        if not others:
            return first
        patterns = _patterns(self.babel, style)
        *middle, last = others
        if not middle:
            return _filled(patterns["2"], first, last)
        # All patterns but the last are just something between two parts; so a long list takes no longer for each part.
        rest = _filled(patterns["middle"], "", "").join(middle)
        return _filled(patterns["end"], _filled(patterns["start"], first, rest), last)


def _patterns(locale: Any, style: str) -> dict[str, str]:
    """Return the patterns of a style, by their places.

    For measures few languages have them all. Those missing are the ones of short measures or else, here, the language's
    comma. (Babel's own function fails where some are missing.)
    """
    known = locale.list_patterns
    if style != "unit":
        return dict(known["or" if style == "or" else "standard"])
    patterns = dict.fromkeys(("2", "start", "middle", "end"), known["standard"]["middle"])
    for source in ("unit-short", "unit"):
        patterns.update(known.get(source, {}))
    return patterns


def _filled(pattern: str, left: str, right: str) -> str:
    """Return a pattern with its parts, in which braces mean nothing."""
    before, _, rest = pattern.partition("{0}")
    between, _, after = rest.partition("{1}")
    return f"{before}{left}{between}{right}{after}"
