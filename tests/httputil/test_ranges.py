"""Byte ranges; what they do to a file is tested with the files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.httputil.ranges import Range, parse_ranges

LIMIT = 5


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("bytes=0-4", [(0, 5)]),
        ("bytes=9-9", [(9, 10)]),
        ("bytes=5-", [(5, 10)]),
        ("bytes=-3", [(7, 10)]),
        ("bytes=-30", [(0, 10)]),
        ("bytes=0-30", [(0, 10)]),
        ("BYTES = 1 - 2 ", [(1, 3)]),
        # Several.
        ("bytes=0-0,5-6", [(0, 1), (5, 7)]),
        ("bytes=5-6, 0-0", [(5, 7), (0, 1)]),
        ("bytes=0-0, -1", [(0, 1), (9, 10)]),
        ("bytes=,0-0,,5-6 , ", [(0, 1), (5, 7)]),
        # Those with nothing in them are left out.
        ("bytes=0-0,20-30", [(0, 1)]),
        ("bytes=7,-0,5-3,1-1", [(1, 2)]),
        # What overlaps or touches becomes one, in the place of the first.
        ("bytes=0-4,5-9", [(0, 10)]),
        ("bytes=0-3,5-9", [(0, 4), (5, 10)]),
        ("bytes=8-9,0-1,1-2", [(8, 10), (0, 3)]),
        ("bytes=0-1,4-5,8-9,1-8", [(0, 10)]),
        ("bytes=0-,0-,0-,0-,0-", [(0, 10)]),
        # None that is there.
        ("bytes=10-", []),
        ("bytes=-0", []),
        ("bytes=5-3", []),
        ("bytes=5", []),
        ("bytes=10-,11-12", []),
        # Not understood.
        ("items=0-4", None),
        ("bytes", None),
        ("bytes=", None),
        ("bytes=,", None),
        ("bytes=-", None),
        ("bytes=0-1,x", None),
        ("bytes=0-1-2", None),
        ("bytes=0-1;2-3", None),
        ("bytes=\u0661-", None),
        ("bytes=" + "1" * 301 + "-", None),
        # Too many.
        ("bytes=0-0,2-2,4-4,6-6,8-8,9-9", None),
        ("bytes=,,,,,0-0", None),
    ],
)
def test_parse_ranges(header: str, found: list[Range] | None) -> None:
    assert parse_ranges(header, 10, LIMIT) == found


def test_there_is_no_range_of_nothing() -> None:
    assert [parse_ranges(f"bytes={what}", 0, LIMIT) for what in ("0-", "0-0", "-1")] == [[], [], []]


ENDS = st.tuples(st.integers(0, 60), st.integers(0, 60))


@given(wanted=st.lists(ENDS, min_size=1, max_size=LIMIT), size=st.integers(0, 50))
def test_the_ranges_have_what_is_asked_for_once(wanted: list[Range], size: int) -> None:
    content = range(size)
    header = "bytes=" + ",".join(f"{first}-{last}" for first, last in wanted)
    found = parse_ranges(header, size, LIMIT)
    assert found is not None
    given = [number for start, end in found for number in content[start:end]]
    assert sorted(given) == sorted({n for first, last in wanted for n in content[first : last + 1]})
    assert all(0 <= start < end <= size for start, end in found)


@given(
    header=st.text() | st.text(st.sampled_from("bytes=0123456789-, \t")), size=st.integers(0, 50)
)
def test_no_header_is_too_strange(header: str, size: int) -> None:
    for start, end in parse_ranges(header, size, LIMIT) or ():
        assert 0 <= start < end <= size
