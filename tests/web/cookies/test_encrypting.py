"""Encrypted values, without a handler."""

import base64
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from tornadolike.web import create_encrypted_value, create_signed_value, decode_encrypted_value
from tornadolike.web.cookies.encrypting import MAX_FUTURE_SECONDS

SECRET = "3c6e0b8a9c15224a8228b9a98ca1531d"
OTHER = "b1946ac92492d2347c6235b4d2611184"
NOW = 1_500_000_000
DAY = 86400
KEPT = "AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFzjrWjG_QDzNV6L-DXHyqjDo41ZceuQLqWWrohH_"
"""What was made once: of "alice", for "user", at that time, with that secret."""


def at(seconds: float = 0) -> Callable[[], float]:
    return lambda: NOW + seconds


def test_the_format_stays() -> None:
    """What a browser got yesterday is read today."""
    assert decode_encrypted_value(SECRET, "user", KEPT, clock=at()) == b"alice"


@hypothesis.given(
    name=st.text(st.characters(exclude_categories=["Cs"])),
    value=st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.binary()),
)
def test_what_is_made_is_read(name: str, value: str | bytes) -> None:
    made = create_encrypted_value(SECRET, name, value)
    data = value.encode() if isinstance(value, str) else value
    assert decode_encrypted_value(SECRET, name, made) == data
    assert decode_encrypted_value(SECRET.encode(), name.encode(), made.encode()) == data
    assert create_encrypted_value(SECRET, name, value) != made
    assert decode_encrypted_value(SECRET, name + "x", made) is None
    assert decode_encrypted_value(OTHER, name, made) is None
    assert len(made) == -(-(49 + len(data)) * 4 // 3)
    if len(data) > 4:
        assert data not in base64.urlsafe_b64decode(made + "===")


@pytest.mark.parametrize(
    ("later", "is_read"),
    [
        (0, True),
        (DAY, True),
        (DAY + 1, False),
        (-MAX_FUTURE_SECONDS, True),
        (-MAX_FUTURE_SECONDS - 1, False),
        (-NOW, False),
        (1e12, False),
    ],
)
def test_its_time(later: float, is_read: bool) -> None:
    made = create_encrypted_value(SECRET, "user", "alice", clock=at())
    read = decode_encrypted_value(SECRET, "user", made, max_age_days=1, clock=at(later))
    assert read == (b"alice" if is_read else None)


def test_several_secrets() -> None:
    old = create_encrypted_value(SECRET, "user", "alice")
    both: Any
    for both in ([OTHER, SECRET], (OTHER, SECRET), {1: SECRET, 2: OTHER}):
        assert decode_encrypted_value(both, "user", old) == b"alice"
        number = 2 if isinstance(both, dict) else None
        new = create_encrypted_value(both, "user", "bob", key_version=number)
        assert decode_encrypted_value(OTHER, "user", new) == b"bob"
        assert decode_encrypted_value(SECRET, "user", new) is None
    with pytest.raises(ValueError, match="no secret of key_version 3"):
        create_encrypted_value({1: SECRET}, "user", "bob", key_version=3)


@hypothesis.given(st.one_of(st.text(max_size=120), st.binary(max_size=120), st.none()))
def test_whatever_comes(value: Any) -> None:
    assert decode_encrypted_value(SECRET, "user", value) is None


def test_every_character_counts() -> None:
    for at_ in range(len(KEPT)):
        for other in "Az-":
            changed = KEPT[:at_] + other + KEPT[at_ + 1 :]
            if changed != KEPT:
                assert decode_encrypted_value(SECRET, "user", changed, clock=at()) is None
        assert decode_encrypted_value(SECRET, "user", KEPT[:at_], clock=at()) is None


@hypothesis.given(
    start=st.integers(0, len(KEPT)),
    size=st.integers(0, 9),
    put=st.one_of(st.text("AQz09-_=. \n\0é", max_size=9), st.text(max_size=4)),
)
def test_whatever_is_changed(start: int, size: int, put: str) -> None:
    changed = KEPT[:start] + put + KEPT[start + size :]
    read = decode_encrypted_value(SECRET, "user", changed, clock=at())
    assert read == (b"alice" if changed == KEPT else None)


def test_signed_is_not_encrypted() -> None:
    signed = create_signed_value(SECRET, "user", "alice")
    assert decode_encrypted_value(SECRET, "user", signed) is None


def test_wrong_arguments() -> None:
    for arguments, error, text in (
        (("short", "a", "b"), ValueError, "less than 16"),
        (([], "a", "b"), ValueError, "list of them is empty"),
        ((5, "a", "b"), TypeError, "a secret is"),
        ((SECRET, 5, "b"), TypeError, "int"),
        ((SECRET, "a", 5), TypeError, "what is encrypted is a str or bytes, not int"),
        ((SECRET, "a", None), TypeError, "NoneType"),
    ):
        with pytest.raises(error, match=text):
            create_encrypted_value(*arguments)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="less than 16"):
        decode_encrypted_value("short", "a", "b")
