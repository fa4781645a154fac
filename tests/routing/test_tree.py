"""Typed paths by their segments."""

from hypothesis import given
from hypothesis import strategies as st

from tornadolike.routing import TypedPath
from tornadolike.routing.tree import PathTree

PATHS = [
    "/",
    "/a",
    "/a/b",
    "/{x}",
    "/{x}/b",
    "/a/{x}",
    "/{x}/{y}",
    "/a/{p:path}",
    "/{p:path}/b",
    "/{x}/{p:path}",
]


def tree_of(*typed: str) -> PathTree:
    tree = PathTree()
    for place, one in enumerate(typed):
        tree.add(TypedPath(one).segments, place)
    return tree


def reached(tree: PathTree, path: str) -> list[int]:
    return sorted(place for places in tree.reached(path) for place in places)


def test_where_a_path_leads() -> None:
    tree = tree_of(*PATHS)
    for path, places in (
        ("/", [0, 3, 8, 9]),
        ("/a", [1, 3, 7, 8, 9]),
        ("/a/b", [2, 4, 5, 6, 7, 8, 9]),
        ("/a/c", [5, 6, 7, 8, 9]),
        ("/c/b", [4, 6, 8, 9]),
        ("/a/b/c", [7, 8, 9]),
        ("/c/c/c", [8, 9]),
        ("*", []),
    ):
        assert reached(tree, path) == places, path
    assert reached(PathTree(), "/a") == []


@given(
    st.lists(st.sampled_from(PATHS), max_size=6),
    st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=4).map(
        lambda words: f"/{'/'.join(words)}"
    ),
)
def test_whoever_matches_is_reached_once(typed: list[str], path: str) -> None:
    places = reached(tree_of(*typed), path)
    assert len(places) == len(set(places))
    matching = {place for place, one in enumerate(typed) if TypedPath(one).values(path) is not None}
    assert matching <= set(places)


def test_each_list_of_places_is_a_key_of_its_own() -> None:
    tree = tree_of("/a", "/b")
    (one,), (same,), (other,) = tree.reached("/a"), tree.reached("/a"), tree.reached("/b")
    other[:] = one
    assert one is same
    assert len({one, same, other}) == 2
