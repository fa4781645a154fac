"""Byte ranges; what they do to a file is tested with the files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.httputil.ranges import parse_range


@pytest.mark.parametrize(
    ("header", "size", "found"),
    [
        ("bytes=0-4", 10, (0, 5)),
        ("bytes=9-9", 10, (9, 10)),
        ("bytes=5-", 10, (5, 10)),
        ("bytes=-3", 10, (7, 10)),
        ("bytes=-30", 10, (0, 10)),
        ("bytes=0-30", 10, (0, 10)),
        ("items=0-4", 10, None),
        ("bytes=0-1,2-3", 10, None),
        ("bytes=", 10, None),
        ("bytes=-", 10, None),
        ("bytes=\u0661-", 10, None),
    ],
)
def test_parse_range(header: str, size: int, found: tuple[int, int] | None) -> None:
    assert parse_range(header, size) == found


@pytest.mark.parametrize(
    ("header", "size"),
    [
        ("bytes=10-", 10),
        ("bytes=-0", 10),
        ("bytes=5-3", 10),
        ("bytes=5", 10),
        ("bytes=0-", 0),
        ("bytes=-1", 0),
    ],
)
def test_what_cannot_be_satisfied(header: str, size: int) -> None:
    found = parse_range(header, size)
    assert found is not None
    start, end = found
    assert start >= end


@given(first=st.integers(0, 100), last=st.integers(0, 100), size=st.integers(0, 50))
def test_a_range_is_a_slice(first: int, last: int, size: int) -> None:
    content = bytes(range(size))
    found = parse_range(f"bytes={first}-{last}", size)
    assert found is not None
    assert content[slice(*found)] == content[first : last + 1]


@given(
    header=st.text() | st.text(st.sampled_from("bytes=0123456789-, \t")), size=st.integers(0, 50)
)
def test_no_header_is_too_strange(header: str, size: int) -> None:
    found = parse_range(header, size)
    if found is not None and found[0] < found[1]:
        assert 0 <= found[0] < found[1] <= size
