"""Where in the page each expression of a template stands, known when the template is compiled."""

from dataclasses import dataclass

from .nodes import Node, Output

__all__ = ["Unsafe", "choose_escapers", "unsafe_outputs"]


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
    raise NotImplementedError


def unsafe_outputs(body: list[Node]) -> list[Unsafe]:
    """The expressions under ``autoescape="xhtml_escape"`` that it does not make safe where they stand.

    ``body`` may be linked or as the parser gave it (then all of it is taken to be under ``xhtml_escape``, and what is
    included to leave its place as it was). It does not raise for what it cannot tell.
    """
    raise NotImplementedError
