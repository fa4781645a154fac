"""Messages for many: framed once, and encoded once for each kind of encoding."""

from typing import Any

import pytest

from tests.websocket.helpers import BINARY, TEXT, frame
from tornadolike.websocket import PreparedMessage
from tornadolike.websocket.frames import apply_mask
from tornadolike.websocket.protocol import Role, WebSocketCore


class Shouting:
    """An extension that sends capitals, and counts its work."""

    reserved = 0x40

    def __init__(self, sharing: str) -> None:
        self.sharing = sharing
        self.encoded = 0
        self.sent = 0

    def encode_shared(self, payload: bytes, binary: bool) -> tuple[int, bytes]:
        self.encoded += 1
        return 0x40, payload.upper() + self.sharing.encode()

    def sent_shared(self) -> None:
        self.sent += 1


def core(role: Role, extension: Any = None) -> WebSocketCore:
    return WebSocketCore(role, extension=extension, new_mask=lambda: b"abcd")


@pytest.mark.parametrize(
    ("message", "binary", "expected"),
    [
        ("häh", False, frame(TEXT, "häh".encode(), mask=None)),
        (b"text", False, frame(TEXT, b"text", mask=None)),
        ("", False, frame(TEXT, b"", mask=None)),
        ("text", True, frame(BINARY, b"text", mask=None)),
        (b"\xff" * 126, True, frame(BINARY, b"\xff" * 126, mask=None)),
        ("x" * 70_000, False, frame(TEXT, b"x" * 70_000, mask=None)),
    ],
)
def test_the_frame(message: Any, binary: bool, expected: bytes) -> None:
    prepared = PreparedMessage(message, binary)
    assert prepared.frame(None) == expected
    assert prepared.frame(None) is prepared.frame(None)
    plain = core(Role.SERVER)
    plain.send_message(message.encode() if isinstance(message, str) else message, binary)
    assert plain.data_to_send() == expected


@pytest.mark.parametrize(
    ("message", "error"),
    [(b"\xff", ValueError), ("\ud800", ValueError), (5, TypeError), (bytearray(b"x"), TypeError)],
)
def test_what_is_no_message(message: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        PreparedMessage(message)


def test_alike_encodings_share_one() -> None:
    extensions = [Shouting("1"), Shouting("1"), Shouting("2"), Shouting("1")]
    prepared = PreparedMessage("hello")
    frames = []
    for extension in [*extensions, None]:
        end = core(Role.SERVER, extension)
        end.send_prepared(prepared)
        frames.append(end.data_to_send())
    one, two = (frame(TEXT, b"HELLO" + kind, reserved=0x40, mask=None) for kind in (b"1", b"2"))
    assert frames == [one, one, two, one, frame(TEXT, b"hello", mask=None)]
    assert [extension.encoded for extension in extensions] == [1, 0, 1, 0]
    assert [extension.sent for extension in extensions] == [1, 1, 1, 1]


def test_a_client_masks_each_anew() -> None:
    prepared = PreparedMessage("hello")
    for mask in (b"abcd", b"efgh"):
        end = WebSocketCore(Role.CLIENT, new_mask=lambda mask=mask: mask)
        end.send_prepared(prepared)
        assert end.data_to_send() == b"\x81\x85" + mask + apply_mask(mask, b"hello")
