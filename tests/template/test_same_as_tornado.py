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


#: What an engine may raise for a template that is none. Each has its own kinds.
REFUSED = (
    SyntaxError,
    tornado.template.ParseError,
    NotImplementedError,
    RecursionError,
    AssertionError,
)


def outcome(render: Callable[[], bytes]) -> bytes | str:
    """The bytes, or the name of what was raised."""
    try:
        return render()
    except REFUSED:
        return "refused"
    except Exception as error:
        return type(error).__name__


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


# Templates that nobody would write.

TEXTS = st.sampled_from(["", "a", "<b>", " ", "\n", "  \n ", "é", "{ }", "\\", "%", "'\"", "日"])
VALUES = st.sampled_from(
    [
        *("x", "y", "z", "n", "1/n", "missing", "'<'", "b'>'", "1", "None", "1.5", "x * 2"),
        *(
            "(y, z)",
            "[i for i in y]",
            "lst.append(n)",
            "len(lst)",
            "(w := n)",
            "w",
            "z if n else x",
        ),
    ]
)
TARGETS = st.sampled_from(["x", "y", "z", "w", "v"])


def tag(*parts: str) -> str:
    return "{% " + " ".join(parts) + " %}"


def enclosed(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    end = tag("end")
    return st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.builds(lambda v, a: tag("if", v) + a + end, VALUES, inner),
        st.builds(lambda v, a, b: tag("if", v) + a + tag("else") + b + end, VALUES, inner, inner),
        st.builds(
            lambda v, w, a, b: tag("if", v) + a + tag("elif", w) + b + end,
            *(VALUES, VALUES, inner, inner),
        ),
        st.builds(lambda t, a: tag("for", t, "in [1, 0, '<']") + a + end, TARGETS, inner),
        st.builds(
            lambda t, a, b: tag("for", t, "in 'ab'") + a + tag("if", t) + tag(b) + end + a + end,
            *(TARGETS, inner, st.sampled_from(["break", "continue"])),
        ),
        st.builds(lambda a, b: tag("try") + a + tag("except Exception") + b + end, inner, inner),
        st.builds(
            lambda a, b, c, d: (
                tag("try")
                + a
                + tag("except NameError as e")
                + b
                + tag("else")
                + c
                + tag("finally")
                + d
                + end
            ),
            *(inner, inner, inner, inner),
        ),
        st.builds(lambda a: tag("apply upper") + a + end, inner),
        st.builds(lambda n, a: tag("block", n) + a + end, st.sampled_from("abc"), inner),
    )


LEAVES = st.one_of(
    TEXTS,
    VALUES.map(lambda value: "{{ " + value + " }}"),
    VALUES.map(lambda value: tag("raw", value)),
    st.builds(lambda t, v: tag("set", t, "=", v), TARGETS, VALUES),
    st.just(tag("set n -= 1")),
    st.just("{# comment #}"),
    st.just(tag("include part.html")),
    st.sampled_from(["None", "xhtml_escape", "upper"]).map(lambda name: tag("autoescape", name)),
    st.sampled_from(["all", "single", "oneline"]).map(lambda mode: tag("whitespace", mode)),
)
BODIES = st.recursive(LEAVES, enclosed, max_leaves=12)


def made_names() -> dict[str, Any]:
    return {"x": "<x>", "y": "y&", "z": 3, "n": 1, "lst": [], "upper": lambda text: text.upper()}


@given(BODIES, BODIES, BODIES, st.booleans())
@settings(deadline=None, max_examples=150)
def test_a_template_made_by_chance(child: str, base: str, part: str, extends: bool) -> None:
    files = {
        "index.html": (tag("extends base.html") if extends else "") + child,
        "base.html": base,
        "part.html": part.replace("include", "comment include"),
    }
    same(files, "index.html", made_names)
