"""Names in a template that must come from outside."""

import pytest

from tornadolike.template import DictLoader
from tornadolike.template.checking.names import names_in


def free(text: str, **others: str) -> list[str]:
    """The names, in the order in which they are used."""
    template = DictLoader({"main": text, **others}).load("main")
    return [use.name.id for use in names_in([template.linked.root]).uses]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{{ a }}{% raw b.c %}{{ d[e](f=g) }}", "a b d e g"),
        ("{% set a = b %}{{ a }}", "b"),
        (
            "{{ a }}{% set a = 1 %}",
            "",
        ),  # which fails when it is rendered, but not for want of a name
        ("{% set a, (b, *c) = d %}{{ a }}{{ b }}{{ c }}", "d"),
        ("{% set a.b = 1 %}", "a"),
        ("{% set a[b] = 1 %}", "a b"),
        ("{% for a, b in c %}{{ a }}{{ b }}{% end %}{{ a }}", "c"),
        ("{% for a in b %}{% else %}{{ c }}{% end %}", "b c"),
        ("{% while a %}{{ b }}{% end %}", "a b"),
        ("{% if a %}{{ b }}{% elif c %}{{ d }}{% else %}{{ e }}{% end %}", "a b c d e"),
        ("{% import os.path %}{{ os }}{{ path }}", "path"),
        ("{% import os.path as p %}{{ p }}{{ os }}", "os"),
        ("{% from os import path as p, sep %}{{ p }}{{ sep }}{{ path }}", "path"),
        ("{{ [a for a in b if a and c] }}{{ a }}", "b c a"),
        ("{{ [a for a in a] }}", "a"),
        ("{{ {a: b for a, b in c for d in a} }}{{ d }}", "c d"),
        ("{{ [[a for a in b] for b in c] }}", "c"),
        ("{{ (lambda a, *b, c=d, **e: (a, b, c, e, f))() }}{{ a }}", "d f a"),
        ("{{ (lambda a=a: a)() }}", "a"),
        ("{{ (a := b) }}{{ a }}", "b"),
        ("{{ [(a := b) for b in c] }}{{ a }}{{ b }}", "c b"),
        ("{{ f'{a:{b}}' }}", "a b"),
        ("{% try %}{{ a }}{% except B as c %}{{ c }}{{ d }}{% else %}{{ e }}{% end %}", "a B d e"),
        ("{% try %}{{ a }}{% except NameError %}{{ b }}{% end %}", "NameError b"),
        ("{% try %}{{ a }}{% except (KeyError, NameError) %}{% end %}", "KeyError NameError"),
        ("{% try %}{{ a }}{% set b = 1 %}{% except %}{% end %}{{ b }}", ""),
        ("{% apply a %}{{ b }}{% end %}", "a b"),
        ("{% apply a %}{% set b = 1 %}{{ b }}{% end %}{{ b }}", "a b"),
        ("{% set b = 1 %}{% apply a %}{{ b }}{% end %}", "a"),
        ("{% module A(b) %}", "_tt_modules b"),
        ("{% async for a in b %}{{ await a }}{% end %}", "b"),
    ],
)
def test_free_names(text: str, names: str) -> None:
    assert sorted(free(text)) == sorted(names.split())


def test_what_an_included_file_sets_is_seen_outside() -> None:
    assert free("{% include 'b' %}{{ x }}{{ z }}", b="{% set x = y %}") == ["y", "z"]


def test_what_stands_in_a_block_that_is_replaced_does_not_count() -> None:
    text = "{% extends 'base' %}{% block a %}{{ new }}{% end %}{{ outside }}"
    assert free(text, base="{{ x }}{% block a %}{{ old }}{% end %}") == ["x", "new"]


def test_places_count_characters() -> None:
    text = "é\r\n\r é {{ ü + 名前 }}{{\n é * x }}"
    template = DictLoader({"main": text}).load("main")
    uses = names_in([template.linked.root]).uses
    assert [text[slice(*use.span)] for use in uses] == ["ü", "名前", "é", "x"]
