"""User names and passwords."""

import pytest

from tornadolike.httputil import encode_username_password


@pytest.mark.parametrize(
    ("username", "password", "encoded"),
    [
        ("user", "password", b"user:password"),
        ("", "", b":"),
        ("user", "a:b", b"user:a:b"),
        ("u\u0308ser", "a\u030a", b"\xc3\xbcser:\xc3\xa5"),
        (b"u\xcc\x88ser", b"\xff", b"u\xcc\x88ser:\xff"),
    ],
)
def test_encode_username_password(
    username: str | bytes, password: str | bytes, encoded: bytes
) -> None:
    assert encode_username_password(username, password) == encoded


@pytest.mark.parametrize("username", ["a:b", b"a:b", ":"])
def test_a_colon_would_end_the_name(username: str | bytes) -> None:
    with pytest.raises(ValueError, match="colon"):
        encode_username_password(username, "password")
