"""The kinds of reads, each fed whole, byte by byte and with more behind it."""

import array
import re
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.iostream.buffer import ReadBuffer
from tornadolike.iostream.errors import UnsatisfiableReadError
from tornadolike.iostream.reads import (
    ReadBytes,
    ReadInto,
    ReadUntil,
    ReadUntilClose,
    ReadUntilRegex,
)

TOO_MUCH = "too much"


@dataclass
class Case:
    """``make()`` makes a read that wants ``expected`` of ``data``, and nothing before all of that is there."""

    make: object
    data: bytes
    expected: object


CASES = {
    "so many": Case(lambda: ReadBytes(3, False), b"abc", b"abc"),
    "none": Case(lambda: ReadBytes(0, False), b"", b""),
    "too few": Case(lambda: ReadBytes(3, False), b"ab", None),
    "delimiter": Case(lambda: ReadUntil(b"c", None), b"abc", b"abc"),
    "delimiter at once": Case(lambda: ReadUntil(b"\n", None), b"\n", b"\n"),
    "long delimiter": Case(
        lambda: ReadUntil(b"\r\n\r\n", None), b"a\r\nb\r\n\r\n", b"a\r\nb\r\n\r\n"
    ),
    "delimiter that repeats": Case(lambda: ReadUntil(b"aab", None), b"aaab", b"aaab"),
    "no delimiter": Case(lambda: ReadUntil(b"\r\n", None), b"a\rb\nc\r", None),
    "delimiter just in reach": Case(lambda: ReadUntil(b"\r\n", 4), b"ab\r\n", b"ab\r\n"),
    "delimiter out of reach": Case(lambda: ReadUntil(b"\r\n", 3), b"ab\r\n", TOO_MUCH),
    "no delimiter in reach": Case(lambda: ReadUntil(b"\r\n", 3), b"abcd", TOO_MUCH),
    "no delimiter yet": Case(lambda: ReadUntil(b"\r\n", 3), b"abc", None),
    "pattern": Case(lambda: ReadUntilRegex(b"b+c", None), b"abbc", b"abbc"),
    "compiled pattern": Case(lambda: ReadUntilRegex(re.compile(b"B", re.I), None), b"ab", b"ab"),
    "pattern that starts early": Case(lambda: ReadUntilRegex(b"a.*z", None), b"abcz", b"abcz"),
    "no match": Case(lambda: ReadUntilRegex(b"a.*z", None), b"zabc", None),
    "match just in reach": Case(lambda: ReadUntilRegex(b"c", 3), b"abc", b"abc"),
    "match out of reach": Case(lambda: ReadUntilRegex(b"c", 2), b"abc", TOO_MUCH),
    "no match in reach": Case(lambda: ReadUntilRegex(b"z", 2), b"abc", TOO_MUCH),
    "no match yet": Case(lambda: ReadUntilRegex(b"z", 3), b"abc", None),
    "until close": Case(ReadUntilClose, b"abc", None),
    "into": Case(lambda: ReadInto(bytearray(3), False), b"abc", 3),
    "into nothing": Case(lambda: ReadInto(bytearray(), False), b"", 0),
    "not yet into": Case(lambda: ReadInto(bytearray(3), False), b"ab", None),
}


def outcome(read, buffer, last=True):
    try:
        return read.take(buffer, last)
    except UnsatisfiableReadError:
        return TOO_MUCH


def fed_whole(case):
    buffer = ReadBuffer()
    buffer.append(case.data)
    return outcome(case.make(), buffer), buffer


def fed_byte_by_byte(case):
    buffer, read = ReadBuffer(), case.make()
    result = outcome(read, buffer)
    for byte in case.data:
        assert result is None, "it did not wait for all"
        buffer.append(bytes([byte]))
        result = outcome(read, buffer)
    return result, buffer


@pytest.mark.parametrize("feed", [fed_whole, fed_byte_by_byte])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_table(case, feed):
    result, buffer = feed(case)
    assert result == case.expected
    if result not in (None, TOO_MUCH):
        assert len(buffer) == 0


@pytest.mark.parametrize(
    "case", [case for case in CASES.values() if case.expected not in (None, TOO_MUCH)]
)
def test_what_follows_is_left_alone(case):
    buffer = ReadBuffer()
    buffer.append(case.data)
    buffer.append(b"trailing")
    assert outcome(case.make(), buffer) == case.expected
    assert buffer.take(len(buffer)) == b"trailing"


def test_what_was_read_before_counts_for_nothing():
    buffer = ReadBuffer()
    buffer.append(b"a\nb\nc\n")
    assert [ReadUntil(b"\n", 2).take(buffer, True) for _ in range(3)] == [b"a\n", b"b\n", b"c\n"]


@pytest.mark.parametrize("available", [b"a", b"ab", b"abc", b"abcd"])
def test_partial(available):
    buffer = ReadBuffer()
    assert ReadBytes(3, True).take(buffer, True) is None
    buffer.append(available)
    assert ReadBytes(3, True).take(buffer, True) == available[:3]
    buffer = ReadBuffer()
    memory = bytearray(3)
    read = ReadInto(memory, True)
    assert read.take(buffer, True) is None
    buffer.append(available)
    assert read.take(buffer, True) == len(available[:3])
    assert memory == available[:3].ljust(3, b"\0")
    memory.clear()  # nobody holds it any more


def test_memory_is_held_while_the_read_goes_on_and_can_be_given_back():
    buffer = ReadBuffer()
    buffer.append(b"ab")
    memory = bytearray(3)
    read = ReadInto(memory, False)
    assert read.take(buffer, True) is None
    assert len(buffer) == 0
    with pytest.raises(BufferError):
        memory.clear()
    read.give_back(buffer)
    assert buffer.take(2) == b"ab"
    memory.clear()


def test_into_memory_of_another_shape():
    numbers = array.array("H", [0, 0])
    buffer = ReadBuffer()
    buffer.append(b"\1\1\2\2")
    assert ReadInto(memoryview(numbers), False).take(buffer, True) == 4
    assert list(numbers) == [0x0101, 0x0202]


def test_into_memory_that_cannot_be_written():
    with pytest.raises(TypeError, match="can be written"):
        ReadInto(memoryview(b"abc"), False)


class Counting(ReadBuffer):
    """Counts the bytes that are searched."""

    searched = 0

    def find(self, delimiter, searched=0):
        self.searched += len(self) - searched
        return super().find(delimiter, searched)

    def search(self, regex):
        self.searched += len(self)
        return super().search(regex)


@pytest.mark.parametrize("last", [True, False])
def test_each_byte_is_searched_for_a_delimiter_once(last):
    buffer, read = Counting(), ReadUntil(b"\r\n", None)
    for _ in range(1000):
        buffer.append(b"x" * 10)
        assert read.take(buffer, last) is None
    assert buffer.searched <= 10_000 + 1000


def test_a_pattern_is_tried_when_the_buffer_has_doubled():
    buffer, read = Counting(), ReadUntilRegex(b"z", None)
    for _ in range(1000):
        buffer.append(b"x" * 10)
        assert read.take(buffer, False) is None
    assert buffer.searched <= 2 * 10_000
    buffer.append(b"z")
    assert read.take(buffer, True) == b"x" * 10_000 + b"z"


def test_a_pattern_is_tried_at_once_when_there_is_too_much():
    buffer, read = ReadBuffer(), ReadUntilRegex(b"z", 12)
    buffer.append(b"x" * 10)
    assert read.take(buffer, False) is None
    buffer.append(b"xxx")
    with pytest.raises(UnsatisfiableReadError, match=r"b'z' not found within 12 bytes"):
        read.take(buffer, False)


ALPHABET = st.binary(max_size=30).map(lambda data: bytes(b"ab\r\n"[byte % 4] for byte in data))


@given(st.lists(ALPHABET), ALPHABET.filter(bool), st.none() | st.integers(0, 40))
def test_delimiters_against_a_plain_search(pieces, delimiter, max_bytes):
    buffer, read = ReadBuffer(), ReadUntil(delimiter, max_bytes)
    for piece in pieces:
        buffer.append(piece)
        result = outcome(read, buffer)
        if result is not None:
            break
    else:
        result = None
    data = b"".join(pieces)
    end = data.find(delimiter) + len(delimiter) if delimiter in data else None
    limit = len(data) if max_bytes is None else max_bytes
    if end is not None and end <= limit:
        assert result == data[:end]
    elif len(data) > limit:
        assert result == TOO_MUCH
    else:
        assert result is None
