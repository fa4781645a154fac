"""Places in a template's text."""

import traceback

import pytest

from tornadolike.template.errors import ParseError
from tornadolike.template.nodes import Source

TEXT = "first\n  {{ é x }}\r\nthird\rfourth"


def place(start: int, end: int) -> tuple[int | None, str | None, int | None, int | None]:
    error = Source("page.html", "/site/page.html", TEXT).error("wrong", start, end)
    assert error.end_lineno == error.lineno
    return error.lineno, error.text, error.offset, error.end_offset


@pytest.mark.parametrize(
    ("marked", "place_of_it"),
    [
        ("first", (1, "first", 1, 6)),
        ("é x", (2, "  {{ é x }}", 6, 9)),
        ("third", (3, "third", 1, 6)),
        ("fourth", (4, "fourth", 1, 7)),
        ("x }}\r\nthird", (2, "  {{ é x }}", 8, 12)),
    ],
)
def test_errors_have_a_place(marked: str, place_of_it: tuple[int, str, int, int]) -> None:
    start = TEXT.index(marked)
    assert place(start, start + len(marked)) == place_of_it


def test_what_is_missing_is_behind_the_last() -> None:
    assert place(len(TEXT), len(TEXT)) == (4, "fourth", 7, 8)


def test_a_traceback_shows_it() -> None:
    start = TEXT.index("é x")
    error = Source("page.html", "/site/page.html", TEXT).error("wrong", start, start + 3)
    assert isinstance(error, ParseError)
    assert str(error) == "wrong at /site/page.html:2"
    shown = "".join(traceback.format_exception_only(error)).splitlines()
    assert shown[:3] == ['  File "/site/page.html", line 2', "    {{ é x }}", "       ^^^"]
    assert shown[3].endswith("ParseError: wrong")
