"""Where tags begin and end."""

import ast

import pytest

from tornadolike.template.scanner import OPENING, joined_lines, later_end


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("a{{ b", 1),
        ("a{% b", 1),
        ("a{# b", 1),
        ("{{{ a", 1),
        ("{{{{{% a", 3),
        ("{{", 0),
        ("{", None),
        ("{ {", None),
        ("{a{", None),
    ],
)
def test_openings(text: str, start: int | None) -> None:
    found = OPENING.search(text)
    assert (found and found.start()) == start


@pytest.mark.parametrize(
    ("text", "closing", "taken"),
    [
        ('{{ "}}" }}', "}}", ' "}}" '),
        ("{{ '}}' + f(\"}}\") }} }}", "}}", " '}}' + f(\"}}\") "),
        ('{{ """ }} "" \\""" }} """ }}', "}}", ' """ }} "" \\""" }} """ '),
        ("{{ ''' }} '' ''' }}", "}}", " ''' }} '' ''' "),
        (r"{{ '\'}}' }}", "}}", r" '\'}}' "),
        ("{{ {'a': {'b': 1}} }}", "}}", " {'a': {'b': 1}} "),
        ("{{ {'a': {'b': 1}}}}", "}}", " {'a': {'b': 1}}"),
        ("{{ {'a': 1}}}", "}}", " {'a': 1}"),
        ("{{ f({'a': {}}\n) # it's }}\n }}", "}}", " f({'a': {}}\n) # it's }}\n "),
        ('{% set a = "%}" %}', "%}", ' set a = "%}" '),
        ('{% if a["%}"] %}', "%}", ' if a["%}"] '),
        # no guess over a tag, no guess without an end
        ('{{ "}} {{ " }}', "}}", None),
        ("{{ {'a': {'b': 1}} {% x %} }}", "}}", None),
        ('{{ "}} ', "}}", None),
        ('{{ """}} "" ', "}}", None),
        ("{{ {{1}} ", "}}", None),
        ("{{ [}} ] }}", "}}", None),
        ("{{ ) }} }}", "}}", None),
    ],
)
def test_ends_within_python(text: str, closing: str, taken: str | None) -> None:
    end = later_end(text, 2, text.find(closing, 2), closing)
    assert (None if end is None else text[2:end]) == taken


@pytest.mark.parametrize(
    ("code", "joined"),
    [
        ("a", "a"),
        ("a # b", "a "),
        ("a\n+ b", "a\\\n+ b"),
        ("a # b\r\n# c\n+ d", "a \\\r\n\\\n+ d"),
        ("f(a, # b\n c)\n.d", "f(a, # b\n c)\\\n.d"),
        ("'#' + '''\n''' \\\n+ \"#\"", "'#' + '''\n''' \\\n+ \"#\""),
        ("a\\\r\n+b", "a\\\r\n+b"),
    ],
)
def test_lines_are_joined(code: str, joined: str) -> None:
    assert joined_lines(code) == joined
    assert len(ast.parse(joined).body) == 1
