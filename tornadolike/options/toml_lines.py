"""Where in a TOML file something stands, which :mod:`tomllib` does not tell."""

import tomllib
from typing import Any


def line_of(keys: tuple[str, ...], text: str) -> int:
    """The number of the line at which the value under these keys begins.

    ``text`` is TOML that has it. The parser itself says where: the shortest beginning of the file that is whole, and
    has the value, ends at the value's last line.
    """
    lines = text.split("\n")
    without, within = 0, len(lines)
    while within - without > 1:
        middle = (without + within) // 2
        end, tables = _whole(lines, middle)
        if _has(tables, keys):
            within = end
        else:
            without = middle
    before, _ = _whole(lines, within - 1)
    # Between the end of what stands before it and its own end: its first line, behind what says nothing.
    for number in range(before, within):
        if lines[number].strip() and not lines[number].lstrip().startswith("#"):
            return number + 1
    return within


def _whole(lines: list[str], count: int) -> tuple[int, dict[str, Any]]:
    """The longest beginning of ``count`` lines at the most that is TOML: how many lines, and what they say."""
    while count:
        try:
            return count, tomllib.loads("\n".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            count -= 1
    return 0, {}


def _has(tables: Any, keys: tuple[str, ...]) -> bool:
    for key in keys:
        if not isinstance(tables, dict) or key not in tables:
            return False
        tables = tables[key]
    return True
