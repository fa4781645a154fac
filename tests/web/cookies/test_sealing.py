"""Bytes that only the owner of a secret can read or make."""

import hypothesis
from hypothesis import strategies

from tornadolike.web.cookies.sealing import OVERHEAD, Sealer

ONE = Sealer([b"one"], "purpose")


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


def test_the_format_stays() -> None:
    """What was sealed yesterday is opened today."""
    sealed = bytes.fromhex(
        "01baf146c9303f434cac604b1b242eeb0935df448856540b61f4c489dbd77270528f55380ae583fde1b451c189"
    )
    assert ONE.open(sealed) == b"kept"
