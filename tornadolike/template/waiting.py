"""What awaits something in a linked tree."""

import ast
from typing import Final

from .nodes import Apply, For, Node
from .walking import bodies, python_of

#: What has an ``await`` of its own, which is not the template's.
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_WAITING: Final = (ast.Await, ast.AsyncFor, ast.AsyncWith)


def find_waiting(nodes: list[Node]) -> set[int]:
    """The ids of all Python in the nodes that awaits something, and of the nodes which do in their turn.

    A node does if it is an ``{% async for %}``, or an ``{% apply %}`` with something that awaits in it.
    """
    return _find(nodes, {})


def _find(nodes: list[Node], suspects: dict[int, bool]) -> set[int]:
    """The same; ``suspects`` has the ids of the files that were looked through for the words."""
    found: set[int] = set()
    for node in nodes:
        within: set[int] = set()
        source = node.source
        if id(source) not in suspects:
            suspects[id(source)] = "await" in source.text or "async" in source.text
        if suspects[id(source)]:
            within.update(id(each) for each in python_of(node) if _waits(each))
        for body in bodies(node):
            within |= _find(body, suspects)
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
