"""Lines of compiled code, and the files that they stand for."""

import ast

from tests.template.reading import read
from tornadolike.template.nodes import Inlined, Source
from tornadolike.template.positions import SEGMENT, Places, moved

PAGE = Source("page.html", "/site/page.html", "a\n\n{% include part.html %}")
PART = Source("part.html", "/site/part.html", "b\n{% include inner.html %}")


def inlined(source: Source, start: int, of: str) -> Inlined:
    return Inlined(source, start, start + 1, None, read(of).body)


def test_the_outermost_file_has_its_own_lines() -> None:
    places = Places()
    assert places.enter(Inlined(PAGE, 0, 0, None, []), None) == 0
    segment, line = places.find(7)
    assert (segment.source, line, segment.via) == (PAGE, 7, "")


def test_other_files_have_lines_behind_these_and_tell_the_way() -> None:
    places = Places()
    places.enter(Inlined(PAGE, 0, 0, None, []), None)
    first = places.enter(inlined(PAGE, 3, "b"), places.segments[0])
    second = places.enter(inlined(PART, 2, "c"), places.segments[first])
    assert (first, second) == (1, 2)
    segment, line = places.find(2 * SEGMENT + 5)
    assert (segment.source.name, line) == ("page.html", 5)
    assert segment.via == " (via part.html:2, page.html:3)"
    assert places.find(9 * SEGMENT)[0] is segment  # lines that nobody has are the last one's


def test_what_is_moved_is_a_copy() -> None:
    tree = ast.parse("f(a, *b, c=[d for d in e], **{**g})").body[0]
    before = ast.dump(tree, include_attributes=True)
    other = moved(tree, 2)
    assert ast.dump(tree, include_attributes=True) == before
    assert ast.dump(other) == ast.dump(tree)
    lines = {node.lineno for node in ast.walk(other) if hasattr(node, "lineno")}
    assert lines == {2 * SEGMENT + 1}


def test_in_the_first_file_nothing_moves() -> None:
    tree = ast.parse("a")
    assert moved(tree, 0) is tree
