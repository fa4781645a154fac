"""What compiled templates call while they render."""

from typing import Any

import pytest

from tornadolike.template import runtime


class Loud(str):
    """Text that prints as something else."""

    __slots__ = ()

    def __str__(self) -> str:
        return "loud"


class Shown:
    def __str__(self) -> str:
        return Loud("shown")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("<", "<"),
        (Loud("<"), "<"),
        (Shown(), "shown"),
        (b"<\xc3\xa9", "<é"),
        (None, "None"),
        (True, "True"),
        (1.5, "1.5"),
        (["<"], "['<']"),
    ],
)
def test_anything_is_text(value: Any, text: str) -> None:
    buffer: runtime.Buffer = []
    for made in (runtime.plain(value, buffer), runtime.converted(value, bytes, buffer)):
        assert made == text
        assert type(made) is str
    assert buffer == []


def test_bytes_that_are_no_text_come_out_as_they_are() -> None:
    buffer: runtime.Buffer = ["é"]
    buffer.append(runtime.plain(b"\xff", buffer))
    assert runtime.finished(buffer) == b"\xc3\xa9\xff"


@pytest.mark.parametrize("value", [None, 5, ["a"]])
def test_a_function_has_to_give_text_or_bytes(value: Any) -> None:
    with pytest.raises(TypeError, match="has to return str or bytes"):
        runtime.returned(value, [])


def test_what_is_taken_is_gone() -> None:
    buffer: runtime.Buffer = ["a", "b"]
    assert runtime.taken(buffer) == b"ab"
    assert buffer == []


def test_a_buffer_is_full_by_the_length_of_its_pieces() -> None:
    half = "a" * (runtime.CHUNK_SIZE // 2)
    buffer: runtime.Buffer = [half, ""]
    assert not runtime.is_full(buffer)
    assert buffer == [half]
    assert runtime.is_full([half, half])


def test_bytes_that_are_no_text_are_not_joined_before_the_end() -> None:
    buffer: runtime.Buffer = []
    buffer.append(runtime.plain(b"\xff", buffer))
    assert not runtime.is_full(buffer)
    assert runtime.taken(buffer) == b"\xff"
