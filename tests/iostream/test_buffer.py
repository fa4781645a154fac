"""The read buffer: whatever goes in comes out, once and in order, and nothing is copied too often."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.iostream.buffer import SLACK, ReadBuffer


def filled(*pieces):
    buffer = ReadBuffer()
    for piece in pieces:
        buffer.append(piece)
    return buffer


@pytest.mark.parametrize("pieces", [[b"abcdef"], [b"a", b"bcd", b"", b"ef"]])
def test_sizes(pieces):
    buffer = filled(*pieces)
    assert len(buffer) == 6
    assert buffer.take(0) == b""
    assert buffer.take(2) == b"ab"
    assert len(buffer) == 4
    assert buffer.take(4) == b"cdef"
    assert len(buffer) == 0
    assert buffer.take(0) == b""


def test_what_was_given_may_change_afterwards():
    memory = bytearray(b"abc")
    with memoryview(memory) as view:
        buffer = filled(view[:2], view[2:])
    memory[:] = b"xyz"
    memory.clear()
    assert buffer.take(3) == b"abc"


@pytest.mark.parametrize("pieces", [[], [b"cdef"], [b"xcdef"], [b"xcd", b"e" * 3000, b"f"]])
def test_what_is_put_back_comes_first(pieces):
    buffer = filled(*pieces)
    if pieces and pieces[0].startswith(b"x"):
        buffer.take(1)
    left = b"".join(pieces).lstrip(b"x")
    buffer.put_back(b"b")
    buffer.put_back(b"a")
    buffer.append(b"gh")
    assert len(buffer) == len(left) + 4
    assert buffer.find(b"gh") == len(buffer)
    assert buffer.take(len(buffer)) == b"ab" + left + b"gh"
    assert len(buffer) == 0


def test_positions_count_from_what_is_left():
    buffer = filled(b"one,two,three")
    assert buffer.find(b",") == 4
    buffer.take(4)
    assert buffer.find(b",") == 4
    assert buffer.find(b",", 4) == -1
    assert buffer.find(b"one") == -1
    buffer.append(b",four")
    assert buffer.find(b",", 4) == 10


def test_a_pattern_does_not_see_what_was_taken():
    buffer = filled(b"ab\n", b"cd\n")
    buffer.take(1)
    assert buffer.search(re.compile(rb"(?<=a)b")) == -1
    assert buffer.search(re.compile(rb"^b")) == 1
    assert buffer.search(re.compile(rb"\n")) == 2
    assert buffer.search(re.compile(rb"\Z")) == 5
    assert buffer.search(re.compile(rb"x")) == -1


def test_an_empty_buffer_matches_nothing():
    assert ReadBuffer().search(re.compile(b"x*")) == -1
    assert ReadBuffer().find(b"x") == -1


def test_take_into():
    buffer = filled(b"abc", b"def")
    memory = bytearray(4)
    with memoryview(memory) as view:
        assert buffer.take_into(view[:0]) == 0
        assert buffer.take_into(view) == 4
        assert memory == b"abcd"
        assert buffer.take_into(view) == 2
    assert memory == b"efcd"
    assert len(buffer) == 0


def test_an_empty_buffer_holds_no_memory():
    buffer = filled(b"x" * 10, b"y" * 10)
    buffer.take(20)
    assert not buffer._first
    assert not buffer._more


@pytest.mark.parametrize("merged", [True, False])
@pytest.mark.parametrize("pieces", [1, 2, 100])
def test_taken_bytes_are_let_go(pieces, merged):
    size = 4 * SLACK
    buffer = filled(*[b"x" * (size // pieces)] * pieces)
    if merged:
        buffer.find(b"y")
    while len(buffer):
        buffer.take(min(1024, len(buffer)))
        held = len(buffer._first) + sum(map(len, buffer._more))
        assert held <= max(2 * len(buffer), len(buffer) + SLACK)


def test_much_in_small_pieces_takes_linear_time():
    def duration(count):
        started = time.process_time()
        buffer = ReadBuffer()
        for _ in range(count):  # it is never empty, and grows
            buffer.append(b"x" * 30)
            buffer.take(20)
        while len(buffer):
            buffer.take(1)
        return time.process_time() - started

    few, many = (min(duration(count) for _ in range(3)) for count in (500, 4_000))
    assert many < few * 8 * 4


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("append"), st.binary(max_size=20)),
            st.tuples(st.just("back"), st.binary(min_size=1, max_size=20)),
            st.tuples(st.just("take"), st.integers(0, 30)),
            st.tuples(st.just("into"), st.integers(0, 30)),
            st.tuples(st.just("find"), st.binary(min_size=1, max_size=2)),
            st.tuples(st.just("search"), st.sampled_from([b"^a", b"b+", b"(?<=a)b", b"a?$"])),
        )
    )
)
def test_against_a_plain_string_of_bytes(steps):
    model = b""
    buffer = ReadBuffer()
    for what, value in steps:
        if what == "append":
            buffer.append(value)
            model += value
        elif what == "back":
            buffer.put_back(value)
            model = value + model
        elif what == "take":
            size = min(value, len(model))
            assert buffer.take(size) == model[:size]
            model = model[size:]
        elif what == "into":
            memory = bytearray(value)
            size = min(value, len(model))
            assert buffer.take_into(memoryview(memory)) == size
            assert memory[:size] == model[:size]
            model = model[size:]
        elif what == "find":
            at = model.find(value)
            assert buffer.find(value) == (at + len(value) if at >= 0 else -1)
        else:
            match = re.search(value, model) if model else None
            assert buffer.search(re.compile(value)) == (match.end() if match else -1)
        assert len(buffer) == len(model)
    assert buffer.take(len(buffer)) == model
