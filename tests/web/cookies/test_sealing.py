"""Bytes that only the owner of a secret can read or make."""

import base64
import re

import hypothesis
from hypothesis import strategies

from tornadolike.web.cookies.sealing import OVERHEAD, Sealer

ONE = Sealer([b"one"], "purpose")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@hypothesis.given(strategies.binary(max_size=300))
def test_it_is_opened_again(content: bytes) -> None:
    sealed = ONE.seal(content)
    assert len(sealed) == len(content) + OVERHEAD
    assert ONE.open(sealed) == content
    assert ONE.seal(content) != sealed


def test_by_the_owner_alone() -> None:
    sealed = ONE.seal(b"content")
    assert Sealer([b"two", b"one"], "purpose").open(sealed) == b"content"
    assert Sealer([b"two"], "purpose").open(sealed) is None
    assert Sealer([b"one"], "another").open(sealed) is None
    assert Sealer([b"one", b"two"], "purpose").seal(b"") != b""
    assert Sealer([b"two"], "purpose").open(Sealer([b"one", b"two"], "purpose").seal(b"")) is None


def test_every_byte_counts() -> None:
    sealed = ONE.seal(b"content")
    for at in range(len(sealed)):
        assert ONE.open(sealed[:at]) is None
        assert ONE.open(sealed[:at] + bytes([sealed[at] ^ 128]) + sealed[at + 1 :]) is None
    assert ONE.open(sealed + b"x") is None


@hypothesis.given(strategies.binary(max_size=60))
def test_as_text(content: bytes) -> None:
    text = ONE.seal_text(content)
    assert re.fullmatch("[A-Za-z0-9_-]+", text)
    assert ONE.open_text(text) == ONE.open_text(text.encode()) == content
    assert ONE.open(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) == content


def test_a_text_has_one_spelling() -> None:
    """Or who remembers which ones were used would take the same twice."""
    text = ONE.seal_text(b"12")  # 43 bytes: the last character has bits to spare
    last = ALPHABET.index(text[-1])
    others = [text[:-1] + ALPHABET[last ^ 1], text + "=", text + "\n", text[:5] + "." + text[5:]]
    others += [text.replace(one, other) for one, other in ("-+", "_/") if one in text]
    others += ["", "=", "a", "\xe9", "\ud800", " " + text, text + "AA", text[:-1]]
    for other in others:
        assert ONE.open_text(other) is None, other
    assert ONE.open_text(b"\xff") is None


@hypothesis.given(strategies.one_of(strategies.text(), strategies.binary()))
def test_whatever_comes_as_text(text: str | bytes) -> None:
    assert ONE.open_text(text) is None


def test_the_format_stays() -> None:
    """What was sealed yesterday is opened today."""
    sealed = bytes.fromhex(
        "01000102030405060708090a0b0c0d0e0f101112131415161742c35fe3ca726de5378451d729f5c08166381818"
    )
    assert ONE.open(sealed) == b"kept"
