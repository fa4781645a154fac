"""Dates as HTTP writes them."""

import datetime
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.httputil import format_timestamp, http_date_now, parse_date
from tornadolike.httputil.dates import seconds_to_wait

UTC = datetime.UTC
SECONDS = 1359312200
TEXT = "Sun, 27 Jan 2013 18:43:20 GMT"


@pytest.mark.parametrize(
    "moment",
    [
        SECONDS,
        SECONDS + 0.9,
        time.gmtime(SECONDS),
        tuple(time.gmtime(SECONDS)),
        datetime.datetime.fromtimestamp(SECONDS, UTC),
        datetime.datetime.fromtimestamp(SECONDS, UTC).replace(tzinfo=None),
        datetime.datetime.fromtimestamp(SECONDS, datetime.timezone(datetime.timedelta(hours=-5))),
    ],
)
def test_format_timestamp(moment: Any) -> None:
    assert format_timestamp(moment) == TEXT


def test_a_second_is_formatted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def again(seconds: float, usegmt: bool) -> str:
        raise AssertionError("formatted again")

    assert format_timestamp(SECONDS) == TEXT
    monkeypatch.setattr("email.utils.formatdate", again)
    for microsecond in (0, 999_999):
        moment = datetime.datetime.fromtimestamp(SECONDS, UTC).replace(microsecond=microsecond)
        assert format_timestamp(moment) == TEXT


@pytest.mark.parametrize("moment", [None, TEXT, object(), [1]])
def test_what_is_no_moment(moment: Any) -> None:
    with pytest.raises(TypeError, match="unknown timestamp type"):
        format_timestamp(moment)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        # The three formats of RFC 9110 section 5.6.7.
        ("Sun, 06 Nov 1994 08:49:37 GMT", datetime.datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sunday, 06-Nov-94 08:49:37 GMT", datetime.datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sun Nov  6 08:49:37 1994", datetime.datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sun, 06 Nov 1994 08:49:37 -0100", datetime.datetime(1994, 11, 6, 9, 49, 37, tzinfo=UTC)),
        ("Sun, 06 Nov 1994 08:49:37", datetime.datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("", None),
        ("nonsense", None),
        ("Sun, 99 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 99:49:37 GMT", None),
        ("Mon, 01 Jan 0001 00:00:00 GMT", datetime.datetime(2001, 1, 1, tzinfo=UTC)),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("Sun, 06 Nov 99999999999999999999 08:49:37 GMT", None),
        (f"Sun, 06 Nov {'9' * 5000} 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 08:49:37 +99999999999", None),
    ],
)
def test_parse_date(text: str, moment: datetime.datetime | None) -> None:
    assert parse_date(text) == moment


@given(text=st.text(st.sampled_from("Sun, 06Nov19948:37GMT+-\t.\0é"), max_size=40) | st.text())
def test_no_date_is_too_strange(text: str) -> None:
    moment = parse_date(text)
    assert moment is None or moment.tzinfo is UTC


@given(
    moment=st.datetimes(
        min_value=datetime.datetime(1900, 1, 1), max_value=datetime.datetime(9999, 12, 31)
    )
)
def test_what_was_written_is_read(moment: datetime.datetime) -> None:
    aware = moment.replace(microsecond=0, tzinfo=UTC)
    assert parse_date(format_timestamp(moment)) == aware


def test_http_date_now(monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", http_date_now())
    for now, text in (
        (SECONDS + 0.5, TEXT),
        (SECONDS + 0.9, TEXT),
        (SECONDS + 1, TEXT[:-5] + "1 GMT"),
    ):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        assert http_date_now() == text


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("0", 0),
        (" 120 ", 120),
        ("1" * 5000, 111_111_111),
        (TEXT, 10),
        ("Sun, 27 Jan 2013 18:43:09 GMT", 0),
        ("", 0),
        ("-1", 0),
        ("1.5", 0),
        ("²", 0),
        ("soon", 0),
    ],
)
def test_seconds_to_wait(said: str, seconds: float) -> None:
    assert seconds_to_wait(said, SECONDS - 10) == seconds
