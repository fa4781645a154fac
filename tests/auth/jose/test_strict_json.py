"""JSON that has one meaning, and nothing else."""

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.auth.jose.strict_json import read_object

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
OBJECTS = st.dictionaries(
    TEXTS,
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**60), 2**60) | TEXTS
        | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)  # fmt: skip


@given(OBJECTS)
def test_what_json_writes_is_read(value):
    assert read_object(json.dumps(value).encode()) == value
    assert read_object(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b'{"a": 1, "a": 1}', "a member twice"),
        (b'{"x": [{"a": 1, "a": 2}]}', "a member twice"),
        (b'{"a": 1, "\\u0061": 2}', "a member twice"),
        (b'{"a": NaN}', "a number that is none"),
        (b'{"a": Infinity}', "a number that is none"),
        (b'{"a": -Infinity}', "a number that is none"),
        (b'{"a": 1e400}', "a number that is too large"),
        (b'{"a": -1e400}', "a number that is too large"),
        (b'{"a": "\\ud800"}', "not UTF-8"),
        (b'{"\\udfff": 1}', "not UTF-8"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a": "\xed\xa0\x80"}', "not UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b'{"a": 1,}', "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a": 1} x', "not JSON"),
        (b'{"a": "\x00"}', "not JSON"),
        (b"", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'"a"', "not a JSON object"),
        (b"1", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'{"a":' + b"[" * 32 + b"]" * 32 + b"}", "nested too deep"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "nested too deep"),
        (b'{"a":' * sys.getrecursionlimit() * 200, "nested too deep"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_can_be_read_in_two_ways_is_refused(data, complaint):
    with pytest.raises(ValueError, match=complaint):
        read_object(data)


def test_how_deep_it_may_be():
    assert read_object(b'{"a":' + b"[" * 31 + b"]" * 31 + b"}")
    assert read_object(b'{"a":' * 32 + b"1" + b"}" * 32)


def test_a_number_of_many_digits_is_refused_and_not_shown():
    assert read_object(b'{"a": %s}' % (b"7" * 100)) == {"a": int("7" * 100)}
    for count in (101, 5000):
        with pytest.raises(ValueError, match=r"^it has a number that is too large$"):
            read_object(b'{"a": %s}' % (b"7" * count))


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_whatever_comes_it_is_an_object_or_a_value_error(data):
    try:
        value = read_object(data)
    except ValueError as error:
        said = str(error)
    else:
        said = "it is" if isinstance(value, dict) else "something else came"
    assert said.startswith("it ")
