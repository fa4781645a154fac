"""Dates and times of the CLDR, in words of distance and as people write them."""

import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tornadolike.locale import CSVLocale

APRIL = datetime.datetime(2013, 4, 28, 18, 35, 7, tzinfo=datetime.UTC)  # a Sunday
LANGUAGES = [
    "en",
    "en_US",
    "en_GB",
    "de",
    "fr",
    "es",
    "ja",
    "zh_CN",
    "ar",
    "he",
    "fa",
    "ru",
    "ko",
    "hu",
]


def in_(code: str) -> CSVLocale:
    return CSVLocale(code, {})


def plain(text: str) -> str:
    """The text with spaces as one types them."""
    for space in "\u00a0\u2009\u202f":
        text = text.replace(space, " ")
    return text


@pytest.mark.parametrize(
    ("code", "style", "text"),
    [
        ("en", "short", "4/28/13, 6:35 PM"),
        ("en", "medium", "Apr 28, 2013, 6:35:07 PM"),
        ("en", "long", "April 28, 2013, 6:35:07 PM UTC"),
        ("en", "full", "Sunday, April 28, 2013, 6:35:07 PM Coordinated Universal Time"),
        ("de", "short", "28.04.13, 18:35"),
        ("de", "medium", "28.04.2013, 18:35:07"),
        ("ja", "medium", "2013/04/28 18:35:07"),
    ],
)
def test_date_and_time(code: str, style: Any, text: str) -> None:
    assert plain(in_(code).format_datetime(APRIL, style)) == text


def test_kinds_of_moments() -> None:
    german = in_("de")
    for moment in (APRIL, APRIL.replace(tzinfo=None), APRIL.timestamp(), int(APRIL.timestamp())):
        assert german.format_datetime(moment, "short") == "28.04.13, 18:35"
        assert german.format_datetime(moment, "short", "Asia/Tokyo") == "29.04.13, 03:35"
    tokyo = APRIL.astimezone(datetime.timezone(datetime.timedelta(hours=9)))
    assert german.format_datetime(tokyo, "short") == "29.04.13, 03:35"
    assert german.format_datetime(tokyo, "short", datetime.UTC) == "28.04.13, 18:35"
    assert german.format_datetime(APRIL, "long", time="short") == "28. April 2013, 18:35"
    assert german.format_calendar_date(APRIL, zone="Asia/Tokyo") == "29.04.2013"
    assert german.format_calendar_date(APRIL.date(), zone="Asia/Tokyo") == "28.04.2013"
    assert (
        german.format_calendar_date(datetime.date(2013, 4, 28), "full") == "Sonntag, 28. April 2013"
    )
    assert german.format_time(APRIL) == "18:35"
    assert german.format_time(APRIL, zone="Asia/Tokyo") == "03:35"
    assert german.format_time(datetime.time(5, 6)) == "05:06"


def test_the_ends_of_the_calendar() -> None:
    english = in_("en")
    with pytest.raises(ValueError, match="leads out of the years 1 to 9999"):
        english.format_datetime(datetime.datetime.max, zone="Asia/Tokyo")
    with pytest.raises(ValueError, match="leads out of"):
        english.format_time(datetime.datetime.min, zone="America/New_York")
    for seconds in (float("inf"), 10**400):
        with pytest.raises(ValueError, match="leads out of"):
            english.format_duration(seconds)


def test_what_is_no_moment() -> None:
    english: Any = in_("en")
    with pytest.raises(TypeError, match="has not all fields of"):
        english.format_datetime(APRIL.date())
    with pytest.raises(TypeError, match="a datetime, date or timestamp is needed, not 'now'"):
        english.format_datetime("now")
    for timestamp in (1e18, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="timestamps are seconds since 1970"):
            english.format_datetime(timestamp)
    for call in (english.format_datetime, english.format_calendar_date, english.format_time):
        with pytest.raises(ValueError, match="style is full, long, medium or short, not 'tiny'"):
            call(APRIL, "tiny")
    with pytest.raises(ValueError, match="time is full, long, medium or short, not 'tiny'"):
        english.format_datetime(APRIL, time="tiny")


@pytest.mark.parametrize(
    ("skeleton", "english", "german", "japanese"),
    [
        ("yMMMd", "Apr 28, 2013", "28. Apr. 2013", "2013年4月28日"),
        ("MMMMEEEEd", "Sunday, April 28", "Sonntag, 28. April", "4月28日日曜日"),
        ("jm", "6:35 PM", "18:35", "18:35"),
        ("hm", "6:35 PM", "6:35 PM", "午後6:35"),
        ("EEEEjm", "Sunday 6:35 PM", "Sonntag, 18:35", "18:35 (日曜日)"),
        ("yMMMdjm", "Apr 28, 2013, 6:35 PM", "28. Apr. 2013, 18:35", "2013年4月28日 18:35"),
        ("yQQQ", "Q2 2013", "Q2 2013", "2013/Q2"),
    ],
)
def test_skeletons(skeleton: str, english: str, german: str, japanese: str) -> None:
    for code, text in [("en", english), ("de", german), ("ja", japanese)]:
        assert plain(in_(code).format_skeleton(APRIL, skeleton)) == text


def test_skeletons_that_nothing_fits() -> None:
    for wrong in ["", "foo", "zzz", "!"]:
        with pytest.raises(ValueError, match=f"nothing in en fits the skeleton '{wrong}'"):
            in_("en").format_skeleton(APRIL, wrong)
    with pytest.raises(ValueError, match="Invalid length for field"):
        in_("en").format_skeleton(APRIL, "MMMMMMMM")
    with pytest.raises(TypeError, match="has not all fields of 'h:mm"):
        in_("en").format_skeleton(APRIL.date(), "jm")


@pytest.mark.parametrize(
    ("hours", "skeleton", "english", "german"),
    [
        (0, "yMMMd", "Apr 28, 2013", "28. Apr. 2013"),
        (48, "yMMMd", "Apr 28 \u2013 30, 2013", "28.\u201330. Apr. 2013"),
        (24 * 30, "yMMMd", "Apr 28 \u2013 May 28, 2013", "28. Apr. \u2013 28. Mai 2013"),
        (
            24 * 365,
            "yMMMd",
            "Apr 28, 2013 \u2013 Apr 28, 2014",
            "28. Apr. 2013 \u2013 28. Apr. 2014",
        ),
        (24 * 30, "MMMMd", "April 28 \u2013 May 28", "28. April \u2013 28. Mai"),
        (0, "jm", "6:35 PM", "18:35"),
        (2, "jm", "6:35 \u2013 8:35 PM", "18:35\u201320:35 Uhr"),
        (-8, "jm", "10:35 AM \u2013 6:35 PM", "10:35\u201318:35 Uhr"),
        (2, "yMMMdjm", "Apr 28, 2013, 6:35 \u2013 8:35 PM", "28. Apr. 2013, 18:35\u201320:35 Uhr"),
        (
            24,
            "jm",
            "Apr 28, 2013, 6:35 PM \u2013 Apr 29, 2013, 6:35 PM",
            "28. Apr. 2013, 18:35 \u2013 29. Apr. 2013, 18:35",
        ),
        (24, "EEEE", "Sunday \u2013 Monday", "Sonntag \u2013 Montag"),
    ],
)
def test_intervals(hours: int, skeleton: str, english: str, german: str) -> None:
    start, end = sorted([APRIL, APRIL + datetime.timedelta(hours=hours)])
    assert plain(in_("en").format_interval(start, end, skeleton)) == english
    assert plain(in_("de").format_interval(start, end, skeleton)) == german


def test_intervals_of_days() -> None:
    days = datetime.date(2013, 4, 28), datetime.date(2013, 4, 30)
    assert in_("de").format_interval(*days) == "28.\u201330. Apr. 2013"
    assert in_("de").format_interval(*days, zone="America/Los_Angeles") == "28.\u201330. Apr. 2013"
    assert plain(in_("en").format_interval(days[0], APRIL)) == "Apr 28, 2013"
    night = datetime.datetime(2013, 4, 28, 23), datetime.datetime(2013, 4, 29, 1)
    assert in_("de").format_interval(*night) == "28.\u201329. Apr. 2013"
    assert in_("de").format_interval(*night, zone="Asia/Tokyo") == "29. Apr. 2013"
    with pytest.raises(ValueError, match="nothing in de fits"):
        in_("de").format_interval(*days, "zzz")


def test_distances() -> None:
    distance = datetime.timedelta
    english = in_("en")
    assert english.format_relative(distance(days=2)) == "in 2 days"
    assert english.format_relative(distance(hours=-3)) == "3 hours ago"
    assert english.format_relative(distance(0)) == "1 second ago"
    assert english.format_relative(distance(milliseconds=400)) == "1 second ago"
    assert english.format_relative(distance(hours=-3), "short") == "3 hr. ago"
    assert english.format_relative(distance(hours=3), "narrow", "day") == "in 1d"
    assert english.format_duration(7200) == "2 hours"
    assert english.format_duration(distance(minutes=59)) == "1 hour"
    assert in_("ru").format_relative(distance(days=-5)) == "5 дней назад"
    assert in_("ar").format_relative(distance(days=2)) == "خلال يومين"
    assert in_("ja").format_duration(distance(days=3)) == "3 日"
    for call in (english.format_relative, english.format_duration):
        with pytest.raises(ValueError, match="length is long, short or narrow, not 'tiny'"):
            call(distance(1), "tiny")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r"smallest is year, .* or second, not 'eon'"):
            call(distance(1), "long", "eon")  # type: ignore[arg-type]


def test_distances_from_now() -> None:
    now = datetime.datetime.now(datetime.UTC)
    german = in_("de")
    assert german.format_relative(now - datetime.timedelta(days=3)) == "vor 3 Tagen"
    assert (
        german.format_relative(now.replace(tzinfo=None) + datetime.timedelta(days=400))
        == "in 1 Jahr"
    )
    assert german.format_relative(now.timestamp() - 7200) == "vor 2 Stunden"


@pytest.mark.parametrize("code", LANGUAGES)
@given(st.dates(datetime.date(1960, 1, 1), datetime.date(2040, 12, 31)))
@settings(max_examples=25, deadline=None)
def test_dates_that_are_written_can_be_read(code: str, day: datetime.date) -> None:
    written = in_(code).format_calendar_date(day, "short")
    assert in_(code).parse_date(written) == day
    assert in_(code).parse_date(day.isoformat()) == day


def test_reading_dates() -> None:
    day = datetime.date(2013, 4, 3)
    for text in ("3.4.2013", "03.04.13", "3/4/2013", " 3. 4. 2013 ", "2013-04-03", "٣.٤.٢٠١٣"):
        assert in_("de").parse_date(text) == day
    assert in_("en_US").parse_date("4/3/2013") == day
    assert in_("ja").parse_date("2013年4月3日") == in_("ja").parse_date("2013/4/3") == day
    # From eighty years ago to twenty to come.
    year = datetime.date.today().year
    for distance in (-80, -79, 0, 19):
        short = f"1.1.{(year + distance) % 100:02}"
        assert in_("de").parse_date(short).year == year + distance


@pytest.mark.parametrize(
    "text",
    [
        *["", "1", "1.2", "30.2.2013", "2013-02-30", "32.1.2013", "1.13.2013", "1.2.3.4", "1.1.5"],
        *["1.1.20130", "1.1.013", "001.1.2013", "2013.1.1", "today", "1.1.2013 12:00"],
        *["1" * 100_000, "1." * 50_000, "." * 100_000],
        "²/²/²²²²",
    ],
    ids=lambda text: text[:20],
)
def test_reading_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a date as de writes it: 28\.04\.13"):
        in_("de").parse_date(text)


def test_the_first_day_of_the_week() -> None:
    assert [in_(code).first_week_day for code in ("en_US", "de_DE", "ar_EG")] == [6, 0, 5]
