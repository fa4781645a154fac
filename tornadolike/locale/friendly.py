"""Tornado's formats: dates as one says them, lists, and numbers with commas.

In English (``en``, ``en_US``) they are Tornado's. In another language the site's catalogue comes first: where it
translates Tornado's message (such as ``%(weekday)s at %(time)s``), the result is what Tornado makes of it. Where it is
silent Tornado writes English; here the language's own patterns of the CLDR take its place.
"""

import datetime
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from ..util import lazy
from . import cldr
from .dates import Dates
from .lists import Lists
from .numbers import Number, Numbers, exact
from .zones import localized, within_calendar

MONTHS: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
WEEKDAYS: Final = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600}


class Phrase(NamedTuple):
    """One way to say when something was."""

    long: str
    """Tornado's message."""

    short: str
    """Tornado's message without the time."""

    skeleton: str
    """The fields of the short one, as the CLDR calls them."""


TODAY: Final = Phrase("%(time)s", "%(time)s", "")
YESTERDAY: Final = Phrase("yesterday at %(time)s", "yesterday", "EEEE")
THIS_WEEK: Final = Phrase("%(weekday)s at %(time)s", "%(weekday)s", "EEEE")
THIS_YEAR: Final = Phrase("%(month_name)s %(day)s at %(time)s", "%(month_name)s %(day)s", "MMMMd")
EVER: Final = Phrase(
    "%(month_name)s %(day)s, %(year)s at %(time)s", "%(month_name)s %(day)s, %(year)s", "yMMMMd"
)


class Friendly(Dates, Numbers, Lists):
    """Tornado's four methods."""

    def format_date(
        self,
        date: int | float | datetime.datetime,
        gmt_offset: int = 0,
        relative: bool = True,
        shorter: bool = False,
        full_format: bool = False,
    ) -> str:
        """Return when something was, as one would say it: "2 minutes ago", "yesterday at 6:35 pm", "April 28".

        ``date`` is a timestamp or a `datetime`, which is in UTC if it has no zone. ``gmt_offset`` are minutes that are
        taken from it, as browsers tell them: -120 is two hours east of Greenwich. Without ``relative`` neither
        "ago" nor "yesterday" is said, ``shorter`` leaves the time away, and ``full_format`` says all of the date.
        What is yet to come is always said in full, except for the next minute, which is put down to clocks that differ.

        `format_relative` and `format_datetime` know the future and time zones. Raises `ValueError` for what leads out
        of the calendar.
        """
        moment = localized(date, None)
        now = datetime.datetime.now(datetime.UTC)
        if moment > now:
            if relative and (moment - now).total_seconds() < 60:
                moment = now
            else:
                full_format = True
        difference = now - moment
        if relative and not full_format and difference.days == 0:
            return self._ago(difference.seconds)
        with within_calendar():
            offset = datetime.timedelta(minutes=gmt_offset)
            local = moment - offset
            was_yesterday = local.day == (now - offset - datetime.timedelta(days=1)).day
        phrase = _phrase(difference.days, relative and was_yesterday)
        return self._dated(EVER if full_format else phrase, local, shorter)

    def format_day(self, date: datetime.date, gmt_offset: int = 0, dow: bool = True) -> str:
        """Return a day without its year: "Monday, January 22", or "January 22" without ``dow``."""
        with within_calendar():
            local = date - datetime.timedelta(minutes=gmt_offset)
        message = "%(weekday)s, %(month_name)s %(day)s" if dow else THIS_YEAR.short
        if pattern := self._tornadoes(message):
            return pattern % self._day(local)
        return self.format_skeleton(local, "MMMMEEEEd" if dow else "MMMMd")

    def list(self, parts: Sequence[str]) -> str:
        """Return the parts as a list: "A, B and C", "A and B", "A", or nothing.

        `list_of` knows other lists than those with "and".
        """
        if len(parts) < 2:
            return parts[0] if parts else ""
        if pattern := self._tornadoes("%(commas)s and %(last)s"):
            comma = " \u0648 " if self.code.startswith("fa") else ", "
            return pattern % {"commas": comma.join(parts[:-1]), "last": parts[-1]}
        return self.list_of(parts)

    def friendly_number(self, value: Number) -> str:
        """Return a number with all its digits, in groups: "1,000,000"."""
        number = exact(value)
        return f"{number:,f}" if self._is_tornadoes else self.number(number, (0, 1000))

    @property
    def _is_tornadoes(self) -> bool:
        return self.code in ("en", "en_US")

    def _tornadoes(
        self, message: str, plural_message: str | None = None, count: int | None = None
    ) -> str | None:
        """What Tornado says, if the language of it is right."""
        text = self.find(message, plural_message, count)
        if text is None and self._is_tornadoes:
            return message if plural_message is None or count == 1 else plural_message
        return text

    def _ago(self, seconds: int) -> str:
        unit: Literal["second", "minute", "hour"]
        if seconds < 50:
            unit, count = "second", seconds
        elif seconds < 50 * 60:
            unit, count = "minute", round(seconds / 60)
        else:
            unit, count = "hour", round(seconds / 3600)
        pattern = self._tornadoes(f"1 {unit} ago", f"%({unit}s)d {unit}s ago", count)
        if pattern is not None:
            return pattern % {f"{unit}s": count}
        # "In 0 seconds" is what Babel makes of none.
        passed = datetime.timedelta(seconds=max(count, 1) * SECONDS[unit])
        return cldr.dates.format_timedelta(
            -passed, unit, threshold=100, add_direction=True, locale=self.babel
        )

    def _dated(self, phrase: Phrase, local: datetime.datetime, shorter: bool) -> str:
        message = phrase.short if shorter else phrase.long
        pattern = self._tornadoes(message)
        if pattern is None and phrase is TODAY and self.find(EVER.long):
            pattern = (
                message  # which looks the same in most languages, so that nobody translates it
            )
        if pattern is not None:
            return pattern % {**self._day(local), "time": self._clock(local)}
        time = "" if shorter and phrase is not TODAY else self.format_time(local)
        if phrase is YESTERDAY and (pattern := self._yesterday(message)):
            return pattern % {"time": time}
        if not phrase.skeleton:
            return time
        return self.format_skeleton(local, phrase.skeleton + ("jm" if time else ""))

    def _yesterday(self, message: str) -> str | None:
        """Our own word for it: Babel has none."""
        text = self.own(message)
        return None if text == message and self.babel.language != "en" else text

    def _day(self, local: datetime.date) -> dict[str, str]:
        """What Tornado's messages are filled with."""
        return {
            "month_name": self._months[local.month - 1],
            "weekday": self._weekdays[local.weekday()],
            "day": str(local.day),
            "year": str(local.year),
        }

    def _clock(self, local: datetime.datetime) -> str:
        hour, minute, late = local.hour % 12 or 12, f"{local.minute:02}", local.hour >= 12
        if self._is_tornadoes:
            return f"{hour}:{minute} {'pm' if late else 'am'}"
        if self.code == "zh_CN":
            return f"{'下午' if late else '上午'}{hour}:{minute}"
        return f"{local.hour}:{minute}"

    @lazy
    def _months(self) -> tuple[str, ...]:
        return tuple(
            self._tornadoes(name) or self.babel.months["format"]["wide"][number]
            for number, name in enumerate(MONTHS, 1)
        )

    @lazy
    def _weekdays(self) -> tuple[str, ...]:
        return tuple(
            self._tornadoes(name) or self.babel.days["format"]["wide"][number]
            for number, name in enumerate(WEEKDAYS)
        )


def _phrase(days: int, was_yesterday: bool) -> Phrase:
    """How to say it of what was so many whole days ago; the limits are Tornado's."""
    if days == 0:
        return TODAY
    if days == 1 and was_yesterday:
        return YESTERDAY
    if days < 5:
        return THIS_WEEK
    # Over eleven months it would be taken for the same month of this year.
    return THIS_YEAR if days < 334 else EVER
