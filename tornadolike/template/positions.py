"""Where the Python of a linked template stands: which file, line and columns.

A template is compiled to one function, whatever number of files it is made of, and Python knows one file for a
function. So each place where another file begins (a *segment*) has line numbers of its own, behind those of the segment
before; the outermost file has the first, in which lines are its own. :class:`Places` tells the file by the line.
"""

import ast
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TypeVar

from .nodes import Inlined, Source

_N = TypeVar("_N", bound=ast.AST)


@dataclass(slots=True)
class Segment:
    """A stretch of one file.

    :ivar source: the file.
    :ivar lines_before: how many lines the segments before it have.
    :ivar tags: where it was included, or where the block stood: pairs of a file's name and a line, inmost first.
    """

    source: Source
    lines_before: int
    tags: tuple[tuple[str, int], ...] = ()

    @property
    def via(self) -> str:
        """The tags in words, as they stand behind a file's name."""
        if not self.tags:
            return ""
        return f" (via {', '.join(f'{name}:{line}' for name, line in self.tags)})"


@dataclass(slots=True)
class Places:
    """All segments of a compiled template, in their order."""

    segments: list[Segment] = field(default_factory=list)

    def enter(self, inlined: Inlined, within: Segment | None) -> Segment:
        """Begin a segment for what stands in the place of a tag."""
        source = inlined.body[0].source if inlined.body else inlined.source
        tags: tuple[tuple[str, int], ...] = ()
        if within is not None:
            line = bisect_right(inlined.source.lines, inlined.start)
            tags = ((inlined.source.name, line), *within.tags)
        last = self.segments[-1] if self.segments else None
        before = last.lines_before + len(last.source.lines) if last else 0
        segment = Segment(source, before, tags)
        self.segments.append(segment)
        return segment

    def find(self, line: int) -> tuple[Segment, int]:
        """The segment and its own line for a line of the compiled code."""
        number = bisect_right(self.segments, line - 1, key=lambda segment: segment.lines_before)
        segment = self.segments[max(number - 1, 0)]
        return segment, line - segment.lines_before


def moved(node: _N, lines: int) -> _N:
    """The node that many lines further down: a copy, unless it stays where it is."""
    if not lines:
        return node
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
