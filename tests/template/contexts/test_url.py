"""Which part of an address is reached, and what that means for a value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.template.contexts.problem import Problem
from tornadolike.template.contexts.url import Url

PIECES = [
    *"/:?#, a=;'",
    "http",
    "java",
    "script",
    "data:image/png,",
    "data:text",
    "url",
    "\n",
    "\x01",
    "é",
]


@pytest.mark.parametrize(
    ("text", "escaper"),
    [
        ("", "url"),
        (" \n", "url"),
        ("a", "url_rest"),
        ("http:", "url_path"),
        ("//host", "url_path"),
        ("a/b:c", "url_path"),
        ("?", "url_query"),
        ("a#", "url_query"),
        ("a?b/c", "url_query"),
        ("data:image/png,", "url_path"),
    ],
)
def test_the_part_says_which_escaper(text: str, escaper: str) -> None:
    assert Url().feed(text).escaper == escaper


@pytest.mark.parametrize(
    "text", ["javascript:", "JavaScript:", " java\nscript:", "vbscript:a", "data:text/html,"]
)
def test_nothing_makes_a_script_safe(text: str) -> None:
    with pytest.raises(Problem, match="nothing can be made safe"):
        _ = Url().feed(text).escaper


def test_what_browsers_drop_is_no_path() -> None:
    for dropped in ("", "\t", "\r\n"):
        assert Url().feed("/").feed(dropped).escaper == "url_root"
    assert Url().feed("/").feed("a").escaper == "url_path"


def test_each_address_of_a_list_begins_anew() -> None:
    assert Url("list").feed("a.png 2x, ").escaper == "url_list"
    assert Url("list").feed("/a.png ").escaper == "url_query"


def test_a_refresh_has_seconds_before_its_address() -> None:
    before = Url("refresh", "before").feed("5; u")
    with pytest.raises(Problem, match="In front of url="):
        _ = before.escaper
    assert before.feed("rl = '").escaper == "url"


@pytest.mark.parametrize(
    ("one", "two", "escaper"),
    [
        ("", "", "url"),
        ("", "a", "url_rest"),
        ("/", "a", "url_rest"),
        ("/", "/a/", "url_root"),
        ("/b", "/a/", "url_path"),
        ("?", "#", "url_query"),
    ],
)
def test_where_branches_meet(one: str, two: str, escaper: str) -> None:
    for first, second in ((one, two), (two, one)):
        joined = Url().feed(first).joined(Url().feed(second))
        assert joined is not None
        assert joined.escaper == escaper


def test_branches_of_which_one_is_a_script() -> None:
    joined = Url().feed("/a").joined(Url().feed("javascript:"))
    assert joined is not None
    with pytest.raises(Problem, match="begins with javascript:"):
        _ = joined.escaper


def test_a_scheme_that_branches_may_make_together_is_not_lost() -> None:
    joined = Url().feed("x").joined(Url().feed("javascript"))
    assert joined is not None
    with pytest.raises(Problem):
        _ = joined.feed(":").escaper


@pytest.mark.parametrize("kind", ["url", "list", "animated"])
@given(st.lists(st.sampled_from(PIECES), max_size=8), st.integers(0, 8))
def test_it_does_not_matter_how_text_is_cut(kind: str, pieces: list[str], cut: int) -> None:
    whole = Url(kind).feed("".join(pieces))
    parts = Url(kind).feed("".join(pieces[:cut])).feed("".join(pieces[cut:]))
    assert parts.part == whole.part
