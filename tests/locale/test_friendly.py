"""Tornado's formats, beside Tornado's own and in other languages."""

import datetime
import types
from collections.abc import Iterator
from typing import Any

import pytest
import tornado.locale
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tornadolike.locale import CSVLocale
from tornadolike.locale.friendly import MONTHS, WEEKDAYS

NOW = datetime.datetime(2026, 3, 18, 13, 5, 42, 123456, datetime.UTC)  # a Wednesday

FRENCH = {
    "unknown": {
        "yesterday": "hier",
        "yesterday at %(time)s": "hier à %(time)s",
        "%(weekday)s at %(time)s": "%(weekday)s à %(time)s",
        "%(month_name)s %(day)s": "%(day)s %(month_name)s",
        "%(month_name)s %(day)s at %(time)s": "%(day)s %(month_name)s à %(time)s",
        "%(month_name)s %(day)s, %(year)s": "%(day)s %(month_name)s %(year)s",
        "%(month_name)s %(day)s, %(year)s at %(time)s": "%(day)s %(month_name)s %(year)s à %(time)s",
        "%(weekday)s, %(month_name)s %(day)s": "%(weekday)s, le %(day)s %(month_name)s",
        "%(commas)s and %(last)s": "%(commas)s ainsi que %(last)s",
        **{month: month[:3].lower() for month in MONTHS},
        **{day: day[:2].lower() for day in WEEKDAYS},
        # The CLDR has the same; Tornado leaves it English if it isn't there.
        "%(weekday)s": "le %(weekday)s",
    },
    "singular": {
        "1 second ago": "voilà une seconde",
        "1 minute ago": "voilà une minute",
        "1 hour ago": "voilà une heure",
    },
    "plural": {
        "%(seconds)d seconds ago": "voilà %(seconds)d secondes",
        "%(minutes)d minutes ago": "voilà %(minutes)d minutes",
        "%(hours)d hours ago": "voilà %(hours)d heures",
    },
}


@pytest.fixture(scope="module", autouse=True)
def clock() -> Iterator[None]:
    """Stop the clocks of both frameworks."""

    class Stopped(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return NOW

    stopped = types.SimpleNamespace(
        datetime=Stopped, timedelta=datetime.timedelta, UTC=datetime.UTC
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tornado.locale.datetime", stopped)
        patch.setattr("tornadolike.locale.friendly.datetime", stopped)
        yield


def ago(**duration: float) -> datetime.datetime:
    return NOW - datetime.timedelta(**duration)


flags = st.fixed_dictionaries(
    {
        "gmt_offset": st.integers(-840, 840),
        "relative": st.booleans(),
        "shorter": st.booleans(),
        "full_format": st.booleans(),
    }
)


@pytest.mark.parametrize(
    ("code", "catalog"),
    [
        ("en", {}),
        ("en_US", {}),
        ("fr", FRENCH),
        ("fr_FR", FRENCH),
        ("zh_CN", FRENCH),
        ("en", FRENCH),
    ],
)
@given(
    seconds=st.one_of(st.floats(-120, 200_000), st.floats(-1e8, 1e9)),
    flags=flags,
    kind=st.sampled_from(["aware", "naive", "timestamp", "elsewhere"]),
)
@example(0, {}, "aware")
@example(49.9, {}, "aware")
@example(50, {}, "aware")
@example(2999.9, {}, "naive")
@example(86399, {}, "aware")
@example(86400, {"shorter": True}, "aware")
@example(86400 * 5 - 1, {}, "aware")
@example(86400 * 5, {}, "aware")
@example(86400 * 334 - 1, {}, "aware")
@example(86400 * 334, {}, "aware")
@example(-59.9, {}, "aware")
@example(-60, {}, "aware")
@settings(max_examples=60, deadline=None)
def test_dates_are_tornados(
    code: str, catalog: Any, seconds: float, flags: dict[str, Any], kind: str
) -> None:
    date: Any = ago(seconds=seconds)
    if kind == "naive":
        date = date.replace(tzinfo=None)
    elif kind == "timestamp":
        date = date.timestamp()
    elif kind == "elsewhere":
        date = date.astimezone(datetime.timezone(datetime.timedelta(hours=5, minutes=45)))
    theirs = tornado.locale.CSVLocale(code, catalog)
    ours = CSVLocale(code, catalog)
    assert ours.format_date(date, **flags) == theirs.format_date(date, **flags)
    if kind != "timestamp":
        for dow in (True, False):
            offset = flags.get("gmt_offset", 0)
            assert ours.format_day(date, offset, dow) == theirs.format_day(date, offset, dow)


@pytest.mark.parametrize(
    ("code", "catalog"),
    [("en_US", {}), ("fr", FRENCH), ("fa", {"unknown": {"%(commas)s and %(last)s": "%(commas)s"}})],
)
@given(parts=st.lists(st.text(max_size=4), max_size=5))
@settings(max_examples=40, deadline=None)
def test_lists_are_tornados(code: str, catalog: Any, parts: list[str]) -> None:
    theirs = tornado.locale.CSVLocale(code, catalog)
    assert CSVLocale(code, catalog).list(parts) == theirs.list(parts)


@given(st.integers(0, 10**30))
@settings(max_examples=60, deadline=None)
def test_numbers_are_tornados(value: int) -> None:
    theirs = tornado.locale.CSVLocale("en_US", {}).friendly_number(value)
    assert CSVLocale("en_US", {}).friendly_number(value) == theirs
    assert CSVLocale("en_US", {}).friendly_number(str(value)) == theirs


def test_numbers_that_tornado_breaks() -> None:
    english = CSVLocale("en", {})
    assert english.friendly_number(-100) == "-100"
    assert english.friendly_number(-1234567) == "-1,234,567"
    assert english.friendly_number(1234.5) == "1,234.5"
    with pytest.raises(ValueError, match="a number is needed, not 'many'"):
        english.friendly_number("many")


def test_numbers_elsewhere() -> None:
    assert CSVLocale("de", {}).friendly_number(1234567) == "1.234.567"
    assert CSVLocale("hi", {}).friendly_number(1234567) == "12,34,567"
    assert CSVLocale("ja", {}).friendly_number(10**40) == f"{10**40:,}"


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("de", ["vor 1 Sekunde", "vor 3 Sekunden", "vor 1 Minute", "vor 24 Stunden"]),
        ("ru", ["1 секунду назад", "3 секунды назад", "1 минуту назад", "24 часа назад"]),
        ("ar", ["قبل ثانية واحدة", "قبل 3 ثوانِ", "قبل دقيقة واحدة", "قبل 24 ساعة"]),
        ("ja", ["1 秒前", "3 秒前", "1 分前", "24 時間前"]),
        ("en_GB", ["1 second ago", "3 seconds ago", "1 minute ago", "24 hours ago"]),
        ("pl", ["1 sekundę temu", "3 sekundy temu", "1 minutę temu", "24 godziny temu"]),
    ],
)
def test_what_is_just_over_in_other_languages(code: str, texts: list[str]) -> None:
    locale = CSVLocale(code, {})
    dates = [ago(seconds=seconds) for seconds in (0, 3, 60, 86399)]
    assert [locale.format_date(date) for date in dates] == texts


@pytest.mark.parametrize(
    ("code", "texts", "short"),
    [
        (
            "de",
            ["gestern um 11:05", "Montag, 13:05", "6. Februar, 13:05", "13. Februar 2025, 13:05"],
            ["gestern", "Montag", "6. Februar", "13. Februar 2025"],
        ),
        (
            "ja",
            ["昨日 11:05", "13:05 (月曜日)", "2月6日 13:05", "2025年2月13日 13:05"],
            ["昨日", "月曜日", "2月6日", "2025年2月13日"],
        ),
        (
            "ar",
            ["أمس في 11:05 ص", "الاثنين 1:05 م", "6 فبراير، 1:05 م", "13 فبراير 2025، 1:05 م"],
            ["أمس", "الاثنين", "6 فبراير", "13 فبراير 2025"],
        ),
        (
            "en_GB",
            ["yesterday at 11:05", "Monday 13:05", "6 February, 13:05", "13 February 2025, 13:05"],
            ["yesterday", "Monday", "6 February", "13 February 2025"],
        ),
        (  # nobody has told us what they call yesterday
            "nl",
            ["dinsdag 11:05", "maandag 13:05", "6 februari, 13:05", "13 februari 2025, 13:05"],
            ["dinsdag", "maandag", "6 februari", "13 februari 2025"],
        ),
    ],
)
def test_what_is_longer_ago_in_other_languages(
    code: str, texts: list[str], short: list[str]
) -> None:
    locale = CSVLocale(code, {})
    dates = [ago(hours=26), ago(days=2), ago(days=40), ago(days=398)]
    assert [plain(locale.format_date(date)) for date in dates] == texts
    assert [locale.format_date(date, shorter=True) for date in dates] == short


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_the_time_alone() -> None:
    assert CSVLocale("de", {}).format_date(ago(hours=4), relative=False) == "09:05"
    # A site that has the clock of Tornado in its dates has it here, too.
    assert CSVLocale("de", FRENCH).format_date(ago(hours=4), relative=False) == "9:05"


def test_the_sites_words_of_some_dates() -> None:
    catalog = {
        "unknown": {"%(month_name)s %(day)s at %(time)s": "am %(day)s. %(month_name)s %(time)s"}
    }
    german = CSVLocale("de", catalog)
    assert german.format_date(ago(days=20)) == "am 26. Februar 13:05"
    assert german.format_date(ago(days=398)) == "13. Februar 2025, 13:05"


def test_days_in_other_languages() -> None:
    day = datetime.datetime(2013, 4, 28, 23, 35)
    for code, text, short in [
        ("de", "Sonntag, 28. April", "28. April"),
        ("es", "domingo, 28 de abril", "28 de abril"),
        ("ja", "4月28日日曜日", "4月28日"),
        ("ru", "воскресенье, 28 апреля", "28 апреля"),
    ]:
        assert CSVLocale(code, {}).format_day(day) == text
        assert CSVLocale(code, {}).format_day(day, dow=False) == short
    assert CSVLocale("de", {}).format_day(day, gmt_offset=-120) == "Montag, 29. April"
    assert CSVLocale("de", {}).format_day(day.date()) == "Sonntag, 28. April"
    assert CSVLocale("en", {}).format_day(day.date()) == "Sunday, April 28"


def test_lists_in_other_languages() -> None:
    for code, text in [("de", "A, B und C"), ("ja", "A、B、C"), ("ar", "A وB وC")]:
        assert CSVLocale(code, {}).list(["A", "B", "C"]) == text
    assert CSVLocale("de", {}).list([]) == ""
    assert CSVLocale("de", {}).list(["{0} %s"]) == "{0} %s"
    assert CSVLocale("de", {}).list(["{0}", "{1} %s"]) == "{0} und {1} %s"


@pytest.mark.parametrize("code", ["en_US", "de"])
@pytest.mark.parametrize(
    ("moment", "offset"),
    [(datetime.datetime.max, -60), (datetime.datetime.min, 60), (NOW, 10**12)],
)
def test_offsets_that_lead_out_of_the_calendar(
    code: str, moment: datetime.datetime, offset: int
) -> None:
    locale = CSVLocale(code, {})
    with pytest.raises(ValueError, match="leads out of the years"):
        locale.format_date(moment, offset, full_format=True)
    with pytest.raises(ValueError, match="leads out of the years"):
        locale.format_day(moment, offset)
