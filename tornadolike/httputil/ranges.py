"""Byte ranges (RFC 9110 section 14)."""

import re

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII | re.IGNORECASE)


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """The single range that a Range header asks of ``size`` bytes: first byte, and the one behind the last.

    None for a header that is not understood or asks for several ranges (which may be ignored). A range
    with nothing in it is one that cannot be satisfied: start is not less than end.
    """
    match = _RANGE.fullmatch(header)
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":  # the last so many
        length = int(match[2])
        return (max(size - length, 0), size) if length else (size, size)
    start = int(match[1])
    end = size if match[2] == "" else int(match[2]) + 1
    if match[2] and end <= start:
        return None  # invalid, not unsatisfiable
    return start, min(end, size)
