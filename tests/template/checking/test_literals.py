"""What literals in a program say."""

import ast

import pytest

from tornadolike.template.checking.literals import Literals, choice, keys_of, text_of_index


def expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("a = 'x'", {"x"}),
        ("a: str = 'x'", {"x"}),
        ("a = b = 'x'", {"x"}),
        ("a = 'x'\na = 'y' if b else 'z'", {"x", "y", "z"}),
        ("def f():\n a = 'x'", {"x"}),
        ("a = 'x'\na = b", None),
        ("a = b\na = 'x'", None),
        ("a = 'x'\nfor a in b: pass", None),
        ("a, b = 'x', 'y'", None),
        ("a = 'x'\na += 'y'", None),
        ("with b as a: pass", None),
    ],
)
def test_variables(source: str, texts: set[str] | None) -> None:
    found = Literals()
    found.read_variables(ast.parse(source))
    assert found.values["a"] == texts


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("self.a = 'x'", {"x"}),
        ("class C:\n a = 'x'", {"x"}),
        ("class C:\n a = 'x'\n def f(self):\n  self.a = 'y'", {"x", "y"}),
        ("class C:\n a = b", None),
        ("class C:\n a = 'x'\nself.a = b", None),
    ],
)
def test_attributes(source: str, texts: set[str] | None) -> None:
    found = Literals()
    found.read_attributes(ast.parse(source))
    assert found.values["a"] == texts


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("'x'", {"x"}),
        ("'x' if a else 'y'", {"x", "y"}),
        ("'x' if a else b", None),
        ("b'x'", None),
        ("f'x'", None),
        ("'x' + 'y'", None),
    ],
)
def test_choices(text: str, texts: set[str] | None) -> None:
    assert choice(expression(text)) == texts


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("{'x': 1, 'y': 2}", {"x", "y"}),
        ("{}", set()),
        ("dict(x=1)", {"x"}),
        ("{'x': 1, **a}", None),
        ("{a: 1}", None),
        ("dict(a, x=1)", None),
        ("dict(x=1, **a)", None),
        ("a", None),
    ],
)
def test_keys(text: str, keys: set[str] | None) -> None:
    assert keys_of(expression(text)) == keys


@pytest.mark.parametrize(("text", "index"), [("a['x']", "x"), ("a[0]", None), ("a.x", None)])
def test_indexes(text: str, index: str | None) -> None:
    assert text_of_index(expression(text)) == index
