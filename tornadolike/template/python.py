"""The Python in templates: parsed by Python, with lines and columns that are those of the template."""

import ast
from collections.abc import Iterable, Iterator

from .errors import ParseError
from .nodes import LINE_BREAK, Source
from .scanner import joined_lines

# What opens a scope of its own: a return or yield in it is not the template's.
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class Python:
    """The pieces of Python in one template. They have to be asked for in their order in the text.

    Each method takes a piece as two indexes into the template's text and raises :exc:`ParseError` if it is not what it
    has to be, with the place of the error in the template.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._lines = [0, *(found.end() for found in LINE_BREAK.finditer(source.text))]
        self._is_ascii = source.text.isascii()
        self._line = 0
        # Where the bytes of the current line are counted up to, and how many there are.
        self._counted = 0
        self._bytes = 0

    def expression(self, start: int, end: int, before: str = "") -> ast.expr:
        """One expression; a tuple needs no parentheses.

        :param before: Python to which the piece is appended.
        """
        body = self._parse(start, end, before, "\n", one_line=True)
        if len(body) != 1 or not isinstance(body[0], ast.Expr):
            raise self._no_expression(start, end, body)
        value = body[0].value
        if isinstance(value, ast.Starred):
            raise self.source.error("can't use starred expression here", start, end)
        self._refuse_yield(body, start, end)
        return value

    def condition(self, keyword: str, start: int, end: int) -> ast.expr:
        """What follows ``if`` or ``while``."""
        header = self._header(f"{keyword} ", start, end)
        assert isinstance(header, ast.If | ast.While)
        return header.test

    def loop(self, start: int, end: int) -> ast.For | ast.AsyncFor:
        """``for TARGET in ITERABLE``, or ``async for ...``, whole."""
        header = self._header("", start, end)
        assert isinstance(header, ast.For | ast.AsyncFor)
        return header

    def handler(self, start: int, end: int) -> ast.ExceptHandler:
        """``except ...``, whole; its body is empty."""
        header = self._header("try:pass\n", start, end)
        assert isinstance(header, ast.Try)
        handler = header.handlers[0]
        handler.body = []
        return handler

    def statements(self, start: int, end: int) -> list[ast.stmt]:
        """Statements, in one line or several."""
        body = self._parse(start, end, "", "\n", one_line=False)
        self._refuse_yield(body, start, end)
        return body

    def _header(self, before: str, start: int, end: int) -> ast.stmt:
        """A compound statement without its colon and its body."""
        body = self._parse(start, end, before, ":pass", one_line=True)
        if len(body) == 1:
            header = body[0]
            part = header.handlers[0] if isinstance(header, ast.Try) and header.handlers else header
            suite = getattr(part, "body", [])
            if (
                len(suite) == 1
                and isinstance(suite[0], ast.Pass)
                and not getattr(header, "orelse", None)
                and not getattr(header, "finalbody", None)
            ):
                self._refuse_yield(body, start, end)
                return header
        raise self.source.error("a tag holds one line of Python, without its colon", start, end)

    def _parse(
        self, start: int, end: int, before: str, after: str, *, one_line: bool
    ) -> list[ast.stmt]:
        code = self.source.text[start:end]
        if one_line and ("#" in code or LINE_BREAK.search(code)):
            code = joined_lines(code)
        # Python tells of doubtful escapes in strings by warnings that have the line of the piece.
        line, column = self._place(start)
        name = f"{self.source.path}, line {line}"
        try:
            module = compile(
                f"{before}{code}{after}", name, "exec", ast.PyCF_ONLY_AST, dont_inherit=True
            )
        except SyntaxError as error:
            raise self._refused(error, start, end, before) from None
        except (ValueError, RecursionError, MemoryError, OverflowError) as error:
            raise self.source.error(f"Python cannot read this: {error}", start, end) from None
        assert isinstance(module, ast.Module)
        first = before.count("\n") + 1
        prefix = len(before.rpartition("\n")[2])
        _move(module.body, first, line, column, prefix)
        return module.body

    def _place(self, index: int) -> tuple[int, int]:
        """The line, from 1, and the column in bytes, from 0, as :mod:`ast` counts them."""
        lines = self._lines
        while self._line + 1 < len(lines) and lines[self._line + 1] <= index:
            self._line += 1
            self._counted = lines[self._line]
            self._bytes = 0
        if self._is_ascii:
            return self._line + 1, index - lines[self._line]
        self._bytes += len(self.source.text[self._counted : index].encode())
        self._counted = index
        return self._line + 1, self._bytes

    def _refused(self, error: SyntaxError, start: int, end: int, before: str) -> ParseError:
        """Python's own error, with its place in the template."""
        lines = [0, *(found.end() for found in LINE_BREAK.finditer(self.source.text, start, end))]
        lines[1:] = [index - start for index in lines[1:]]
        first = before.count("\n") + 1
        prefix = len(before.rpartition("\n")[2])

        def index(lineno: int | None, offset: int | None) -> int:
            row = (lineno or 1) - first
            if row < 0:
                return start
            if row >= len(lines):
                return end
            column = max((offset or 1) - 1 - (prefix if row == 0 else 0), 0)
            return min(start + lines[row] + column, end)

        begin = index(error.lineno, error.offset)
        finish = index(error.end_lineno, error.end_offset)
        if begin >= end or finish <= begin:
            # What is wrong is what is not there: it points at the last character.
            begin, finish = (max(end - 1, start), end) if begin >= end else (begin, begin + 1)
        return self.source.error(error.msg, begin, finish)

    def _no_expression(self, start: int, end: int, body: list[ast.stmt]) -> ParseError:
        if not body:
            return self.source.error("Empty expression", start, end)
        message = "this has to be one expression"
        if isinstance(body[0], ast.Assign | ast.AugAssign | ast.AnnAssign):
            message += "; to assign there is {% set NAME = VALUE %}"
        return self.source.error(message, start, end)

    def _refuse_yield(self, body: list[ast.stmt], start: int, end: int) -> None:
        code = self.source.text[start:end]
        if "yield" not in code and "return" not in code:
            return
        for node in _in_template(body):
            if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom):
                word = "return" if isinstance(node, ast.Return) else "yield"
                raise self.source.error(f"{word!r} has no place in a template", start, end)


def _move(nodes: Iterable[ast.AST], first: int, line: int, column: int, prefix: int) -> None:
    """Give nodes their places in the template.

    :param first: the line of the parsed text in which the template's Python begins.
    :param line: the template's line in which it begins, and ``column`` in that line.
    :param prefix: how much stands before it in its first line.
    """
    lines = line - first
    columns = column - prefix
    stack = list(nodes)
    while stack:
        node = stack.pop()
        fields = node.__dict__
        for value in fields.values():
            if isinstance(value, ast.AST):
                stack.append(value)
            elif type(value) is list:
                stack.extend(child for child in value if isinstance(child, ast.AST))
        if "lineno" in fields:
            # What stands before the piece has the place where the piece begins.
            if node.lineno <= first:  # type: ignore[attr-defined]
                fields["col_offset"] = (
                    max(fields["col_offset"] + columns, column)
                    if fields["lineno"] == first
                    else column
                )
            if fields["end_lineno"] <= first:
                fields["end_col_offset"] = (
                    max(fields["end_col_offset"] + columns, column)
                    if fields["end_lineno"] == first
                    else column
                )
            fields["lineno"] = max(fields["lineno"] + lines, line)
            fields["end_lineno"] = max(fields["end_lineno"] + lines, line)


def _in_template(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes that are run with the template, not by functions or classes that are defined in it."""
    stack = list(body)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, _FUNCTIONS):
            stack.extend(ast.iter_child_nodes(node))
