"""Where in the page each expression of a template stands, known when the template is compiled.

The walk follows the template as it runs: a :class:`~.page.Place` goes through the text, every branch begins
where the branches before it began, and where they meet their places are joined. What a loop's body ends in has to be
where it began; what an exception leaves unfinished has to be where the handlers go on.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ..nodes import (
    CONTEXTUAL,
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
from .page import Place
from .problem import Problem


def choose_escapers(body: list[Node]) -> dict[int, str]:
    """For each expression under ``autoescape="contextual"``: which of :data:`.escaping.ESCAPERS` it needs.

    ``body`` is a linked template, its outermost :class:`Inlined` included; keys are ``id(output)``, so that a node
    that stands in two places has to be two objects. Only kind ``"escaped"`` within an :class:`Inlined` whose
    ``autoescape`` is ``"contextual"`` has a key. The function gets the value itself and gives ``str``.

    Raises :exc:`.ParseError` for an expression where no value can be made safe, and where it is not the same in all
    branches where the text after them stands.
    """
    walk = Walk()
    end = walk.body(body, Place())
    if end is not None and end.unfinished and walk.last is not None:
        raise walk.last.source.error(
            f"The template ends within {end.unfinished}", walk.last.start, walk.last.end
        )
    return walk.names


@dataclass(slots=True)
class _Loop:
    """Where ``break`` and ``continue`` of a loop leave the page."""

    begun: Place
    left: list[Place] = field(default_factory=list)


class Walk:
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


def _found(node: Text, problem: Problem) -> tuple[int, int]:
    """Where in the source the text is that is wrong. White space may have been filtered, so it is looked for."""
    line = (problem.said or problem.text[problem.at :]).strip().partition("\n")[0]
    at = node.source.text.find(line[:40], node.start, node.end) if line else -1
    return (at, at + len(line)) if at >= 0 else (node.start, node.end)
