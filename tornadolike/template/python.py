"""The Python in templates: parsed by Python, with lines and columns that are those of the template."""

import ast
import re
from collections.abc import Iterable, Iterator

from .nodes import Source
from .scanner import joined_lines

# The blanks at the beginning of a line that has Python in it.
_INDENTATION = re.compile(r"(?:\r\n?|\n)([ \t]++)(?=[^\s#])")
_LINE_NUMBER = re.compile(r"\bline (\d+)")

# What opens a scope of its own: a return or yield in it is not the template's.
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class Refused(Exception):
    """A piece is not what it has to be: the message, and where that is in the text. Cheaper than :exc:`ParseError`."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message, start, end)
        self.message = message
        self.start = start
        self.end = end


class Python:
    """The pieces of Python in one template. They have to be asked for in their order in the text.

    Each method takes a piece as two indexes into the template's text, and raises :exc:`Refused`.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._is_ascii = source.text.isascii()
        # The line that pieces have come to, up to where its bytes are counted, and how many there are.
        self._line = 0
        self._counted = 0
        self._bytes = 0

    def expression(self, start: int, end: int, before: str = "") -> ast.expr:
        """One expression; a tuple needs no parentheses.

        :param before: Python to which the piece is appended.
        """
        body = self._parse(start, end, before)
        if len(body) != 1 or not isinstance(body[0], ast.Expr):
            raise self._no_expression(start, end, body)
        value = body[0].value
        if isinstance(value, ast.Starred):
            raise Refused("can't use starred expression here", start, end)
        self._refuse_ends(body, start, end)
        return value

    def condition(self, keyword: str, start: int, end: int) -> ast.expr:
        """What follows ``keyword``, which is ``if`` or ``while``."""
        header = self._header(start, end, f"{keyword} ")
        assert isinstance(header, ast.If | ast.While)
        return header.test

    def loop(self, start: int, end: int) -> ast.For | ast.AsyncFor:
        """``for TARGET in ITERABLE`` or ``async for ...``, the whole of it."""
        header = self._header(start, end)
        assert isinstance(header, ast.For | ast.AsyncFor)
        return header

    def handler(self, start: int, end: int) -> ast.ExceptHandler:
        """``except ...``, the whole of it; its body is empty."""
        header = self._header(start, end, "try:pass\n")
        if not isinstance(header, ast.Try):
            raise Refused("there is no except* in templates", start, end)
        handler = header.handlers[0]
        handler.body = []
        return handler

    def statements(self, start: int, end: int) -> list[ast.stmt]:
        """Statements, in one line or several. Further lines may be indented: the first stands behind the tag's name."""
        try:
            body = self._parse(start, end, one_line=False)
        except Refused as error:
            indentations = _INDENTATION.findall(self.source.text, start, end)
            if not indentations:
                raise
            before = f"if 1:\n{min(indentations, key=len)}"
            try:
                suite, *others = self._parse(start, end, before, one_line=False)
            except Refused:
                raise error from None
            assert isinstance(suite, ast.If)
            if others or suite.orelse:  # a line that stood at the margin
                raise
            body = suite.body
        self._refuse_ends(body, start, end)
        return body

    def _header(self, start: int, end: int, before: str = "") -> ast.stmt:
        """A compound statement, given without the colon and the body."""
        if self.source.text.endswith(":", start, end):
            raise Refused("there is no colon at the end of a tag", end - 1, end)
        header, *others = self._parse(start, end, before, ":pass")
        if others or not _is_header(header):
            raise Refused("a tag holds the first line of a statement", start, end)
        self._refuse_ends([header], start, end)
        return header

    def _parse(
        self, start: int, end: int, before: str = "", after: str = "\n", *, one_line: bool = True
    ) -> list[ast.stmt]:
        """The statements that the piece makes between ``before`` and ``after``."""
        line, column = self._place(start)
        # Python warns of doubtful escapes in strings, with the line in the piece. By this name the place is told.
        name = f"{self.source.path}, line {line}"
        errors = []
        for code in _readings(self.source.text[start:end], one_line):
            try:
                module = compile(
                    before + code + after, name, "exec", ast.PyCF_ONLY_AST, dont_inherit=True
                )
            except SyntaxError as error:
                errors.append(error)
            except (RecursionError, MemoryError):
                message = "this Python is nested too deeply"
                raise Refused(message, start, end) from None
            except ValueError as error:  # 3.11: a NUL
                raise Refused(str(error), start, end) from None
            else:
                assert isinstance(module, ast.Module)
                _move(module.body, before, line, column)
                return module.body
        # The reading that came the furthest is the likeliest.
        furthest = max(errors, key=lambda error: error.lineno or 0)
        raise self._refused(furthest, start, end, before)

    def _place(self, index: int) -> tuple[int, int]:
        """The line, from 1, and the column in bytes, from 0, as :mod:`ast` counts them."""
        lines = self.source.lines
        while self._line + 1 < len(lines) and lines[self._line + 1] <= index:
            self._line += 1
            self._counted = lines[self._line]
            self._bytes = 0
        if self._is_ascii:
            return self._line + 1, index - lines[self._line]
        self._bytes += len(self.source.text[self._counted : index].encode())
        self._counted = index
        return self._line + 1, self._bytes

    def _refused(self, error: SyntaxError, start: int, end: int, before: str) -> Refused:
        """Python's own error, with its place in the template."""
        if error.lineno is None:  # behind 3.11: a NUL
            return Refused(error.msg, start, end)
        first, prefix = _extent(before)
        lines = self.source.lines
        line, _ = self._place(start)

        def index(lineno: int | None, offset: int | None) -> int:
            row = (lineno or first) - first
            if row < 0:
                return start
            if row == 0:
                return min(start + max((offset or 1) - 1 - prefix, 0), end)
            if line + row > len(lines):
                return end
            return min(lines[line - 1 + row] + max((offset or 1) - 1, 0), end)

        begin = index(error.lineno, error.offset)
        finish = index(error.end_lineno, error.end_offset)
        # Python tells lines of what it was given.
        message = _LINE_NUMBER.sub(lambda n: f"line {int(n[1]) - first + line}", error.msg)
        # What is missing at the end has its caret behind it.
        return Refused(message, begin, max(finish, begin + 1))

    def _no_expression(self, start: int, end: int, body: list[ast.stmt]) -> Refused:
        if not body:
            return Refused("Empty expression", start, end)
        message = "this has to be one expression"
        if isinstance(body[0], ast.Assign | ast.AugAssign | ast.AnnAssign):
            message += "; {% set NAME = VALUE %} assigns"
        return Refused(message, start, end)

    def _refuse_ends(self, body: list[ast.stmt], start: int, end: int) -> None:
        """Raise if the template itself, which is a function, would return or yield."""
        code = self.source.text[start:end]
        if "yield" not in code and "return" not in code:
            return
        for node in _in_template(body):
            if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom):
                word = "return" if isinstance(node, ast.Return) else "yield"
                raise Refused(f"{word!r} has no place in a template", start, end)


def _readings(code: str, one_line: bool) -> list[str]:
    """What is tried in turn: the text as it is, and with its lines joined and its comments gone."""
    if "\n" in code or "\r" in code:
        return [joined_lines(code)] if one_line else [code, joined_lines(code)]
    # Python may know strings better than we do, and thereby what is a comment.
    return [code, joined_lines(code)] if "#" in code else [code]


def _is_header(statement: ast.stmt) -> bool:
    """Whether its only suite is the ``pass`` behind the piece: nothing in the piece was a suite of its own."""
    first = statement.handlers[0] if isinstance(statement, ast.Try) else statement
    suites = [getattr(first, "body", []), getattr(statement, "orelse", [])]
    return [[type(inner) for inner in suite] for suite in suites] == [[ast.Pass], []]


def _extent(before: str) -> tuple[int, int]:
    """The line in which what is appended to ``before`` begins, and its column."""
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1)


def _move(nodes: Iterable[ast.AST], before: str, line: int, column: int) -> None:
    """Give nodes the places that they have in the template, where the piece begins at ``line`` and ``column``.

    Of what stands before the piece in its line, the place is where the piece begins.
    """
    first, prefix = _extent(before)
    rows, columns = line - first, column - prefix
    stack = list(nodes)
    while stack:
        fields = stack.pop().__dict__
        for value in fields.values():
            if isinstance(value, ast.AST):
                if value.__dict__:  # what has none is an operator, or Load() or Store()
                    stack.append(value)
            elif type(value) is list:
                stack += [child for child in value if isinstance(child, ast.AST)]
        if "lineno" in fields:
            if fields["lineno"] == first:
                fields["col_offset"] = max(fields["col_offset"] + columns, column)
            if fields["end_lineno"] == first:
                fields["end_col_offset"] = max(fields["end_col_offset"] + columns, column)
            fields["lineno"] += rows
            fields["end_lineno"] += rows


def _in_template(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes that run with the template, not when a function that is defined in it is called."""
    stack = list(body)
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, _FUNCTIONS):
            stack.append(node.args)  # the defaults
            stack.extend(getattr(node, "decorator_list", ()))
        else:
            stack.extend(ast.iter_child_nodes(node))
