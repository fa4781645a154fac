"""Dates and times by the tables of the CLDR, in any time zone.

A moment is a `datetime` or a timestamp (seconds since 1970). A `datetime` without a zone is in UTC, as in Tornado, and
is shown there unless another zone is asked for. A plain `date` is a day in all zones alike.
"""

import datetime
import functools
import time
import zoneinfo
from typing import Any, Final, Literal

from . import cldr
from .basis import Basis

Moment = datetime.datetime | float
Zone = datetime.tzinfo | str | None
Style = Literal["full", "long", "medium", "short"]
Length = Literal["long", "short", "narrow"]
Unit = Literal["year", "month", "week", "day", "hour", "minute", "second"]

_STYLES: Final = ("full", "long", "medium", "short")
_LENGTHS: Final = ("long", "short", "narrow")
_SECONDS: Final = {
    "year": 365 * 86400,
    "month": 30 * 86400,
    "week": 7 * 86400,
    "day": 86400,
    "hour": 3600,
    "minute": 60,
    "second": 1,
}


class Dates(Basis):
    """The formats of dates and times of a language."""

    def format_datetime(
        self,
        moment: Moment,
        style: Style = "medium",
        zone: Zone = None,
        *,
        time: Style | None = None,
    ) -> str:
        """Return date and time: ``Apr 28, 2013, 6:35:00 PM``.

        ``style`` is full (with weekday and zone), long, medium or short. ``time`` is the style of the time where that
        is another. ``zone`` is the name of a time zone (``"Europe/Berlin"``) or a `tzinfo`; without it the moment's
        own is meant. Raises `ValueError` for another style or an unknown zone.
        """
        date = self.babel.date_formats[_one_of(_STYLES, style, "style")]
        clock = self.babel.time_formats[_one_of(_STYLES, time or style, "time")]
        return _applied(
            _joined(self.babel, date, clock, style), localized(moment, zone), self.babel
        )

    def format_calendar_date(
        self, day: Moment | datetime.date, style: Style = "medium", zone: Zone = None
    ) -> str:
        """Return a date without a time: ``Apr 28, 2013``. `format_datetime` tells of style and zone."""
        pattern = self.babel.date_formats[_one_of(_STYLES, style, "style")]
        return _applied(pattern, localized(day, zone), self.babel)

    def format_time(
        self, moment: Moment | datetime.time, style: Style = "short", zone: Zone = None
    ) -> str:
        """Return the time of a moment, or a time of any day: ``6:35 PM``. `format_datetime` tells of style and zone."""
        pattern = self.babel.time_formats[_one_of(_STYLES, style, "style")]
        value = moment if isinstance(moment, datetime.time) else localized(moment, zone)
        return _applied(pattern, value, self.babel)

    def format_skeleton(
        self, moment: Moment | datetime.date, skeleton: str, zone: Zone = None
    ) -> str:
        """Return the fields that the skeleton asks for, in the order and with the words of the language.

        The letters are the CLDR's: ``"yMMMd"`` is ``Apr 28, 2013`` or ``28. Apr. 2013``, ``"MMMMEEEEd"`` is
        ``Sunday, April 28``. ``j`` is the hour, on whichever clock the language has it: ``"jm"`` is ``6:35 PM`` or
        ``18:35``. Raises `ValueError` for a skeleton that nothing in the language fits.
        """
        pattern = pattern_for(self.babel, skeleton)
        return _applied(pattern, localized(moment, zone), self.babel)

    def format_relative(
        self,
        when: Moment | datetime.timedelta,
        length: Length = "long",
        smallest: Unit = "second",
    ) -> str:
        """Return how far it is to a moment from now, or what a `timedelta` is: ``in 3 days``, ``2 hr. ago``.

        One unit is named, the greatest of which there is nearly one (0.85) or more, but none below ``smallest``.
        """
        if isinstance(when, datetime.timedelta):
            seconds = when.total_seconds()
        else:
            seconds = localized(when, None).timestamp() - time.time()
        # "in 0 seconds" is nothing that one would say.
        seconds = round(seconds) or -1
        return self._difference(seconds, length, smallest, add_direction=True)

    def format_duration(
        self,
        duration: datetime.timedelta | float,
        length: Length = "long",
        smallest: Unit = "second",
    ) -> str:
        """Return how long a `timedelta` or a number of seconds is, in one unit as `format_relative`: ``3 hours``."""
        if isinstance(duration, datetime.timedelta):
            duration = duration.total_seconds()
        return self._difference(round(duration), length, smallest)

    @property
    def first_week_day(self) -> int:
        """The day that weeks begin with where the language is spoken: 0 is Monday, 6 is Sunday."""
        return int(self.babel.first_week_day)

    def _difference(self, seconds: int, length: Length, smallest: Unit, **options: Any) -> str:
        _one_of(_LENGTHS, length, "length")
        _one_of(tuple(_SECONDS), smallest, "smallest")
        return cldr.dates.format_timedelta(
            datetime.timedelta(seconds=seconds),
            smallest,
            format=length,
            locale=self.babel,
            **options,
        )

    def _unit_ago(self, unit: Unit, count: int) -> str:
        """So many of just this unit, even if they make a greater one."""
        return cldr.dates.format_timedelta(
            -datetime.timedelta(seconds=max(count, 1) * _SECONDS[unit]),
            unit,
            threshold=100,
            add_direction=True,
            locale=self.babel,
        )


def localized(moment: Any, zone: Zone) -> Any:
    """Return a moment as an aware `datetime` in the zone; a plain `date` as it is."""
    if isinstance(moment, int | float):
        moment = datetime.datetime.fromtimestamp(moment, datetime.UTC)
    if not isinstance(moment, datetime.datetime):
        if isinstance(moment, datetime.date):
            return moment
        raise TypeError(f"a datetime, date or timestamp is needed, not {moment!r}")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return moment if zone is None else moment.astimezone(time_zone(zone))


def time_zone(zone: datetime.tzinfo | str) -> datetime.tzinfo:
    """Return the zone of the name. Raises `ValueError` if there is none."""
    if not isinstance(zone, str):
        return zone
    try:
        return zoneinfo.ZoneInfo(zone)
    # The name of a directory, one that is too long and others are errors of the system.
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"there is no time zone {zone[:80]!r}: names are such as Europe/Berlin"
            " (where the system knows none, the package tzdata brings them)"
        ) from None


@functools.lru_cache(1024)
def pattern_for(locale: Any, skeleton: str) -> str:
    """Return the pattern that fits a skeleton, as section 2.6.2.1 of the CLDR's UTS #35-4 has it."""
    clock = str(locale.time_formats["short"])
    hour = next((letter for letter in "hKk" if letter in clock), "H")
    wanted = skeleton.replace("j", hour)
    if pattern := _matching(locale, wanted):
        return pattern
    date = "".join(letter for letter in wanted if letter not in _TIME)
    time = "".join(letter for letter in wanted if letter in _TIME)
    parts = [_matching(locale, part) for part in (date, time) if part]
    if len(parts) == 2 and parts[0] and parts[1]:
        style = "long" if "MMMM" in wanted else "medium" if "MMM" in wanted else "short"
        return _joined(locale, parts[0], parts[1], style)
    raise ValueError(
        f"nothing in {locale} fits the skeleton {skeleton!r}; it is made of fields such as yMMMd and jm"
    )


_TIME: Final = frozenset("abBhHKkmsSAzZOvVXx")


def _matching(locale: Any, skeleton: str) -> str | None:
    skeletons = locale.datetime_skeletons
    closest = cldr.dates.match_skeleton(skeleton, skeletons)
    return closest and _widened(str(skeletons[closest]), skeleton)


def _widened(pattern: str, skeleton: str) -> str:
    """Write names in a pattern as long as the skeleton has them."""
    wide = {}
    for kind, field in cldr.dates.tokenize_pattern(skeleton):
        if kind == "field":
            wide[_ALIKE.get(field[0], field[0])] = int(field[1])
    tokens: list[Any] = []
    for kind, field in cldr.dates.tokenize_pattern(pattern):
        if kind == "field" and (like := _ALIKE.get(field[0])):
            asked = wide.get(like, 0)
            if asked >= 3 and (int(field[1]) >= 3 or like == "E"):
                tokens.append((kind, (field[0], asked)))
                continue
        tokens.append((kind, field))
    return cldr.dates.untokenize_pattern(tokens)


_ALIKE: Final = {"M": "M", "L": "M", "E": "E", "e": "E", "c": "E"}
"""Fields that are names, by what skeletons call them."""


def _joined(locale: Any, date: Any, time: Any, style: str) -> str:
    frame = cldr.dates.get_datetime_format(style, locale)  # type: ignore[arg-type]
    return str(frame).replace("{0}", str(time)).replace("{1}", str(date))


def _applied(pattern: Any, value: Any, locale: Any) -> str:
    return cldr.dates.parse_pattern(str(pattern)).apply(value, locale)


def _one_of(known: tuple[str, ...], given: str, name: str) -> str:
    if given not in known:
        raise ValueError(f"{name} is {', '.join(known[:-1])} or {known[-1]}, not {given!r}")
    return given
