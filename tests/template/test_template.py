"""Template: what it is made of, and how it renders."""

import concurrent.futures
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest
import tornado.escape
import tornado.template

from tornadolike import escape
from tornadolike.template import DictLoader, ParseError, Template
from tornadolike.template.runtime import escaped


def shout(value: bytes) -> str:
    return value.decode().upper()


def test_names_come_from_three_places() -> None:
    loader = DictLoader(
        {"a": "{{ escape }} {{ x }} {{ y }}"}, namespace={"x": 1, "y": 1, "escape": 1}
    )
    assert loader.load("a").generate(y=2) == b"1 1 2"


def test_self_is_a_name_as_any_other() -> None:
    assert Template("{{ self }}").generate(self=5) == b"5"


def test_names_of_the_loader_may_come_later() -> None:
    loader = DictLoader({"a": "{{ x }}"})
    template = loader.load("a")
    loader.namespace["x"] = 5
    assert template.generate() == b"5"


@pytest.mark.parametrize("value", ["<a>", 5, None, b"<b>", ["<"]])
def test_an_escape_function_of_ones_own(value: Any) -> None:
    seen: list[Any] = []

    def own(text: bytes) -> bytes:
        seen.append(text)
        return b"[" + text + b"]"

    text = value if isinstance(value, bytes) else str(value).encode()
    template = Template("{{ value }}")
    assert template.generate(value=value, xhtml_escape=own) == b"[" + text + b"]"
    assert seen == [text]
    assert template.generate(value=value) == escape.xhtml_escape(text).encode()
    loader = DictLoader({"a": "{{ value }}"}, namespace={"xhtml_escape": own})
    assert loader.load("a").generate(value=value) == b"[" + text + b"]"


@pytest.mark.parametrize(
    "text",
    [
        "{% set xhtml_escape = shout %}{{ 'a' }}",
        "{% for xhtml_escape in [shout] %}{{ 'a' }}{% end %}",
        "{% if (xhtml_escape := shout) %}{{ 'a' }}{% end %}",
        "{% apply shout %}{% set xhtml_escape = shout %}{{ 'a' }}{% end %}",
    ],
)
def test_an_escape_function_that_the_template_sets(text: str) -> None:
    assert Template(text).generate(shout=shout) == b"A"


def test_no_name_of_a_function() -> None:
    with pytest.raises(ParseError, match="is no name of a function"):
        Template("{{ 1 }}", autoescape="1 +")


STRINGS = [
    *("", "word", "two words", "<b>", "a & b", "it's", '"', "&amp;", "é<", "日本", "<" * 1000),
    *("\x00", "a\nb", "1", "٣", "ª"),
]


@pytest.mark.parametrize("value", [*STRINGS, 1, True, None, 1.5, b"<x>", ["<"], {"'": 1}])
def test_escaping_is_tornados(value: Any) -> None:
    text = value if isinstance(value, str | bytes) else str(value)
    expected = tornado.escape.xhtml_escape(text)
    assert escaped(value) == expected
    assert Template("{{ value }}").generate(value=value) == expected.encode()
    assert Template("{{ value }}", autoescape=None).generate(value=value) == escape.utf8(text)


def test_what_is_given_to_the_constructor() -> None:
    text = "a  {{ '<' }}  b\n\n c"
    assert Template(text, name="a.html").generate() == b"a &lt; b\nc"
    assert Template(text).generate() == b"a  &lt;  b\n\n c"
    assert Template(text, whitespace="oneline").generate() == b"a &lt; b c"
    assert Template(text, compress_whitespace=True).generate() == b"a &lt; b\nc"
    assert Template(text, "a.html", compress_whitespace=False, autoescape=None).generate() == (
        b"a  <  b\n\n c"
    )
    assert Template(text.encode(), name=b"a.html").name == "a.html"  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Template(text, compress_whitespace=True, whitespace="all")
    with pytest.raises(ValueError, match="some"):
        Template(text, whitespace="some")


def test_the_code_can_be_read() -> None:
    template = Template("a{{ b }}{% for x in y %}{{ x['k'] }}\n{% end %}{% apply f %}c{% end %}")
    assert compile(template.code, "code", "exec")
    assert "_tt_buffer.append(_tt_escaped(b))" in template.code
    assert "for x in y:" in template.code


@pytest.mark.parametrize("text", ["{{ '\\n' }}{{ \"'\" + '\"' }}", "{{ f'{1}' }}", "'\"\\{ }"])
def test_the_code_can_be_read_whatever_stands_in_it(text: str) -> None:
    assert compile(Template(text).code, "code", "exec")


def test_a_very_long_template() -> None:
    text = "".join(f"text {{{{ {number} }}}}" for number in range(4000))
    assert Template(text).generate().startswith(b"text 0text 1text 2")


def test_an_expression_that_is_too_deep() -> None:
    with pytest.raises(ParseError):
        Template("{{ " + "-" * 100000 + "1 }}")


def test_many_threads_render_and_compile_at_once() -> None:
    template = Template("{% for x in range(50) %}{{ x * n }},{% end %}{{ '<' }}")

    def render(n: int) -> bytes:
        names = {"xhtml_escape": lambda text: text} if n % 2 else {}
        return template.generate(n=n, **names)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            results = list(pool.map(render, range(400)))
    finally:
        sys.setswitchinterval(interval)
    for n, result in enumerate(results):
        numbers = "".join(f"{x * n}," for x in range(50))
        assert result == (numbers + ("<" if n % 2 else "&lt;")).encode()


def test_a_render_leaves_nothing_in_what_it_was_given() -> None:
    names = {"x": 1}
    Template("{% set y = x %}{{ y }}").generate(**names)
    assert names == {"x": 1}


def test_what_is_global_ends_with_the_render() -> None:
    template = Template("{% set global g; g = x %}{{ g }}")
    assert template.generate(x=1) == b"1"
    with pytest.raises(NameError):
        Template("{{ g }}").generate()


def test_half_a_surrogate_pair_is_told_where_it_stands() -> None:
    with pytest.raises(UnicodeEncodeError) as caught:
        Template("text {{ x }}").generate(x="\ud800")
    assert caught.value.__notes__ == ["In the output it stands after 'text '"]


@pytest.mark.parametrize("autoescape", ["contextual", "xhtml_escape"])
def test_many_threads_link_at_once(autoescape: str) -> None:
    files = {
        "base.html": "<a href='{{ x }}'>{% apply f %}{{ x }}{% end %}</a>{% block a %}{% end %}",
        "index.html": "{% extends base.html %}",
    }
    for _ in range(20):
        loader = DictLoader(files, autoescape=autoescape)
        loader.load("index.html")  # base.html is linked when it is rendered itself

        def render(_number: int, loader: DictLoader = loader) -> bytes:
            return loader.load("base.html").generate(x="<", f=bytes.upper)

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(render, range(16)))) == 1


def test_what_few_templates_need_is_imported_for_them() -> None:
    program = (
        "import sys\n"
        "from tornadolike.template import Template\n"
        "def loaded():\n"
        "    names = 'asyncio', 'tornadolike.template.contexts', 'tornadolike.template.escaping'\n"
        "    return [name in sys.modules for name in names]\n"
        "Template('<p>{{ a }}</p>').generate(a=1)\n"
        "assert loaded() == [False, False, False]\n"
        "Template('<p>{{ a }}</p>', autoescape='contextual').generate(a=1)\n"
        "assert loaded() == [False, True, True]\n"
        "Template('{{ await a }}')\n"
        "assert loaded() == [True, True, True]"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


class Odd(int):
    """A number that prints itself, but is formatted otherwise."""

    def __str__(self) -> str:
        return f"<{int(self)}>"

    def __format__(self, spec: str) -> str:
        return "formatted"


class Shouted(str):
    """Text that prints itself as what it does not hold."""

    __slots__ = ()

    def __str__(self) -> str:
        return "printed"

    __format__ = object.__format__


@pytest.mark.parametrize(
    "value", ["word", "<a>", 5, True, None, 1.5, Decimal("1E+3"), Odd(3), Shouted("<b>"), b"<b>"]
)
def test_a_variable_is_put_out_as_any_value_is(value: object) -> None:
    text = (
        "{% for v in vs %}{{ v }} {% raw v %} {{ v if True else 0 }} {% raw (v) %}\n"
        "{% if v == '' %}{% else %}{{ v }}{% end %}{% apply f %}{{ v }}{% raw v %}{% end %}{% end %}"
    )
    names = {"vs": [value], "f": lambda body: body}
    expected = tornado.template.Template(text).generate(**names)
    assert Template(text).generate(**names) == expected
    assert Template(text, autoescape="contextual").generate(**names) == expected
