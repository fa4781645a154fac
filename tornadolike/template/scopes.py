"""What awaits something in a linked tree."""

import ast
from typing import Final

from .linking import bodies
from .nodes import Apply, For, Node
from .walking import python

#: What has an ``await`` of its own, which is not the template's.
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_WAITING: Final = (ast.Await, ast.AsyncFor, ast.AsyncWith)


def find_waiting(nodes: list[Node]) -> set[int]:
    """The ids of all Python in the nodes that awaits something, and of the nodes which do in their turn.

    A node does if it is an ``{% async for %}``, or an ``{% apply %}`` with something that awaits in it.
    """
    found: set[int] = set()
    for node in nodes:
        within: set[int] = set()
        if "await" in node.source.text or "async" in node.source.text:
            within.update(id(each) for each in python(node) if _waits(each))
        for body in bodies(node):
            within |= find_waiting(body)
        if (isinstance(node, Apply) and within) or (isinstance(node, For) and node.is_async):
            within.add(id(node))
        found |= within
    return found


def _waits(piece: ast.AST) -> bool:
    waiting = [piece]
    while waiting:
        node = waiting.pop()
        if isinstance(node, _WAITING) or (isinstance(node, ast.comprehension) and node.is_async):
            return True
        if not isinstance(node, _FUNCTIONS):
            waiting += ast.iter_child_nodes(node)
    return False
