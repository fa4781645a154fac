"""What ``--help`` prints."""

import enum
import os
import sys
import textwrap
from collections.abc import Iterable
from typing import Any, TextIO

from .environment import variable
from .known import Known, normalized
from .option import Option

_WIDTH = 79
_COLUMN = 35
"""Where descriptions begin."""


def print_help(known: Known, prefix: str | None, file: TextIO | None) -> None:
    """Print all options, by groups. ``prefix``: that of the variables that stand for them, if there are such."""
    lines = [f"Usage: {sys.argv[0]} [OPTIONS]", "", "Options:", ""]
    groups: dict[str, list[Option]] = {}
    for option in known.values():
        groups.setdefault(option.group_name, []).append(option)
    for name, options in sorted(groups.items()):
        if name:
            lines += ["", f"{_heading(name, options)} options:", ""]
        for option in sorted(options, key=lambda option: option.name):
            lines += _entry(option)
    if prefix is not None:
        example = max((option.name for option in known.values() if option.place), key=len)
        lines += [
            "",
            *textwrap.wrap(
                "Each option can be given in the environment too, as"
                f" {variable(prefix, normalized(example))} for --{normalized(example)}.",
                _WIDTH,
            ),
        ]
    print(*lines, "", sep="\n", file=file or sys.stderr)


def _heading(group_name: str, options: Iterable[Option]) -> str:
    """The name of a group. Where no group was given it is a file: the module says more, but for a program's own."""
    places = {option.place for option in options if option.file_name == group_name}
    if not places:
        return group_name
    place = places.pop()
    if place == "__main__":
        return os.path.relpath(group_name) if os.path.isabs(group_name) else group_name
    if place.partition(".")[0] == __name__.partition(".")[0]:
        return ".".join(place.split(".")[:2])  # of what is ours, the room
    return place


def _entry(option: Option) -> list[str]:
    """The lines about an option."""
    flag = normalized(option.name)
    if option.metavar:
        flag += f"={option.metavar}"
    description = " ".join(filter(None, (option.help, _default(option))))
    lines = textwrap.wrap(description, _WIDTH - _COLUMN)
    if len(flag) > _COLUMN - 5 or not lines:
        lines.insert(0, "")
    first = f"  --{flag:<{_COLUMN - 5}} {lines[0]}".rstrip()
    return [first, *(" " * _COLUMN + line for line in lines[1:])]


def _default(option: Option) -> str:
    if option.default is None or option.default in ("", []):
        return ""
    if option.secret:
        return "(has a default)"
    return f"(default {_written(option.default)})"


def _written(value: Any) -> str:
    """A default as somebody would write it."""
    if isinstance(value, list | tuple):
        return ",".join(map(_written, value))
    if isinstance(value, enum.Enum):
        return str(value.value)
    return str(value).lower() if isinstance(value, bool) else str(value)
