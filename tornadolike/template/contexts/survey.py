"""Where ``xhtml_escape`` is not what an expression needs by its place, for the check of templates."""

import ast
from dataclasses import dataclass
from typing import Final

from ..nodes import XHTML_ESCAPE, Node, Output, Text
from .page import Place
from .problem import Problem
from .walk import Walk


@dataclass(slots=True, frozen=True)
class Unsafe:
    """An expression that ``xhtml_escape`` does not make safe where it stands.

    :ivar output: the expression.
    :ivar why: what is wrong with it and what to write instead, as a sentence.
    """

    output: Output
    why: str


def unsafe_outputs(body: list[Node]) -> list[Unsafe]:
    """The expressions under ``autoescape="xhtml_escape"`` that it does not make safe where they stand.

    ``body`` may be linked or as the parser gave it (then all of it is taken to be under ``xhtml_escape``, and what is
    included to leave its place as it was). It does not raise for what it cannot tell.
    """
    walk = _Survey()
    walk.body(body, Place())
    return list(walk.unsafe.values())


class _Survey(Walk):
    """A walk that says what is unsafe, and passes over what it cannot tell."""

    def __init__(self) -> None:
        super().__init__()
        self.autoescape = XHTML_ESCAPE
        self.unsafe: dict[int, Unsafe] = {}

    def text(self, node: Text, place: Place) -> Place:
        return place.fed_anyway(node.value)

    def output(self, node: Output, place: Place) -> None:
        if node.kind != "escaped" or self.autoescape != XHTML_ESCAPE or _is_number(node.expression):
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
