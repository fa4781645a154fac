"""What a template is made of: the tree between :func:`.parser.parse` and everything that reads templates.

The compiler, the checker and the extractor of messages all walk these. Python within a template is held as nodes of
:mod:`ast` whose ``lineno`` and ``col_offset`` are those of the template itself.
"""

import ast
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final

from .errors import ParseError

#: What ``autoescape`` is by default: the name of our own function.
XHTML_ESCAPE: Final = "xhtml_escape"

#: What ``autoescape`` is where the place of each expression in the page tells how it is escaped.
CONTEXTUAL: Final = "contextual"

# What the reading of files takes for the end of a line; neither Python nor tracebacks know others.
LINE_BREAK = re.compile(r"\r\n?|\n")


@dataclass(slots=True)
class Source:
    """A template's text, by which errors tell where they are.

    :ivar name: as a loader knows it.
    :ivar path: what tracebacks show: the file's path, or the name again.
    :ivar text: all of it, as it was written.
    """

    name: str
    path: str
    text: str
    _lines: list[int] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def lines(self) -> list[int]:
        """The index at which each line begins."""
        if not self._lines:
            self._lines = [0, *(found.end() for found in LINE_BREAK.finditer(self.text))]
        return self._lines

    def line_of(self, index: int) -> int:
        """The number of the line that the index is in, counted from 1."""
        return bisect_right(self.lines, index)

    def error(self, message: str, start: int, end: int) -> ParseError:
        """A :exc:`ParseError` whose caret stands under the text from ``start`` to ``end`` (indexes).

        Of a text of several lines it is under the first.
        """
        lineno = self.line_of(start)
        line_start = self.lines[lineno - 1]
        following = LINE_BREAK.search(self.text, line_start)
        line_end = following.start() if following else len(self.text)
        offset = min(start, line_end) - line_start + 1
        end_offset = max(min(end, line_end) - line_start + 1, offset + 1)
        line = self.text[line_start:line_end]
        return ParseError(message, self.path, lineno, offset, line, lineno, end_offset)


@dataclass(slots=True)
class Node:
    """A piece of a template, from ``start`` to ``end`` (indexes into the source's text; tags with their braces)."""

    source: Source
    start: int
    end: int


@dataclass(slots=True)
class Text(Node):
    """What is put out as it is.

    :ivar value: after white space was filtered; it may be empty.
    """

    value: str


@dataclass(slots=True)
class Comment(Node):
    """``{# ... #}`` or ``{% comment ... %}``.

    :ivar value: what stands in it, stripped.
    """

    value: str


@dataclass(slots=True)
class Output(Node):
    """``{{ ... }}``, or ``{% raw ... %}``, or ``{% module ... %}``.

    :ivar expression: what is put out. For a module it is the whole of it, ``_tt_modules.NAME(...)``.
    :ivar kind: ``"escaped"`` (in the braces), ``"raw"`` or ``"module"``.
    """

    expression: ast.expr
    kind: str


@dataclass(slots=True)
class Statement(Node):
    """``{% set %}``, ``{% import %}``, ``{% from %}``, ``{% break %}``, ``{% continue %}``."""

    code: list[ast.stmt]


@dataclass(slots=True)
class Block(Node):
    """``{% block NAME %}``, which a template that extends this one may replace."""

    name: str
    body: list[Node]


@dataclass(slots=True)
class Extends(Node):
    """``{% extends NAME %}``. It may stand anywhere; several are possible, as in Tornado."""

    name: str


@dataclass(slots=True)
class Include(Node):
    """``{% include NAME %}``: that file's body in this place."""

    name: str


@dataclass(slots=True)
class Apply(Node):
    """``{% apply FUNCTION %}``: the function is called with the body's output as bytes."""

    function: ast.expr
    body: list[Node]


@dataclass(slots=True)
class For(Node):
    """``{% for TARGET in ITERABLE %}``, or ``{% async for ... %}``; ``orelse`` is that of ``{% else %}``."""

    target: ast.expr
    iterable: ast.expr
    body: list[Node]
    orelse: list[Node] = field(default_factory=list)
    is_async: bool = False


@dataclass(slots=True)
class While(Node):
    """``{% while TEST %}``."""

    test: ast.expr
    body: list[Node]
    orelse: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class If(Node):
    """``{% if TEST %}`` with its ``elif`` (further tests) and ``else``.

    :ivar branches: each test with its body, in their order.
    """

    branches: list[tuple[ast.expr, list[Node]]]
    orelse: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Try(Node):
    """``{% try %}`` with ``except``, ``else`` and ``finally``.

    :ivar handlers: each ``except`` (without a body of its own) with what it puts out.
    """

    body: list[Node]
    handlers: list[tuple[ast.ExceptHandler, list[Node]]] = field(default_factory=list)
    orelse: list[Node] = field(default_factory=list)
    final: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Inlined(Node):
    """What linking puts in the place of an :class:`Include`, of a :class:`Block`, and around the outermost template.

    :ivar autoescape: that of the template the body comes from: a function's name, or None.
    :ivar body: nodes whose ``source`` is that template's.
    """

    autoescape: str | None
    body: list[Node]


@dataclass(slots=True)
class Tree:
    """A template, parsed.

    :ivar autoescape: what ``{% autoescape %}`` in this file said last, or what was asked for.
    """

    source: Source
    body: list[Node]
    autoescape: str | None
