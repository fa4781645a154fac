""":class:`RuleTable`: the few rules, out of many, that a path need be tried with.

Rules answer in the order in which they stand; the first that matches counts. To try them one after the other takes
the longer the more there are. But most patterns tell how a path has to begin: ``/about`` is one text,
``/story/([0-9]+)`` is for paths below ``/story/``. So for a path those rules are picked that

- are a text, and it is this path, or
- are for paths below a place (a text up to a slash), and this path is below it, or
- are typed paths, whose segments may be this path's (:mod:`.tree`), or
- tell nothing: patterns like ``.*``, matchers of the author's, hosts,

in their order, and tried as if there were no others. Picking is a few look-ups: the rules for all that is below
a place, and below those above it, are picked once. Nothing is kept per path that a client can make up.
"""

from collections.abc import Sequence
from typing import Final, Generic, TypeVar

from . import patterns
from .below import Below
from .changes import changes
from .matchers import PathMatches, is_made_here
from .rules import Rule
from .tree import PathTree, Places
from .typed import Segment, TypedPath

T = TypeVar("T")

_EVERYWHERE: Final = ""
_KEPT_PER_RULE: Final = 4


class RuleTable(Generic[T]):
    """What :func:`RuleTable.candidates` picks of ``rules``, as they are now.

    :arg items: what stands for each of the rules.
    """

    def __init__(self, rules: Sequence[Rule], items: Sequence[T]) -> None:
        self.made_at = changes.count
        """Good as long as there are no more changes than these."""
        self._items = tuple(items)
        self._texts: dict[str, list[int]] = {}
        self._places: dict[str, list[int]] = {_EVERYWHERE: []}
        self._picked_for_text: dict[str, tuple[T, ...]] = {}
        self._picked_below: dict[str, tuple[T, ...]] = {}
        self._picked_in_tree: dict[tuple[str, str, tuple[Places, ...]], tuple[T, ...]] = {}
        self._tree: PathTree | None = None
        for position, rule in enumerate(rules):
            self._put(position, rule)
        self._longest_place = max(map(len, self._places))

    def _put(self, position: int, rule: Rule) -> None:
        place = _EVERYWHERE
        matcher = rule.matcher
        if isinstance(matcher, TypedPath) and is_made_here(matcher, TypedPath):
            self._put_typed(position, matcher.segments)
            return
        if isinstance(matcher, Below) and is_made_here(matcher, Below):
            self._texts.setdefault(matcher.prefix, []).append(position)
            place = f"{matcher.prefix}/"
        elif isinstance(matcher, PathMatches) and is_made_here(matcher, PathMatches):
            texts = patterns.texts(matcher.regex)
            if texts:
                for text in texts:
                    self._texts.setdefault(text, []).append(position)
                return
            prefix = patterns.prefix(matcher.regex)
            place = prefix[: prefix.rfind("/") + 1]
        self._places.setdefault(place, []).append(position)

    def _put_typed(self, position: int, segments: Sequence[Segment]) -> None:
        texts = [segment for segment in segments if isinstance(segment, str)]
        if len(texts) == len(segments):
            self._texts.setdefault("/".join(texts), []).append(position)
            return
        if self._tree is None:
            self._tree = PathTree()
        self._tree.add(segments, position)

    @property
    def items(self) -> tuple[T, ...]:
        """What stands for the rules, in their order."""
        return self._items

    @property
    def texts(self) -> frozenset[str]:
        """The paths that are rules by themselves."""
        return frozenset(self._texts)

    def candidates(self, path: str) -> tuple[T, ...]:
        """The items of all rules that may match ``path``, in their order."""
        if self._tree is not None:
            reached = self._tree.reached(path)
            if reached:
                return self._candidates_in_tree(path, reached)
        if path in self._texts:
            picked = self._picked_for_text.get(path)
            if picked is None:
                picked = self._pick(self._place_of(path), self._texts[path])
                self._picked_for_text[path] = picked
            return picked
        place = self._place_of(path)
        picked = self._picked_below.get(place)
        if picked is None:
            picked = self._picked_below[place] = self._pick(place, [])
        return picked

    def _candidates_in_tree(self, path: str, reached: tuple[Places, ...]) -> tuple[T, ...]:
        text = path if path in self._texts else ""
        key = text, self._place_of(path), reached
        picked = self._picked_in_tree.get(key)
        if picked is None:
            more = [position for places in reached for position in places]
            picked = self._pick(key[1], [*more, *self._texts.get(text, ())])
            # Clients choose which places are combined: of many rules these may be very many.
            if len(self._picked_in_tree) < _KEPT_PER_RULE * len(self._items):
                self._picked_in_tree[key] = picked
        return picked

    def _place_of(self, path: str) -> str:
        """The innermost of the places that this path is below."""
        places = self._places
        slash = path.rfind("/", 0, self._longest_place)
        while slash >= 0:
            place = path[: slash + 1]
            if place in places:
                return place
            slash = path.rfind("/", 0, slash)
        return _EVERYWHERE

    def _pick(self, place: str, more: list[int]) -> tuple[T, ...]:
        positions = [*more, *self._places[_EVERYWHERE]]
        slash = place.find("/")
        while slash >= 0:
            positions += self._places.get(place[: slash + 1], ())
            slash = place.find("/", slash + 1)
        return tuple([self._items[position] for position in sorted(positions)])
