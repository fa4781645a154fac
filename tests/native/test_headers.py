"""The header map beside its reference: every operation gives the same, or fails in the same way."""

import copy
import gc
import inspect
import pickle
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.http1_inputs import SECONDS, examples
from tests.native.references import needs_native
from tornadolike._native import references
from tornadolike.httputil import HTTPHeaders
from tornadolike.httputil.headers import FieldMap, copy_fields

pytestmark = [needs_native, pytest.mark.timeout(60 + 3 * SECONDS)]


class PythonHeaders(FieldMap):
    """The reference, and where it keeps its fields."""

    __slots__ = ("_fields",)


NAME = st.sampled_from(
    ["a", "A", "content-type", "Content-Type", "x-é", "a b", "", "x" * 200, 1, None, b"a", ("a",)]
)
VALUE = st.sampled_from(
    [
        "",
        "b",
        " b",
        "b\t",
        "b\tc",
        "b\0",
        "b\n",
        "é",
        "€",
        "\x7f",
        "\x80",
        "x" * 40 + "\r",
        b"b",
        b"\xff",
        1,
        None,
        ["b"],
    ]
)
OPERATIONS: list[Callable[[Any, Any, Any], Any]] = [
    lambda headers, name, value: headers.add(name, value),
    lambda headers, name, value: headers.add(name, value, _chars_are_bytes=False),
    lambda headers, name, value: headers.add(value=value, name=name),
    lambda headers, name, value: headers.__setitem__(name, value),
    lambda headers, name, value: headers[name],
    lambda headers, name, value: headers.get(name),
    lambda headers, name, value: headers.get(name, value),
    lambda headers, name, value: headers.get(name, default=value),
    lambda headers, name, value: headers.get_list(name),
    lambda headers, name, value: headers.__delitem__(name),
    lambda headers, name, value: name in headers,
    lambda headers, name, value: headers.pop(name),
    lambda headers, name, value: headers.pop(name, value),
    lambda headers, name, value: headers.setdefault(name, value),
    lambda headers, name, value: headers.update({name: value}),
    lambda headers, name, value: headers.popitem(),
    lambda headers, name, value: len(headers),
    lambda headers, name, value: list(headers),
    lambda headers, name, value: list(headers.get_all()),
    lambda headers, name, value: list(headers.items()),
    lambda headers, name, value: list(headers.values()),
    lambda headers, name, value: str(headers),
    lambda headers, name, value: bool(headers),
    lambda headers, name, value: headers == {name: value},
    lambda headers, name, value: headers.parse_line(f"{name}: {value}"),
    lambda headers, name, value: type(headers)({name: value}) == headers,
    lambda headers, name, value: type(headers)([(name, value)]) == headers,
    lambda headers, name, value: headers.copy() == headers,
    lambda headers, name, value: hash(headers),
    lambda headers, name, value: headers.add(name),
    lambda headers, name, value: headers.get(),
]


def outcome(operation: Callable[[], Any]) -> object:
    try:
        return operation()
    except Exception as error:  # whatever it is, both should raise it
        text = str(error)
        return type(error), (None if isinstance(error, TypeError) else text)


@examples(600)
@given(st.lists(st.tuples(st.sampled_from(range(len(OPERATIONS))), NAME, VALUE), max_size=12))
def test_they_do_the_same(operations: list[tuple[int, Any, Any]]) -> None:
    ours, theirs = HTTPHeaders(), PythonHeaders()
    for number, name, value in operations:
        operation = OPERATIONS[number]
        found = outcome(lambda: operation(ours, name, value))  # noqa: B023
        expected = outcome(lambda: operation(theirs, name, value))  # noqa: B023
        assert found == expected, (number, name, value)
        assert list(ours._fields.items()) == list(theirs._fields.items())


def test_what_is_made_of_it() -> None:
    assert issubclass(HTTPHeaders, MutableMapping)
    assert isinstance(HTTPHeaders(), Mapping)
    assert HTTPHeaders.__module__ == "tornadolike.httputil.headers"
    assert not hasattr(HTTPHeaders(), "__dict__")
    for name in ("add", "get", "get_list", "from_fields", "copy", "parse", "get_all"):
        ours = inspect.signature(getattr(HTTPHeaders, name)).parameters.values()
        theirs = inspect.signature(getattr(FieldMap, name)).parameters.values()
        assert [(one.name, one.kind, one.default) for one in ours] == [
            (one.name, one.kind, one.default) for one in theirs
        ]


def test_a_method_set_later_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = HTTPHeaders({"A": "b"})
    monkeypatch.setattr(HTTPHeaders, "get", lambda self, name, default=None: "patched")
    monkeypatch.setattr(HTTPHeaders, "__getitem__", lambda self, name: "patched")
    assert headers.get("A") == headers["A"] == "patched"
    assert list(headers.values()) == ["patched"]
    monkeypatch.undo()
    assert headers.get("A") == headers["A"] == "b"


def test_a_subclass_that_overrides_is_asked() -> None:
    class Own(HTTPHeaders):
        def __getitem__(self, name: str) -> str:
            return "own " + super().__getitem__(name)

        def __setitem__(self, name: str, value: str) -> None:
            super().__setitem__(name, value.upper())

        def __iter__(self) -> Any:
            return iter([*super().__iter__()][::-1])

    own = Own({"A": "b"}, c="d")
    assert own["a"] == "own B"
    assert list(own.items()) == [("C", "own D"), ("A", "own B")]
    assert own.get("a") == "B"
    copied = copy.deepcopy(own)
    assert type(copied) is Own
    assert copied == own


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_one_mode_reads_what_the_other_pickled(protocol: int) -> None:
    """The bytes of the reference, whose class has the name of the whole one."""
    headers = HTTPHeaders.parse("A: b\r\nA: c\r\nD: e")
    written = pickle.dumps(headers, protocol)
    assert b"_native" not in written
    assert pickle.loads(written) == headers
    if protocol >= 2:
        python = PythonHeaders()
        python.__setstate__(headers.__getstate__())
        theirs = pickle.dumps(python, protocol)
        assert len(theirs) - len(f"{__name__}PythonHeaders") == len(written) - len(
            f"{HTTPHeaders.__module__}HTTPHeaders"
        )


def test_copies_of_fields() -> None:
    class Own(dict[str, Any]):
        def copy(self) -> "Own":
            return Own(self)

    for fields in (
        {},
        {"A": "b"},
        {"A": ["b", "c"], "D": "e", **{f"F{n}": [str(n)] for n in range(50)}},
        Own(A=["b"]),
    ):
        copied, expected = copy_fields(fields), references["headers.copy_fields"](fields)
        assert copied == expected == fields
        assert type(copied) is type(expected)
        assert list(copied) == list(fields)
        for name, value in copied.items():
            assert type(value) is not list or value is not fields[name]


def test_cycles_are_collected() -> None:
    for _ in range(100):
        headers = HTTPHeaders()
        headers._fields["A"] = headers  # type: ignore[assignment]
    del headers
    assert gc.collect() >= 99


def test_nothing_is_lost() -> None:
    name, value, fields = "Zzz-Name", "a value", {"A": "b"}

    def work() -> None:
        for _ in range(10_000):
            headers = HTTPHeaders()
            headers.add(name, value)
            headers.add(name, value)
            headers.get(name)
            headers.get_list(name)
            headers[name] = value
            headers.get("nothing", value)
            del headers[name]
            HTTPHeaders.from_fields(fields).copy()
            with pytest.raises(KeyError):
                headers[name]

    work()
    before = sys.getrefcount(name), sys.getrefcount(value), sys.getrefcount(fields)
    blocks = sys.getallocatedblocks()
    work()
    after = sys.getrefcount(name), sys.getrefcount(value), sys.getrefcount(fields)
    assert sys.getallocatedblocks() - blocks < 200
    assert after == before
