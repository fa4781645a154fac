"""Where in a style sheet a value stands."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.template.contexts.problem import Problem
from tornadolike.template.contexts.style import Style

# A function whose name only ends in url is taken for it if a template cuts it there.
PIECES = [*"\"'/*\\(){};: \n", "a ", "/*", "*/", "url(", "u", "rl(", "URL( '", "\\'", "?", "//"]


@pytest.mark.parametrize(
    ("text", "escaper"),
    [
        ("a: ", "style"),
        ("a: 'b", "style_string"),
        ("a: 'b\\' ", "style_string"),
        ("a: 'b' ", "style"),
        ("/* ' */ a: ", "style"),
        ("url(", "style_url"),
        ("URL( ", "style_url"),
        ("url('", "style_url"),
        ("url(a", "style_url_rest"),
        ("url(/a", "style_url_path"),
        ("url(/a?", "style_url_path"),
        ("url(/a) ", "style"),
        ("curl(", "style"),
    ],
)
def test_the_place_says_which_escaper(text: str, escaper: str) -> None:
    assert Style().feed(text).escaper == escaper


@pytest.mark.parametrize(
    ("text", "message"), [("/* a", "comment"), ("'\\", "backslash"), ("url(javascript:", "safe")]
)
def test_nothing_makes_it_safe(text: str, message: str) -> None:
    with pytest.raises(Problem, match=message):
        _ = Style().feed(text).escaper


def test_branches_meet_in_the_same_place_only() -> None:
    assert Style().feed("a").joined(Style().feed("b: c;")) == Style()
    assert Style().feed("'").joined(Style()) is None
    assert Style().feed("'").joined(Style().feed('"')) is None


@pytest.mark.parametrize(
    ("text", "unfinished"),
    [("a", ""), ("'a", "a string of a style sheet"), ("/*", "a comment of a style sheet")],
)
def test_what_is_not_ended(text: str, unfinished: str) -> None:
    assert Style().feed(text).unfinished == unfinished


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.lists(st.integers(0, 40), max_size=3))
def test_it_does_not_matter_how_text_is_cut(pieces: list[str], cuts: list[int]) -> None:
    text = "".join(pieces)
    edges = [0, *sorted(cuts), len(text)]
    place = Style()
    for start, end in itertools.pairwise(edges):
        place = place.feed(text[start:end])
    assert place == Style().feed(text)
