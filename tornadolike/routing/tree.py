""":class:`PathTree`: typed paths by their segments.

A path is looked up segment by segment. At each one there are two ways to go on: that of the paths which have this very
text there, and that of those which have a parameter. So the work depends on how long a path is and on how many ways it
has, not on how many paths there are. What the tree tells is cautious: what it leaves out cannot match, what it gives
may.
"""

from collections.abc import Sequence

from .typed import REST, Segment


class Node:
    """Where the paths go on that have begun alike."""

    __slots__ = ("anything", "ends", "rest", "texts")

    def __init__(self) -> None:
        self.texts: dict[str, Node] = {}
        self.anything: Node | None = None
        self.ends = Places()
        """Of the paths that end here."""
        self.rest = Places()
        """Of the paths for which the rest may be anything."""


class Places(list[int]):
    """Where rules stand, in their order. Each list is a key of its own, whatever is in it."""

    __hash__ = object.__hash__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return self is other


class PathTree:
    """The typed paths of a table."""

    def __init__(self) -> None:
        self._root = Node()
        self._depth = 0

    def add(self, segments: Sequence[Segment], place: int) -> None:
        """Add what has these segments (:attr:`.TypedPath.segments`)."""
        self._depth = max(self._depth, len(segments))
        node = self._root
        for segment in segments:
            if segment is REST:
                node.rest.append(place)
                return
            if segment is None:
                if node.anything is None:
                    node.anything = Node()
                node = node.anything
            else:
                node = node.texts.setdefault(segment, Node())
        node.ends.append(place)

    def reached(self, path: str) -> tuple[Places, ...]:
        """Where all rules stand that may match ``path``."""
        root = self._root
        found = [root.rest] if root.rest else []
        # What is longer than all paths ends in a piece that no text is equal to.
        _follow(root, path.split("/", self._depth), 0, found)
        return tuple(found)


def _follow(node: Node, segments: list[str], start: int, found: list[Places]) -> None:
    """Go from ``node`` wherever the segments from ``start`` on lead."""
    for index, segment in enumerate(segments[start:], start):
        child = node.texts.get(segment)
        anything = node.anything
        if child is None:
            if anything is None:
                return
            node = anything
        else:
            if anything is not None:
                if anything.rest:
                    found.append(anything.rest)
                _follow(anything, segments, index + 1, found)
            node = child
        if node.rest:
            found.append(node.rest)
    if node.ends:
        found.append(node.ends)
