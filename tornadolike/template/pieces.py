"""The small pieces of Python of which compiled templates are made.

What stands in every template is made once and shared, so nobody may change it. It has no place: Python takes it to
stand where that does which comes before.
"""

import ast
from collections.abc import Iterator, Sequence
from typing import Any, Final

NOWHERE: Final[dict[str, Any]] = {
    "lineno": -1,
    "col_offset": -1,
    "end_lineno": -1,
    "end_col_offset": -1,
}

#: The place of what stands before everything else.
FIRST: Final[dict[str, Any]] = {
    "lineno": 1,
    "col_offset": 0,
    "end_lineno": 1,
    "end_col_offset": 0,
}

_LOAD: Final = ast.Load()
_STORE: Final = ast.Store()


def load(name: str) -> ast.Name:
    """The value of a name."""
    return ast.Name(name, _LOAD, **NOWHERE)


def constant(value: str | None) -> ast.Constant:
    """Text that stands in the template."""
    return ast.Constant(value, None, **NOWHERE)


def called(function: ast.expr, arguments: list[ast.expr], where: dict[str, Any]) -> ast.Call:
    """A call that says where it stands, because it may fail."""
    return ast.Call(function, arguments, [], **where)


def parsed(code: str, where: dict[str, Any] = NOWHERE) -> list[ast.stmt]:
    """Statements that all stand in one place."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if "lineno" in node._attributes:
            node.__dict__.update(where)
    return tree.body


def parsed_expression(code: str, where: dict[str, Any] = NOWHERE) -> ast.expr:
    """An expression that stands in one place. Raises :exc:`SyntaxError`."""
    (statement,) = parsed(f"({code}\n)", where)
    assert isinstance(statement, ast.Expr)
    return statement.value


BUFFER: Final = load("_tt_buffer")
VALUE: Final = load("_tt_value")
TO_VALUE: Final = ast.Name("_tt_value", _STORE, **NOWHERE)
NOTHING: Final = constant("")

_IS: Final[list[ast.cmpop]] = [ast.Is()]
_IN: Final[list[ast.cmpop]] = [ast.In()]
OR: Final = ast.Or()
_TYPE: Final = load("_tt_type")
_HARMLESS: Final = load("_tt_harmless")
_STR: Final = load("_tt_str")

OPENING: Final = parsed("_tt_buffer = []")
CLOSING: Final = parsed("def f():\n return _tt_finished(_tt_buffer)")[0].body  # type: ignore[attr-defined]


def append(where: dict[str, Any]) -> ast.expr:
    """The buffer's method. It has a place, as f-strings have."""
    return ast.Attribute(ast.Name("_tt_buffer", _LOAD, **where), "append", _LOAD, **where)


def sending(where: dict[str, Any]) -> ast.expr:
    """Give away what the buffer holds, if there is something."""
    return parsed_expression("(yield _tt_taken(_tt_buffer)) if _tt_buffer else None", where)


def sending_if_full(where: dict[str, Any]) -> ast.expr:
    """Give away what the buffer holds, if that is much."""
    return parsed_expression(
        "(yield _tt_taken(_tt_buffer))"
        " if len(_tt_buffer) > _tt_few and _tt_is_full(_tt_buffer) else None",
        where,
    )


def not_swallowed(where: dict[str, Any]) -> ast.ExceptHandler:
    """A handler before a bare ``except``, that lets the end of a task or generator pass."""
    code = "try: pass\nexcept (_tt_GeneratorExit, _tt_CancelledError): raise"
    (statement,) = parsed(code, where)
    assert isinstance(statement, ast.Try)
    return statement.handlers[0]


def joined(parts: list[str | ast.expr]) -> Iterator[str | ast.expr]:
    """The parts with neighbouring text made one."""
    text: list[str] = []
    for part in parts:
        if isinstance(part, str):
            text.append(part)
            continue
        if text:
            yield "".join(text)
            text = []
        yield part
    if text:
        yield "".join(text)


def as_one(parts: Sequence[str | ast.expr], where: dict[str, Any]) -> ast.expr:
    """An f-string of the parts, which are text; a part alone is what it is.

    It has a place, for Python 3.13.0 cannot compile some branches that end in a block without one.
    """
    if not parts:
        return NOTHING
    values = [constant(part) if isinstance(part, str) else part for part in parts]
    if len(values) == 1:
        return values[0]
    return ast.JoinedStr(
        [
            value
            if isinstance(value, ast.Constant)
            else ast.FormattedValue(value, -1, None, **where)
            for value in values
        ],
        **where,
    )


def if_text(first: ast.expr, text: ast.expr, other: ast.expr, value: ast.expr) -> ast.expr:
    """One expression for a value that is text, and another for what is no number or its like either.

    :param first: gives the value; from then on ``value`` does.
    """
    where = place(other)
    is_text = ast.Compare(_type_of(first), _IS, [_STR], **NOWHERE)
    is_harmless = ast.Compare(_type_of(value), _IN, [_HARMLESS], **NOWHERE)
    # Quicker than an f-string, which looks for __format__().
    otherwise = ast.IfExp(is_harmless, called(_STR, [value], where), other, **where)
    return ast.IfExp(is_text, text, otherwise, **where)


def if_word(value: ast.expr, otherwise: ast.expr) -> ast.expr:
    """The value as it is if it is text in which nothing can need escaping."""
    is_word = called(ast.Attribute(value, "isalnum", _LOAD, **NOWHERE), [], NOWHERE)
    return ast.IfExp(is_word, value, otherwise, **place(otherwise))


def _type_of(value: ast.expr) -> ast.expr:
    return called(_TYPE, [value], NOWHERE)


def place(node: Any) -> dict[str, Any]:
    return {
        "lineno": node.lineno,
        "col_offset": node.col_offset,
        "end_lineno": node.end_lineno,
        "end_col_offset": node.end_col_offset,
    }
