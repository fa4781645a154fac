"""Byte ranges (RFC 9110 section 14)."""

import re

_RANGE = re.compile(
    r"\s*bytes\s*=\s*([0-9]{0,300})\s*(?:(-)\s*([0-9]{0,300})\s*)?", re.ASCII | re.IGNORECASE
)


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """The single range that a Range header asks of ``size`` bytes: first byte, and the one behind the last.

    None for a header that is not understood or asks for several ranges (which may be ignored). A range
    with nothing in it is one that cannot be satisfied: its start is not less than its end, or than the size.
    """
    match = _RANGE.fullmatch(header)
    if match is None or not (match[1] or match[3]):
        return None
    if not match[2]:  # a number alone: no range at all
        return size, size
    if match[1] == "":  # the last so many
        length = int(match[3])
        return (max(size - length, 0), size) if length else (size, size)
    start = int(match[1])
    end = size if match[3] == "" else int(match[3]) + 1
    return start, min(end, size)
