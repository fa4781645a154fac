"""What a password is, as a text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.auth.accounts.texts import normalized


@pytest.mark.parametrize(
    ("typed", "password"),
    [
        # RFC 8265 section 4.3
        ("correct horse battery staple", "correct horse battery staple"),
        ("Correct Horse Battery Staple", "Correct Horse Battery Staple"),
        ("\u03c0\u00df\u00e5", "\u03c0\u00df\u00e5"),
        ("Jack of \u2666s", "Jack of \u2666s"),
        ("foo\u1680bar", "foo bar"),
        # and what its rules say of others
        ("a\u0308", "\u00e4"),
        ("\u00a0\u3000", "  "),
        ("\ufb01", "\ufb01"),
        ("", ""),
    ],
)
def test_as_rfc_8265_has_it(typed: str, password: str) -> None:
    assert normalized(typed) == password


@given(st.text())
def test_it_stays_so(text: str) -> None:
    once = normalized(text)
    assert normalized(once) == once
    assert normalized(unicodedata.normalize("NFD", text)) == once
