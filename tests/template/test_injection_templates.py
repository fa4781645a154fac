"""Whatever a template is made of: it is refused, or hostile data leaves the shape of its pages as it is."""

from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.template.hostile import HOSTILE
from tornadolike.template import ParseError, Template

pytestmark = pytest.mark.once

# Halves of tags, attributes, addresses, scripts and style sheets, in any order. There is no SVG: in it a title, a
# script and a style sheet may hold elements, which no template means and the place in them does not know.
PIECES = [
    *("<", ">", "/", "=", "'", '"', "!", "-", "--", "?", "&", " ", "\n", "a", ":", "#", ";", ","),
    *("</", "/>", "<b>", "</b>", "<p class=", ' title="', "<a href=", "<a href='", '<a href="', "'>", '">'),
    *("<!--", "-->", "--!>", "<title>", "</title>", "<textarea>", "</textarea>", "<noscript>", "</noscript>"),
    *("<style>", "</style>", "<script>", "</script>", "<script type=text/html>", "<iframe srcdoc='", "</iframe>"),
    *("<img srcset='", "<p style='", "<p onclick='", '<p onclick="', "<object data='", "<form action="),
    *("java", "script", "javascript:", "http", "data:", "data:image/", "url(", "url('", "(", ")", "{", "}"),
    *("f(", "var a = ", "//", "/*", "*/", "\\", "`", "${", "return ", "<!doctype html>", "<?x", "</p>", "<table>"),
]  # fmt: skip
TAGS = ["{% if x %}", "{% else %}", "{% for i in 'ab' %}", "{% end %}"]
ENDS = [
    "",
    ">",
    "'>",
    '">',
    "</script>",
    "'</script>",
    "</style>",
    ")</style>",
    "-->",
    "{% end %}",
    "{% end %}'>",
]
VALUES = [*(value for value in HOSTILE if value.strip()), "javascript"]

# Beginnings of the places that few random pieces get to.
ADDRESSES = ["<a href='", "<a href=", "<object data='", "<form action='"]
PARTS = [
    ":",
    "/",
    "?",
    "#",
    "java",
    "script",
    "http",
    "data:",
    "image/",
    "{% if x %}",
    "{% else %}",
    "{% end %}",
]


def shape(element: Element) -> Any:
    """An element's name, its attributes' names, its children's shapes; comments are children, too."""
    tag = element.tag if isinstance(element.tag, str) else "comment"
    return tag, sorted(element.attrib), [shape(child) for child in element]


def shape_of(page: bytes, *, scripting: bool) -> Any:
    return shape(html5lib.parse(page, namespaceHTMLElements=False, scripting=scripting))


def schemes(page: bytes) -> set[str]:
    """The beginnings of addresses that run what follows."""
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    values = (e.attrib.get(name, "") for e in tree.iter() for name in ("href", "action", "data"))
    dropped = dict.fromkeys(range(0x21))
    found = {value.translate(dropped).lower().partition(":")[0] for value in values if ":" in value}
    return found & {"javascript", "vbscript", "data"}


def made_of(pieces: list[str]) -> st.SearchStrategy[str]:
    output = st.just("{{ x }}")
    pieces_of_text = st.sampled_from(pieces)
    return st.lists(output | pieces_of_text | pieces_of_text, min_size=2, max_size=9).map("".join)


@given(made_of(PIECES + TAGS), st.sampled_from(ENDS), st.sets(st.sampled_from(VALUES), min_size=3))
@settings(max_examples=400)
def test_random_templates(text: str, end: str, values: set[str]) -> None:
    check(f"<body><p>{text}{end}", values)


@given(st.sampled_from(ADDRESSES), made_of(PARTS), st.sets(st.sampled_from(VALUES), min_size=3))
def test_random_addresses(opening: str, text: str, values: set[str]) -> None:
    check(f"{opening}{text}'>", {*values, "javascript"})


def check(text: str, values: set[str]) -> None:
    try:
        template = Template(text, autoescape="contextual")
    except ParseError:
        return
    harmless = template.generate(x="harmless")
    for value in values:
        page = template.generate(x=value)
        for scripting in (False, True):
            assert shape_of(page, scripting=scripting) == shape_of(harmless, scripting=scripting)
        assert schemes(page) == schemes(harmless)
