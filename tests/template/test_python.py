"""The Python in templates, and the places it has."""

import ast
import time
import warnings
from typing import Any

import pytest

from tests.template.reading import marked, read, refused, written
from tornadolike.template.walking import python_of


def only(text: str) -> Any:
    """The Python of the only tag."""
    (node,) = (node for node in read(text).body if python_of(node))
    return python_of(node)[0]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{{ a }}", "a"),
        ("{{ a, b }}", "(a, b)"),
        ("{{ *a, b }}", "(*a, b)"),
        ("{{ a; }}", "a"),
        ("{{ a # why }}", "a"),
        ("{{ '#' }}", "'#'"),
        ("{{ (a := 1) }}", "(a := 1)"),
        ("{{ lambda: (yield) }}", "lambda: (yield)"),
        ("{{ await a }}", "await a"),
        ("{{ a\n + b # c\n # d\n }}", "a + b"),
        ("{{ f\n(1) }}", "f(1)"),
        ("{{ a \\\n + b }}", "a + b"),
        ("{% raw a if b else c %}", "a if b else c"),
        ("{% module Post(a, b=1) %}", "_tt_modules.Post(a, b=1)"),
        ("{% module forum.Post(a) %}", "_tt_modules.forum.Post(a)"),
        ("{% if a := b() %}{% end %}", "(a := b())"),
        ("{% if a # why %}{% end %}", "a"),
        ("{% if\n a\n and b\n %}{% end %}", "a and b"),
        ("{% while a or (b) %}{% end %}", "a or b"),
        ("{% apply f(1) %}{% end %}", "f(1)"),
        ("{% apply a.b %}{% end %}", "a.b"),
        ("{% set a += 1 %}", "a += 1"),
        ("{% set a, *b = c %}", "a, *b = c"),
        ("{% set a = b +\n c %}", "a = b + c"),
        ("{% set a: int = 1 %}", "a: int = 1"),
        ("{% set del a %}", "del a"),
    ],
)
def test_what_is_taken(text: str, code: str) -> None:
    assert ast.unparse(only(text)).strip("()") == code.strip("()")


@pytest.mark.parametrize(
    "text",
    [
        "{% set a = 1; b = 2 %}",
        "{% set a = 1\nb = 2 %}",
        "{% set a = 1\n    b = 2 %}",
        "{% set\n    a = 1\n\n    b = 2\n%}",
        "{% set a = 1  # one\n    # two\n    b = 2 %}",
    ],
)
def test_several_statements(text: str) -> None:
    (node,) = read(text).body
    assert [ast.unparse(statement) for statement in python_of(node)] == ["a = 1", "b = 2"]
    assert [written(text, statement) for statement in python_of(node)] == ["a = 1", "b = 2"]


def test_a_statement_with_a_body() -> None:
    assert ast.unparse(only("{% set if a:\n  b = 1\n else:\n  b = 2 %}")).splitlines()[2] == "else:"


@pytest.mark.parametrize(
    "text",
    [
        "{{ NAME }}",
        "one\n{{ NAME }}",
        "one\r\ntwo\rthree {{ NAME }}",
        "é {{ 'é' + NAME }} é",
        "é\n{{ 'é',\n 'é', NAME }}",
        "{{ a }}é{{ b }}é{{ NAME }}",
        "{% raw NAME %}",
        "{% module A(NAME) %}",
        "é{% module é(NAME) %}",
        "{% if é or NAME %}{% end %}",
        "{% if a %}{% elif é or NAME %}{% end %}",
        "{% while\n NAME %}{% end %}",
        "{% for é, NAME in b %}{% end %}",
        "{% for a in\n b, NAME %}{% end %}",
        "{% async for a in NAME %}{% end %}",
        "{% try %}{% except (A,\n NAME) as e %}{% end %}",
        "{% apply é(NAME) %}{% end %}",
        "{% set é = NAME %}",
        "{% set é = 1\n    é = NAME %}",
        "{{ f'é{NAME}' }}",
    ],
)
def test_places(text: str) -> None:
    found = [
        node
        for top in read(text).body
        for piece in python_of(top)
        for node in ast.walk(piece)
        if isinstance(node, ast.Name) and node.id == "NAME"
    ]
    assert [written(text, node) for node in found] == ["NAME"]


def test_what_is_put_before_a_piece_stands_at_its_beginning() -> None:
    text = "{% module Post(a) %}"
    call = only(text)
    assert written(text, call) == "Post(a)"
    assert written(text, call.func) == "Post"
    assert written(text, call.func.value) == ""
    compile(ast.Expression(call), "page", "eval")


@pytest.mark.parametrize(
    ("text", "message", "over"),
    [
        ("{{ a b }}", "invalid syntax", "b"),
        ("é {{ ü ö }}", "invalid syntax", "ö"),
        ("{{ f(1, }}", "'(' was never closed", "("),
        ("\n{{ f(1] }}", "closing parenthesis ']' does not match opening parenthesis '('", "]"),
        ("{{ a)(b }}", "unmatched ')'", ")"),
        ("{{ a +\n\n b c }}", "invalid syntax", "c"),
        ("{{ 'abc }}", "unterminated string literal (detected at line 1)", "'"),
        ("\n\n{{ 'abc }}", "unterminated string literal (detected at line 3)", "'"),
        ("{{ x for x in y }}", "invalid syntax", "for"),
        ("{{ *a }}", "can't use starred expression here", "*a"),
        ("{{ a; b }}", "this has to be one expression", "a; b"),
        ("{{ # a\n }}", "Empty expression", "# a"),
        ("{{ a = 1 }}", "this has to be one expression; {% set NAME = VALUE %} assigns", "a = 1"),
        ("{{ (yield) }}", "'yield' has no place in a template", "(yield)"),
        ("{{ [(yield a) for a in b] }}", "'yield' has no place in a template", None),
        ("{% set return 1 %}", "'return' has no place in a template", "return 1"),
        ("{% set yield from a %}", "'yield' has no place in a template", "yield from a"),
        ("{% try %}{% except * A %}{% end %}", "there is no except* in templates", "except * A"),
        ("{{ lambda a=(yield): a }}", "'yield' has no place in a template", None),
        ("{% set @f((yield))\ndef g(): pass %}", "'yield' has no place in a template", None),
        ("{% if (yield) %}{% end %}", "'yield' has no place in a template", "(yield)"),
        ("{% if a: %}{% end %}", "there is no colon at the end of a tag", ":"),
        ("{% if a = 1 %}{% end %}", "invalid syntax. Maybe you meant '==' or ':='", "a = 1"),
        ("{% if a: b\nelif c %}{% end %}", "invalid syntax", None),
        ("{% for a of b %}{% end %}", "invalid syntax", "of"),
        ("{% set a = 1\nb c %}", "invalid syntax", "c"),
        ("{% set a = b +\n c d %}", "invalid syntax", "d"),
        ("{% set a = 1\n  b = 2\n c = 3 %}", "unexpected indent", None),
        ("{% set a = 1\n  b = 2\nc = 3 %}", "unexpected indent", None),
        ("{% set a = 1\n  b = 2\nelse:\n  c = 3 %}", "unexpected indent", None),
        ("{% try %}{% except A B %}{% end %}", "", None),
        ("{{ " + "(" * 500 + " }}", "too many nested parentheses", None),
        ("{{ " + "-" * 50_000 + "a }}", "this Python is nested too deeply", None),
        ("{{ a" + ".a" * 50_000 + " }}", "this Python is nested too deeply", None),
        ("{{ '\0' }}", "source code string cannot contain null bytes", "'\0'"),
    ],
)
def test_what_is_refused(text: str, message: str, over: str | None) -> None:
    error = refused(text)
    assert message in error.message
    if over is not None:
        assert marked(error) == over


def test_a_generator_in_a_function_is_none_of_the_template() -> None:
    read("{% set f = lambda: (yield) %}")
    read("{% set def f(): return 1 %}")
    read("{{ 'return', 'yield' }}")


@pytest.mark.parametrize("code", ["a: b\nelse", "a:\n b\nelse", "a: b; c", "a: b\nif c"])
@pytest.mark.parametrize("string", ["''", "f\"{x['(']}\"", 'f"{x["("]}"'])
def test_a_tag_brings_no_body_of_its_own(code: str, string: str) -> None:
    """Not even where the version of Python decides what is a string and what is a bracket."""
    refused(f"{{% if {string} and {code} %}}{{% end %}}")


def test_a_warning_of_python_has_the_place() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read("\n\n{{ '\\d' }}")
    assert [warning.filename for warning in caught] == ["/site/page.html, line 3"]


def test_long_lines_are_read_once() -> None:
    text = "é{{ a }}" * 20_000
    begin = time.process_time()
    tree = read(text)
    assert time.process_time() - begin < 5
    assert written(text, python_of(tree.body[-1])[0]) == "a"
