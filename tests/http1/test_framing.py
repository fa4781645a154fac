"""What of a message bears on its framing: its fields and its kind."""

import itertools

import pytest

from tornadolike.http1 import has_no_body
from tornadolike.http1.framing import Fields, kind_of_response, read_coding, read_length
from tornadolike.http1.framing_rules import Coding, Kind, Length


@pytest.mark.parametrize(
    ("value", "coding"),
    [
        (None, Coding.NONE),
        ("chunked", Coding.CHUNKED),
        ("Chunked", Coding.CHUNKED),
        (" \tchunked\t", Coding.CHUNKED),
        ("gzip, chunked", Coding.OTHERS),
        (["gzip", "chunked"], Coding.OTHERS),
        ('gzip;q="1", chunked', Coding.OTHERS),
        ("chunked, gzip", Coding.FAULTY),
        (["chunked", "gzip"], Coding.FAULTY),
        ("chunked, chunked", Coding.FAULTY),
        (["chunked", "chunked"], Coding.FAULTY),
        ("", Coding.FAULTY),
        (",chunked", Coding.FAULTY),
        ("chunked,", Coding.FAULTY),
        ("identity", Coding.FAULTY),
        ("chunked;a=b", Coding.FAULTY),
        ("\x0bchunked", Coding.FAULTY),
        ("\xa0chunked", Coding.FAULTY),
        ("x chunked", Coding.FAULTY),
        ("chunke\u017f", Coding.FAULTY),
    ],
)
def test_codings(value: str | list[str] | None, coding: Coding) -> None:
    fields: Fields = {"Content-Encoding": "chunked"}
    if value is not None:
        fields["Transfer-Encoding"] = value
    assert read_coding(fields) is coding


@pytest.mark.parametrize(
    ("value", "length", "size"),
    [
        (None, Length.NONE, None),
        ("0", Length.ZERO, 0),
        ("000", Length.ZERO, 0),
        ("00012", Length.NUMBER, 12),
        ("9" * 18, Length.NUMBER, 10**18 - 1),
        ("9" * 19, Length.HUGE, None),
        ("0" * 19, Length.HUGE, None),
        ("5,5", Length.REPEATED, 5),
        (["5", "5"], Length.REPEATED, 5),
        (["5, 5", "5"], Length.REPEATED, 5),
        ("0,0", Length.REPEATED, 0),
        ("9" * 19 + "," + "9" * 19, Length.HUGE, None),
        ("5,05", Length.UNEQUAL, None),
        (["5", "6"], Length.UNEQUAL, None),
        (",", Length.FAULTY, None),
        ("5,", Length.UNEQUAL, None),
        ("x,x", Length.FAULTY, None),
        ("", Length.FAULTY, None),
        (" 5", Length.FAULTY, None),
        ("5 ", Length.FAULTY, None),
        ("+5", Length.FAULTY, None),
        ("-0", Length.FAULTY, None),
        ("1_0", Length.FAULTY, None),
        ("0x5", Length.FAULTY, None),
        ("5.0", Length.FAULTY, None),
        ("\xb2", Length.FAULTY, None),
        ("\u0665", Length.FAULTY, None),
    ],
)
def test_lengths(value: str | list[str] | None, length: Length, size: int | None) -> None:
    fields: Fields = {"X-Content-Length": "7"}
    if value is not None:
        fields["Content-Length"] = value
    assert read_length(fields) == (length, size)


def test_kinds_of_responses() -> None:
    for method, status in itertools.product(["GET", "HEAD", "CONNECT", None], range(100, 1000)):
        kind = kind_of_response(method, status)
        if status == 101:
            assert kind is Kind.UPGRADE
        elif status < 200:
            assert kind is Kind.EMPTY_RESPONSE
        elif method == "CONNECT" and status < 300:
            assert kind is Kind.TUNNEL
        elif status == 204:
            assert kind is Kind.EMPTY_RESPONSE
        else:
            unsent = method == "HEAD" or status == 304
            assert kind is (Kind.BODY_NOT_SENT if unsent else Kind.RESPONSE)


def test_statuses_without_content() -> None:
    without = [status for status in range(100, 600) if has_no_body(status)]
    assert without == [*range(100, 200), 204, 304]
