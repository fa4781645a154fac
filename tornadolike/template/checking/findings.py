"""What a check finds, and where."""

from dataclasses import dataclass
from typing import Literal

from ..nodes import Node, Source

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that is wrong in a template, or that somebody should look at.

    :ivar path: the file.
    :ivar line: counted from 1, as are the columns, which count characters; 0 if it is about the whole file.
    :ivar end_column: behind the last character, in the same line.
    :ivar level: an ``"error"`` makes a render fail, a ``"warning"`` may make it unsafe.
    :ivar rule: what was asked for: ``"syntax"``, ``"missing"``, ``"name"``, ``"unescaped"``, ``"context"`` or
        ``"lost"``.
    :ivar message: what is wrong and what helps.
    :ivar text: the line.
    """

    path: str
    line: int
    column: int
    end_column: int
    level: Level
    rule: str
    message: str
    text: str

    def __str__(self) -> str:
        """As compilers say it: where and what, then the line with a mark below."""
        where = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        said = f"{where}: {self.level}: {self.message} [{self.rule}]"
        if not self.text.strip():
            return said
        # Tabs stay, so that the mark stands where it should.
        before = "".join(c if c == "\t" else " " for c in self.text[: self.column - 1])
        width = min(self.end_column, len(self.text) + 1) - self.column
        return f"{said}\n    {self.text.rstrip()}\n    {before}^{'~' * (width - 1)}"


def at(node: Node, level: Level, rule: str, message: str) -> Finding:
    """A finding about a tag."""
    return at_span(node.source, node.start, node.end, level, rule, message)


def at_span(source: Source, start: int, end: int, level: Level, rule: str, message: str) -> Finding:
    """A finding about a piece of a template; of several lines only the first is marked."""
    return _finding(source.error(message, start, end), source.path, level, rule)


def from_error(error: SyntaxError, path: str) -> Finding:
    """The finding that an error is; of several lines only the first is marked."""
    return _finding(error, path, "error", "syntax")


def _finding(error: SyntaxError, path: str, level: Level, rule: str) -> Finding:
    text = (error.text or "").rstrip("\r\n")
    column = error.offset or 1
    is_one_line = error.end_lineno in (None, error.lineno)
    end_column = (error.end_offset or column) if is_one_line else len(text) + 1
    return Finding(path, error.lineno or 0, column, end_column, level, rule, error.msg, text)
