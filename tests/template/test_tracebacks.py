"""Exceptions in a render point at the template's own lines."""

import asyncio
import contextlib
import gc
import linecache
import traceback
import types
import weakref
from typing import Any

import pytest

from tornadolike.template import DictLoader, Loader, ParseError, Template
from tornadolike.template.tracebacks import KEPT_SOURCES


def frames(error: BaseException) -> list[tuple[str, int | None, str | None]]:
    """File, line and text of the frames that are not this test's, and not the one call of ours."""
    found = traceback.extract_tb(error.__traceback__)
    return [(each.filename, each.lineno, each.line) for each in found[2:]]


def failure(files: dict[str, str], start: str = "index.html", **names: Any) -> BaseException:
    template = DictLoader(files).load(start)
    try:
        template.generate(**names)
    except Exception as error:
        return error
    raise AssertionError("it did not fail")


def told(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def test_an_expression() -> None:
    error = failure({"index.html": "one\ntwo {{ 1 / 0 }}\nthree"})
    assert frames(error) == [("index.html", 2, "two {{ 1 / 0 }}")]
    assert 'File "index.html", line 2, in template  # index.html:2\n' in told(error)


@pytest.mark.parametrize(
    "text",
    [
        "{% if 1 / 0 %}{% end %}",
        "{% if 0 %}{% elif 1 / 0 %}a{% end %}",
        "{% for x in 1 / 0 %}{% end %}",
        "{% while 1 / 0 %}{% end %}",
        "{% set x = 1 / 0 %}",
        "{% raw 1 / 0 %}",
        "{% module Fail(1 / 0) %}",
        "{% apply fail(1 / 0) %}{% end %}",
        "{% apply str %}{% raw 1 / 0 %}{% end %}",
        "{% try %}{{ 1 / 0 }}{% except KeyError %}{% end %}",
        "{% try %}{% finally %}{{ 1 / 0 }}{% end %}",
        "{% block a %}{{ 1 / 0 }}{% end %}",
        "{{ [1 / 0 for x in 'a'] }}",
        "{{ (lambda: 1 / 0)() }}",
    ],
)
def test_every_tag(text: str) -> None:
    names = {"fail": lambda x: x, "_tt_modules": types.SimpleNamespace(Fail=lambda x: x)}
    error = failure({"index.html": f"a\nb\n{text}\nc"}, **names)
    assert set(frames(error)) == {("index.html", 3, text)}


def test_the_columns_are_in_characters_of_the_line() -> None:
    error = failure({"index.html": "ä {{ 'ß' }}{{ name.missing }}"}, name=1)
    (frame,) = traceback.extract_tb(error.__traceback__)[2:]
    assert frame.line == "ä {{ 'ß' }}{{ name.missing }}"
    *_, source, carets, _message = told(error).splitlines()
    assert source[carets.index("^") : carets.rindex("^") + 1] == "name.missing"


def test_an_included_file_says_who_includes_it() -> None:
    files = {
        "index.html": "\n{% include b.html %}",
        "b.html": "\n\n{% include c.html %}",
        "c.html": "{{ 1 / 0 }}",
    }
    error = failure(files)
    assert frames(error) == [("c.html", 1, "{{ 1 / 0 }}")]
    assert "# c.html:1 (via b.html:3, index.html:2)" in told(error)


def test_a_file_that_is_included_twice_tells_which_time() -> None:
    files = {
        "index.html": "{% include b.html %}\n{% set x = 0 %}{% include b.html %}",
        "b.html": "{% set y = 1 / x %}",
    }
    error = failure({**files, "index.html": "{% set x = 1 %}" + files["index.html"]})
    assert "# b.html:1 (via index.html:2)" in told(error)


def test_blocks_and_parents() -> None:
    files = {
        "base.html": "base\n{% block a %}{{ 1 / x }}{% end %}\n{% block b %}{% end %}",
        "index.html": "{% extends base.html %}\n\n{% block b %}{{ 1 / y }}{% end %}",
    }
    assert frames(failure(files, x=0, y=0))[0][:2] == ("base.html", 2)
    error = failure(files, x=1, y=0)
    assert frames(error)[0][:2] == ("index.html", 3)
    assert "# index.html:3 (via base.html:3)" in told(error)


def test_frames_of_called_functions_stay_and_ours_do_not() -> None:
    class Broken:
        def __str__(self) -> str:
            raise LookupError("no text")

    error = failure({"index.html": "{{ broken }}"}, broken=Broken())
    names = [each.name for each in traceback.extract_tb(error.__traceback__)[2:]]
    assert names == ["template  # index.html:1", "__str__"]
    error = failure({"index.html": "{% apply nothing %}{% end %}"}, nothing=lambda body: None)
    assert [each[0] for each in frames(error)] == ["index.html"]
    assert "has to return str or bytes" in str(error)


def test_a_template_in_a_template() -> None:
    files = {"index.html": "\n{% module Template('sub.html') %}", "sub.html": "\n\n{{ 1 / 0 }}"}
    loader = DictLoader(files)
    modules = types.SimpleNamespace(Template=lambda name: loader.load(name).generate())
    error = failure(files, _tt_modules=modules)
    shown = [each for each in frames(error) if each[0].endswith(".html")]
    assert [each[:2] for each in shown] == [("index.html", 2), ("sub.html", 3)]


def test_the_variables_are_there_for_debuggers() -> None:
    error = failure({"index.html": "{% set x = 5 %}{{ x.y }}"})
    *_, (frame, _line) = traceback.walk_tb(error.__traceback__)
    assert frame.f_locals == {"x": 5}


def test_what_failed_keeps_nothing() -> None:
    class Given:
        pass

    given = Given()
    gone = weakref.ref(given)
    gc.collect()
    gc.disable()
    try:
        failure({"index.html": "{% include part.html %}", "part.html": "{{ nmae }}"}, given=given)
        del given
        assert gone() is None
    finally:
        gc.enable()


def test_causes_and_contexts() -> None:
    text = "{% try %}\n{{ 1 / 0 }}{% except ZeroDivisionError %}\n{{ {}['k'] }}{% end %}"
    error = failure({"index.html": text})
    assert isinstance(error, KeyError)
    assert frames(error)[0][:2] == ("index.html", 3)
    context = error.__context__
    assert context is not None
    (frame,) = traceback.extract_tb(context.__traceback__)
    assert (frame.filename, frame.lineno) == ("index.html", 2)


def test_unknown_names_have_a_hint() -> None:
    error = failure({"index.html": "{{ nmae }}"}, name=1)
    assert isinstance(error, NameError)
    assert error.__notes__ == [
        "'nmae' was neither given to the template nor is it set in it. Did you mean 'name'?"
    ]
    error = failure({"index.html": "{{ x }}{% set x = 1 %}"}, x=5)
    assert isinstance(error, UnboundLocalError)
    assert "a variable of its own" in error.__notes__[0]


def test_the_hint_is_there_once_however_many_templates_it_goes_through() -> None:
    files = {
        "index.html": "{% module Template('sub.html') %}",
        "sub.html": "{% module Template('part.html') %}",
        "part.html": "{{ nmae }}",
    }
    loader = DictLoader(files)

    def render(name: str) -> bytes:
        return loader.load(name).generate(_tt_modules=modules)

    modules = types.SimpleNamespace(Template=render)
    assert len(failure(files, _tt_modules=modules).__notes__) == 1


def test_names_missing_in_called_functions_have_none() -> None:
    error = failure({"index.html": "{{ call() }}"}, call=lambda: no_such_name)  # type: ignore[name-defined]  # noqa: F821 (meant)
    assert not hasattr(error, "__notes__")


def test_files_are_named_by_their_paths(tmp_path: Any) -> None:
    (tmp_path / "a.html").write_text("\n{{ 1 / 0 }}")
    with pytest.raises(ZeroDivisionError) as caught:
        Loader(tmp_path).load("a.html").generate()
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.filename, last.lineno) == (str(tmp_path / "a.html"), 2)


def test_coroutines_and_streams(io_loop: Any) -> None:
    async def bad() -> None:
        await asyncio.sleep(0)
        raise LookupError("bad")

    template = DictLoader(
        {"a.html": "a\n{% include b.html %}", "b.html": "\n\n{{ await bad() }}"}
    ).load("a.html")

    async def stream() -> None:
        async with contextlib.aclosing(template.stream(bad=bad)) as chunks:
            async for _ in chunks:
                pass

    for render in (lambda: template.generate_async(bad=bad), stream):
        with pytest.raises(LookupError) as caught:
            io_loop.run_sync(render)
        shown = traceback.extract_tb(caught.value.__traceback__)[-2]
        assert (shown.filename, shown.lineno) == ("b.html", 3)
        assert shown.name == "template  # b.html:3 (via a.html:2)"


def test_what_python_does_not_compile() -> None:
    with pytest.raises(ParseError) as caught:
        Template("a\nä {{ (lambda: await x)() }}", name="index.html")
    error = caught.value
    assert (error.filename, error.lineno) == ("index.html", 2)
    assert error.text is not None
    assert error.text[(error.offset or 0) - 1 : (error.end_offset or 0) - 1] == "await x"


def test_too_many_loops_in_one_another() -> None:
    text = "".join(f"\n{{% for x{n} in y %}}" for n in range(40)) + "{% end %}" * 40
    with pytest.raises(ParseError, match="too many statically nested blocks"):
        Template(text)


def test_the_texts_that_are_kept_are_few() -> None:
    for number in range(KEPT_SOURCES + 20):
        with pytest.raises(ZeroDivisionError):
            Template("{{ 1 / 0 }}", name=f"many{number}").generate()
    kept = [name for name in linecache.cache if name.startswith("many")]
    assert len(kept) <= KEPT_SOURCES


def test_a_template_of_thousands_of_files() -> None:
    files = {
        "index.html": "{% include 'row.html' %}\n" * 2500 + "{% include 'last.html' %}\n{{ 1 }}",
        "row.html": "a\n",
        "last.html": "\n{{ 1 / 0 }}",
    }
    error = failure(files)
    assert frames(error) == [("last.html", 2, "{{ 1 / 0 }}")]
    assert "# last.html:2 (via index.html:2501)" in told(error)
