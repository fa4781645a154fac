"""The formats as a whole: in every language of the CLDR, in threads, and without a cost for who needs none."""

import datetime
import random
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from babel.localedata import locale_identifiers

from tornadolike.locale import CSVLocale

CALLS: list[Callable[[Any], str]] = [
    lambda locale: locale.format_date(datetime.datetime(2013, 4, 28, 18, 35)),
    lambda locale: locale.format_date(datetime.datetime(2013, 4, 28), shorter=True),
    lambda locale: locale.format_day(datetime.datetime(2013, 4, 28)),
    lambda locale: locale.format_day(datetime.datetime(2013, 4, 28), dow=False),
    lambda locale: locale.friendly_number(-1234567),
    lambda locale: locale.list(["A", "B", "C"]),
    lambda locale: locale.list_of(["A", "B", "C"], "or"),
    lambda locale: locale.list_of(["A", "B", "C"], "unit"),
    lambda locale: locale.format_datetime(1367174107, "full", "Europe/Berlin"),
    lambda locale: locale.format_skeleton(1367174107, "yMMMMEEEEdjm"),
    lambda locale: locale.format_interval(1367174107, 1377174107, "yMMMd"),
    lambda locale: locale.format_interval(1367174107, 1367175107, "yMMMMdjm"),
    lambda locale: locale.format_relative(datetime.timedelta(days=-3)),
    lambda locale: locale.format_duration(datetime.timedelta(days=3), "narrow"),
    lambda locale: locale.zone_name("Europe/Berlin", "generic"),
    lambda locale: locale.number(1234567.891),
    lambda locale: locale.percent(0.5),
    lambda locale: locale.currency(-12.5, "EUR", style="accounting"),
    lambda locale: locale.currency(12.5, "CHF", style="name"),
    lambda locale: locale.compact_number(123456789),
    lambda locale: locale.compact_number(2000, "long"),
    lambda locale: locale.unit(3, "kilometer"),
    lambda locale: locale.unit(3, "liter", per="day", length="narrow"),
    lambda locale: locale.display_name("de"),
    lambda locale: locale.territory_name("DE"),
    lambda locale: str(locale.parse_decimal("1234")),
    lambda locale: str(locale.parse_date(locale.format_calendar_date(1367174107, "short"))),
]


def check(code: str) -> None:
    for number, call in enumerate(CALLS):
        text = call(CSVLocale(code, {}))
        assert text, f"{code}: nothing comes of call {number}"
        assert "{" not in text, f"{code}: {text}"
        assert "%" not in text or "5" in text, f"{code}: {text}"


@pytest.mark.parametrize(
    "code", ["en", "de", "zh_Hant_TW", "ar_EG", "fa", "sr_Latn", "th", "ti", "xx"]
)
def test_some_languages(code: str) -> None:
    check(code)


@pytest.mark.once
@pytest.mark.slow
def test_all_languages() -> None:
    for code in locale_identifiers():
        if "_" not in code:  # countries and scripts differ in little, and take minutes
            check(code)


def test_threads() -> None:
    codes = ["en", "de", "ja", "ar", "ru"]
    expected = {code: [call(CSVLocale(code, {})) for call in CALLS] for code in codes}
    shared = {code: CSVLocale(code, {}) for code in codes}

    def work(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(60):
            code, number = chance.choice(codes), chance.randrange(len(CALLS))
            assert CALLS[number](shared[code]) == expected[code][number]

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))


def test_babel_is_imported_when_it_is_needed() -> None:
    program = (
        "import sys, tornadolike.locale as locale; from tornadolike.locale import cldr\n"
        "english = locale.get('en_US'); english.translate('a'); english.friendly_number(1000)\n"
        "english.list(['a', 'b']); english.format_date(0)\n"
        "assert not hasattr(cldr, '__path__')\n"
        "assert 'babel' not in sys.modules\n"
        "assert english.number(1000) == '1,000' and 'babel.numbers' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
