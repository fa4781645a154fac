"""Small things."""

import os.path
from typing import Any

import pytest

from tornadolike import util
from tornadolike.util import ObjectDict, import_object, lazy


class Thing:
    def __init__(self) -> None:
        self.computed = 0

    @lazy
    def value(self) -> int:
        """The docstring."""
        self.computed += 1
        return 42


def test_lazy_computes_once() -> None:
    thing = Thing()
    assert thing.computed == 0
    assert (thing.value, thing.value, thing.computed) == (42, 42, 1)
    assert Thing.value.__doc__ == "The docstring."


def test_lazy_can_be_assigned_and_deleted() -> None:
    thing: Any = Thing()
    thing.value = 1
    assert (thing.value, thing.computed) == (1, 0)
    del thing.value
    assert (thing.value, thing.computed) == (42, 1)


def test_lazy_that_fails_is_asked_again() -> None:
    class Fails:
        tries = 0

        @lazy
        def value(self) -> int:
            self.tries += 1
            raise ValueError("no value")

    fails = Fails()
    for _ in range(2):
        with pytest.raises(ValueError, match="no value"):
            fails.value  # noqa: B018
    assert fails.tries == 2


def test_object_dict() -> None:
    found = ObjectDict(a=1)
    found.b = 2
    found["c"] = 3
    assert found == {"a": 1, "b": 2, "c": 3}
    assert (found.a, found["b"], found.c) == (1, 2, 3)
    with pytest.raises(AttributeError, match="nope"):
        found.nope  # noqa: B018


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("os", os),
        ("os.path", os.path),
        ("os.path.join", os.path.join),
        ("tornadolike.util", util),
        ("tornadolike.util.lazy", lazy),
        ("tornadolike.http1.limits", __import__("tornadolike.http1.limits").http1.limits),
    ],
)
def test_import_object(name: str, found: object) -> None:
    assert import_object(name) is found


@pytest.mark.parametrize("name", ["nowhere", "nowhere.at.all", "os.nothing", "os.path.nothing"])
def test_import_object_that_is_not_there(name: str) -> None:
    with pytest.raises(ImportError):
        import_object(name)
