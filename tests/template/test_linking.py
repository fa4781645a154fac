"""One tree of all files of a template."""

from typing import Any

import pytest

from tornadolike.template import DictLoader, ParseError, Template
from tornadolike.template.nodes import Inlined, Output
from tornadolike.template.walking import walk


def refused(files: dict[str, str]) -> ParseError:
    with pytest.raises(ParseError) as caught:
        DictLoader(files).load("index.html")
    return caught.value


def test_dependencies_name_every_file_once_itself_first() -> None:
    files = {
        "index.html": "{% extends base.html %}{% block a %}{% include part.html %}{% end %}",
        "base.html": "{% include part.html %}{% block a %}{% include unused.html %}{% end %}",
        "part.html": "{% include inner.html %}",
        "inner.html": "",
        "unused.html": "",
    }
    template = DictLoader(files).load("index.html")
    assert template.dependencies[0] == "index.html"
    assert sorted(template.dependencies) == sorted(files)
    assert Template("text").dependencies == ["<string>"]


def test_what_a_tag_is_replaced_by_knows_where_it_stands() -> None:
    files = {"index.html": "a\n{% include b.html %}", "b.html": "{% autoescape None %}{{ 1 }}"}
    root = DictLoader(files).load("index.html").linked.root
    (inlined,) = (node for node in root.body if isinstance(node, Inlined))
    assert (inlined.source.name, inlined.autoescape) == ("index.html", None)
    assert files["index.html"][inlined.start : inlined.end] == "{% include b.html %}"
    assert inlined.body[0].source.name == "b.html"


def test_outputs_that_stand_twice_are_two() -> None:
    files = {"index.html": "{% include b.html %}{% include b.html %}", "b.html": "{{ 1 }}"}
    root = DictLoader(files).load("index.html").linked.root
    first, second = (node for node in walk([root]) if isinstance(node, Output))
    assert first is not second
    assert first.expression is second.expression


def test_linking_changes_no_tree() -> None:
    files = {
        "index.html": "{% extends base.html %}{% block a %}{% if 1 %}child{% end %}{% end %}",
        "base.html": "{% for x in 'ab' %}{% block a %}base{% end %}{% end %}",
    }
    loader = DictLoader(files)
    before = repr(loader.load("base.html").tree)
    assert loader.load("index.html").generate() == b"childchild"
    assert repr(loader.load("base.html").tree) == before
    assert loader.load("base.html").generate() == b"basebase"


@pytest.mark.parametrize(
    ("files", "chain"),
    [
        ({"index.html": "{% include index.html %}"}, "index.html -> index.html"),
        ({"index.html": "\n{% extends index.html %}"}, "index.html -> index.html"),
        (
            {
                "index.html": "{% include a.html %}",
                "a.html": "{% include b.html %}",
                "b.html": "\n {% include a.html %}",
            },
            "a.html -> b.html -> a.html",
        ),
        (
            {
                "index.html": "{% extends a.html %}",
                "a.html": "{% extends b.html %}",
                "b.html": "{% extends a.html %}",
            },
            "a.html -> b.html -> a.html",
        ),
    ],
)
def test_circles_are_refused(files: dict[str, str], chain: str) -> None:
    error = refused(files)
    assert "itself" in error.message
    assert error.message.endswith(chain)
    assert error.lineno
    assert error.text is not None


def test_a_template_of_text_may_have_the_name_of_what_it_extends() -> None:
    loader = DictLoader({"page.html": "<{% block a %}{% end %}>"})
    text = "{% extends page.html %}{% block a %}mine{% end %}"
    assert Template(text, name="page.html", loader=loader).generate() == b"<mine>"


def test_extends_in_a_block_or_an_included_file_is_refused() -> None:
    error = refused({"index.html": "{% if 1 %}\n{% extends a.html %}{% end %}", "a.html": ""})
    assert error.lineno == 2
    error = refused(
        {"index.html": "{% include a.html %}", "a.html": "{% extends b.html %}", "b.html": ""}
    )
    assert "a.html extends another template" in error.message


@pytest.mark.parametrize("text", ["{% include a.html %}", "{% extends a.html %}"])
def test_without_a_loader(text: str) -> None:
    with pytest.raises(ParseError, match="needs a loader"):
        Template(text)


@pytest.mark.parametrize(
    ("last", "kind"), [({}, KeyError), ({"last.html": "{% if %}"}, ParseError)]
)
def test_files_that_cannot_be_had_tell_who_names_them(
    last: dict[str, str], kind: type[Exception]
) -> None:
    files = {
        "index.html": "{% extends base.html %}",
        "base.html": "a\n{% if 1 %}{% include part.html %}{% end %}",
        "part.html": "\n\n{% include last.html %}",
        **last,
    }
    with pytest.raises(kind) as caught:
        DictLoader(files).load("index.html")
    assert caught.value.__notes__ == [
        "'last.html' is named in part.html:3",
        "'part.html' is named in base.html:2",
    ]


def test_very_many_files_in_one_another() -> None:
    files: dict[str, Any] = {f"{n}.html": f"{{% include {n + 1}.html %}}" for n in range(2000)}
    files["2000.html"] = ""
    with pytest.raises(ParseError, match="Too many files"):
        DictLoader(files).load("0.html")
