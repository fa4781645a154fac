"""What literals in a program's source say."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Literals:
    """Which texts the variables, or the attributes, of some code may be. None: others than literals, too."""

    values: dict[str, set[str] | None] = field(default_factory=dict)

    def read_attributes(self, tree: ast.AST) -> None:
        """Those that are given to an object, or stand in a class."""
        self._read(tree, ast.Attribute)
        for node in ast.walk(tree):
            for statement in node.body if isinstance(node, ast.ClassDef) else ():
                for target, value in _assignments(statement):
                    if isinstance(target, ast.Name):
                        self._note(target.id, choice(value))

    def read_variables(self, tree: ast.AST) -> None:
        """Those of a module, wherever in it."""
        self._read(tree, ast.Name)

    def _read(self, tree: ast.AST, kind: type[ast.Name] | type[ast.Attribute]) -> None:
        nodes = list(ast.walk(tree))
        given = {id(target): value for node in nodes for target, value in _assignments(node)}
        for node in nodes:
            if isinstance(node, kind) and isinstance(node.ctx, ast.Store):
                name = node.id if isinstance(node, ast.Name) else node.attr
                self._note(name, choice(given.get(id(node))))

    def _note(self, name: str, texts: set[str] | None) -> None:
        before = self.values.get(name, set())
        self.values[name] = None if before is None or texts is None else before | texts


def _assignments(node: ast.AST) -> list[tuple[ast.expr, ast.expr]]:
    """What a statement puts where, if it is as simple as that."""
    match node:
        case ast.Assign(targets=targets, value=value):
            return [(target, value) for target in targets]
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            return [(target, value)]
    return []


def choice(value: ast.expr | None) -> set[str] | None:
    """The texts that an expression may give, if it is made of literals."""
    match value:
        case ast.Constant(value=str(text)):
            return {text}
        case ast.IfExp(body=first, orelse=second):
            left, right = choice(first), choice(second)
            return None if left is None or right is None else left | right
    return None


def keys_of(value: ast.expr) -> set[str] | None:
    """The keys of a dictionary that is written out; None if it is not, or not wholly."""
    match value:
        case ast.Dict(keys=keys):
            return texts_in(keys) if all(choice(key) is not None for key in keys) else None
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords):
            given = [keyword.arg for keyword in keywords]
            return {name for name in given if name} if None not in given else None
    return None


def texts_in(nodes: Iterable[ast.expr | None]) -> set[str]:
    """Those of the expressions that are texts."""
    return {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def text_of_index(target: ast.expr) -> str | None:
    """``"x"`` for ``something["x"]``."""
    match target:
        case ast.Subscript(slice=ast.Constant(value=str(text))):
            return text
    return None
