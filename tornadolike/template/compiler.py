"""From a linked tree to Python code, by way of :mod:`ast`.

A template becomes one function, as in Tornado, so that its names mean what they mean there: what it sets anywhere is a
local variable everywhere in it, whatever file it stands in; all else is looked up in the namespace that a render gives
it; ``{% apply %}`` is a function within it. How it differs from Tornado's is in what it costs:

* Text and values between two statements (a *run*) are one f-string and one append. In ``{% try %}`` each value has an
  append of its own, for when it fails, what stood before it is put out.
* What a value usually is (an int, a word) is recognised in line, with no call; natively one call does it all.
* All that the function needs beside the author's names comes as arguments, so that it is local.

There are three forms of a template, each made when it is first wanted: a function that gives bytes, a coroutine
function that does (if the template awaits something), and an asynchronous generator that gives them in pieces.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import CodeType
from typing import Any, Final, Literal

from .._native import RUNNING
from . import pieces, runtime
from .nodes import (
    CONTEXTUAL,
    XHTML_ESCAPE,
    Apply,
    For,
    If,
    Inlined,
    Node,
    Output,
    Statement,
    Text,
    Try,
    While,
)
from .pieces import NOWHERE, as_one, called, if_text, if_word, joined, load, place
from .positions import Places, Segment, moved

#: What is made: a function that gives bytes, a coroutine function that does, or a generator of pieces.
Form = Literal["function", "coroutine", "stream"]

#: With more parts an f-string is no longer made on Python's stack.
_PARTS_OF_A_RUN: Final = 30

#: Of the escapers that a context asks for, those which leave a word as it is.
_HTML: Final = ("text", "quoted")

#: More of them in one another are statements.
_LEVELS_OF_A_CHOICE: Final = 3

#: Parts that are appended each by itself.
_PARTS_OF_A_SHORT_RUN: Final = 3


@dataclass(slots=True)
class Way:
    """How a template is compiled.

    :ivar is_own: the namespace's ``xhtml_escape`` is tornadolike's, so it needs no call.
    :ivar waiting: the ids of the expressions and nodes that await something.
    :ivar escapers: for outputs by their ids, where the context chooses: names in :data:`.escaping.ESCAPERS`.
    """

    form: Form
    is_own: bool
    waiting: set[int] = field(default_factory=set)
    escapers: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class Program:
    """A compiled template.

    :ivar code: of the function.
    :ivar arguments: what it is called with.
    :ivar places: tells where in which file a line of it stands.
    """

    code: CodeType
    arguments: tuple[Any, ...]
    places: Places


def compile_tree(root: Inlined, compiler: "Compiler") -> Program:
    """Compile a linked tree. Raises :exc:`SyntaxError` with a line of the compiled code."""
    module = compiler.module(root)
    code = compile(module, root.source.path, "exec", dont_inherit=True)
    function = next(item for item in code.co_consts if isinstance(item, CodeType))
    return Program(function, tuple(compiler.internals.values()), compiler.places)


def sets_own_name(code: CodeType) -> bool:
    """Whether the template has a variable of its own that is called as the known escape function."""
    if XHTML_ESCAPE in code.co_varnames or XHTML_ESCAPE in code.co_cellvars:
        return True
    return any(
        isinstance(item, CodeType) and item.co_name.startswith("_tt_") and sets_own_name(item)
        for item in code.co_consts
    )


class Compiler:
    """Makes one function's tree."""

    def __init__(self, way: Way) -> None:
        self.way = way
        self.places = Places()
        self.internals: dict[str, Any] = {
            "_tt_escaped": runtime.escaped,
            "_tt_escaped_text": runtime.escaped_text,
            "_tt_plain": runtime.plain,
            "_tt_converted": runtime.converted,
            "_tt_returned": runtime.returned,
            "_tt_finished": runtime.finished,
            "_tt_type": type,
            "_tt_harmless": runtime.HARMLESS,
            "_tt_str": str,
        }
        if way.form == "stream":
            self.internals |= {
                "_tt_taken": runtime.taken,
                "_tt_is_full": runtime.is_full,
                "_tt_few": runtime.FEW_PIECES,
            }
        if way.form != "function":
            # Only here, for it takes as long to import as all else.
            import asyncio

            self.internals["_tt_GeneratorExit"] = GeneratorExit
            self.internals["_tt_CancelledError"] = asyncio.CancelledError
        if way.escapers:
            from .escaping import ESCAPERS  # which most programs never need

            for name in sorted(set(way.escapers.values())):
                self.internals[f"_tt_to_{name}"] = ESCAPERS[name]
        self.segment: Segment | None = None
        self.number = 0  # of the lines before the segment
        self.autoescape: str | None = None
        self.where: dict[str, Any] = pieces.FIRST
        self.body: list[ast.stmt] = []
        #: The run that is being collected: text, and what makes text.
        self.parts: list[str | ast.expr] = []
        #: What is put out counts even if what follows it fails.
        self.is_guarded = False
        self.is_streaming = way.form == "stream"
        #: For each loop around, whether it awaits at its end.
        self.loops: list[bool] = []
        self.applied = 0
        #: Those of loops, which are as quick to look up as our own.
        self.variables: set[str] = set()

    def module(self, root: Inlined) -> ast.Module:
        """The tree of a module with one function in it."""
        self.body = [*pieces.OPENING]
        self._inlined(root)
        self._end_run()
        if self.is_streaming:
            self._send()
        else:
            self.body += pieces.CLOSING
        is_async = self.way.form != "function"
        return ast.Module([self._function("_tt_execute", self.body, is_async)], [])

    def _function(self, name: str, body: list[ast.stmt], is_async: bool) -> ast.stmt:
        arguments = ast.arguments([], self._parameters(), None, [], [], None, [])
        kind = ast.AsyncFunctionDef if is_async else ast.FunctionDef
        return kind(name, arguments, body, [], None, None, **pieces.FIRST, **_NO_TYPES)

    def _parameters(self) -> list[ast.arg]:
        return [ast.arg(internal, None, None, **NOWHERE) for internal in self.internals]

    def _arguments(self) -> list[ast.expr]:
        """What a function within the function is called with."""
        return [load(internal) for internal in self.internals]

    # Runs.

    def _end_run(self) -> None:
        """Append what was collected."""
        if not self.parts:
            return
        parts, self.parts = self.parts, []
        values = list(joined(parts))
        # A short run is quicker piece by piece: Python appends to a list faster than it joins.
        size = 1 if len(values) <= _PARTS_OF_A_SHORT_RUN else _PARTS_OF_A_RUN
        for start in range(0, len(values), size):
            text = as_one(values[start : start + size], self.where)
            append = called(pieces.append(self.where), [text], self.where)
            self.body.append(ast.Expr(append, **self.where))

    def _add(self, value: ast.expr) -> None:
        """Add to the run what makes text."""
        if self.is_guarded:
            self._end_run()
        self.where = place(value)
        self.parts.append(value)

    def _send(self) -> None:
        """Give away what the buffer holds, if there is something."""
        self.body.append(ast.Expr(pieces.sending(self.where), **self.where))

    def _before(self, expression: ast.expr) -> None:
        """What was made goes out before the template waits."""
        if self.is_streaming and id(expression) in self.way.waiting:
            self._end_run()
            self._send()

    # Nodes.

    def _nodes(self, nodes: list[Node]) -> None:
        for node in nodes:
            _VISITORS[type(node)](self, node)

    def _branch(self, nodes: list[Node], body: list[ast.stmt] | None = None) -> list[ast.stmt]:
        """Statements for nodes that have a block of their own."""
        outer, self.body = self.body, body or []
        self._nodes(nodes)
        self._end_run()
        inner, self.body = self.body, outer
        if not inner:
            inner.append(ast.Pass(**self.where))
        return inner

    def _text(self, node: Text) -> None:
        if node.value:
            self.parts.append(node.value)

    def _output(self, node: Output) -> None:
        self._before(node.expression)
        value = moved(node.expression, self.number)
        self._add(self._as_text(node, value))

    def _as_text(self, node: Output, value: ast.expr) -> ast.expr:
        where = place(value)
        first, again = self._held(value)
        if node.kind != "escaped" or self.autoescape is None:
            other = called(load("_tt_plain"), [again, pieces.BUFFER], where)
            return if_text(first, again, other, again)
        if self.autoescape == CONTEXTUAL:
            name = self.way.escapers[id(node)]
            if name not in _HTML or RUNNING:  # natively a call is quicker than to look before
                return called(load(f"_tt_to_{name}"), [value], where)
            other = called(load(f"_tt_to_{name}"), [again], where)
        elif self.autoescape == XHTML_ESCAPE and self.way.is_own and RUNNING:
            return called(load("_tt_escaped"), [value], where)
        elif self.autoescape == XHTML_ESCAPE and self.way.is_own:
            other = called(load("_tt_escaped"), [again], where)
        else:
            function = self._escape_function(node, where)
            return called(load("_tt_converted"), [value, function, pieces.BUFFER], where)
        text = called(load("_tt_escaped_text"), [again], where)
        return if_text(first, if_word(again, text), other, again)

    def _held(self, value: ast.expr) -> tuple[ast.expr, ast.expr]:
        """An expression, and what gives its value once more without computing it."""
        if isinstance(value, ast.Name) and value.id in self.variables:
            return value, load(value.id)
        return ast.NamedExpr(pieces.TO_VALUE, value, **place(value)), pieces.VALUE

    def _escape_function(self, node: Output, where: dict[str, Any]) -> ast.expr:
        """The function of the author's that ``{% autoescape %}`` or the loader names."""
        assert self.autoescape is not None
        try:
            return pieces.parsed_expression(self.autoescape, where)
        except (SyntaxError, ValueError):
            message = f"autoescape {self.autoescape!r} is no name of a function"
            raise node.source.error(message, node.start, node.end) from None

    def _statement(self, node: Statement) -> None:
        has_values = any(not isinstance(part, str) for part in self.parts)
        is_quiet = all(isinstance(each, _QUIET) for each in node.code)
        if self.is_guarded or has_values or not is_quiet:
            self._end_run()
        for each in node.code:
            self._before(each)  # type: ignore[arg-type]
            if self.is_streaming and isinstance(each, ast.Continue) and self.loops[-1]:
                self._send()
            statement = moved(each, self.number)
            self.where = place(statement)
            self.body.append(statement)

    def _if(self, node: If) -> None:
        if not self.is_guarded and self._is_short(node, 0):
            self._add(self._choice(node))
            return
        self._end_run()
        test, nodes = node.branches[0]
        self._before(test)
        for test, _ in node.branches[1:]:
            self._before(test)
        orelse: list[ast.stmt] = self._branch(node.orelse) if node.orelse else []
        for test, nodes in reversed(node.branches):
            moved_test = moved(test, self.number)
            self.where = where = place(moved_test)
            orelse = [ast.If(moved_test, self._branch(nodes), orelse, **where)]
        self.body += orelse

    def _is_short(self, node: If, depth: int) -> bool:
        """Whether it can be a part of a run: text, values and others of its kind, and not too many of them."""
        waiting = self.way.waiting if self.is_streaming else ()
        nodes = [*(each for _, body in node.branches for each in body), *node.orelse]
        if depth > _LEVELS_OF_A_CHOICE or len(nodes) > _PARTS_OF_A_RUN:
            return False
        if any(id(test) in waiting for test, _ in node.branches):
            return False
        return all(
            isinstance(each, Text)
            or (isinstance(each, Output) and id(each.expression) not in waiting)
            or (isinstance(each, If) and self._is_short(each, depth + 1))
            for each in nodes
        )

    def _choice(self, node: If) -> ast.expr:
        choice = self._chosen(node.orelse)
        for test, nodes in reversed(node.branches):
            moved_test = moved(test, self.number)
            choice = ast.IfExp(moved_test, self._chosen(nodes), choice, **place(moved_test))
        return choice

    def _chosen(self, nodes: list[Node]) -> ast.expr:
        outer, self.parts = self.parts, []
        self._nodes(nodes)
        parts, self.parts = self.parts, outer
        return as_one(list(joined(parts)), self.where)

    def _for(self, node: For) -> None:
        self._end_run()
        self._before(node.iterable)
        if node.is_async and self.is_streaming:
            self._send()
        target = moved(node.target, self.number)
        iterable = moved(node.iterable, self.number)
        self.where = where = place(iterable)
        self.variables.update(n.id for n in ast.walk(target) if isinstance(n, ast.Name))
        body = self._loop(node.body, waits=node.is_async)
        orelse = self._branch(node.orelse) if node.orelse else []
        kind = ast.AsyncFor if node.is_async else ast.For
        self.body.append(kind(target, iterable, body, orelse, None, **where))

    def _while(self, node: While) -> None:
        self._end_run()
        test = moved(node.test, self.number)
        self.where = where = place(test)
        if self.is_streaming and id(node.test) in self.way.waiting:
            test = ast.BoolOp(pieces.OR, [pieces.sending(where), test], **where)
        body = self._loop(node.body, waits=False)
        orelse = self._branch(node.orelse) if node.orelse else []
        self.body.append(ast.While(test, body, orelse, **where))

    def _loop(self, nodes: list[Node], waits: bool) -> list[ast.stmt]:
        """A loop's body. In a stream it sends what it has when that is much, and before it waits for the next."""
        self.loops.append(waits)
        opening: list[ast.stmt] = []
        if self.is_streaming:
            opening.append(ast.Expr(pieces.sending_if_full(self.where), **self.where))
        body = self._branch(nodes, opening)
        if self.is_streaming and waits:
            body.append(ast.Expr(pieces.sending(self.where), **self.where))
        self.loops.pop()
        return body

    def _try(self, node: Try) -> None:
        self._end_run()
        was_guarded, was_streaming = self.is_guarded, self.is_streaming
        where = self.where
        self.is_guarded = was_guarded or bool(node.handlers)
        body = self._branch(node.body)
        self.is_guarded = was_guarded
        handlers = [each for pair in node.handlers for each in self._handler(*pair)]
        orelse = self._branch(node.orelse) if node.orelse else []
        # A generator that is being closed may not give anything any more.
        self.is_streaming = False
        final = self._branch(node.final) if node.final else []
        self.is_streaming = was_streaming
        self.body.append(ast.Try(body, handlers, orelse, final, **where))

    def _handler(
        self, handler: ast.ExceptHandler, nodes: list[Node]
    ) -> Iterator[ast.ExceptHandler]:
        if handler.type is None and self.way.form != "function":
            yield pieces.not_swallowed(place(handler))
        head = moved(
            ast.ExceptHandler(handler.type, handler.name, [], **place(handler)), self.number
        )
        self.where = place(head)
        head.body = self._branch(nodes)
        yield head

    def _apply(self, node: Apply) -> None:
        waits = id(node) in self.way.waiting
        if waits and self.is_streaming:
            self._end_run()
            self._send()
        function = moved(node.function, self.number)
        where = place(function)
        name = f"_tt_apply{self.applied}"
        self.applied += 1
        self._end_run()
        self.body.append(self._applied(name, node, waits))
        body: ast.expr = called(load(name), self._arguments(), where)
        if waits:
            body = ast.Await(body, **where)
        result = called(function, [body], where)
        self._add(called(load("_tt_returned"), [result, pieces.BUFFER], where))

    def _applied(self, name: str, node: Apply, waits: bool) -> ast.stmt:
        """A function that makes what the author's is applied to."""
        outer = self.is_guarded, self.is_streaming, self.loops
        self.is_guarded, self.is_streaming, self.loops = False, False, []
        body = self._branch(node.body, [*pieces.OPENING])
        self.is_guarded, self.is_streaming, self.loops = outer
        return self._function(name, [*body, *pieces.CLOSING], is_async=waits)

    def _inlined(self, node: Inlined) -> None:
        outer = self.autoescape, self.segment, self.number
        self.autoescape = node.autoescape
        if self.segment is None or (node.body and node.body[0].source is not self.segment.source):
            self.segment = self.places.enter(node, self.segment)
            self.number = self.segment.lines_before
        self._nodes(node.body)
        self.autoescape, self.segment, self.number = outer


_VISITORS: Final[dict[type[Node], Callable[[Compiler, Any], None]]] = {
    Text: Compiler._text,
    Output: Compiler._output,
    Statement: Compiler._statement,
    If: Compiler._if,
    For: Compiler._for,
    While: Compiler._while,
    Try: Compiler._try,
    Apply: Compiler._apply,
    Inlined: Compiler._inlined,
}

#: Statements that text may be put out after as well as before.
_QUIET: Final = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Import, ast.ImportFrom)

#: Python 3.12 added a field that trees have to have.
_NO_TYPES: Final[dict[str, Any]] = (
    {"type_params": []} if "type_params" in ast.FunctionDef._fields else {}
)
