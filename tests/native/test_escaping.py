"""The native escaping is the reference's."""

import html
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tornadolike import escape
from tornadolike._native import RUNNING, references
from tornadolike.template import escaping, runtime

pytestmark = pytest.mark.skipif(not RUNNING, reason="it is native")

NAMES = {
    "escaped": runtime,
    "escaped_text": runtime,
    "text_of": runtime,
    "text": escaping,
    "quoted": escaping,
    "xhtml_escape": escape,
}


class Loud(str):
    """Text that prints otherwise than it is."""

    def __str__(self):
        return "<loud>"


class Printed:
    def __init__(self, text):
        self.text = text

    def __str__(self):
        return self.text


class Html(Printed):
    def __html__(self):
        return self.text


class Number(int):
    def __str__(self):
        return "<number>"


class LoudBytes(bytes):
    def decode(self, *arguments):
        return "<decoded>"


CHARACTERS = st.text(st.sampled_from("&<>\"'a;#\x00é\xff\u0100€\U0001f600\ud800")) | st.text()
VALUES = (
    CHARACTERS
    | CHARACTERS.map(Loud)
    | CHARACTERS.map(Printed)
    | CHARACTERS.map(Html)
    | CHARACTERS.map(Loud).map(Printed)
    | st.binary()
    | st.binary().map(LoudBytes)
    | st.integers()
    | st.integers().map(Number)
    | st.floats()
    | st.booleans()
    | st.none()
    | st.lists(CHARACTERS)
    | st.complex_numbers()
)


def outcome(function, value):
    try:
        made = function(value)
    except Exception as error:
        return type(error), str(error)
    return type(made), made


@pytest.mark.parametrize("name", NAMES)
@given(value=VALUES)
@example(value="a" * 250 + "&" + "b" * 250 + "<'\">")
@example(value="€" * 300 + "&" * 300)
@example(value=Number(1))
@example(value=object)
def test_as_the_reference(name, value):
    if name == "escaped_text" and type(value) is not str:
        return  # it is given nothing else
    native = getattr(NAMES[name], name)
    reference = references[f"escaping.{name}"]
    assert native is not reference
    assert outcome(native, value) == outcome(reference, value)


@pytest.mark.parametrize("text", ["", "plain", "é" * 9, "€", "\U0001f600"])
def test_what_needs_nothing_is_not_copied(text):
    assert runtime.escaped(text) is text
    assert escape.xhtml_escape(text) is text


@given(text=CHARACTERS)
def test_texts_are_as_narrow_as_they_can_be(text):
    made = runtime.escaped(text)
    assert made == html.escape(text)
    assert sys.getsizeof(made) == sys.getsizeof("".join(list(made))) or made is text
    assert hash(made) == hash("".join(list(made)))


def test_what_is_no_text():
    for name in ("text", "quoted"):
        value = Html(None)
        assert outcome(getattr(escaping, name), value) == outcome(
            references[f"escaping.{name}"], value
        )
    with pytest.raises(TypeError, match="Expected bytes, str, or None; got <class 'int'>"):
        escape.xhtml_escape(5)


def test_references_are_not_lost():
    text = "<&>" * 10
    value, html = Printed(text), Html(text)
    before = sys.getrefcount(text), sys.getrefcount(value), sys.getrefcount(html)
    for _ in range(10_000):
        for name, room in NAMES.items():
            getattr(room, name)(text)
        runtime.escaped(value)
        escaping.quoted(html)
    assert (sys.getrefcount(text), sys.getrefcount(value), sys.getrefcount(html)) == before
