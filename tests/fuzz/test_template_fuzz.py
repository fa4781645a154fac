"""Templates made by chance: each is a tree, or refused with a place; and what Tornado takes, we take.

As a rule these tests do the same in every run, in a few seconds. With ``TORNADOLIKE_FUZZ_SECONDS=600`` in the
environment they look for something new, each so long.
"""

import ast
import logging
import warnings
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tornado import template as tornado

from tests.fuzz.http1_inputs import SECONDS, examples
from tests.template.reading import read, written
from tornadolike.template.errors import ParseError
from tornadolike.template.nodes import Node, Output, Text
from tornadolike.template.walking import bodies, python_of, walk
from tornadolike.template.whitespace import MODES, filter_whitespace

pytestmark = [pytest.mark.timeout(60 + 3 * SECONDS), pytest.mark.once]

# One in a line; some are no Python, or none that may stand in a tag.
PYTHON = r"""
a
a.b
f(a)
{'a': {'b': 1}}
"}}"
'%}'
'é' + é
f'{a}'
f"{a!r:>{b}}"
a, b
*a, b
lambda: a
a if b else c
[x for x in y]
await a
a # c
'#' # c
(b := 1)
a[1:2]
b'c'
a;
'\''
'''c'''
None
x, (y, z)

a b
a)
(a
'a
a = b
b += 1
a; b
a := 1
(yield)
return
\
#
{
}
1a
a.
for
""".splitlines()[1:]
LINES = ["a\n  + b", "(a\n)", "[a, # c\n]", "'''\n'''", "f'''\n{a}'''", "b\\\n.a", "\r\n", "'\n'"]

FORMS = """
{{*}}
{{ * }}
{{ *}
{{{ * }}}
{{! * }}
{# * #}
{% comment * %}
{% raw * %}
{% module * %}
{% set x = * %}
{% set * %}
{% import * %}
{% from * import a %}
{% if * %}
{% elif * %}
{% while * %}
{% for x in * %}
{% for * in a %}
{% apply * %}
{% block * %}
{% except * %}
{% except * as e %}
{% else * %}
{% end * %}
{% break * %}
{% whitespace * %}
{% * %}
""".splitlines()[1:]
TAGS = st.builds(
    lambda form, code: form.replace("*", code, 1),
    st.sampled_from(FORMS),
    st.sampled_from(PYTHON + LINES),
)
PARTS = ["{% autoescape f %}", "{% whitespace oneline %}", "{% autoescape None %}"]
PARTS += ["{% else %}", "{% end %}", "{% try %}", "{% except %}", "{% finally %}", "{% break %}"]
BRACES = ["{{", "}}", "{%", "%}", "{#", "#}", "{", "}", "!"]
TEXTS = ["text", " \n ", "é", "<pre>", "\r", "\x0c", "\U0001f600", "\x00", "\ud800"]
TEMPLATES = st.lists(TAGS | st.sampled_from(PARTS + BRACES + TEXTS), max_size=12).map("".join)

# Templates whose blocks have their ends; most of them are good.
BLOCKS = """
{% if * %}*{% elif a %}*{% else %}*{% end %}
{% for x in * %}*{% else %}*{% end %}
{% while * %}*{% break %}{% end %}
{% try %}*{% except A %}*{% finally %}*{% end %}
{% apply f %}*{% end %}
{% block b %}*{% end %}
""".splitlines()[1:]
BODIES = st.recursive(
    st.sampled_from(["{{ a }}", "{{ 'é}}' }}", "{% set a = 1 %}", "{% raw a %}", *TEXTS, *PYTHON]),
    lambda inner: (
        st.builds(
            lambda block, bodies: block.replace("*", "%s") % tuple(bodies[: block.count("*")]),
            st.sampled_from(BLOCKS).map(lambda block: block.replace("%", "%%")),
            st.lists(inner, min_size=4, max_size=4),
        )
        | st.builds("{}{}".format, inner, inner)
    ),
    max_leaves=8,
)


@pytest.fixture(autouse=True)
def _what_is_said_of_them(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Python warns of strings like ``"\\%"``, and Tornado logs what it refuses; both are made here by the dozen."""
    monkeypatch.setattr(tornado, "app_log", logging.Logger("nobody"))
    monkeypatch.setattr(tornado.app_log, "disabled", True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def check_places(text: str, nodes: list[Node], start: int, end: int) -> None:
    """Nodes stand one behind the other, their bodies within them, and the names in their Python where they say."""
    edges = [start, *(edge for node in nodes for edge in (node.start, node.end)), end]
    assert edges == sorted(edges)
    for node in nodes:
        assert node.start < node.end
        filled = [body for body in bodies(node) if body]
        for body in filled:
            check_places(text, body, node.start, node.end)
        for one, following in pairwise(filled):
            assert one[-1].end < following[0].start
        for piece in python_of(node):
            for part in ast.walk(piece):
                if isinstance(part, ast.Name) and part.id != "_tt_modules":
                    assert written(text, part) == part.id


def check_error(text: str, error: ParseError) -> None:
    """It has a place in the text."""
    assert error.filename == "/site/page.html"
    assert error.text is not None
    assert error.lineno is not None
    assert error.offset is not None
    assert error.end_offset is not None
    assert (
        text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[error.lineno - 1] == error.text
    )
    assert 1 <= error.offset < error.end_offset <= len(error.text) + 2


@examples(700)
@given(text=TEMPLATES | BODIES | st.text("{}%#! \n'\"()ax\\", max_size=40))
def test_any_text_is_a_tree_or_refused(text: str) -> None:
    try:
        tree = read(text)
    except ParseError as error:
        check_error(text, error)
    else:
        check_places(text, tree.body, 0, len(text))


@examples(300)
@given(text=st.text().filter(lambda text: "{" not in text))
def test_text_without_braces_comes_through(text: str) -> None:
    values = [node.value for node in read(text).body if isinstance(node, Text)]
    assert "".join(values) == text


def outputs(text: str) -> list[str]:
    """What is put out, in the order of the text: texts, and expressions in Python's words."""
    return [
        node.value if isinstance(node, Text) else ast.unparse(node.expression)
        for node in walk(read(text, "single").body)
        if isinstance(node, Text | Output)
    ]


def outputs_of_tornado(text: str) -> list[str]:
    """The same, as Tornado reads it; raises what it raises."""
    page = tornado.Template(text, "page.html")
    found = []

    def walk(chunk: Any) -> None:
        if isinstance(chunk, tornado._Text):
            found.append(
                chunk.value
                if "<pre>" in chunk.value
                else filter_whitespace(chunk.whitespace, chunk.value)
            )
        elif isinstance(chunk, tornado._Expression):
            (statement, *_) = ast.parse(f"x = {chunk.expression}").body
            found.append(ast.unparse(statement.value))  # type: ignore[attr-defined]
        for child in chunk.each_child():
            walk(child)

    walk(page.file)
    return found


def is_left_out(error: ParseError) -> bool:
    """Whether it is one of the differences that we want."""
    return error.message.startswith(
        (
            "this has to be one expression",  # {{ a = b }} and {{ a; b }}
            "'yield' has no place",
            "'return' has no place",
            "autoescape missing",
            "half a surrogate",  # Tornado minds it where it is put out, so not in a block that is replaced
        )
    )


@examples(700)
@given(text=TEMPLATES | BODIES)
def test_what_tornado_takes_we_take(text: str) -> None:
    try:
        expected = outputs_of_tornado(text)
    except Exception:  # it has many
        return
    try:
        assert [part for part in outputs(text) if part] == [part for part in expected if part]
    except ParseError as error:
        if not is_left_out(error):
            raise


@examples(500)
@given(mode=st.sampled_from(MODES), text=st.text() | st.text(" \t\n\r\xa0\va\u2028", max_size=40))
def test_white_space_is_filtered_as_tornado_does(mode: str, text: str) -> None:
    assert filter_whitespace(mode, text) == tornado.filter_whitespace(mode, text)
