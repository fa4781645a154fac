"""Going through a template's nodes: those within others, and the Python in them."""

import ast
from collections.abc import Iterator

from .nodes import Apply, Block, For, If, Inlined, Node, Output, Statement, Try, While


def walk(body: list[Node]) -> Iterator[Node]:
    """Yield these nodes and all within them, in the order of the text."""
    waiting = body[::-1]
    while waiting:
        node = waiting.pop()
        yield node
        for inner in reversed(bodies(node)):
            waiting.extend(reversed(inner))


def python_of(node: Node) -> list[ast.AST]:
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


def bodies(node: Node) -> list[list[Node]]:
    """The lists of nodes within a node, in the order of the text."""
    if isinstance(node, If):
        return [*(body for _, body in node.branches), node.orelse]
    if isinstance(node, For | While):
        return [node.body, node.orelse]
    if isinstance(node, Try):
        return [node.body, *(body for _, body in node.handlers), node.orelse, node.final]
    if isinstance(node, Block | Apply | Inlined):
        return [node.body]
    return []
