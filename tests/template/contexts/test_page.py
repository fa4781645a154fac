"""The place that is known in advance, and the one where a real HTML parser finds what stands there."""

import itertools
from xml.etree.ElementTree import Element

import html5lib
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tornadolike.template.contexts.page import Place
from tornadolike.template.contexts.problem import Problem

PIECES = [
    *("<", ">", "/", "=", "'", '"', "!", "-", "--", "?", "&", " ", "\n", "a", "</", "/>"),
    *("<b", "<b>", "</b>", "<br/>", "<p class=", " id='", ' title="', "<a href=", "<i x", "<!--", "-->", "--!>"),
    *("<title>", "</title>", "<textarea>", "</textarea>", "<style>", "</style>", "<script>", "</script>"),
    *("<script type=text/html>", "</scripty", "</titles>", "<!doctype html>", "<?", "<xmp>", "</xmp >", "<noscript>"),
]  # fmt: skip
MARK = "zqx"

FROM_PARSER = {"title": "words", "textarea": "words", "style": "style", "xmp": "raw"}


def where(page: str) -> set[str]:
    """The kinds of places where a parser finds the mark."""
    return set(found(html5lib.parse(f"<body>{page}", namespaceHTMLElements=False)))


def found(element: Element) -> list[str]:
    if not isinstance(element.tag, str):
        return ["comment"] * (MARK in (element.text or ""))
    kinds = []
    if MARK in element.tag or any(MARK in name for name in element.attrib):
        kinds.append("tag")
    kinds += ["value" for value in element.attrib.values() if MARK in value]
    if MARK in (element.text or ""):
        kinds.append(FROM_PARSER.get(element.tag, "script" if element.tag == "script" else "text"))
    for child in element:
        kinds += found(child)
        kinds += ["text"] * (MARK in (child.tail or ""))
    return kinds


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.integers(0, 60))
@example("<script type=text/html></</script>", 26)
@settings(max_examples=400)
def test_the_place_is_where_a_parser_finds_it(text: str, cut: int) -> None:
    try:
        place = Place().feed(text[:cut]).feed(text[cut:])
        escaper = place.escaper
    except Problem:
        return
    mark, kind = MARK, place.mode
    if kind == "equals":
        mark, kind = f'"{MARK}"', "value"
    if place.in_markup:
        kind = "script"
    if escaper == "comment":
        mark = f" {MARK} "
    # What ends whatever is open: a parser drops tags that are not closed, attributes of end tags, and second ones.
    kinds = [where(text + mark + end) for end in ("", " >", "'>", '">')]
    assert {kind} in kinds or (kind == "value" and kinds == [set()] * 4), (place, kinds)


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.lists(st.integers(0, 40), max_size=4))
def test_it_does_not_matter_how_text_is_cut(pieces: list[str], cuts: list[int]) -> None:
    text = "".join(pieces)
    edges = [0, *sorted(cuts), len(text)]
    place = Place()
    try:
        for start, end in itertools.pairwise(edges):
            place = place.feed(text[start:end])
    except Problem:
        return
    assert place == Place().feed(text)


@pytest.mark.parametrize("cut", [1, 2, 3, 4])
def test_a_comment_of_html_is_seen_in_a_script_wherever_it_is_cut(cut: int) -> None:
    begun = (
        Place().feed('<script>var a = "' + "<!--"[:cut]) if cut < 4 else Place().feed("<script>")
    )
    with pytest.raises(Problem, match="<!-- in a script"):
        begun.feed("<!--"[cut % 4 :])


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_what_is_wrong_is_passed_over(text: str) -> None:
    assert isinstance(Place().fed_anyway(text), Place)
