"""Fuzzing of what clients hand in as signed values and as XSRF tokens, beside Tornado: nobody gets further with us."""

from collections.abc import Callable
from typing import Any

import pytest
import tornado.web
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.http1_inputs import examples
from tests.web.helpers import make_handler
from tornadolike.web.cookies.signing import (
    create_signed_value,
    decode_signed_value,
    get_signature_key_version,
)

pytestmark = pytest.mark.once

SECRET = "what signs in this test"
KEYS = {0: SECRET, 3: "another"}
NOW = 1_500_000_000

PIECES = st.sampled_from(
    [
        b"|",
        b"||",
        b":",
        b"0",
        b"1",
        b"2|",
        b"2|1:0|",
        b"+",
        b" ",
        b"\n",
        b"-1",
        b"=",
        b"4:name|",
        b"\xff",
    ]
)


def now() -> float:
    return NOW


@st.composite
def changed(draw: Callable[..., Any]) -> bytes:
    """A signed value, with something changed, left out or put in; or none at all."""
    value = draw(st.one_of(st.binary(max_size=20), st.sampled_from([b"", b"value", b"\xd7" * 9])))
    version = draw(st.sampled_from([1, 2]))
    name = draw(st.sampled_from(["name", "nam", ""]))
    data = bytearray(create_signed_value(SECRET, name, value, version, now, 0))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 4)))
        data[start:end] = draw(st.one_of(PIECES, st.binary(max_size=4)))
    return bytes(data)


@examples(400)
@given(data=st.one_of(changed(), st.binary(max_size=100), st.lists(PIECES).map(b"".join)))
def test_whatever_comes_is_read_as_tornado_reads_it(data: bytes) -> None:
    ours = decode_signed_value(SECRET, "name", data, clock=now)
    assert ours == tornado.web.decode_signed_value(SECRET, "name", data, clock=now)
    several = decode_signed_value(KEYS, "name", data, clock=now)
    assert several in (None, ours)  # the first version has no numbers
    number = get_signature_key_version(data)
    # Numbers that are not written as we write them are none. Tornado finds none in what has a line break.
    assert number in (None, tornado.web.get_signature_key_version(data)) or b"\n" in data
    assert number == 0 or several is None


@examples(300)
@given(
    text=st.one_of(
        st.text(),
        st.lists(st.sampled_from(["2|", "|", "ab", "00112233", "1", "é", "\ud800"])).map("".join),
    )
)
def test_whatever_comes_as_a_token_is_read_as_tornado_reads_it(text: str) -> None:
    theirs = tornado.web.RequestHandler._decode_xsrf_token(None, text)  # type: ignore[arg-type]
    handler: Any = make_handler()
    version, token, made = handler._decode_xsrf_token(text)
    assert (version is None) == (token is None) == (made is None)
    # What it takes for a token and we do not, has another mask or time than any that was made.
    assert (version, token) == theirs[:2] or (version is None and theirs[0] == 2)
    assert decode_signed_value(SECRET, "name", text) is None
    assert get_signature_key_version(text) is None or text.startswith("2|")
