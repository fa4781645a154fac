"""Dates as HTTP writes them (RFC 9110 section 5.6.7)."""

import calendar
import datetime
import email.utils
import time
from functools import lru_cache
from typing import Any, Final

_MOST_DIGITS: Final = 9


def format_timestamp(
    ts: int | float | tuple[Any, ...] | time.struct_time | datetime.datetime,
) -> str:
    """A moment as an IMF-fixdate, such as ``Sun, 27 Jan 2013 18:43:20 GMT``.

    Takes seconds since the epoch, a time tuple in UTC, or a datetime (a naive one counts as UTC).
    Raises :exc:`TypeError` for anything else.
    """
    if isinstance(ts, (int, float)):
        seconds: float = ts
    elif isinstance(ts, (tuple, time.struct_time)):
        seconds = calendar.timegm(ts)
    elif isinstance(ts, datetime.datetime):
        seconds = calendar.timegm(ts.utctimetuple())
    else:
        raise TypeError(f"unknown timestamp type: {ts!r}")
    return _formatted(seconds)


@lru_cache(256)
def _formatted(seconds: float) -> str:
    # What is sent is of this second, or so many days from it: all requests of a second ask for the same few.
    return email.utils.formatdate(seconds, usegmt=True)


def parse_date(text: str) -> datetime.datetime | None:
    """A date of a header as an aware datetime in UTC; None for what is none."""
    try:
        parsed = email.utils.parsedate_to_datetime(text)
        if parsed.tzinfo is None:
            return parsed.replace(tzinfo=datetime.UTC)
        return parsed.astimezone(datetime.UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def seconds_to_wait(text: str, now: float) -> float:
    """The seconds that a ``Retry-After`` asks for, as a number or as a date (RFC 9110 section 10.2.3).

    :arg text: the value of the header, as it has come.
    :arg now: seconds since the epoch.

    0 for what is neither, and for what is over. A number of more than nine digits counts as its first nine.
    """
    said = text.strip()
    if said.isascii() and said.isdigit():
        return float(said[:_MOST_DIGITS])
    date = parse_date(said)
    return 0.0 if date is None else max(date.timestamp() - now, 0.0)


class _Now:
    """The date of this second, formatted once."""

    def __init__(self) -> None:
        self._second = 0
        self._text = ""

    def __call__(self) -> str:
        second = int(time.time())
        if second != self._second:
            self._text = _formatted(second)
            self._second = second
        return self._text


http_date_now = _Now()
"""``http_date_now()``: the current date as a header has it."""
