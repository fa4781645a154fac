"""Going through a template's nodes, for those who only read them."""

import ast
from collections.abc import Iterator

from .linking import bodies
from .nodes import Apply, For, If, Node, Output, Statement, Try, While


def walk(body: list[Node]) -> Iterator[Node]:
    """Yield these nodes and all within them, in the order of the text."""
    waiting = body[::-1]
    while waiting:
        node = waiting.pop()
        yield node
        for inner in reversed(bodies(node)):
            waiting.extend(reversed(inner))


def python(node: Node) -> list[ast.AST]:
    """The Python that stands in a node's own tags, in the order of the text."""
    match node:
        case Output():
            return [node.expression]
        case Statement():
            return [*node.code]
        case Apply():
            return [node.function]
        case For():
            return [node.target, node.iterable]
        case While():
            return [node.test]
        case If():
            return [test for test, _ in node.branches]
        case Try():
            return [handler for handler, _ in node.handlers]
    return []
