"""Where in a script a value stands."""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tornadolike.template import Template
from tornadolike.template.contexts.problem import Problem
from tornadolike.template.contexts.script import Script

PIECES = [
    *"\"'`/{}\\*$[]();=+-.\n<! a1",
    "//",
    "/*",
    "*/",
    "${",
    "return",
    "++",
    "<!--",
    "-->",
    "\u2028",
]


@pytest.mark.parametrize(
    ("text", "mode", "escaper"),
    [
        ("a = ", "code", "script"),
        ("a = 'b", "string", "script_string"),
        ("a = `b${'`'}", "string", "script_string"),
        ("a = `b${ {c: ", "code", "script"),
        ("/[/", "class", "script_string"),
        ("/a", "regex", "script_regex"),
        ("a /b/ c", "code", "script"),
        ("typeof /b/", "code", "script"),
        ("{ } \n", "code", "script"),
    ],
)
def test_the_place_says_which_escaper(text: str, mode: str, escaper: str) -> None:
    place = Script().feed(text)
    assert (place.mode, place.escaper) == (mode, escaper)


def test_values_of_json_are_json() -> None:
    assert Script(is_json=True).feed('{"a": ').escaper == "json_data"


@pytest.mark.parametrize(
    ("text", "slash"),
    [
        ("a", "division"),
        ("1", "division"),
        ("'a'", "division"),
        ("]", "division"),
        ("=", "regex"),
        ("return", "regex"),
        ("a.return", "division"),
        ("returned", "division"),
        ("+", "regex"),
        ("++", "doubtful"),
        (")", "doubtful"),
        ("}", "doubtful"),
    ],
)
def test_what_a_slash_would_be(text: str, slash: str) -> None:
    assert Script().feed(text).slash == slash


@pytest.mark.parametrize(
    ("text", "unfinished"),
    [
        ("a", ""),
        ("// a", ""),
        ("'a", "a string of a script"),
        ("/* a", "a comment of a script"),
        ("/a", "a regular expression of a script"),
        ("`${", "${ of a script"),
    ],
)
def test_what_is_not_ended(text: str, unfinished: str) -> None:
    assert Script().feed(text).unfinished == unfinished


def test_branches_meet_in_the_same_place_only() -> None:
    one, two = Script().feed("a"), Script().feed("b = ")
    joined = one.joined(two)
    assert joined is not None
    assert joined.slash == "doubtful"
    assert one.joined(Script().feed("'")) is None


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.lists(st.integers(0, 40), max_size=3))
@example(["return", " " * 30, "/"], [2, 20, 36])
@example(["a" * 30, "return"], [32])
@example(["a.return"], [2])
def test_it_does_not_matter_how_text_is_cut(pieces: list[str], cuts: list[int]) -> None:
    text = "".join(pieces)
    place = Script()
    try:
        whole = Script().feed(text)
        for start, end in itertools.pairwise([0, *sorted(cuts), len(text)]):
            place = place.feed(text[start:end])
    except Problem:
        return
    assert place == whole


def test_a_word_that_a_comment_cuts_is_one_word() -> None:
    template = Template("<script>re{# #}turn /'/ + {{ x }}</script>", autoescape="contextual")
    assert template.generate(x="a") == b'<script>return /\'/ + "a"</script>'
