"""Numbers, shares and amounts of money."""

import decimal
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tornadolike.locale import CSVLocale
from tornadolike.locale.numbers import MAX_DIGITS

CODES = ["en", "de", "fr", "de_CH", "hi", "ar", "fa", "ja", "pl", "sv", "es"]


def in_(code: str) -> CSVLocale:
    return CSVLocale(code, {})


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "1,234,567.891"),
        ("de", "1.234.567,891"),
        ("fr", "1\u202f234\u202f567,891"),
        ("de_CH", "1\u2019234\u2019567.891"),
        ("hi", "12,34,567.891"),
        ("ar", "1,234,567.891"),
    ],
)
def test_numbers(code: str, text: str) -> None:
    assert in_(code).number(Decimal("1234567.8912")) == text


def test_decimals_and_grouping() -> None:
    english = in_("en")
    assert english.number(1234, grouping=False) == "1234"
    assert english.number(0.1 + 0.2) == "0.3"
    assert english.number(1, 2) == "1.00"
    assert english.number("1.239", (0, 2)) == "1.24"
    assert english.number(2.5, 0) == "2"  # half to even
    assert english.number(3.5, 0) == "4"
    assert english.number(-1234.5) == "-1,234.5"
    for wrong in [(3, 1), -1, (0, MAX_DIGITS + 1)]:
        with pytest.raises(ValueError, match="decimals are between 0 and 1000, the fewest first"):
            english.number(1, wrong)


def test_numbers_are_exact() -> None:
    long = "123456789012345678901234567890.125"
    assert in_("en").number(Decimal(long), 3) == f"{Decimal(long):,}"
    assert in_("en").number(10**40) == f"{10**40:,}"
    with decimal.localcontext(prec=3, rounding=decimal.ROUND_UP, traps=[decimal.Inexact]):
        assert in_("en").number(Decimal(long), 2) == "123,456,789,012,345,678,901,234,567,890.12"
        assert in_("en").currency(Decimal(long), "EUR", style="name").endswith("890.12 euros")
        assert in_("ru").unit(10**40, "meter").endswith("000 метров")


def test_what_is_no_number() -> None:
    for wrong in ["many", None, "", "1" * MAX_DIGITS + "1", "1e1000", "1e-1001", "1E+999999999"]:
        with pytest.raises(ValueError, match=r"a number is needed|more than 1000 digits"):
            in_("en").number(wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="4300 digits"):  # Python's own limit
        in_("en").number(10**5000)
    assert in_("en").number(float("inf")) == "∞"
    assert in_("de").number(float("-inf")) == "-∞"
    assert in_("en").number(float("nan")) == "NaN"
    assert in_("ru").percent(float("nan")) == "не\u00a0число"  # noqa: RUF001 (Russian)
    assert in_("en").compact_number(float("inf")) == "∞"
    for text in ("nan", "inf"):
        with pytest.raises(ValueError, match="a finite number is needed"):
            in_("en").currency(text, "EUR")


def test_percent() -> None:
    assert in_("en").percent(0.256) == "26%"
    assert in_("de").percent(0.256, 1) == "25,6\u00a0%"
    assert in_("tr").percent(Decimal("0.5")) == "%50"


def test_currency() -> None:
    assert in_("en").currency("1234.5", "EUR") == "€1,234.50"
    assert in_("de").currency(Decimal("1234.5"), "eur") == "1.234,50\u00a0€"
    assert in_("ja").currency(1234.5, "JPY") == "￥1,234"
    assert in_("en").currency(-5, "USD", style="accounting") == "($5.00)"
    assert in_("en").currency(5, "USD", style="name") == "5.00 US dollars"
    assert in_("en").currency(1, "USD", style="name", decimals=0) == "1 US dollar"
    assert in_("ru").currency(3, "RUB", style="name", decimals=0) == "3 российских рубля"
    assert in_("en").currency("0.125", "EUR", decimals=3) == "€0.125"
    assert in_("en").currency(1234, "KWD") == "KWD\u00a01,234.000"


def test_unknown_currencies() -> None:
    with pytest.raises(ValueError, match=r"'EURO' is not a currency of ISO 4217.*did you mean EUR"):
        in_("en").currency(1, "EURO")
    with pytest.raises(ValueError, match="is not a currency"):
        in_("en").currency(1, "€" * 1000)
    with pytest.raises(ValueError, match="style is standard, accounting or name, not 'words'"):
        in_("en").currency(1, "EUR", style="words")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "value", "short", "long"),
    [
        ("en", 12, "12", "12"),
        ("en", 1234, "1.2K", "1.2 thousand"),
        ("en", 12345, "12K", "12 thousand"),
        ("en", 99_999, "100K", "100 thousand"),
        ("en", 999_499, "999K", "999 thousand"),
        ("en", 999_999, "1M", "1 million"),
        ("en", -1_500_000, "-1.5M", "-1.5 million"),
        ("en", Decimal("99.96"), "100", "100"),
        ("en", 0, "0", "0"),
        ("en", 10**18, "1,000,000T", "1,000,000 trillion"),
        ("de", 12345, "12.345", "12 Tausend"),
        ("de", 1_000_000, "1 Mio.", "1 Million"),
        ("de", 2_000_000, "2 Mio.", "2 Millionen"),
        ("ja", 123_456_789, "1.2億", "1.2億"),
        ("ru", 2_000_000, "2 млн", "2 миллиона"),
        ("ru", 5_000_000, "5 млн", "5 миллионов"),
    ],
)
def test_compact_numbers(code: str, value: Any, short: str, long: str) -> None:
    assert in_(code).compact_number(value).replace("\u00a0", " ") == short
    assert in_(code).compact_number(value, "long").replace("\u00a0", " ") == long


def test_compact_numbers_with_decimals() -> None:
    assert in_("en").compact_number(1_234_567, decimals=2) == "1.23M"
    assert in_("en").compact_number(999_999, decimals=1) == "1.0M"
    assert in_("en").compact_number(999_999, decimals=(0, 3)) == "999.999K"
    with pytest.raises(ValueError, match="length is short or long, not 'tiny'"):
        in_("en").compact_number(1, "tiny")  # type: ignore[arg-type]


@pytest.mark.parametrize("code", CODES)
@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=4
    )
)
@settings(max_examples=30, deadline=None)
def test_what_is_written_can_be_read(code: str, value: Decimal) -> None:
    assert in_(code).parse_decimal(in_(code).number(value, (0, 4))) == value
    assert in_(code).parse_number(in_(code).number(int(value))) == int(value)


@pytest.mark.parametrize(
    ("code", "text", "value"),
    [
        ("en", "1,234.5", "1234.5"),
        ("en", "1234.5", "1234.5"),
        ("en", " -.5 ", "-0.5"),
        ("en", "+5.", "5"),
        ("en", "\u22125", "-5"),
        ("de", "1.234,5", "1234.5"),
        ("de", "1234,5", "1234.5"),
        ("fr", "1 234,5", "1234.5"),  # a space of any kind
        ("fr", "1\u00a0234,5", "1234.5"),
        ("de_CH", "1'234.5", "1234.5"),
        ("hi", "12,34,567", "1234567"),
        ("ar", "\u0661\u066c\u0662\u0663\u0664\u066b\u0665", "1234.5"),
        ("he", "\u200e-5", "-5"),
    ],
)
def test_reading(code: str, text: str, value: str) -> None:
    assert in_(code).parse_decimal(text) == Decimal(value)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("de", "1.5"),
        ("en", "1,5"),
        ("en", "12,34,567"),
        ("en", "1234,567"),
        ("en", ",123"),
        ("en", "1,234,"),
        ("en", "1.2.3"),
        ("en", "1.2,345"),
        ("hi", "1,234,567"),
        *[
            ("en", text)
            for text in ["", " ", ".", "-", "--5", "5-", "1_0", "1e5", "nan", "Infinity"]
        ],
        *[("en", text) for text in ["0x1", "²", "1 2", "\u2066", "1" * (MAX_DIGITS + 1)]],
    ],
)
def test_reading_what_is_no_number(code: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"is not a number as {code} writes it: 1.?234.5"):
        in_(code).parse_decimal(text)


def test_reading_whole_numbers() -> None:
    assert in_("de").parse_number("1.234,0") == 1234
    with pytest.raises(ValueError, match=r"'1\.5' is not a whole number"):
        in_("en").parse_number("1.5")


@given(st.text(max_size=30))
@settings(max_examples=150, deadline=None)
def test_reading_anything(text: str) -> None:
    for code in ("en", "fr", "ar"):
        try:
            assert in_(code).parse_decimal(text).is_finite()
        except ValueError:
            pass
