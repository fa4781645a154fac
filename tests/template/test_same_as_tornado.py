"""The same templates through Tornado's engine and through ours: the same bytes, or both refuse."""

import decimal
import enum
import pathlib
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tornado.template
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.template.making import BODIES, made_names, outcome, tag
from tornadolike import template

CORPUS = pathlib.Path(__file__).parent / "corpus"

Files = dict[str, str]


def read_corpus() -> Iterator[Any]:
    """Cases begin with ``==== NAME``, their files with ``---- FILE`` (or there is one only, ``index.txt``)."""
    for path in sorted(CORPUS.glob("*.txt")):
        with path.open(encoding="utf-8", newline="") as file:
            cases = file.read().removeprefix("==== ").removesuffix("\n").split("\n==== ")
        for number, case in enumerate(cases):
            name, _, body = case.partition("\n")
            files = {}
            if body.startswith("---- "):
                for each in body.removeprefix("---- ").split("\n---- "):
                    file_name, _, text = each.partition("\n")
                    files[file_name] = text
            else:
                files["index.txt"] = body
                files["index.html"] = body
            yield pytest.param(files, id=f"{path.stem}-{number}-{name}")


class Color(str, enum.Enum):  # noqa: UP042  # whose str() is another
    RED = "<red>"


class Level(enum.IntEnum):
    HIGH = 2


class Special(str):
    def __str__(self) -> str:
        return "what str() says"


class Thing:
    def __str__(self) -> str:
        return "<thing>"

    def __repr__(self) -> str:
        return "<repr of thing>"

    def __format__(self, spec: str) -> str:
        return "what format() says"


class Broken:
    def __str__(self) -> str:
        raise LookupError("no text")


def raise_(error: Exception) -> None:
    raise error


def shout(value: bytes) -> str:
    assert type(value) is bytes
    return value.decode().upper() + "!"


def names() -> dict[str, Any]:
    user = types.SimpleNamespace(
        name="Ben <b>", active=True, tags=["a", "<b>", "c & d"], shout=shout
    )
    modules = types.SimpleNamespace(
        Echo=lambda value, times=1: str(value) * times, Number=lambda value: value
    )
    return {
        "_tt_modules": modules,
        "name": "Ben <b>",
        "user": user,
        "numbers": [1, 2, 3, 4, 5],
        "pairs": [("a", 1), ("b", 2)],
        "table": [[1, 2, 3], [4, 5, 6]],
        "raw_bytes": "<bytes ü>".encode(),
        "markup": "<a href=\"x\">'&'</a>",
        "größe": 5,
        "thing": Thing(),
        "special": Special("<content>"),
        "color": Color.RED,
        "level": Level.HIGH,
        "decimal": decimal.Decimal("1.50"),
        "broken": Broken(),
        "id": "<id>",
        "type": "<type>",
        "join": lambda *parts, end="": "".join(parts) + end,
        "type_of": lambda value: value.__class__.__name__,
        "raise_": raise_,
        "shout": shout,
        "upper": lambda value: value.upper(),
        "text_upper": lambda value: value.decode().upper(),
        "brackets": lambda value: b"[" + value + b"]",
        "wrap": lambda before, after: lambda value: before.encode() + value + after.encode(),
        "nothing": lambda value: None,
        "number": lambda value: 5,
        "latin": lambda value: value.decode().encode("latin-1"),
        "squeeze_bytes": lambda value: b" ".join(value.split()),
    }


def same(engine_files: Files, start: str, given_names: Callable[[], dict[str, Any]]) -> None:
    def by(engine: Any) -> bytes | str:
        return outcome(
            lambda: engine.DictLoader(engine_files).load(start).generate(**given_names())
        )

    assert by(template) == by(tornado.template)


@pytest.fixture(autouse=True)
def silent_tornado(monkeypatch: pytest.MonkeyPatch) -> None:
    """It logs the code of templates that it cannot compile."""
    monkeypatch.setattr(tornado.template.app_log, "disabled", True)


@pytest.mark.parametrize("files", list(read_corpus()))
def test_a_template_of_the_corpus(files: Files) -> None:
    for start in sorted({"index.txt", "index.html"} & set(files)):
        same(files, start, names)


def test_the_corpus_is_large() -> None:
    assert len(list(read_corpus())) >= 100


@pytest.mark.parametrize("whitespace", ["all", "single", "oneline"])
@pytest.mark.parametrize("autoescape", [None, "xhtml_escape", "shout"])
def test_what_a_loader_says(autoescape: str | None, whitespace: str) -> None:
    files = {"a.html": "  <p>  {{ name }}\n\n  {% include b.txt %}", "b.txt": "{{ name }}  \n b"}

    def by(engine: Any) -> bytes:
        loader = engine.DictLoader(
            files, autoescape=autoescape, whitespace=whitespace, namespace={"shout": shout}
        )
        return loader.load("a.html").generate(name="<b>")

    assert by(template) == by(tornado.template)


@pytest.mark.slow
@given(BODIES, BODIES, BODIES, st.booleans())
@settings(deadline=None, max_examples=150)
def test_a_template_made_by_chance(child: str, base: str, part: str, extends: bool) -> None:
    files = {
        "index.html": (tag("extends base.html") if extends else "") + child,
        "base.html": base,
        "part.html": part.replace("include", "comment include"),
    }
    same(files, "index.html", made_names)
