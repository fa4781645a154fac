"""Rows of numbers in plain memory."""

import struct

import pytest

from tornadolike.metrics.figures import SIZE, Figures, memory_of, snapshot_of


def test_rows_are_there_for_who_reads_the_memory() -> None:
    memory = bytearray(SIZE)
    figures = Figures(memory, 100)
    place = figures.row("a", ("GET", "/\xe4\u20ac", '"'), 2)
    figures.values[place + 1] += 1.5
    figures.values[figures.row("b")] = 3.0
    figures.set("c", ("x",), [1, 2, 3])
    assert figures.row("a", ("GET", "/\xe4\u20ac", '"'), 2) == place
    expected = {
        "a": {("GET", "/\xe4\u20ac", '"'): [0.0, 1.5]},
        "b": {(): [3.0]},
        "c": {("x",): [1.0, 2.0, 3.0]},
    }
    assert snapshot_of(memory) == snapshot_of(bytes(memory)) == figures.snapshot() == expected
    assert snapshot_of(memory_of(expected)) == expected
    assert snapshot_of(b"") == snapshot_of(bytes(64)) == {}


def test_who_reads_meanwhile_sees_whole_rows() -> None:
    memory = memory_of({"a": {(): [1.0]}, "b": {("x",): [2.0]}})
    seen = [snapshot_of(memory[:size]) for size in range(len(memory) + 1)]
    assert {str(one) for one in seen} == {
        "{}",
        "{'a': {(): [1.0]}}",
        "{'a': {(): [1.0]}, 'b': {('x',): [2.0]}}",
    }
    broken = bytearray(memory)
    broken[8:10] = b"}}"
    assert snapshot_of(broken) == {}


def test_too_many_rows_are_one() -> None:
    figures = Figures(bytearray(SIZE), 2)
    places = {label: figures.row("a", (label,)) for label in "xyzw"}
    assert places["z"] == places["w"] == figures.row("a", ("other",))
    assert len({*places.values()}) == 3
    assert figures.row("a", ("x",)) == places["x"]
    assert figures.row("no labels") not in places.values()


def test_the_memory_has_an_end() -> None:
    figures = Figures(bytearray(SIZE), 10**9)
    places = {figures.row("a", (f"{number:0300}",), 20) for number in range(5000)}
    assert 1000 < len(places) < 5000
    figures.values[figures.row("a", ("-" * 400,), 20)] += 1.0
    assert figures.snapshot()["a"][("other",)][0] == 1.0
    figures.row("another")
    assert set(figures.snapshot()) == {"a", "another"}


def test_long_labels_are_cut() -> None:
    figures = Figures(bytearray(SIZE), 10)
    figures.row("a", ("x" * 1000,))
    assert list(figures.snapshot()["a"]) == [("x" * 300,)]
    figures.close()
    with pytest.raises(ValueError, match="released"):
        figures.values[0] = 1.0


def test_what_is_cut_off_is_no_row() -> None:
    assert snapshot_of(struct.pack("=II", 8, 1000) + b'["a"]   ') == {}
