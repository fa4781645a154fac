"""The code that a template becomes."""

import inspect
from types import CodeType

import pytest

from tests.template.reading import read
from tornadolike.template import Template
from tornadolike.template.compiler import Compiler, Form, Program, Way, compile_tree, sets_own_name
from tornadolike.template.nodes import Inlined
from tornadolike.template.waiting import find_waiting


def compiled(text: str, form: Form = "function", is_own: bool = True) -> Program:
    tree = read(text)
    root = Inlined(tree.source, 0, 0, tree.autoescape, tree.body)
    return compile_tree(root, Compiler(Way(form, is_own, find_waiting(tree.body))))


def names(code: CodeType) -> set[str]:
    """All that code looks up, and the code within it."""
    inner = [names(each) for each in code.co_consts if isinstance(each, CodeType)]
    return set(code.co_names).union(*inner)


@pytest.mark.parametrize(
    ("form", "flag"),
    [
        ("function", 0),
        ("coroutine", inspect.CO_COROUTINE),
        ("stream", inspect.CO_ASYNC_GENERATOR),
    ],
)
def test_the_forms(form: Form, flag: int) -> None:
    flags = compiled("a{{ b }}", form).code.co_flags
    assert flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR) == flag


@pytest.mark.parametrize("form", ["function", "coroutine", "stream"])
def test_only_the_authors_names_are_looked_up_in_the_namespace(form: Form) -> None:
    text = (
        "{{ a }}{% raw b %}{% for c in d %}{{ c }}{% end %}{% apply e %}{{ f }}{% end %}"
        "{% if g %}{{ h }}{% end %}{% try %}{{ i }}{% except %}{% end %}"
    )
    program = compiled(text, form)
    assert not {name for name in names(program.code) if name.startswith("_tt_")}
    assert len(program.arguments) == program.code.co_argcount


def test_whose_escape_function_it_is_is_known_when_it_is_compiled() -> None:
    assert "xhtml_escape" not in names(compiled("{{ a }}").code)
    assert "xhtml_escape" in names(compiled("{{ a }}", is_own=False).code)


@pytest.mark.parametrize(
    ("text", "sets"),
    [
        ("{% set xhtml_escape = a %}", True),
        ("{% apply a %}{% for xhtml_escape in b %}{% end %}{% end %}", True),
        ("{% apply a %}{% apply b %}{% set xhtml_escape = a %}{% end %}{% end %}", True),
        ("{% import a as xhtml_escape %}", True),
        ("{{ xhtml_escape(a) }}", False),
        ("{{ (lambda xhtml_escape: xhtml_escape)(a) }}", False),
    ],
)
def test_templates_that_set_the_name_of_the_escape_function(text: str, sets: bool) -> None:
    assert sets_own_name(compiled(text).code) is sets


@pytest.mark.parametrize("count", [1, 29, 30, 31, 100])
def test_long_runs(count: int) -> None:
    text = "".join(f"{{{{ x + {number} }}}};" for number in range(count))
    assert Template(text).generate(x=1) == b"".join(b"%d;" % (n + 1) for n in range(count))


@pytest.mark.parametrize("depth", range(1, 8))
def test_choices_in_choices(depth: int) -> None:
    text = "d"
    for number in range(depth):
        text = f"{{% if n > {number} %}}<{text}>{{% elif n == {number} %}}e{{{{ n }}}}{{% else %}}o{{% end %}}"
    for n in range(depth + 1):
        assert Template(text).generate(n=n) == _chosen(depth, n).encode()


def _chosen(depth: int, n: int) -> str:
    if depth == 0:
        return "d"
    if n > depth - 1:
        return f"<{_chosen(depth - 1, n)}>"
    return f"e{n}" if n == depth - 1 else "o"


def test_expressions_run_in_the_order_of_the_text() -> None:
    calls: list[int] = []
    text = "{{ f(1) }}a{% set x = f(2) %}{{ f(3) }}{% if f(4) %}{{ f(5) }}{% end %}{% apply g(6) %}{{ f(7) }}{% end %}"

    def called(number: int) -> int:
        calls.append(number)
        return number

    def applied(number: int) -> type[bytes]:
        called(number)
        return bytes

    assert Template(text).generate(f=called, g=applied) == b"1a357"
    assert calls == [1, 2, 3, 4, 5, 6, 7]


def test_what_stood_before_a_failure_is_put_out() -> None:
    text = "{% try %}a{{ b }}c{{ 1 / 0 }}d{% except ZeroDivisionError %}e{% end %}f"
    assert Template(text).generate(b="b") == b"abcef"
