"""Units of measurement."""

from decimal import Decimal
from typing import Any

import pytest

from tornadolike.locale import CSVLocale


def in_(code: str) -> CSVLocale:
    return CSVLocale(code, {})


@pytest.mark.parametrize(
    ("code", "value", "unit", "options", "text"),
    [
        ("en", 12, "kilometer", {}, "12 kilometers"),
        ("en", 1, "kilometer", {}, "1 kilometer"),
        ("en", 1, "kilometer", {"decimals": 1}, "1.0 kilometers"),
        ("en", Decimal("0.99999"), "kilometer", {}, "1 kilometer"),
        ("en", 1234.5678, "length-kilometer", {"length": "short"}, "1,234.568 km"),
        ("en", 5, "megabyte", {"length": "narrow"}, "5MB"),
        ("ru", 3, "kilometer", {}, "3 километра"),
        ("ru", 5, "kilometer", {}, "5 километров"),
        ("ar", 2, "day", {}, "يومان"),
        ("de", -3, "celsius", {"length": "short"}, "-3 °C"),
        ("de", 60, "kilometer", {"per": "hour"}, "60 Kilometer pro Stunde"),
        ("en", 60, "kilometer", {"per": "hour", "length": "short"}, "60 km/h"),
        ("en", 30, "mile", {"per": "gallon", "length": "short"}, "30 mpg"),
        ("ar", "1e30", "megabyte", {}, f"{10**30:,} ميغابايت"),
        ("en", 3, "liter", {"per": "day"}, "3 liters per day"),
        ("en", 3, "liter", {"per": "hectare"}, "3 liters per hectare"),
        # Babel itself says "duration-day" and "volume-liter" in these.
        ("ja", 3, "liter", {"per": "day"}, "3 リットル/日"),
        ("ar", 3, "liter", {"per": "day"}, "3 لتر في اليوم"),
        ("de", 3, "liter", {"length": "narrow"}, "3 l"),
    ],
)
def test_units(code: str, value: Any, unit: str, options: Any, text: str) -> None:
    assert in_(code).unit(value, unit, **options).replace("\u00a0", " ") == text


def test_unknown_units() -> None:
    english: Any = in_("en")
    with pytest.raises(ValueError, match="there is no unit 'kilometr': did you mean kilometer"):
        english.unit(1, "kilometr")
    # Babel takes any end of a name.
    with pytest.raises(ValueError, match="there is no unit 'ilometer': did you mean"):
        english.unit(1, "ilometer")
    with pytest.raises(ValueError, match="there is no unit '': they are such as kilometer"):
        english.unit(1, "")
    with pytest.raises(ValueError, match=r"there is no unit 'x+'"):
        english.unit(1, "meter", per="x" * 10_000)
    with pytest.raises(ValueError, match="length is long, short or narrow, not 'tiny'"):
        english.unit(1, "meter", length="tiny")
    with pytest.raises(ValueError, match="a finite number is needed"):
        english.unit(float("nan"), "meter")
