"""Moments and time zones."""

import contextlib
import datetime
import zoneinfo
from collections.abc import Iterator
from typing import Any, Literal

from . import cldr
from .basis import Basis, one_of

Moment = datetime.datetime | float
Zone = datetime.tzinfo | str | None
ZoneStyle = Literal["long", "short", "generic", "city", "offset"]


class Zones(Basis):
    """The names of time zones in a language."""

    def zone_name(
        self, zone: datetime.tzinfo | str, style: ZoneStyle = "long", when: Moment | None = None
    ) -> str:
        """Return what a time zone is called: ``Central European Summer Time``, for ``"Europe/Berlin"`` in July.

        ``style`` is long, short (``CEST`` where people say that), generic (``Central European Time``, all year), city
        (``Berlin``) or offset (``GMT+02:00``). ``when`` tells summer from winter; now unless given. Raises `ValueError`
        for an unknown zone or style.
        """
        one_of(("long", "short", "generic", "city", "offset"), style, "style")
        zone = time_zone(zone)
        local = localized(datetime.datetime.now(datetime.UTC) if when is None else when, zone)
        offset = cldr.dates.get_timezone_gmt(local, locale=self.babel)
        try:
            return offset if style == "offset" else self._called(zone, style, local)
        except KeyError:  # Babel misses a word in languages that have few
            return offset

    def _called(self, zone: datetime.tzinfo, style: str, local: datetime.datetime) -> str:
        if style == "city":
            return cldr.dates.get_timezone_location(zone, self.babel, return_city=True)
        if style == "generic" and str(zone) in cldr.core.get_global("zone_territories"):
            return cldr.dates.get_timezone_name(zone, locale=self.babel)
        # What is nowhere, such as UTC, has no summer: its one name is the generic one too.
        width: Any = "long" if style == "generic" else style
        return cldr.dates.get_timezone_name(local, width, locale=self.babel)


def localized(moment: Any, zone: Zone) -> Any:
    """Return a moment as an aware `datetime`, in the zone if one is given; a plain `date` as it is.

    Raises `ValueError` for an unknown zone and a timestamp out of range, and `TypeError` for what is no moment.
    """
    if isinstance(moment, int | float):
        try:
            moment = datetime.datetime.fromtimestamp(moment, datetime.UTC)
        except (OverflowError, OSError, ValueError):
            raise ValueError(
                f"{moment!r} is no time that a calendar has: timestamps are seconds since 1970"
            ) from None
    if not isinstance(moment, datetime.datetime):
        if isinstance(moment, datetime.date):
            return moment
        raise TypeError(f"a datetime, date or timestamp is needed, not {moment!r}")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    if zone is None:
        return moment
    zone = time_zone(zone)
    with within_calendar():
        return moment.astimezone(zone)


@contextlib.contextmanager
def within_calendar() -> Iterator[None]:
    """Raise `ValueError` for a sum of times that leads out of the calendar, where Python has an `OverflowError`."""
    try:
        yield
    except OverflowError:
        raise ValueError(
            f"that leads out of the years {datetime.MINYEAR} to {datetime.MAXYEAR}, which are all that there are"
        ) from None


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
