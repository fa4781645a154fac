"""Lines of compiled code, and the files that they stand for."""

import ast

from tests.template.reading import read
from tornadolike.template.nodes import Inlined, Source
from tornadolike.template.positions import Places, moved

PAGE = Source("page.html", "/site/page.html", "a\n\n{% include part.html %}")
PART = Source("part.html", "/site/part.html", "b\n{% include inner.html %}")


def inlined(source: Source, start: int, of: str) -> Inlined:
    return Inlined(source, start, start + 1, None, read(of).body)


def test_the_outermost_file_has_its_own_lines() -> None:
    places = Places()
    assert places.enter(Inlined(PAGE, 0, 0, None, []), None).lines_before == 0
    segment, line = places.find(3)
    assert (segment.source, line, segment.via) == (PAGE, 3, "")


def test_other_files_have_lines_behind_these_and_tell_the_way() -> None:
    places = Places()
    outermost = places.enter(Inlined(PAGE, 0, 0, None, []), None)
    first = places.enter(inlined(PAGE, 3, "b"), outermost)
    second = places.enter(inlined(PART, 2, "c"), first)
    assert [first.lines_before, second.lines_before] == [3, 4]  # as many as stand before them
    assert places.find(4) == (first, 1)
    assert places.find(5) == (second, 1)
    assert second.via == " (via part.html:2, page.html:3)"
    assert places.find(9)[0] is second  # lines that nobody has are the last one's


def test_what_is_moved_is_a_copy() -> None:
    tree = ast.parse("f(a, *b, c=[d for d in e], **{**g})").body[0]
    before = ast.dump(tree, include_attributes=True)
    other = moved(tree, 2)
    assert ast.dump(tree, include_attributes=True) == before
    assert ast.dump(other) == ast.dump(tree)
    lines = {node.lineno for node in ast.walk(other) if hasattr(node, "lineno")}
    assert lines == {3}


def test_in_the_first_file_nothing_moves() -> None:
    tree = ast.parse("a")
    assert moved(tree, 0) is tree
