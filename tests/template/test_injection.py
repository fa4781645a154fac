"""Hostile data never leaves its place: pages are parsed by a real HTML parser, and have the shape they always have."""

import json
import re
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.template.hostile import HOSTILE, ORDINARY, SPECIAL
from tornadolike.template import Template
from tornadolike.template.contexts import unsafe_outputs
from tornadolike.template.escaping import URL_SCHEMES
from tornadolike.template.nodes import Source
from tornadolike.template.parser import parse

pytestmark = pytest.mark.once

PLACES = ORDINARY | SPECIAL
CONTEXTUAL = {name: Template(text, autoescape="contextual") for name, text in PLACES.items()}
DEFAULT = {name: Template(text) for name, text in ORDINARY.items()}

ANYTHING = st.text(
    st.sampled_from("<>\"'`/\\=;:&#-!?[]{}()$*,. \t\r\n\0\u2028jaonscript"), max_size=20
)

# What an author does not write: half of "javascript", a dash and an end of a comment around an expression.
EXOTIC = {"rest of a word", "comment with a mark"}

# Attributes with addresses in these pages, and the characters that browsers drop from the beginning and from within.
ADDRESSES = {"href", "src", "action", "formaction", "to", "{http://www.w3.org/1999/xlink}href"}
SCHEME = re.compile(r"[\x00-\x20]*([A-Za-z][A-Za-z0-9+.-]*):")


def parsed(page: bytes) -> Element:
    return html5lib.parse(page.decode(), namespaceHTMLElements=False)


def shape(element: Element) -> Any:
    """An element's name, its attributes' names, its children's shapes (comments are children, too), what is behind."""
    tag = element.tag if isinstance(element.tag, str) else "comment"
    return tag, sorted(element.attrib), [shape(child) for child in element], element.tail


def rendered(template: Template, value: object) -> bytes:
    return template.generate(x=value)


def check(template: Template, value: str) -> None:
    page = rendered(template, value)
    tree = parsed(page)
    assert shape(tree) == shape(parsed(rendered(template, "harmless"))), page
    for element in tree.iter():
        for name in ADDRESSES & set(element.attrib):
            address = re.sub(r"[\t\r\n]", "", element.attrib[name])
            found = SCHEME.match(address)
            assert found is None or found[1].lower() in URL_SCHEMES, page


def check_all(template: Template) -> None:
    for value in HOSTILE:
        check(template, value)


@pytest.mark.parametrize("name", CONTEXTUAL)
def test_hostile_data_by_context(name: str) -> None:
    check_all(CONTEXTUAL[name])


@pytest.mark.parametrize("name", DEFAULT)
def test_hostile_data_by_default(name: str) -> None:
    check_all(DEFAULT[name])


@given(st.sampled_from(sorted(CONTEXTUAL)), ANYTHING)
@settings(max_examples=300)
def test_any_data_by_context(name: str, value: str) -> None:
    check(CONTEXTUAL[name], value)


@given(st.sampled_from(sorted(DEFAULT)), ANYTHING)
def test_any_data_by_default(name: str, value: str) -> None:
    check(DEFAULT[name], value)


@pytest.mark.parametrize("name", PLACES)
def test_the_survey_knows_where_the_default_is_right(name: str) -> None:
    tree = parse(Source("x", "x", PLACES[name]), "all", "xhtml_escape")
    assert bool(unsafe_outputs(tree.body)) == (name in SPECIAL.keys() - EXOTIC)


def test_the_default_is_not_right_elsewhere() -> None:
    """The check above can fail: this is what it would see."""
    for name in ("no quotes", "address", "animation", "comment with a mark"):
        template = Template(SPECIAL[name], autoescape="xhtml_escape")
        with pytest.raises(AssertionError):
            check_all(template)


# What a parser makes of text that has no meaning in HTML.
ALIKE = [
    value
    for value in HOSTILE
    if not re.search(r"[\0\r\x01-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffe\uffff]", value)
]


@pytest.mark.parametrize("mode", ["contextual", "xhtml_escape"])
def test_data_comes_through_whole(mode: str) -> None:
    quoted = Template(
        "<title>{{ x }}.</title><p id=\"{{ x }}\" class='{{ x }}'>{{ x }}</p>", autoescape=mode
    )
    for value in ALIKE:
        tree = parsed(rendered(quoted, value))
        paragraph = element(tree, "p")
        assert element(tree, "title").text == f"{value}."
        found = (paragraph.text or "", paragraph.get("id"), paragraph.get("class"))
        assert found == (value,) * 3


def test_data_without_quotes_comes_through_whole() -> None:
    unquoted = Template("<b id={{ x }} class=a{{ x }}>", autoescape="contextual")
    for value in ALIKE:
        bold = element(parsed(rendered(unquoted, value)), "b")
        assert (bold.get("id"), bold.get("class")) == (value, f"a{value}")


def test_scripts_get_the_value_itself() -> None:
    plain = Template("<script type='application/json'>{{ x }}</script>", autoescape="contextual")
    in_svg = Template("<svg><script type=importmap>{{ x }}</script></svg>", autoescape="contextual")
    for value in [*HOSTILE, 1, -1.5, None, True, [1, "</script>"], {"<!--": ["a'b"]}]:
        for template in (plain, in_svg):
            assert json.loads(script_in(template.generate(x=value))) == value


def test_strings_in_scripts_get_the_value_itself() -> None:
    template = Template(
        "<script type='application/json'>\"{{ x }}\"</script>", autoescape="contextual"
    )
    for value in HOSTILE:
        assert json.loads(script_in(template.generate(x=value))) == value


def script_in(page: bytes) -> str:
    return element(parsed(page), "script").text or ""


def element(tree: Element, name: str) -> Element:
    """The first element of that name, in SVG or not."""
    return next(found for found in tree.iter() if str(found.tag).rpartition("}")[2] == name)
