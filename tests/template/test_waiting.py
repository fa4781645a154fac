"""What awaits something, found before anything runs."""

import pytest

from tests.template.reading import read
from tornadolike.template.nodes import Node
from tornadolike.template.waiting import find_waiting
from tornadolike.template.walking import python_of, walk


def found(text: str) -> list[str]:
    """The kinds of nodes that wait, or whose Python does."""
    body = read(text).body
    waiting = find_waiting(body)
    assert len(waiting) == sum(
        (id(node) in waiting) + sum(id(piece) in waiting for piece in python_of(node))
        for node in walk(body)
    )
    return [_kind(node) for node in walk(body) if _waits(node, waiting)]


def _waits(node: Node, waiting: set[int]) -> bool:
    return not waiting.isdisjoint(map(id, (node, *python_of(node))))


def _kind(node: Node) -> str:
    return type(node).__name__


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("{{ await a }}", "Output"),
        ("{% raw f(await a) %}{{ b }}", "Output"),
        ("{% set a = await b %}", "Statement"),
        ("{% if a %}{% elif await b %}{% end %}", "If"),
        ("{% if a %}{{ await b }}{% end %}", "Output"),
        ("{% for a in await b %}{% end %}", "For"),
        ("{% async for a in b %}{{ a }}{% end %}", "For"),
        ("{% while await a %}{% end %}", "While"),
        ("{% try %}{{ await a }}{% except %}{% end %}", "Output"),
        ("{{ [a async for a in b] }}", "Output"),
        ("{{ [await a for a in b] }}", "Output"),
        ("{% apply a %}{{ await b }}{% end %}", "Apply Output"),
        ("{% apply a %}{% async for b in c %}{% end %}{% end %}", "Apply For"),
        ("{% apply a %}b{% end %}{{ await b }}", "Output"),
        ("{% apply await a %}b{% end %}", "Apply"),
    ],
)
def test_what_waits(text: str, kinds: str) -> None:
    assert found(text) == kinds.split()


@pytest.mark.parametrize(
    "text",
    [
        "await {# await #}{{ 'await' }}{{ awaited }}",
        "{{ a }}{% for a in b %}{% end %}{% apply a %}{{ b }}{% end %}",
        "{{ (lambda: [a for a in async_]) }}",
    ],
)
def test_what_only_looks_so(text: str) -> None:
    assert found(text) == []
