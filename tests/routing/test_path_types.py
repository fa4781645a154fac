"""The types of the parameters in typed paths."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from tornadolike.routing.path_types import inner_regex, path_type

ONE_UUID = "12345678-1234-5678-1234-567812345678"


def test_the_texts_of_values() -> None:
    for said, value, text in (
        ("str", "a b", "a b"),
        ("path", "a/b", "a/b"),
        ("int", 10**30, "1" + "0" * 30),
        ("float", 1e-9, "0.000000001"),
        ("float", 1e22, "1" + "0" * 22),
        ("float", 7, "7"),
        ("uuid", UUID(ONE_UUID), ONE_UUID),
        ("uuid", ONE_UUID.replace("-", ""), ONE_UUID),
        ("date", date(33, 4, 5), "0033-04-05"),
        ("date", datetime(2024, 2, 29, 12), "2024-02-29"),
        ("date", "2024-02-29", "2024-02-29"),
    ):
        assert path_type(said).to_text(value) == text, (said, value)
    wrong: Any
    for said, wrong in (
        ("int", True),
        ("int", "7"),
        ("int", 7.0),
        ("float", False),
        ("float", "1.5"),
        ("uuid", "7"),
        ("date", 20240229),
    ):
        with pytest.raises((TypeError, ValueError)):
            path_type(said).to_text(wrong)


def test_what_stands_behind_the_colon() -> None:
    assert path_type("small|large").is_plain
    assert not path_type("[a-z]{2}").is_plain
    assert [name for name in ("str", "path", "int", "slug") if path_type(name).many] == ["path"]
    with pytest.raises(
        ValueError, match="there is no type 'integer'; there are date, float, int, "
    ):
        path_type("integer")


def test_what_may_stand_within_another_regular_expression() -> None:
    assert inner_regex("(?:a|b)[0-9]", "x") == "(?:a|b)[0-9]"
    for regex in ("(a)", "(?P<a>a)", "a)(b", "a)|(b", "(?i)a", "[", "*", "a{9999999999999}"):
        with pytest.raises(ValueError, match="regular expression"):
            inner_regex(regex, regex)
