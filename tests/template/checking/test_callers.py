"""What a program passes to its templates, read from its source."""

from pathlib import Path

import pytest

from tornadolike.template.checking import read_callers, sources
from tornadolike.template.checking.callers import Callers, Passed


def read(tmp_path: Path, **sources: str) -> Callers:
    for name, source in sources.items():
        (tmp_path / f"{name}.py").write_text(source)
    return read_callers([tmp_path])


NOTHING = Passed()


@pytest.mark.parametrize(
    ("source", "names", "is_open"),
    [
        ("self.render('a.html', b=1, c=2)", {"b", "c"}, False),
        ("self.render_string('a.html', b=1)", {"b"}, False),
        ("await self.render_async('a.html', b=1)", {"b"}, False),
        ("await self.render_stream('a.html', b=1)", {"b"}, False),
        ("self.render(template_name='a.html', b=1)", {"b", "template_name"}, False),
        ("return handler.render('a.html', **{'b': 1, 'c': 2})", {"b", "c"}, False),
        ("self.render('a.html', **dict(b=1))", {"b"}, False),
        ("self.render('a.html', b=1, **found())", {"b"}, True),
        ("self.render('a.html', **{**found(), 'b': 1})", set(), True),
        ("self.render('a.html', **rest)", set(), True),
        ("self.render('a.html' if b else 'other.html', c=1)", {"c"}, False),
        ("name = 'a.html'\n  self.render(name, b=1)", {"b"}, False),
        ("self.render(PAGE, b=1)", {"b"}, False),
        ("self.render(self.page, b=1)", {"b"}, False),
        ("self.render(self.given, b=1)", {"b"}, False),
        ("loader.load('a.html').generate(b=1)", {"b"}, False),
        ("t = loader.load('a.html')\n  t.generate(b=1)\n  t.stream(c=1)", {"b", "c"}, False),
        ("await loader.load('a.html').generate_async(b=1)", {"b"}, False),
    ],
)
def test_a_call_is_read(tmp_path: Path, source: str, names: set[str], is_open: bool) -> None:
    program = (
        f"PAGE = 'a.html'\nclass Page:\n page = 'a.html'\n async def get(self, rest):\n  {source}\n"
    )
    other = "class Other(Page):\n def f(self):\n  self.given = 'a.html'\n"
    found = read(tmp_path, program=program, other=other)
    assert found.templates["a.html"] == Passed(names, is_open)
    assert found.everywhere == NOTHING


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("self.render(found(), b=1)", Passed({"b"})),
        ("self.render(found(), **more())", Passed(set(), True)),
        ("self.render(name, b=1)", Passed({"b"})),
        ("super().render(name, user=1, **kwargs)", Passed({"user"})),
        ("kwargs['user'] = 1\n  super().render(name, **kwargs)", Passed({"user"})),
        ("page = found()\n  self.render(page, **kwargs)", Passed(set(), True)),
        ("self.render(name, **other)", Passed(set(), True)),
        ("self.render('in/' + name, **kwargs)", Passed(set(), True)),
        ("self.render(found(), **kwargs)", Passed(set(), True)),
        ("for page in pages: self.render(page, b=1)", Passed({"b"})),
        ("page = 'a.html'\n  page = found()\n  self.render(page, b=1)", Passed({"b"})),
        ("self.render(self.odd, b=1)", Passed({"b"})),
        ("found().generate(b=1)", Passed({"b"})),
        ("Loader('x', namespace={'b': 1})", Passed({"b"})),
        ("Loader('x', namespace=dict(b=1))", Passed({"b"})),
        ("Application([], ui_methods={'b': f})", Passed({"b"})),
        ("Application([], ui_methods=helpers)", Passed({"shown"})),
        ("Application([], ui_methods=[helpers, {'b': 1}])", Passed({"shown", "b"})),
        ("settings = {'ui_methods': helpers}", Passed({"shown"})),
        ("settings['ui_methods'] = package.helpers", Passed({"shown"})),
        ("self.render()", NOTHING),
        ("self.render(*args)", NOTHING),
        ("render('a.html', b=1)", NOTHING),
    ],
)
def test_what_every_template_may_have(tmp_path: Path, source: str, expected: Passed) -> None:
    program = (
        "from tornadolike.template import Loader\n"
        "class Page:\n"
        f" def get(self, name, **kwargs):\n  {source}\n"
        " def g(self):\n  self.odd = 'a'\n  self.odd = g()"
    )
    helpers = "import os\ndef shown(handler): pass\ndef _hidden(): pass\n"
    found = read(tmp_path, program=program, helpers=helpers)
    assert found.everywhere == expected
    assert found.templates == {}


def test_methods_that_pass_on_are_followed(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        base="class Base:\n async def show(self, page, **rest):\n  await self.render_async(page, **rest)",
        page="class Page(Base):\n def get(self):\n  return self.show('a.html', b=1)",
    )
    assert found.templates == {"a.html": Passed({"b"})}
    assert found.everywhere == NOTHING


def test_calls_that_leave_everything_open_are_told(tmp_path: Path) -> None:
    found = read(tmp_path, x="\nself.render(page(), **more())\nself.render('a', **more())")
    assert found.anything == [f"{tmp_path}/x.py:2"]


def test_what_python_warns_of_is_no_matter(tmp_path: Path) -> None:
    assert read(tmp_path, x="'\\d' is 'd'\nself.render('a', b=1)").templates == {"a": Passed({"b"})}


def test_others_generate_too(tmp_path: Path) -> None:
    assert read(tmp_path, model="model.generate(**inputs)").everywhere == NOTHING


def test_a_namespace_that_is_overridden(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        program="""
class Page(RequestHandler):
    def get_template_namespace(self):
        namespace = super().get_template_namespace()
        namespace["a"] = 1
        namespace.update(b=2)
        namespace.update({"c": 3})
        return {**namespace, "d": 4, **dict(namespace, e=5)}
""",
    )
    assert found.everywhere == Passed({"a", "b", "c", "d", "e"})


def test_calls_of_one_template_are_taken_together(tmp_path: Path) -> None:
    found = read(tmp_path, one="x.render('a', b=1)", two="x.render('a', c=1)\nx.render('d', **e)")
    assert found.templates == {"a": Passed({"b", "c"}), "d": Passed(set(), True)}


def test_what_is_not_the_programs_is_left_out(tmp_path: Path) -> None:
    for folder in (".hidden", "venv", "site-packages", "node_modules"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.py").write_text("self.render('a', b=1)")
    (tmp_path / "venv/pyvenv.cfg").write_text("")
    (tmp_path / "x.txt").write_text("self.render('a', b=1)")
    assert read(tmp_path).templates == {}


def test_a_file_that_is_no_python_is_told(tmp_path: Path) -> None:
    found = read(tmp_path, good="self.render('a', b=1)", bad="def (", odd="x = '\0'")
    assert [Path(path).name for path, _ in found.unread] == ["bad.py", "odd.py"]
    assert "invalid syntax" in found.unread[0][1]
    assert set(found.templates) == {"a"}


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_callers([tmp_path / "nowhere"])


def test_files_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MOST_FILES", 2)
    with pytest.raises(ValueError, match="more than 2 files"):
        read(tmp_path, a="", b="", c="")
    assert read_callers([tmp_path / "a.py", tmp_path / "b.py", tmp_path / "a.py"]).unread == []
