"""Patterns for skeletons."""

import datetime

import pytest

from tornadolike.locale import CSVLocale
from tornadolike.locale.patterns import (
    applied,
    interval_for,
    joined,
    pattern_for,
    time_fields,
    with_hours,
)

ENGLISH, GERMAN, JAPANESE = (CSVLocale(code, {}).babel for code in ("en", "de", "ja"))


@pytest.mark.parametrize(
    ("skeleton", "pattern"),
    [
        ("MMMd", "d. MMM"),
        ("MMMMd", "d. MMMM"),  # names get as long as they are wanted
        ("MMMEEEEd", "EEEE, d. MMM"),
        ("Md", "d.M."),  # and numbers stay numbers
        ("yMMMMEEEEd", "EEEE, d. MMMM y"),
        ("dMMM", "d. MMM"),  # in whatever order they are asked for
        ("MMMdHm", "d. MMM, HH:mm"),
    ],
)
def test_patterns(skeleton: str, pattern: str) -> None:
    assert pattern_for(GERMAN, skeleton) == pattern


def test_hours() -> None:
    assert with_hours(ENGLISH, "yMMMdjm") == "yMMMdhm"
    assert with_hours(GERMAN, "jm") == with_hours(JAPANESE, "jm") == "Hm"
    assert time_fields("yMMMdhmv") == "hmv"


def test_intervals() -> None:
    assert interval_for(GERMAN, "MMMMd")["d"] == ["d.\u2013", "d. MMMM"]
    assert interval_for(GERMAN, "zzz") == interval_for(GERMAN, "") == {}
    # Babel has cut this one at a wrong place: it is not used.
    assert "M" not in interval_for(CSVLocale("fa", {}).babel, "yMMM")


def test_date_and_time() -> None:
    day = datetime.date(2013, 4, 28)
    assert applied(joined(ENGLISH, "y", "'at d''s'", "medium"), day, ENGLISH) == "2013, at d's"
