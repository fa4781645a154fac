"""Dates and times by the tables of the CLDR, in any time zone.

A moment is a `datetime` or a timestamp (seconds since 1970). A `datetime` without a zone is in UTC, as in Tornado, and
is shown there unless another zone is asked for. A plain `date` is the same day in all zones.
"""

import datetime
import re
from collections.abc import Callable
from typing import Any, Final, Literal

from . import cldr
from .basis import INVISIBLE, Basis, one_of
from .patterns import applied, interval_for, joined, pattern_for, time_fields, with_hours
from .zones import Moment, Zone, localized, within_calendar

Style = Literal["full", "long", "medium", "short"]
Length = Literal["long", "short", "narrow"]
Unit = Literal["year", "month", "week", "day", "hour", "minute", "second"]

_STYLES: Final = ("full", "long", "medium", "short")
_LENGTHS: Final = ("long", "short", "narrow")
_UNITS: Final = ("year", "month", "week", "day", "hour", "minute", "second")
_DAY: Final = "yMMMd"
_PLACES: Final = ("\ue000", "\ue001")  # characters that no pattern has


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
        one_of(_STYLES, style, "style")
        one_of(_STYLES, time or style, "time")
        date, clock = self.babel.date_formats[style], self.babel.time_formats[time or style]
        pattern = joined(self.babel, date, clock, style)
        return applied(pattern, localized(moment, zone), self.babel)

    def format_calendar_date(
        self, day: Moment | datetime.date, style: Style = "medium", zone: Zone = None
    ) -> str:
        """Return a date without a time: ``Apr 28, 2013``. `format_datetime` tells of style and zone."""
        one_of(_STYLES, style, "style")
        return applied(self.babel.date_formats[style], localized(day, zone), self.babel)

    def format_time(
        self, moment: Moment | datetime.time, style: Style = "short", zone: Zone = None
    ) -> str:
        """Return the time of a moment, or a time of any day: ``6:35 PM``. `format_datetime` tells of style and zone."""
        one_of(_STYLES, style, "style")
        value = moment if isinstance(moment, datetime.time) else localized(moment, zone)
        return applied(self.babel.time_formats[style], value, self.babel)

    def format_skeleton(
        self, moment: Moment | datetime.date, skeleton: str, zone: Zone = None
    ) -> str:
        """Return the fields that the skeleton asks for, in the order and with the words of the language.

        The letters are the CLDR's: ``"yMMMd"`` is ``Apr 28, 2013`` or ``28. Apr. 2013``, ``"MMMMEEEEd"`` is
        ``Sunday, April 28``. ``j`` is the hour, on whichever clock the language has it: ``"jm"`` is ``6:35 PM`` or
        ``18:35``. Raises `ValueError` for a skeleton that nothing in the language fits.
        """
        pattern = pattern_for(self.babel, skeleton)
        return applied(pattern, localized(moment, zone), self.babel)

    def format_interval(
        self,
        start: Moment | datetime.date,
        end: Moment | datetime.date,
        skeleton: str = _DAY,
        zone: Zone = None,
    ) -> str:
        """Return from when to when, saying once what both have: ``Apr 28-30, 2013``, ``5:00-6:30 PM``.

        `format_skeleton` tells of skeletons. If it has a time only, and the days differ, they are said too.
        """
        first, last = localized(start, zone), localized(end, zone)
        wanted = with_hours(self.babel, skeleton)
        time = time_fields(wanted)
        one_day = not any(_differs(field, first, last) for field in "yMd")
        if time == wanted and not one_day:
            wanted = _DAY + wanted
        elif time and time != wanted and one_day:
            return self._times_of_day(first, last, wanted)
        patterns = interval_for(self.babel, wanted)
        for field in _FIELDS:
            if field in patterns and _differs(field, first, last):
                both = zip(patterns[field], (first, last), strict=True)
                return "".join(applied(part, moment, self.babel) for part, moment in both)
        texts = [self.format_skeleton(moment, wanted) for moment in (first, last)]
        if texts[0] == texts[1]:
            return texts[0]
        frame = str(self.babel.interval_formats.get(None, "{0} \u2013 {1}"))
        return frame.replace("{0}", texts[0]).replace("{1}", texts[1])

    def _times_of_day(self, start: Any, end: Any, skeleton: str) -> str:
        """From when to when on one day, which is said once."""
        time = time_fields(skeleton)
        date = "".join(field for field in skeleton if field not in time)
        frame = applied(joined(self.babel, *_PLACES, "medium"), start, self.babel)
        day, times = self.format_skeleton(start, date), self.format_interval(start, end, time)
        return frame.replace(_PLACES[0], day).replace(_PLACES[1], times)

    def format_relative(
        self,
        when: Moment | datetime.timedelta,
        length: Length = "long",
        smallest: Unit = "second",
    ) -> str:
        """Return how far it is from now to a moment, or what a `timedelta` is: ``in 3 days``, ``2 hr. ago``.

        One unit is named, the greatest of which there is nearly one (0.85) or more, but none below ``smallest``.
        """
        distance = when
        if not isinstance(distance, datetime.timedelta):
            distance = localized(distance, None) - datetime.datetime.now(datetime.UTC)
        # "in 0 seconds" is nothing that one would say.
        seconds = round(distance.total_seconds()) or -1
        return self._difference(seconds, length, smallest, add_direction=True)

    def format_duration(
        self,
        duration: datetime.timedelta | float,
        length: Length = "long",
        smallest: Unit = "second",
    ) -> str:
        """Return how long a `timedelta` or a number of seconds is, in one unit as `format_relative`: ``3 hours``.

        Raises `ValueError` for a number that is none, or infinite.
        """
        if isinstance(duration, datetime.timedelta):
            duration = duration.total_seconds()
        with within_calendar():
            return self._difference(round(duration), length, smallest)

    def parse_date(self, text: str) -> datetime.date:
        """Return the date that a person has written in digits: ``28.4.2013`` in German, ``4/28/13`` in English.

        Day, month and year come as the language has them, or as in ISO 8601 (``2013-04-28``). A year of two digits is
        between eighty years ago and twenty to come. Raises `ValueError` with an example for everything else.
        """
        text = INVISIBLE.sub("", text).strip()
        try:
            if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
                return datetime.date.fromisoformat(text)
            if found := _READ.fullmatch(text):
                pattern = str(self.babel.date_formats["short"])
                order = sorted("yMd", key=pattern.index)
                return _date(*(found[order.index(field) + 1] for field in "yMd"))
        except ValueError:
            pass  # the thirtieth of February
        example = self.format_calendar_date(datetime.date(2013, 4, 28), "short")
        raise ValueError(f"{text[:80]!r} is not a date as {self.code} writes it: {example}")

    @property
    def first_week_day(self) -> int:
        """The day that weeks begin with where the language is spoken: 0 is Monday, 6 is Sunday."""
        return int(self.babel.first_week_day)

    def _difference(self, seconds: int, length: Length, smallest: Unit, **options: Any) -> str:
        one_of(_LENGTHS, length, "length")
        one_of(_UNITS, smallest, "smallest")
        return cldr.dates.format_timedelta(
            seconds, smallest, format=length, locale=self.babel, **options
        )


_READ: Final = re.compile(r"\D{0,9}(\d{1,4})\D{1,9}(\d{1,2})\D{1,9}(\d{1,4})\D{0,9}")


def _date(year: str, month: str, day: str) -> datetime.date:
    """Return the date that digits mean; two of them a year from eighty ago to twenty to come, as the CLDR proposes."""
    if len(year) not in (2, 4) or len(day) > 2:
        raise ValueError("no year, or no day")
    number = int(year)
    if len(year) == 2:
        first = datetime.date.today().year - 80
        number = first + (number - first) % 100
    return datetime.date(number, int(month), int(day))


def _differs(field: str, start: Any, end: Any) -> bool:
    """Whether two moments differ in a field of an interval's pattern."""
    read = _FIELDS[field]
    return bool(read(start) != read(end))


# From the greatest to the smallest. What a plain date hasn't got is the same on both sides.
_FIELDS: Final[dict[str, Callable[[Any], int]]] = {
    "G": lambda moment: 0,  # before Christ is no year of Python's
    "y": lambda moment: moment.year,
    "M": lambda moment: moment.month,
    "d": lambda moment: moment.day,
    "a": lambda moment: getattr(moment, "hour", 0) // 12,
    "B": lambda moment: getattr(moment, "hour", 0),
    "h": lambda moment: getattr(moment, "hour", 0),
    "H": lambda moment: getattr(moment, "hour", 0),
    "m": lambda moment: getattr(moment, "minute", 0),
}
