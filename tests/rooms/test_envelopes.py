"""What processes send each other, and what nobody should have sent them."""

import pytest

from tornadolike.rooms.envelopes import News, Sent, seal, sender_of, unseal
from tornadolike.rooms.members import Attendance

US = "0123456789abcdef"
ANN = Attendance("t", f"{US}.1", "ann", 1.0, 2.0, {"name": "Ann"})


@pytest.mark.parametrize(
    "content", [Sent("text ü"), Sent(""), Sent(b"\x00\xff"), News([ANN], ["x"]), News([], [], True)]
)
def test_there_and_back(content: Sent | News) -> None:
    data = seal(US, content)
    assert unseal(data) == content
    assert sender_of(data) == US


def test_what_is_not_understood() -> None:
    for kind in (b"1R", b"1T"):
        for payload in (
            b"\xff",
            b"{",
            b"[]",
            b"{}",
            b'{"in": [], "out": [1], "whole": false}',
            b'{"in": [[]]}',
            b"[" * 100_000,
        ):
            if kind == b"1T" and payload != b"\xff":
                continue
            with pytest.raises(ValueError, match=r"."):
                unseal(kind + US.encode() + payload)
    for data in (b"", b"1T", b"2T" + US.encode() + b"of later", b"1X" + US.encode()):
        with pytest.raises(ValueError, match=r"too short|unknown kind"):
            unseal(data)
