"""Templates read for tests: what is in them, in few words."""

import ast
from typing import Any

import pytest

from tornadolike.template.errors import ParseError
from tornadolike.template.nodes import (
    Apply,
    Block,
    Comment,
    Extends,
    For,
    If,
    Include,
    Node,
    Output,
    Source,
    Statement,
    Text,
    Tree,
    Try,
    While,
)
from tornadolike.template.parser import parse


def read(text: str, whitespace: str = "all") -> Tree:
    return parse(Source("page.html", "/site/page.html", text), whitespace, "xhtml_escape")


def refused(text: str) -> ParseError:
    with pytest.raises(ParseError) as caught:
        read(text)
    return caught.value


def marked(error: ParseError) -> str:
    """The text over the caret."""
    assert error.text is not None
    assert error.offset is not None
    assert error.end_offset is not None
    assert error.end_lineno == error.lineno
    return error.text[error.offset - 1 : error.end_offset - 1]


def words(nodes: list[Node]) -> list[Any]:
    """The nodes as strings and lists, Python as Python writes it."""
    return [_words(node) for node in nodes]


def _words(node: Node) -> Any:
    match node:
        case Text():
            return node.value
        case Comment():
            return ("comment", node.value)
        case Output():
            return (node.kind, ast.unparse(node.expression))
        case Statement():
            return ("do", *map(ast.unparse, node.code))
        case Block():
            return ("block", node.name, words(node.body))
        case Extends() | Include():
            return (type(node).__name__.lower(), node.name)
        case Apply():
            return ("apply", ast.unparse(node.function), words(node.body))
        case For():
            name = "async for" if node.is_async else "for"
            header = (name, ast.unparse(node.target), ast.unparse(node.iterable))
            return (*header, words(node.body), words(node.orelse))
        case While():
            return ("while", ast.unparse(node.test), words(node.body), words(node.orelse))
        case If():
            branches = [(ast.unparse(test), words(body)) for test, body in node.branches]
            return ("if", branches, words(node.orelse))
        case Try():
            handlers = [(_handler(handler), words(body)) for handler, body in node.handlers]
            return ("try", words(node.body), handlers, words(node.orelse), words(node.final))
        case _:
            raise AssertionError(node)


def _handler(handler: ast.ExceptHandler) -> str:
    assert handler.body == []
    kind = f" {ast.unparse(handler.type)}" if handler.type else ""
    return f"except{kind}" + (f" as {handler.name}" if handler.name else "")


def written(text: str, node: ast.AST) -> str:
    """What stands where a node says that it stands: :mod:`ast` counts lines, and bytes in them."""
    lines = text.encode().splitlines(keepends=True)
    rows = lines[node.lineno - 1 : node.end_lineno]  # type: ignore[attr-defined]
    tail = len(rows[-1]) - node.end_col_offset  # type: ignore[attr-defined]
    whole = b"".join(rows)
    return whole[node.col_offset : len(whole) - tail].decode()  # type: ignore[attr-defined]
