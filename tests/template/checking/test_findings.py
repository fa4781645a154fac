"""How findings are told."""

import pytest

from tests.template.reading import read
from tornadolike.template.checking.findings import Finding, at, from_error


def finding(line: int, column: int, end_column: int, text: str) -> Finding:
    return Finding("a.html", line, column, end_column, "error", "name", "wrong", text)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (finding(2, 4, 7, "ab cde"), "a.html:2:4: error: wrong [name]\n    ab cde\n       ^~~"),
        (finding(2, 2, 3, "\tä"), "a.html:2:2: error: wrong [name]\n    \tä\n    \t^"),
        (finding(1, 1, 99, "ab  "), "a.html:1:1: error: wrong [name]\n    ab\n    ^~~~"),
        (finding(3, 1, 1, "  "), "a.html:3:1: error: wrong [name]"),
        (finding(0, 0, 0, ""), "a.html: error: wrong [name]"),
    ],
)
def test_a_finding_is_said_as_compilers_do(found: Finding, said: str) -> None:
    assert str(found) == said


def test_they_are_in_the_order_of_files_lines_and_columns() -> None:
    places = [(10, 1), (2, 1), (1, 10), (1, 2)]
    found = [finding(line, column, column + 1, "") for line, column in places]
    assert sorted(found) == found[::-1]


def test_of_a_tag_in_several_lines_the_first_is_marked() -> None:
    (node,) = read("{% set a =\n  1 %}").body
    found = at(node, "warning", "lost", "wrong")
    assert (found.path, found.line, found.column, found.end_column) == ("/site/page.html", 1, 1, 11)
    assert found.text == "{% set a ="


def test_an_error_of_several_lines_is_marked_to_the_end_of_its_first() -> None:
    error = SyntaxError("wrong", ("a.html", 1, 2, "abcd\n", 3, 1))
    assert from_error(error, "b.html") == Finding(
        "b.html", 1, 2, 5, "error", "syntax", "wrong", "abcd"
    )


def test_an_error_without_a_place_is_about_the_file() -> None:
    found = from_error(SyntaxError("wrong"), "a.html")
    assert str(found) == "a.html: error: wrong [syntax]"
