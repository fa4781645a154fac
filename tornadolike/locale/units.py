"""Measures: so many kilometers, liters or megabytes."""

import difflib
import functools
from decimal import Decimal
from typing import Any, Literal

from .basis import one_of
from .numbers import Decimals, Number, Numbers, finite, fraction, plural_form, rounded


class Units(Numbers):
    """The units of measurement of a language."""

    def unit(
        self,
        value: Number,
        unit: str,
        *,
        per: str | None = None,
        length: Literal["long", "short", "narrow"] = "long",
        decimals: Decimals = None,
    ) -> str:
        """Return so many of a unit: ``12 kilometers``, or ``12 km`` with a short ``length``.

        Units have the CLDR's names: ``kilometer``, ``liter``, ``megabyte``, ``celsius``, ``hour`` ... ``per`` divides
        by another: ``unit(3, "liter", per="day")``. ``decimals`` is as for `number`. Raises `ValueError` for a unit
        that is unknown.
        """
        one_of(("long", "short", "narrow"), length, "length")
        name = _identifier(self.babel, unit)
        whole = f"{_bare(name)}-per-{_bare(_identifier(self.babel, per))}" if per else ""
        if whole in _units(self.babel):  # 60 km/h have a pattern of their own
            name, per = _units(self.babel)[whole], None
        # The plural goes by what is shown: it is 1 kilometer, but 1.0 kilometers.
        limits = fraction((0, 3) if decimals is None else decimals)
        shown = rounded(finite(value), limits)
        text = self.number(shown, limits)
        text = _form(self.babel, name, length, plural_form(self.babel, shown)).replace("{0}", text)
        return self._per(text, _identifier(self.babel, per), length) if per else text

    def _per(self, text: str, unit: str, length: str) -> str:
        if own := _form(self.babel, unit, length, "per"):
            return own.replace("{0}", text)
        patterns = self.babel._data["compound_unit_patterns"]["per"]
        pattern: str = patterns.get(length, patterns["short"])["compound"]
        one = (
            _form(self.babel, unit, length, plural_form(self.babel, Decimal(1)))
            .replace("{0}", "")
            .strip()
        )
        return pattern.replace("{0}", text).replace("{1}", one)


def _form(locale: Any, unit: str, length: str, form: str) -> str:
    """Return a form of a unit's pattern, of all that there is the most fitting; nothing if there is no pattern "per".

    Babel's own functions don't know that the long and narrow patterns are the short ones where the CLDR has no others,
    so this looks into the tables, for which Babel has no public name.
    """
    patterns = locale._data["unit_patterns"][unit]
    for forms in (patterns.get(length, {}), patterns["short"]):
        for wanted in (form,) if form == "per" else (form, "other"):
            if wanted in forms:
                return str(forms[wanted])
    return ""


def _bare(name: str) -> str:
    return name.partition("-")[2]


def _identifier(locale: Any, unit: str) -> str:
    """Return the whole name of a unit, of which people say the end; Babel would take any end of it."""
    known = _units(locale)
    if unit in known:
        return known[unit]
    if unit in known.values():
        return unit
    close = difflib.get_close_matches(unit[:40], known)
    hint = (
        f"did you mean {' or '.join(close)}?"
        if close
        else "they are such as kilometer and megabyte"
    )
    raise ValueError(f"there is no unit {unit[:80]!r}: {hint}")


@functools.cache
def _units(locale: Any) -> dict[str, str]:
    return {_bare(name): name for name in locale.unit_display_names}
