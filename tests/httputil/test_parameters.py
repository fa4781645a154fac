"""Parameters of a field's value."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.httputil import parse_parameters


@pytest.mark.parametrize(
    ("value", "kind", "parameters"),
    [
        ("", "", {}),
        ("a/b", "a/b", {}),
        (" a/b ; X = y ; z=w", "a/b", {"x": "y", "z": "w"}),
        ('a; b="c;d=e"; f=g', "a", {"b": "c;d=e", "f": "g"}),
        ('a; b="c\\"d\\\\e\\f"', "a", {"b": 'c"d\\e\\f'}),
        ('a; b="', "a", {}),
        ('a; b="c; d=e', "a", {"d": "e"}),
        ('a; b="c"d; e=f', "a", {"e": "f"}),
        ("a; b; c=; d=e", "a", {"c": "", "d": "e"}),
        ('a; b=""', "a", {"b": ""}),
        ("a;;;b=c;", "a", {"b": "c"}),
        ("a; b=c; b=d", "a", {"b": "c"}),
        ("a; b=c=d", "a", {"b": "c=d"}),
        ("a; b*=utf-8''%C3%A9%20", "a", {"b": "\xe9 "}),
        ("a; b*=UTF-8'de'x; b=y", "a", {"b": "x"}),
        ("a; b*=''x", "a", {"b": "x"}),
        ("a; b*=x", "a", {}),
        ("a; b*=utf-8''%FF; b=y", "a", {"b": "y"}),
        ("a; b*=nonsense''%41; b=y", "a", {"b": "y"}),
        ("a; b*=iso-8859-1''%E9; b=y", "a", {"b": "\xe9"}),
        # What Python knows and no client sends: a lone surrogate, an exception of another kind, slow ones.
        ("a; b*=unicode_escape''%5Cud800; b=y", "a", {"b": "y"}),
        ("a; b*=undefined''%41; b=y", "a", {"b": "y"}),
        ("a; b*=idna''%41; b=y", "a", {"b": "y"}),
        ("a; b*=utf-16''%00%D8%00%DC; b=y", "a", {"b": "y"}),
    ],
)
def test_parse_parameters(value: str, kind: str, parameters: dict[str, str]) -> None:
    assert parse_parameters(value) == (kind, parameters)


@given(value=st.text() | st.text("ab;=\"\\ *'%\t"))
def test_no_parameters_are_too_strange(value: str) -> None:
    kind, parameters = parse_parameters(value)
    assert ";" not in kind
    assert all(name == name.lower() for name in parameters)


@pytest.mark.parametrize(
    "piece",
    [
        ";",
        '"',
        "\\",
        ';a="',
        ';a="\\',
        ";a=",
        " ",
        ";a ",
        "a",
        ';a="b"',
        '\\"',
        ';"',
        "a=",
        "; a=b ",
    ],
)
def test_long_parameters_take_linear_time(piece: str) -> None:
    begun = time.process_time()
    for start in ("a", 'a;b="', "a;b", "a;b="):
        for end in ("", '"', '"x', "x", "="):
            parse_parameters(start + piece * 10_000 + end)
    assert time.process_time() - begun < 3  # it takes 0.3; in quadratic time, many times this
