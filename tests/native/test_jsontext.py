"""The native writer of JSON and :func:`json.dumps`: the same text for the same data, or the same exception."""

import gc
import json
import math
import sys
from collections import OrderedDict, namedtuple
from enum import IntEnum
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.references import needs_native
from tornadolike import escape
from tornadolike._native import references

pytestmark = needs_native
reference = references["jsontext.json_encode"]

TEXTS = st.text(st.characters(codec=None, exclude_categories=())) | st.sampled_from(
    [
        "</script>",
        "<",
        "/",
        "</",
        "<</",
        '"\\\n\r\t\b\f\x00\x1f\x7f',
        "\u2028\u2029",
        "\ud800",
        "😀",
        "ÿ</",
    ]
)
SCALARS = TEXTS | st.none() | st.booleans() | st.integers() | st.floats()
KEYS = TEXTS | st.none() | st.booleans() | st.integers() | st.floats()
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(TEXTS, inner)
        | st.dictionaries(KEYS, inner)
    ),
)


@given(VALUES)
def test_the_same(value):
    assert escape.json_encode(value) == reference(value)


@given(st.integers())
def test_integers(value):
    for shifted in (value, value << 55, value << 64, -value):
        assert escape.json_encode([shifted]) == reference([shifted])


class Colour(IntEnum):
    RED = 1


class Text(str):
    __slots__ = ()


class Number(float):
    def __repr__(self):
        return "its own"


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        (),
        "",
        0,
        -1,
        2**63 - 1,
        -(2**63),
        2**63,
        10**400,
        0.1,
        -0.0,
        1e16,
        5e-324,
        math.nan,
        -math.inf,
        {2: 2, None: 3, True: 4, 1.5: 5},
        Colour.RED,
        {"colour": Colour.RED, Colour.RED: 1},
        Text("text</"),
        {Text("key"): Text("value")},
        Number(1.5),
        OrderedDict(a=1),
        namedtuple("Point", "x y")(1, 2),
        {"deep": [[[[{"er": ({},)}]]]]},
    ],
    ids=repr,
)
def test_what_is_known(value):
    assert escape.json_encode(value) == reference(value)


def test_depths():
    value: list = []
    for _ in range(300):
        value = [value]
    assert escape.json_encode(value) == reference(value)


def circle():
    value: dict = {}
    value["self"] = [value]
    return value


def failure_of(encode, value):
    with pytest.raises((TypeError, ValueError)) as caught:
        encode(value)
    return type(caught.value), str(caught.value)


@pytest.mark.parametrize(
    "value",
    [{1, 2}, {"a": b"b"}, {b"a": 1}, {(1, 2): 3}, object, circle(), [1j], {"a": [{"b": ...}]}],
)
def test_what_json_cannot_hold(value):
    assert failure_of(escape.json_encode, value) == failure_of(reference, value)


def test_large_ones():
    value = [{"id": number, "text": "ÿ</" * 100} for number in range(1000)]
    assert escape.json_encode(value) == reference(value)
    assert escape.json_encode({"id": 1}) == '{"id": 1}'


def test_a_patched_module():
    with mock.patch.object(json, "dumps", return_value="patched</"):
        assert escape.json_encode({"a": 1}) == "patched<\\/"
    with mock.patch.object(json.JSONEncoder, "default", lambda self, value: str(value)):
        assert escape.json_encode({"a": 1j}) == '{"a": "1j"}'


def test_nothing_is_kept():
    items = ["text" * 10, 1.5, 12345678901234567890, {"a": []}]
    value = {"key of it": items, "other": (None, object)}
    before = [sys.getrefcount(item) for item in (*items, *value, value)]
    for _ in range(1000):
        escape.json_encode(items)
        with pytest.raises(TypeError):
            escape.json_encode(value)
    gc.collect()
    assert [sys.getrefcount(item) for item in (*items, *value, value)] == before
