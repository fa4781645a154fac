"""A template's Python as people like to read it: each piece of output in a line of its own."""

import ast
from typing import Any

from . import pieces
from .compiler import Compiler
from .nodes import CONTEXTUAL, XHTML_ESCAPE, Output
from .pieces import called, constant, joined, load, place


class ReadableCompiler(Compiler):
    """Makes the same function, without what makes it fast."""

    def _parameters(self) -> list[ast.arg]:
        return []

    def _arguments(self) -> list[ast.expr]:
        return []

    def _end_run(self) -> None:
        parts, self.parts = self.parts, []
        for part in joined(parts):
            text = constant(part) if isinstance(part, str) else part
            append = called(pieces.append(self.where), [text], self.where)
            self.body.append(ast.Expr(append, **self.where))

    def _as_text(self, node: Output, value: ast.expr) -> ast.expr:
        where: dict[str, Any] = place(value)
        if node.kind != "escaped" or self.autoescape is None:
            return called(load("_tt_plain"), [value, pieces.BUFFER], where)
        if self.autoescape == XHTML_ESCAPE:
            return called(load("_tt_escaped"), [value], where)
        if self.autoescape == CONTEXTUAL:
            return called(load(f"_tt_to_{self.way.escapers[id(node)]}"), [value], where)
        function = self._escape_function(node, where)
        return called(load("_tt_converted"), [value, function, pieces.BUFFER], where)
