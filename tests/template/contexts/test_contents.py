"""What elements and attributes hold."""

import pytest

from tornadolike.template.contexts.contents import inner_of, is_markup, joined_inner, script_of
from tornadolike.template.contexts.script import Script
from tornadolike.template.contexts.style import Style
from tornadolike.template.contexts.url import Url


@pytest.mark.parametrize(
    ("element", "attribute", "inner"),
    [
        ("a", "href", Url()),
        ("use", "xlink:href", Url()),
        ("button", "formaction", Url()),
        ("img", "srcset", Url("list")),
        ("link", "imagesrcset", Url("list")),
        ("set", "to", Url("animated")),
        ("p", "to", None),
        ("p", "style", Style()),
        ("p", "onclick", Script()),
        ("p", "@click", Script()),
        ("p", "hx-on::load", Script()),
        ("p", "title", None),
        ("p", "data-href", None),
        ("meta", "content", None),
    ],
)
def test_attributes(element: str, attribute: str, inner: object) -> None:
    assert inner_of(element, attribute, refreshes=False) == inner


def test_the_content_of_a_refresh_is_an_address() -> None:
    assert inner_of("meta", "content", refreshes=True) == Url("refresh", "before")


@pytest.mark.parametrize(
    ("script_type", "script"),
    [
        ("", Script()),
        ("module", Script()),
        ("TEXT/JavaScript", Script()),
        ("application/x-ecmascript; charset=utf-8", Script()),
        ("application/json", Script(is_json=True)),
        ("application/ld+json", Script(is_json=True)),
        ("importmap", Script(is_json=True)),
        ("text/babel", None),
        ("module2", None),
    ],
)
def test_scripts(script_type: str, script: Script | None) -> None:
    assert script_of(script_type) == script
    assert not is_markup(script_type)


@pytest.mark.parametrize(
    "script_type", ["text/html", "text/x-template", "text/ng-template", "x-tmpl"]
)
def test_templates_of_the_pages_own(script_type: str) -> None:
    assert is_markup(script_type)


def test_only_what_is_alike_can_meet() -> None:
    inners = [Url(), Script(), Style()]
    for one in inners:
        for two in inners:
            assert joined_inner(one, two) == (one if one is two else None)
