"""Byte ranges (RFC 9110 section 14)."""

import re
from typing import Final

Range = tuple[int, int]
"""The first byte, and the one behind the last."""

_UNIT = re.compile(r"\s*bytes\s*=", re.IGNORECASE)

MAX_DIGITS: Final = 300
"""A number that is longer is not understood: no file is so large by far."""


def parse_ranges(header: str, size: int, limit: int) -> list[Range] | None:
    """The ranges that a Range header asks of ``size`` bytes, in its order.

    None for a header that is not understood, or asks for more than ``limit`` ranges: it is to be ignored. Ranges
    with nothing in them are left out; if there is no other, none can be satisfied. Those that overlap or touch are
    made one, so that all of them together are never more than ``size``.
    """
    unit = _UNIT.match(header)
    if unit is None or header.count(",") >= limit:
        return None
    wanted: list[Range] = []
    understood = 0
    for item in header[unit.end() :].split(","):
        if not item.strip():  # lists may have empty elements (section 5.6.1.2)
            continue
        found = _parse(item, size)
        if found is None:
            return None
        understood += 1
        if found[0] < found[1]:
            _join(wanted, found)
    return wanted if understood else None


def _parse(item: str, size: int) -> Range | None:
    """A single range, whose start is not less than its end if there is nothing in it; None for what is none."""
    first, dash, last = (text.strip() for text in item.partition("-"))
    if not (first or last) or not all(map(_may_be_number, (first, last))):
        return None
    if not dash:  # a number alone: no range at all
        return size, size
    if not first:  # the last so many
        return max(size - int(last), 0), size
    return int(first), min(int(last) + 1, size) if last else size


def _may_be_number(text: str) -> bool:
    return not text or (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS)


def _join(ranges: list[Range], new: Range) -> None:
    """Add a range, in the place of the first of those that it overlaps or touches."""
    start, end = new
    touched = [
        index for index, (first, last) in enumerate(ranges) if first <= end and start <= last
    ]
    if not touched:
        ranges.append(new)
        return
    joined = [ranges[index] for index in touched]
    ranges[touched[0]] = min(start, *(r[0] for r in joined)), max(end, *(r[1] for r in joined))
    for index in reversed(touched[1:]):
        del ranges[index]
