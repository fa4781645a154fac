"""Where in the page each expression of a template stands, known when the template is compiled.

The walk follows the template as it runs: a :class:`~.contexts_html.Place` goes through the text, every branch begins
where the branches before it began, and where they meet their places are joined. What a loop's body ends in has to be
where it began; what an exception leaves unfinished has to be where the handlers go on.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from .contexts_html import Place
from .contexts_problem import Problem
from .nodes import (
    Apply,
    Block,
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

__all__ = ["CONTEXTUAL", "Unsafe", "choose_escapers", "unsafe_outputs"]

#: What ``autoescape`` is where the place chooses the escaper.
CONTEXTUAL: Final = "contextual"
_DEFAULT: Final = "xhtml_escape"


@dataclass(slots=True, frozen=True)
class Unsafe:
    """An expression that ``xhtml_escape`` does not make safe where it stands.

    :ivar output: the expression.
    :ivar why: what is wrong with it and what to write instead, as a sentence.
    """

    output: Output
    why: str


def choose_escapers(body: list[Node]) -> dict[int, str]:
    """For each expression under ``autoescape="contextual"``: which of :data:`.escaping.ESCAPERS` it needs.

    ``body`` is a linked template, its outermost :class:`Inlined` included; keys are ``id(output)``, so that a node
    that stands in two places has to be two objects. Only kind ``"escaped"`` within an :class:`Inlined` whose
    ``autoescape`` is ``"contextual"`` has a key. The function gets the value itself and gives ``str``.

    Raises :exc:`ParseError` for an expression where no value can be made safe, and where it is not the same in all
    branches where the text after them stands.
    """
    walk = _Walk()
    end = walk.body(body, Place())
    if end is not None and end.unfinished and walk.last is not None:
        raise walk.last.source.error(
            f"The template ends within {end.unfinished}", walk.last.start, walk.last.end
        )
    return walk.names


def unsafe_outputs(body: list[Node]) -> list[Unsafe]:
    """The expressions under ``autoescape="xhtml_escape"`` that it does not make safe where they stand.

    ``body`` may be linked or as the parser gave it (then all of it is taken to be under ``xhtml_escape``, and what is
    included to leave its place as it was). It does not raise for what it cannot tell.
    """
    walk = _Survey()
    walk.body(body, Place())
    return list(walk.unsafe.values())


@dataclass(slots=True)
class _Loop:
    """Where ``break`` and ``continue`` of a loop leave the page."""

    begun: Place
    left: list[Place] = field(default_factory=list)


class _Walk:
    """A walk through a template that goes on the names of escapers."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}
        self.autoescape: str | None = CONTEXTUAL
        #: The last node with text or an expression, for errors at the end.
        self.last: Node | None = None
        self.loops: list[_Loop] = []
        #: For each ``try`` around: the places that an exception may leave the page in.
        self.tries: list[set[Place]] = []

    # None is the place of what is never reached, behind "break".
    def body(self, body: Sequence[Node], place: Place | None) -> Place | None:
        for node in body:
            place = self.node(node, Place() if place is None else place, reached=place is not None)
        return place

    def node(self, node: Node, place: Place, *, reached: bool) -> Place | None:
        if isinstance(node, Text):
            self.last = node
            after: Place | None = self.text(node, place)
        else:
            self._may_raise(place)
            after = self._other(node, place)
        return after if reached else None

    def _other(self, node: Node, place: Place) -> Place | None:
        match node:
            case Output():
                self.last = node
                self.output(node, place)
                return place.after_output()
            case Statement():
                return self._statement(node, place)
            case If():
                ends = [self.body(body, place) for _, body in node.branches]
                ends.append(self.body(node.orelse, place))
                return self._join(node, ends, "The branches of this {% if %} end")
            case For() | While():
                return self._loop(node, place)
            case Try():
                return self._try(node, place)
            case Apply():
                end = self.body(node.body, place)
                return self._join(node, [place, end], "{% apply %} begins and ends")
            case Block():
                return self.body(node.body, place)
            case Inlined():
                outer, self.autoescape = self.autoescape, node.autoescape
                end = self.body(node.body, place)
                self.autoescape = outer
                return end
            case _:
                return place

    def text(self, node: Text, place: Place) -> Place:
        try:
            return place.feed(node.value)
        except Problem as problem:
            start, end = _found(node, problem)
            raise node.source.error(str(problem), start, end) from None

    def output(self, node: Output, place: Place) -> None:
        if node.kind != "escaped" or self.autoescape != CONTEXTUAL:
            return
        try:
            self.names[id(node)] = place.escaper
        except Problem as problem:
            raise node.source.error(str(problem), node.start, node.end) from None

    def _statement(self, node: Statement, place: Place) -> Place | None:
        for statement in node.code:
            if isinstance(statement, ast.Break | ast.Continue):
                self.loops[-1].left.append(place)
                return None
        return place

    def _loop(self, node: For | While, place: Place) -> Place | None:
        # An address may be further on when the body comes a second time, and a script behind an operand.
        begun = place
        for _ in range(_ROUNDS):
            self.loops.append(_Loop(begun))
            end = self.body(node.body, begun)
            ends = [begun, end, *self.loops.pop().left]
            joined = self._join(node, ends, "This loop's body begins and ends")
            if joined is None or joined == begun:
                break
            begun = joined
        return self._join(
            node, [begun, self.body(node.orelse, begun)], "{% else %} of a loop begins and ends"
        )

    def _try(self, node: Try, place: Place) -> Place | None:
        self.tries.append({place})
        body = self.body(node.body, place)
        left = self.tries.pop()
        raised = self._join(node, [place, *left], "An exception in {% try %} would leave the page")
        # What is raised in a handler meets {% finally %}, too.
        self.tries.append(set())
        ends = [self.body(node.orelse, body) if node.orelse else body]
        ends += [self.body(handler, raised) for _, handler in node.handlers]
        left = self.tries.pop()
        end = self._join(node, ends, "The branches of this {% try %} end")
        if not node.final:
            return end
        through = self._join(node, [raised, end, *left], "{% finally %} begins")
        after = self.body(node.final, through)
        return after if end is not None else None

    def _may_raise(self, place: Place) -> None:
        for left in self.tries:
            left.add(place)

    def _join(self, node: Node, ends: Sequence[Place | None], what: str) -> Place | None:
        joined: Place | None = None
        for end in ends:
            if joined is None or end is None:
                joined = end if joined is None else joined
                continue
            both = joined.joined(end)
            if both is None:
                return self.differ(node, joined, end, what)
            joined = both
        return joined

    def differ(self, node: Node, one: Place, other: Place, what: str) -> Place:
        places = one.described, other.described
        if places[0] == places[1]:
            message = f"{what} in different parts of {places[0]}"
        else:
            message = f"{what} in different places of the page: {places[0]} and {places[1]}"
        raise node.source.error(
            f"{message}: let each end where the others do", node.start, node.end
        )


# A place in a loop goes on by joining only: from the start of an address to one that is unknown, say.
_ROUNDS: Final = 5


class _Survey(_Walk):
    """A walk that says what is unsafe, and passes over what it cannot tell."""

    def __init__(self) -> None:
        super().__init__()
        self.autoescape = _DEFAULT
        self.unsafe: dict[int, Unsafe] = {}

    def text(self, node: Text, place: Place) -> Place:
        return place.fed_anyway(node.value)

    def output(self, node: Output, place: Place) -> None:
        if node.kind != "escaped" or self.autoescape != _DEFAULT or _is_number(node.expression):
            return
        try:
            why = _why(place.escaper, node.expression)
        except Problem as problem:
            why = str(problem)
        if why:
            self.unsafe[id(node)] = Unsafe(node, why)

    def differ(self, node: Node, one: Place, other: Place, what: str) -> Place:
        return one


def _why(escaper: str, expression: ast.expr) -> str:
    """Why ``xhtml_escape`` is not what that place needs; empty if it is."""
    kind, _, place = escaper.rpartition("_")
    if place in ("unquoted", "bare") or escaper in ("unquoted", "bare"):
        return (
            "A space in the value would begin another attribute: put quotes around the expression"
        )
    if place != "quoted":
        kind = escaper
    if kind in ("url", "url_list", "animated"):
        if _is_own_address(expression):
            return ""
        return (
            "xhtml_escape lets addresses through that run scripts (javascript:): "
            'check the scheme, or use autoescape="contextual"'
        )
    if kind.startswith(("script", "json")):
        if place == "quoted":
            return (
                "A browser undoes xhtml_escape before it runs this script: "
                "put the value into an attribute data-..., and read that in the script"
            )
        return "xhtml_escape is not for scripts: write {% raw json_encode(...) %} without quotes around it"
    if kind.startswith("style"):
        return (
            "xhtml_escape lets declarations of CSS through: choose a class, "
            'or use autoescape="contextual"'
        )
    if kind == "document":
        return "A browser undoes xhtml_escape and reads the value as a document: escape it twice"
    return ""


_OWN_ADDRESSES: Final = frozenset({"static_url", "reverse_url", "url_escape"})
_NUMBERS: Final = frozenset({"int", "float", "len", "round", "sum", "ord"})


def _is_own_address(expression: ast.expr) -> bool:
    """Whether an address is made by the program, not by those who use it."""
    match expression:
        case ast.Call():
            return _called(expression) in _OWN_ADDRESSES
        case ast.Constant(value=str()):
            return True
        case ast.JoinedStr(values=[first, *_]) | ast.BinOp(left=first, op=ast.Add()):
            return isinstance(first, ast.Constant) or _is_own_address(first)
        case ast.IfExp():
            return _is_own_address(expression.body) and _is_own_address(expression.orelse)
        case _:
            return False


def _is_number(expression: ast.expr) -> bool:
    match expression:
        case ast.Call():
            return _called(expression) in _NUMBERS
        case ast.Constant(value=int() | float()):
            return True
        case _:
            return False


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _found(node: Text, problem: Problem) -> tuple[int, int]:
    """Where in the source the text is that is wrong. White space may have been filtered, so it is looked for."""
    line = (problem.said or problem.text[problem.at :]).strip().partition("\n")[0]
    at = node.source.text.find(line[:40], node.start, node.end) if line else -1
    return (at, at + len(line)) if at >= 0 else (node.start, node.end)
