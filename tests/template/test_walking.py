"""Going through a template's nodes."""

import ast

from tests.template.reading import read
from tornadolike.template.nodes import Text
from tornadolike.template.walking import bodies, python_of, walk

ALL = """\
0{# 1 #}{{ a }}{% set b = c; d = e %}{% block f %}2{% extends g %}{% include h %}{% end %}\
{% apply i %}3{% end %}{% for j in k %}4{% else %}5{% end %}{% while l %}6{% else %}7{% end %}\
{% if m %}8{% elif n %}9{% else %}10{% end %}\
{% try %}11{% except o as p %}12{% else %}13{% finally %}14{% if q %}15{% end %}{% end %}16\
"""


def test_all_nodes_come_in_the_order_of_the_text() -> None:
    nodes = list(walk(read(ALL).body))
    assert [node.start for node in nodes] == sorted(node.start for node in nodes)
    texts = [node.value for node in nodes if isinstance(node, Text)]
    assert texts == [str(n) for n in range(17) if n != 1]


def test_the_python_of_a_node_is_that_of_its_own_tags() -> None:
    pieces = [python_of(node) for node in walk(read(ALL).body)]
    assert [[ast.unparse(piece) for piece in each] for each in pieces if each] == [
        ["a"],
        ["b = c", "d = e"],
        ["i"],
        ["j", "k"],
        ["l"],
        ["m", "n"],
        ["except o as p:"],
        ["q"],
    ]


def test_bodies_are_told_apart() -> None:
    *_, with_try, _ = read(ALL).body
    inner = bodies(with_try)
    assert [[type(node).__name__ for node in body] for body in inner] == [
        ["Text"],
        ["Text"],
        ["Text"],
        ["Text", "If"],
    ]


def test_templates_may_be_nested_deeply() -> None:
    text = "{% if a %}" * 99 + "b" + "{% end %}" * 99
    assert len(list(walk(read(text).body))) == 100
