"""Where the Python of a linked template stands: which file, line and columns.

A template is compiled to one function, whatever number of files it is made of, and Python knows one file for a
function. So each place where another file begins (a *segment*) has a million line numbers of its own; the outermost
file has the first, in which lines are its own. :class:`Places` tells the file by the line.
"""

import ast
from dataclasses import dataclass, field
from typing import Final, TypeVar

from .nodes import LINE_BREAK, Inlined, Source

#: How many lines a segment has.
SEGMENT: Final = 1_000_000

_N = TypeVar("_N", bound=ast.AST)


@dataclass(slots=True)
class Segment:
    """A stretch of one file.

    :ivar source: the file.
    :ivar tags: where it was included, or where the block stood: pairs of a file's name and a line, inmost first.
    """

    source: Source
    tags: tuple[tuple[str, int], ...] = ()

    @property
    def via(self) -> str:
        """The tags in words, as they stand behind a file's name."""
        if not self.tags:
            return ""
        return f" (via {', '.join(f'{name}:{line}' for name, line in self.tags)})"


@dataclass(slots=True)
class Places:
    """All segments of a compiled template, by number."""

    segments: list[Segment] = field(default_factory=list)

    def enter(self, inlined: Inlined, within: Segment | None) -> int:
        """A segment for what stands in the place of a tag. Its number."""
        source = inlined.body[0].source if inlined.body else inlined.source
        tags: tuple[tuple[str, int], ...] = ()
        if within is not None:
            before = LINE_BREAK.finditer(inlined.source.text, 0, inlined.start)
            line = sum(1 for _ in before) + 1
            tags = ((inlined.source.name, line), *within.tags)
        self.segments.append(Segment(source, tags))
        return len(self.segments) - 1

    def find(self, line: int) -> tuple[Segment, int]:
        """The segment and its own line for a line of the compiled code."""
        number, own = divmod(line, SEGMENT)
        return self.segments[min(number, len(self.segments) - 1)], own


def moved(node: _N, number: int) -> _N:
    """The node with the line numbers of that segment: a copy, except in the first."""
    if not number:
        return node
    lines = number * SEGMENT
    top = _copy(node)
    waiting: list[ast.AST] = [top]
    while waiting:
        values = waiting.pop().__dict__
        if "lineno" in values:
            values["lineno"] += lines
            values["end_lineno"] += lines
        for name, value in values.items():
            if isinstance(value, ast.AST):
                if value.__dict__:  # not Load and its like, which are shared
                    values[name] = value = _copy(value)
                    waiting.append(value)
            elif type(value) is list and value and type(value[0]) is not str:
                copies = [item and _copy(item) for item in value]  # there is None in {**x}
                values[name] = copies
                waiting += filter(None, copies)
    return top


def _copy(node: _N) -> _N:
    new = type(node).__new__(type(node))
    new.__dict__.update(node.__dict__)
    return new
