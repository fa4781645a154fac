"""Lists of things in a sentence: "A, B, and C"."""

from collections.abc import Iterable
from typing import Literal

from . import cldr
from .basis import Basis


class Lists(Basis):
    """The list formats of a language."""

    def list_of(self, parts: Iterable[str], style: Literal["and", "or", "unit"] = "and") -> str:
        """Return the parts as a list: ``A, B, and C``, ``A, B, or C``, and for measures ``5 ft, 7 in``.

        Other than `Locale.list`, which is Tornado's, it knows nothing of catalogues. Raises `ValueError` for another
        style. Names that people have chosen are best isolated: ``list_of(map(locale.isolate, names))``.
        """
        names = {"and": "standard", "or": "or", "unit": "unit"}
        if style not in names:
            raise ValueError(f"style is and, or or unit, not {style!r}")
        return str(cldr.lists.format_list([*parts], names[style], self.babel))  # type: ignore[arg-type]
