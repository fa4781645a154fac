"""The patterns of dates and times that the CLDR has for a skeleton: the fields that are wanted, in no order.

Section 2.6.2 of UTS #35-4 ("Dates") is where all of this is from.
"""

import functools
from typing import Any, Final

from . import cldr

_TIME: Final = frozenset("abBhHKkmsSAzZOvVXx")
_NAMED: Final = {"M": "M", "L": "M", "E": "E", "e": "E", "c": "E"}
"""Fields that are names if they are long, by the letters that skeletons have for them."""


def applied(pattern: Any, value: Any, locale: Any) -> str:
    """Return a date, time or both in a pattern. Raises `TypeError` if the pattern wants a time and there is none."""
    pattern = cldr.dates.parse_pattern(str(pattern))
    try:
        return str(pattern.apply(value, locale))
    except AttributeError:  # a date has no hour, a time has no day
        raise TypeError(f"{value!r} has not all fields of {pattern.pattern!r}") from None


def joined(locale: Any, date: Any, time: Any, style: Any) -> str:
    """Return the pattern for date and time from those for each."""
    frame = str(cldr.dates.get_datetime_format(style, locale))
    return frame.replace("{0}", str(time)).replace("{1}", str(date))


@functools.lru_cache(1024)
def pattern_for(locale: Any, skeleton: str) -> str:
    """Return the pattern that fits a skeleton. Raises `ValueError` if there is none."""
    wanted = with_hours(locale, skeleton)
    if pattern := _matching(locale, wanted):
        return pattern
    time = time_fields(wanted)
    date = "".join(letter for letter in wanted if letter not in time)
    if time and date and (day := _matching(locale, date)) and (clock := _matching(locale, time)):
        style = "long" if "MMMM" in wanted else "medium" if "MMM" in wanted else "short"
        return joined(locale, day, clock, style)
    raise ValueError(
        f"nothing in {locale} fits the skeleton {skeleton[:80]!r}: it is made of fields, as in yMMMd or jm"
    )


@functools.lru_cache(1024)
def interval_for(locale: Any, skeleton: str) -> dict[str, list[str]]:
    """Return the pairs of patterns for an interval, by the greatest field in which its ends differ."""
    intervals = locale.interval_formats
    closest = cldr.dates.match_skeleton(skeleton, intervals) if skeleton else None
    if closest is None:
        return {}
    return {
        field: [_widened(part, skeleton) for part in parts]
        for field, parts in intervals[closest].items()
        if len(parts) == 2  # a few of Babel's are broken at wrong places
    }


def with_hours(locale: Any, skeleton: str) -> str:
    """Return the skeleton with the hours of the locale's own clock for ``j``."""
    clock = str(locale.time_formats["short"])
    hour = next((letter for letter in "hKk" if letter in clock), "H")
    return skeleton.replace("j", hour)


def time_fields(skeleton: str) -> str:
    """Return the fields of a skeleton that tell the time of the day."""
    return "".join(letter for letter in skeleton if letter in _TIME)


def _matching(locale: Any, skeleton: str) -> str | None:
    skeletons = locale.datetime_skeletons
    closest = cldr.dates.match_skeleton(skeleton, skeletons)
    return closest and _widened(str(skeletons[closest]), skeleton)


def _widened(pattern: str, skeleton: str) -> str:
    """Return the pattern with names as long as the skeleton has them."""
    asked = {
        field[0]: int(field[1])
        for kind, field in cldr.dates.tokenize_pattern(skeleton)
        if kind == "field"
    }
    tokens: list[Any] = []
    for kind, field in cldr.dates.tokenize_pattern(pattern):
        if kind == "field" and (letter := _NAMED.get(field[0])):
            width = int(field[1])
            is_name = letter == "E" or width >= 3
            field = (field[0], max(width, asked.get(letter, 0)) if is_name else width)
        tokens.append((kind, field))
    return cldr.dates.untokenize_pattern(tokens)
