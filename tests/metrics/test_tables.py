"""Tables of figures, and how they are added up."""

import pytest

from tornadolike.metrics.tables import BOUNDS, CONNECTIONS, Snapshot, add_to, checked_buckets
from tornadolike.metrics.tables import without_gauges as kept


def test_figures_are_added_up() -> None:
    whole: Snapshot = {}
    part: Snapshot = {"a": {("x",): [1.0, 2.0]}, BOUNDS: {("a",): [0.5]}, CONNECTIONS: {(): [3.0]}}
    add_to(whole, part)
    add_to(whole, part)
    add_to(whole, {"a": {("y",): [1.0, 1.0]}})
    assert whole == {
        "a": {("x",): [2.0, 4.0], ("y",): [1.0, 1.0]},
        BOUNDS: {("a",): [0.5]},
        CONNECTIONS: {(): [6.0]},
    }
    assert part["a"][("x",)] == [1.0, 2.0]
    assert CONNECTIONS not in kept(whole)
    assert kept(whole)["a"] is whole["a"]


def test_other_buckets_begin_anew() -> None:
    whole: Snapshot = {"a": {(): [1.0, 2.0]}, BOUNDS: {("a",): [0.5]}}
    add_to(whole, {"a": {(): [1.0, 2.0, 3.0]}, BOUNDS: {("a",): [0.5, 1.0]}})
    assert whole == {"a": {(): [1.0, 2.0, 3.0]}, BOUNDS: {("a",): [0.5, 1.0]}}


def test_buckets() -> None:
    assert checked_buckets([1, 2.5]) == (1.0, 2.5)
    for wrong in ([], [2, 1], [1, 1], [0, 1], [-1], [float("inf")], [float("nan")]):
        with pytest.raises(ValueError, match="buckets"):
            checked_buckets(wrong)
    with pytest.raises(TypeError, match="buckets"):
        checked_buckets(["1"])  # type: ignore[list-item]
