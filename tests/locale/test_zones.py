"""Time zones: their names, and what is none."""

import datetime
import zoneinfo
from typing import Any

import pytest

from tornadolike.locale import CSVLocale

JULY = datetime.datetime(2026, 7, 1, tzinfo=datetime.UTC)
JANUARY = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def test_names() -> None:
    german, english = CSVLocale("de", {}), CSVLocale("en", {})
    assert english.zone_name("Europe/Berlin", when=JULY) == "Central European Summer Time"
    assert english.zone_name("Europe/Berlin", when=JANUARY) == "Central European Standard Time"
    assert english.zone_name("Europe/Berlin", "generic", JULY) == "Central European Time"
    assert english.zone_name("America/New_York", "short", JULY.timestamp()) == "EDT"
    assert german.zone_name("Europe/Berlin", "short", JULY) == "MESZ"
    assert german.zone_name(zoneinfo.ZoneInfo("Asia/Tokyo"), "city") == "Tokio"
    assert german.zone_name("Asia/Kolkata", "offset") == "GMT+05:30"
    assert german.zone_name("UTC") == german.zone_name("UTC", "generic") == "Koordinierte Weltzeit"
    fixed = datetime.timezone(datetime.timedelta(hours=2))
    assert german.zone_name(fixed) == german.zone_name(fixed, "generic") == "GMT+02:00"


@pytest.mark.parametrize(
    "name",
    ["Europe/Berln", "", "Europe", "../../etc/passwd", "/etc/passwd", "a" * 5000, "a\0b", "ä"],
)
def test_there_is_no_such_zone(name: str) -> None:
    english = CSVLocale("en", {})
    with pytest.raises(
        ValueError, match=r"there is no time zone '.*': names are such as Europe/Berlin"
    ):
        english.zone_name(name)
    with pytest.raises(ValueError, match="there is no time zone"):
        english.format_time(JULY, zone=name)


def test_there_is_no_such_style() -> None:
    style: Any = "tiny"
    with pytest.raises(
        ValueError, match="style is long, short, generic, city or offset, not 'tiny'"
    ):
        CSVLocale("en", {}).zone_name("UTC", style)
