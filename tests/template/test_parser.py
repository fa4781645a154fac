"""The syntax of templates: what they become, and what is said of those that are none."""

import time
from typing import Any

import pytest

from tests.template.reading import marked, read, refused, words
from tornadolike.template.nodes import Block, Text
from tornadolike.template.parser import MAX_DEPTH
from tornadolike.template.walking import walk


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("", []),
        ("text { } {} }} %} #}", ["text { } {} }} %} #}"]),
        ("a{{ b }}c", ["a", ("escaped", "b"), "c"]),
        ("{{b}}", [("escaped", "b")]),
        ("{{ {'a': 1} }}", [("escaped", "{'a': 1}")]),
        ("{{ {'a': {'b': 1}} }}", [("escaped", "{'a': {'b': 1}}")]),
        ("{{ '}}' }}}}", [("escaped", "'}}'"), "}}"]),
        # the first end counts, where it leaves Python
        ("{{ '' }} }}'' }}", [("escaped", "''"), " }}'' }}"]),
        ("{{ a # '}}' }}", [("escaped", "a"), "' }}"]),
        # the innermost of many braces
        ("\\{{{ a }}}", ["\\{", ("escaped", "a"), "}"]),
        ("{{{{{ a }}", ["{{{", ("escaped", "a")]),
        # braces that are meant
        ("{{! a }}", ["{{", " a }}"]),
        ("{%! a %}", ["{%", " a %}"]),
        ("{#! a #}", ["{#", " a #}"]),
        ("{{{! a }}", ["{", "{{", " a }}"]),
        ("{{!", ["{{"]),
        ("{{! {{ a }}", ["{{", " ", ("escaped", "a")]),
        # comments
        ("a{# {{ b }} {% c %} #}d", ["a", ("comment", "{{ b }} {% c %}"), "d"]),
        ("{##}", [("comment", "")]),
        ("{% comment a 'b %}c", [("comment", "a 'b"), "c"]),
        ("{%comment%}", [("comment", "")]),
        # other tags without a body
        ("{% raw a %}{% module M(1) %}", [("raw", "a"), ("module", "_tt_modules.M(1)")]),
        ("{%set a=1%}", [("do", "a = 1")]),
        ("{% set a = '%}' %}", [("do", "a = '%}'")]),
        ("{% import a.b as c, d %}", [("do", "import a.b as c, d")]),
        ("{% from a import (b,\n c) %}", [("do", "from a import b, c")]),
        ("{% from . import a; b = 1 %}", [("do", "from . import a", "b = 1")]),
        ("{% extends a.html %}", [("extends", "a.html")]),
        ("{% extends 'a b.html' %}", [("extends", "a b.html")]),
        ('{% include "a.html" %}', [("include", "a.html")]),
        ("{% include \"'a.html'\" %}", [("include", "a.html")]),
        ("{% include\n  a.html\n%}", [("include", "a.html")]),
        # blocks
        ("{% block a %}b{% end %}c", [("block", "a", ["b"]), "c"]),
        ("{% block 'a b' %}{% end %}", [("block", "'a b'", [])]),
        ("{% block a %}b{% end block of a %}", [("block", "a", ["b"])]),
        ("{% apply a.b(1) %}c{% end %}", [("apply", "a.b(1)", ["c"])]),
        (
            "{% for a, b in c %}d{% else %}e{% end %}",
            [("for", "(a, b)", "c", ["d"], ["e"])],
        ),
        ("{% async for a in b %}c{% end %}", [("async for", "a", "b", ["c"], [])]),
        ("{% while a %}b{% else %}c{% end %}", [("while", "a", ["b"], ["c"])]),
        (
            "{% if a %}b{% elif c %}d{% elif e %}{% else %}f{% end %}",
            [("if", [("a", ["b"]), ("c", ["d"]), ("e", [])], ["f"])],
        ),
        (
            "{% try %}a{% except %}b{% end %}",
            [("try", ["a"], [("except", ["b"])], [], [])],
        ),
        (
            "{% try %}a{% except (A, B) as e %}b{% except C %}{% else %}c{% finally %}d{% end %}",
            [("try", ["a"], [("except (A, B) as e", ["b"]), ("except C", [])], ["c"], ["d"])],
        ),
        ("{% try %}{% finally %}a{% end %}", [("try", [], [], [], ["a"])]),
        ("{% if a %}{% else # or not %}b{% end # a %}", [("if", [("a", [])], ["b"])]),
        (
            "{% if a %}{% for b in c %}{{ d }}{% end %}{% else %}{% apply e %}f{% end %}{% end %}g",
            [
                (
                    "if",
                    [("a", [("for", "b", "c", [("escaped", "d")], [])])],
                    [("apply", "e", ["f"])],
                ),
                "g",
            ],
        ),
    ],
)
def test_what_is_taken(text: str, nodes: list[Any]) -> None:
    assert words(read(text).body) == nodes


def test_nodes_tell_where_they_are() -> None:
    tags = ["a", "{{ b }}", "{% if c %}d{% else %}{# e #}{% end %}", "{{!", "f"]
    body = read("".join(tags)).body
    assert [node.source.text[node.start : node.end] for node in body] == tags
    assert [node.source.text[node.start : node.end] for node in walk(body)] == [
        *tags[:3],
        "d",
        "{# e #}",
        *tags[3:],
    ]


# White space and escaping


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a \n b", ["a\nb"]),
        ("a \n {{ x }} \n b", ["a\n", "\nb"]),
        ("a  {# x #}  b", ["a ", " b"]),
        ("  {{! a  b", [" ", "{{", " a b"]),
        ("  <pre>  a  </pre>  ", ["  <pre>  a  </pre>  "]),
        ("<pre>  {{ x }}  </pre>", ["<pre>  ", " </pre>"]),  # a guess, as Tornado has it
        ("{% whitespace all %}a  b", ["a  b"]),
        ("a  b{% whitespace oneline %}\n a\n{% whitespace single %}\n b", ["a b", " a ", "\nb"]),
        ("{% if x %}{% whitespace all %}{% end %}a  b", ["a  b"]),
    ],
)
def test_white_space(text: str, values: list[str]) -> None:
    body = read(text, "single").body
    assert [node.value for node in walk(body) if isinstance(node, Text)] == values


@pytest.mark.parametrize(
    ("text", "autoescape"),
    [
        ("a", "xhtml_escape"),
        ("{% autoescape None %}", None),
        ("{% autoescape json_encode %}", "json_encode"),
        ("{{ a }}{% if b %}{% autoescape escaping.url %}{% end %}", "escaping.url"),
        ("{% autoescape None %}{% autoescape contextual %}", "contextual"),
    ],
)
def test_the_last_autoescape_holds_for_the_whole_file(text: str, autoescape: str | None) -> None:
    assert read(text).autoescape == autoescape


# Loops


@pytest.mark.parametrize("tag", ["{% break %}", "{% continue %}", "{% break # enough %}"])
@pytest.mark.parametrize(
    ("around", "may_stand"),
    [
        ("*", False),
        ("{% for a in b %}*{% end %}", True),
        ("{% async for a in b %}*{% end %}", True),
        ("{% while a %}{% if b %}*{% end %}{% end %}", True),
        ("{% while a %}{% if b %}{% else %}*{% end %}{% end %}", True),
        ("{% while a %}{% try %}{% except %}*{% end %}{% end %}", True),
        ("{% while a %}{% block b %}*{% end %}{% end %}", True),
        ("{% while a %}{% apply b %}*{% end %}{% end %}", False),
        ("{% while a %}{% apply b %}{% for c in d %}*{% end %}{% end %}{% end %}", True),
        ("{% while a %}{% end %}*", False),
        ("{% while a %}{% else %}*{% end %}", False),
        ("{% while a %}{% while b %}{% else %}*{% end %}{% end %}", True),
    ],
)
def test_leaving_loops(tag: str, around: str, may_stand: bool) -> None:
    text = around.replace("*", tag)
    if may_stand:
        read(text)
    else:
        error = refused(text)
        assert error.message == f"{tag.split()[1]} outside for or while block"
        assert marked(error) == tag


# Errors


@pytest.mark.parametrize(
    ("text", "message", "over"),
    [
        ("a {{", "Missing end expression }}", "{{"),
        ("a {{ b }", "Missing end expression }}", "{{"),
        ("{% if a", "Missing end block %}", "{%"),
        ("{# a", "Missing end comment #}", "{#"),
        ("{{ }}", "Empty expression", "{{ }}"),
        ("{%  %}", "Empty block tag ({% %})", "{%  %}"),
        ("{% fro a import b %}", "unknown operator: 'fro'; did you mean 'from'?", "fro"),
        ("{% bolck a %}", "unknown operator: 'bolck'; did you mean 'block'?", "bolck"),
        ("{% xyzzy %}", "unknown operator: 'xyzzy'", "xyzzy"),
        (
            "{% if a %}{% endif %}",
            "unknown operator: 'endif'; every block is closed by {% end %}",
            "endif",
        ),
        ("{% if(a) %}", "unknown operator: 'if(a)'; a space is missing behind 'if'", "if(a)"),
        ("{% if a %}{% else: %}", "unknown operator: 'else:'; there is no colon in tags", "else:"),
        ("{% elseif a %}", "unknown operator: 'elseif'; it is {% elif CONDITION %}", "elseif"),
        ("{% do a.b() %}", "unknown operator: 'do'; it is {% set STATEMENT %}", "do"),
        ("{% trans %}", "unknown operator: 'trans'; it is {{ _(\"TEXT\") }}", "trans"),
        (
            "{% macro a() %}",
            "unknown operator: 'macro'; there are UI modules: {% module NAME(...) %}",
            "macro",
        ),
        ("{%- if a %}", "unknown operator: '-'; there is {% whitespace oneline %}", "-"),
        ("{%-if a %}", "unknown operator: '-if'; there is {% whitespace oneline %}", "-if"),
        ("{% if a %}{% else if b %}", "it is {% elif CONDITION %}", "{% else if b %}"),
        ("a{% for a in b %}c", "Missing {% end %} block for for", "{% for a in b %}"),
        ("{% if a %}{% block b %}{% end %}", "Missing {% end %} block for if", "{% if a %}"),
        ("{% end %}", "Extra {% end %} block", "{% end %}"),
        ("{% else %}", "else outside if or for or while or try block", "{% else %}"),
        ("{% elif a %}", "elif outside if block", "{% elif a %}"),
        (
            "{% for a in b %}{% elif c %}",
            "elif block cannot be attached to for block",
            "{% elif c %}",
        ),
        (
            "{% if a %}{% apply b %}{% else %}",
            "else block cannot be attached to apply block",
            "{% else %}",
        ),
        ("{% if a %}{% else %}{% else %}", "else cannot follow else", "{% else %}"),
        ("{% if a %}{% else %}{% elif b %}", "elif cannot follow else", "{% elif b %}"),
        ("{% try %}{% finally %}{% except %}", "except cannot follow finally", "{% except %}"),
        ("{% try %}{% finally %}{% finally %}", "finally cannot follow finally", "{% finally %}"),
        ("{% try %}{% else %}", "else cannot follow try without an except", "{% else %}"),
        (
            "{% try %}{% except %}{% except A %}",
            "an except that catches everything has to be the last",
            "{% except A %}",
        ),
        ("{% try %}{% end %}", "a try block needs {% except %} or {% finally %}", "{% try %}"),
        ("{% try a %}", "nothing may follow try", "a"),
        ("{% if a %}{% else b %}", "nothing may follow else", "b"),
        ("{% if %}", "if missing condition", "{% if %}"),
        ("{% if a %}{% elif %}", "elif missing condition", "{% elif %}"),
        ("{% while %}", "while missing condition", "{% while %}"),
        ("{% block %}", "block missing name", "{% block %}"),
        ("{% apply %}", "apply missing method name", "{% apply %}"),
        ("{% extends %}", "extends missing file path", "{% extends %}"),
        ("{% include '' %}", "include missing file path", "{% include '' %}"),
        ("{% set %}", "set missing statement", "{% set %}"),
        ("{% import %}", "import missing statement", "{% import %}"),
        ("{% from %}", "import missing statement", "{% from %}"),
        ("{% raw %}", "raw missing expression", "{% raw %}"),
        ("{% module %}", "module missing name", "{% module %}"),
        (
            "{% autoescape %}",
            "autoescape missing function; None turns escaping off",
            "{% autoescape %}",
        ),
        ("{% autoescape a b %}", "invalid syntax", "b"),
        (
            "{% whitespace some %}",
            "invalid whitespace mode 'some'; there are all, single, oneline",
            "{% whitespace some %}",
        ),
        ("{% async with a %}", "async has to be followed by for", "{% async with a %}"),
        ("{% for %}", "invalid syntax", None),
        ("{{ 'a }} b {{ c' }}", "unterminated string literal (detected at line 2)", "'"),
        ("{{ {'a': {'b' 1}} }}", "'{' was never closed", "{"),
        ("a\ud800", "half a surrogate pair cannot be put out as UTF-8", "\ud800"),
    ],
)
def test_what_is_refused(text: str, message: str, over: str | None) -> None:
    error = refused("line one\n" + text)
    assert error.message == message
    assert (error.filename, error.lineno) == ("/site/page.html", 2)
    assert error.text == text
    if over is not None:
        assert marked(error) == over


@pytest.mark.parametrize(
    ("text", "message", "lineno", "over"),
    [
        ("\na {{ b\n<p>\n{{ c }}", "Missing end expression }}", 2, "{{"),
        ("\n{% if a\n<p>{% end %}", "Missing end block %}", 2, "{%"),
        ("\n{{ a +\n b c }}{{ d }}", "invalid syntax", 3, "c"),
    ],
)
def test_a_tag_that_runs_into_the_next_is_told_where_it_begins(
    text: str, message: str, lineno: int, over: str
) -> None:
    error = refused(text)
    assert (error.message, error.lineno, marked(error)) == (message, lineno, over)


@pytest.mark.parametrize("tag", ["{% if a %}", "{% block a %}", "{% apply a %}"])
def test_how_deep_blocks_may_stand(tag: str) -> None:
    (node,) = read(tag * MAX_DEPTH + "{% end %}" * MAX_DEPTH).body
    assert node.end == len(node.source.text)
    error = refused(tag * 5000)
    assert error.message == f"blocks stand in each other more than {MAX_DEPTH} deep"
    assert error.offset == len(tag) * MAX_DEPTH + 1


def test_blocks_in_a_row_are_not_deep() -> None:
    body = read("{% block a %}{% end %}" * (MAX_DEPTH + 1)).body
    assert len([node for node in body if isinstance(node, Block)]) == MAX_DEPTH + 1


@pytest.mark.parametrize(
    "text",
    [
        "{{ '}}' }}\n" * 20_000,
        "é{{ '}}' }}" * 20_000,
        "{" * 200_000,
        "{{ " * 70_000,
        "{{ (x }}" * 20_000,
        '{{ "' + "}}" * 100_000 + '" }}',
    ],
)
def test_odd_texts_take_no_long_time(text: str) -> None:
    begin = time.process_time()
    try:
        read(text)
    except SyntaxError:
        pass
    assert time.process_time() - begin < 2
