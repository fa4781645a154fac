"""What is raised for a template that is none."""

import copy
import pickle
from collections.abc import Callable

import pytest

from tornadolike.template.errors import ParseError

ERROR = ParseError("wrong", "/site/page.html", 3, 5, "{{ a b }}", 3, 8)


def test_it_says_what_and_where() -> None:
    assert str(ERROR) == "wrong at /site/page.html:3"
    assert str(ParseError("wrong", "page.html", 1)) == "wrong at page.html:1"
    assert isinstance(ERROR, SyntaxError)


@pytest.mark.parametrize("copied", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_a_copy_says_the_same(copied: Callable[[ParseError], ParseError]) -> None:
    other = copied(ERROR)
    assert str(other) == str(ERROR)
    names = ("message", "msg", "filename", "lineno", "offset", "text", "end_lineno", "end_offset")
    assert [getattr(other, name) for name in names] == [getattr(ERROR, name) for name in names]
