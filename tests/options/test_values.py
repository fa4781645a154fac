"""From text, and from data, to values."""

import decimal
import enum
import ipaddress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from tornadolike.options import InvalidValue
from tornadolike.options.values import check, described, fit, read


class Mode(enum.Enum):
    QUICK = "quick"
    SAFE = "safe"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Email:
    def __init__(self, text: str) -> None:
        if "@" not in text:
            raise ValueError("no @")
        self.text = text


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("", str, ""),
        ("a,b", str, "a,b"),
        ("-7", int, -7),
        ("1.5", float, 1.5),
        ("true", bool, True),
        ("On", bool, True),
        ("YES", bool, True),
        ("1", bool, True),
        ("t", bool, True),
        ("false", bool, False),
        ("No", bool, False),
        ("0", bool, False),
        ("f", bool, False),
        ("off", bool, False),
        ("Sun Apr 28 05:16:00 2013", datetime, datetime(2013, 4, 28, 5, 16)),
        ("2013-04-28 05:16:01", datetime, datetime(2013, 4, 28, 5, 16, 1)),
        ("2013-04-28 05:16", datetime, datetime(2013, 4, 28, 5, 16)),
        ("2013-04-28T05:16", datetime, datetime(2013, 4, 28, 5, 16)),
        ("20130428 05:16:01", datetime, datetime(2013, 4, 28, 5, 16, 1)),
        ("20130428 05:16", datetime, datetime(2013, 4, 28, 5, 16)),
        ("2013-04-28", datetime, datetime(2013, 4, 28)),
        ("20130428", datetime, datetime(2013, 4, 28)),
        ("05:16:01", datetime, datetime(1900, 1, 1, 5, 16, 1)),
        ("05:16", datetime, datetime(1900, 1, 1, 5, 16)),
        ("2013-04-28T05:16:01Z", datetime, datetime(2013, 4, 28, 5, 16, 1, tzinfo=UTC)),
        ("45", timedelta, timedelta(seconds=45)),
        ("45s", timedelta, timedelta(seconds=45)),
        ("1h30m", timedelta, timedelta(minutes=90)),
        ("1 h 30 min", timedelta, timedelta(minutes=90)),
        ("-.5sec", timedelta, timedelta(milliseconds=-500)),
        ("1e3ms 5us", timedelta, timedelta(seconds=1, microseconds=5)),
        ("2 days 1w", timedelta, timedelta(days=9)),
        ("quick", Mode, Mode.QUICK),
        ("SAFE", Mode, Mode.SAFE),
        ("2", Level, Level.HIGH),
        ("/srv", Path, Path("/srv")),
        ("1.10", decimal.Decimal, decimal.Decimal("1.10")),
        ("::1", ipaddress.ip_address, ipaddress.IPv6Address("::1")),
    ],
)
def test_text(text: str, kind: Any, value: Any) -> None:
    found = read(text, kind, multiple=False, secret=False)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "kind", "complaint"),
    [
        ("", int, "has to be a whole number, not ''"),
        ("1.5", int, "has to be a whole number, not '1.5'"),
        ("x", float, "has to be a number, not 'x'"),
        ("maybe", bool, "has to be true or false, not 'maybe'"),
        ("", bool, "has to be true or false, not ''"),
        ("soon", datetime, "has to be a date and time, as 2026-11-24 08:30, not 'soon'"),
        ("", timedelta, "has to be a length of time, as 90s, 1h30m or 2 days, not ''"),
        ("5 parsecs", timedelta, "has to be a length of time, .*, not '5 parsecs'"),
        ("s", timedelta, "has to be a length of time"),
        ("5s!", timedelta, "has to be a length of time"),
        ("1e99w", timedelta, "has to be a length of time"),
        ("slow", Mode, "has to be one of quick, safe, not 'slow'"),
        ("nobody", Email, r"has to be of the type Email, not 'nobody' \(no @\)"),
        ("x", decimal.Decimal, "has to be of the type Decimal, not 'x'"),
    ],
)
def test_text_that_is_none(text: str, kind: Any, complaint: str) -> None:
    with pytest.raises(InvalidValue, match=complaint):
        read(text, kind, multiple=False, secret=False)
    with pytest.raises(InvalidValue) as refused:
        read(text or "hush", kind, multiple=False, secret=True)
    assert f"{text or 'hush'!r}" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("", str, []),
        ("a", str, ["a"]),
        ("a,,b:c", str, ["a", "", "b:c"]),
        ("1,3,5:7", int, [1, 3, 5, 6, 7]),
        ("-2:-1", int, [-2, -1]),
        ("4:4", int, [4]),
        ("yes,no", bool, [True, False]),
        ("1s,2s", timedelta, [timedelta(seconds=1), timedelta(seconds=2)]),
    ],
)
def test_several(text: str, kind: Any, value: list[Any]) -> None:
    assert read(text, kind, multiple=True, secret=False) == value


@pytest.mark.parametrize("text", ["1,", "1:", ":1", "1:2:3", "2:1", "1.5:2"])
def test_ranges_that_are_none(text: str) -> None:
    with pytest.raises(InvalidValue):
        read(text, int, multiple=True, secret=False)


@pytest.mark.parametrize(
    ("data", "kind", "value"),
    [
        ("80", int, 80),
        (80, int, 80),
        (80, float, 80.0),
        (True, bool, True),
        ("off", bool, False),
        ("80", str, "80"),
        (date(2026, 11, 24), datetime, datetime(2026, 11, 24)),
        (datetime(2026, 11, 24, 8), datetime, datetime(2026, 11, 24, 8)),
        (2.5, timedelta, timedelta(seconds=2.5)),
        ("2h", timedelta, timedelta(hours=2)),
        ("quick", Mode, Mode.QUICK),
        (2, Level, Level.HIGH),
        ("/srv", Path, Path("/srv")),
        ({"a": 1}, dict, {"a": 1}),
    ],
)
def test_data(data: Any, kind: Any, value: Any) -> None:
    found = fit(data, kind, multiple=False, secret=False)
    assert found == value
    assert type(found) is type(value)
    assert fit([data, data], kind, multiple=True, secret=False) == [value, value]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (1, bool),
        (True, int),
        (True, float),
        (True, timedelta),
        (1.0, int),
        (80, str),
        ([80], int),
        ({"a": 1}, str),
        (time(8, 30), datetime),
        (3, Level),
        ("many", int),
        ({"a": 1}, Email),
    ],
)
def test_data_of_another_type(data: Any, kind: Any) -> None:
    with pytest.raises(InvalidValue, match="has to be"):
        fit(data, kind, multiple=False, secret=False)
    with pytest.raises(InvalidValue) as refused:
        fit({"hush": data}, kind, multiple=False, secret=True)
    assert "hush" not in str(refused.value)


def test_a_text_of_data_is_told_to_get_quotation_marks() -> None:
    with pytest.raises(
        InvalidValue, match=r"has to be text, not 1\.1: put quotation marks around it"
    ):
        fit(1.1, str, multiple=False, secret=False)


def test_several_of_data() -> None:
    assert fit("1,3:4", int, multiple=True, secret=False) == [1, 3, 4]
    assert fit([], int, multiple=True, secret=False) == []
    with pytest.raises(InvalidValue, match="has to be a list, not 5"):
        fit(5, int, multiple=True, secret=False)


@pytest.mark.parametrize(
    ("value", "kind", "multiple"),
    [(None, int, False), (1, int, False), ([1, None], int, True), ([], int, True)],
)
def test_what_a_program_may_set(value: Any, kind: Any, multiple: bool) -> None:
    check(value, kind, multiple=multiple, secret=False)


@pytest.mark.parametrize(
    ("value", "kind", "multiple"),
    [("2", int, False), ([1], int, False), (1, int, True), (["1"], int, True), (None, int, True)],
)
def test_what_a_program_may_not_set(value: Any, kind: Any, multiple: bool) -> None:
    wanted = "a list of int" if multiple else "of the type int"
    with pytest.raises(InvalidValue, match=f"has to be {wanted}, not"):
        check(value, kind, multiple=multiple, secret=False)


def test_a_function_may_make_the_values() -> None:
    assert read("a b", str.split, multiple=False, secret=False) == ["a", "b"]  # type: ignore[arg-type]
    assert described(Email) == "of the type Email"
