"""The names in a template: those it binds, and those that must come from outside."""

import ast
from dataclasses import dataclass, field

from ..nodes import LINE_BREAK, Apply, Node, Source, Try
from ..walking import bodies, python_of

_CATCH_NAME_ERRORS = {"NameError", "Exception", "BaseException"}


@dataclass(slots=True)
class Use:
    """A name that is read."""

    source: Source
    name: ast.Name

    @property
    def span(self) -> tuple[int, int]:
        """Where it stands in the source's text."""
        text = self.source.text
        breaks = LINE_BREAK.finditer(text)
        begin = 0
        for _ in range(self.name.lineno - 1):
            begin = next(breaks).end()
        # Python counts columns in bytes, of which no line has fewer than characters.
        line = text[begin : begin + self.name.col_offset].encode()
        start = begin + len(line[: self.name.col_offset].decode())
        return start, start + len(self.name.id)


@dataclass(slots=True)
class Names:
    """The names in a linked template.

    :ivar bound: those that it sets itself, anywhere.
    :ivar uses: every use of another one, except where a NameError is caught.
    """

    bound: set[str] = field(default_factory=set)
    uses: list[Use] = field(default_factory=list)


@dataclass(slots=True)
class _Scope:
    """A function: the template itself, or what is in an ``{% apply %}``."""

    bound: set[str] = field(default_factory=set)
    uses: list[Use] = field(default_factory=list)
    inner: list["_Scope"] = field(default_factory=list)

    def collect(self, names: Names, outer: frozenset[str] = frozenset()) -> None:
        known = outer | self.bound
        names.bound |= self.bound
        names.uses += [use for use in self.uses if use.name.id not in known]
        for scope in self.inner:
            scope.collect(names, known)


def names_in(body: list[Node]) -> Names:
    """Read the names of a linked template."""
    scope = _Scope()
    _read(body, scope)
    names = Names()
    scope.collect(names)
    return names


def _read(body: list[Node], scope: _Scope) -> None:
    for node in body:
        reader = _Reader(node.source, scope)
        for fragment in python_of(node):
            reader.visit(fragment)
        match node:
            case Apply():
                inner = _Scope()
                scope.inner.append(inner)
                _read(node.body, inner)
            case Try() if any(map(_catches_name_errors, node.handlers)):
                tried = _Scope(bound=scope.bound)
                _read(node.body, tried)
                for part in bodies(node)[1:]:
                    _read(part, scope)
            case _:
                for part in bodies(node):
                    _read(part, scope)


def _catches_name_errors(handler: tuple[ast.ExceptHandler, list[Node]]) -> bool:
    caught = handler[0].type
    if caught is None:
        return True
    return any(
        isinstance(part, ast.Name) and part.id in _CATCH_NAME_ERRORS for part in ast.walk(caught)
    )


class _Reader(ast.NodeVisitor):
    """Sorts a fragment's names into a scope."""

    def __init__(self, source: Source, scope: _Scope) -> None:
        self.source = source
        self.scope = scope
        # Those of the lambdas and comprehensions that we are in.
        self.hidden: list[set[str]] = []

    def visit_Name(self, node: ast.Name) -> None:
        if any(node.id in names for names in self.hidden):
            return
        if isinstance(node.ctx, ast.Store):
            self.scope.bound.add(node.id)
        else:
            self.scope.uses.append(Use(self.source, node))

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.scope.bound.add(node.target.id)
        self.visit(node.value)

    def visit_alias(self, node: ast.alias) -> None:
        self.scope.bound.add(node.asname or node.name.partition(".")[0])

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.scope.bound.add(node.name)
        self.generic_visit(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        arguments = node.args
        for default in [*arguments.defaults, *filter(None, arguments.kw_defaults)]:
            self.visit(default)
        self.hidden.append({part.arg for part in ast.walk(arguments) if isinstance(part, ast.arg)})
        self.visit(node.body)
        self.hidden.pop()

    def _visit_comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
    ) -> None:
        first = node.generators[0]
        self.visit(first.iter)  # it is worked out outside
        targets = [part for one in node.generators for part in ast.walk(one.target)]
        self.hidden.append({part.id for part in targets if isinstance(part, ast.Name)})
        for part in [*first.ifs, *ast.iter_child_nodes(node)]:
            if part is not first:
                self.visit(part)
        self.hidden.pop()

    visit_ListComp = _visit_comprehension
    visit_SetComp = _visit_comprehension
    visit_GeneratorExp = _visit_comprehension
    visit_DictComp = _visit_comprehension
