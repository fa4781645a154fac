"""Where in the source something is."""

import functools
import os

import pytest

from tornadolike.cli.routing.places import place_of, shown_place
from tornadolike.web import Application


def plain():
    pass


@functools.wraps(plain)
def around():
    pass


class Thing:
    def method(self):
        pass


def line_of(text):
    with open(__file__) as file:
        return next(number for number, line in enumerate(file, 1) if line.startswith(text))


@pytest.mark.parametrize(
    ("thing", "begins"),
    [
        (plain, "def plain"),
        (around, "def plain"),
        (Thing, "class Thing"),
    ],
)
def test_places(thing, begins):
    assert place_of(thing) == (__file__, line_of(begins))


def test_a_function_as_a_handler():
    app = Application()
    app.get("/plain")(lambda handler: "x")
    app.get("/x")(named)
    classes = [rule.target for rule in app.wildcard_router.rules]
    assert place_of(classes[1]) == (__file__, line_of("def named"))


def named(handler):
    return "x"


def test_what_has_no_source():
    assert place_of(int) is None
    assert place_of(len) is None
    assert shown_place(None) == ""


def test_how_they_are_shown(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    here = str(tmp_path / "a" / "b.py")
    assert shown_place((here, 3)) == f"a{os.sep}b.py:3"
    assert shown_place(("/elsewhere/b.py", 3)) == "/elsewhere/b.py:3"
