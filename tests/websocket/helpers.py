"""Frames spelled out by hand, and the three ways in which bytes may arrive."""

import struct
from collections.abc import Iterator

from tornadolike.websocket.events import Event
from tornadolike.websocket.protocol import Role, WebSocketCore

TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0
MASK = b"\x37\xfa\x21\x3d"  # of RFC 6455, section 5.7


def xor(payload: bytes, mask: bytes) -> bytes:
    return bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    reserved: int = 0,
    mask: bytes | None = MASK,
    size: int = 0,
) -> bytes:
    """A frame as a client sends it (``mask=None``: as a server does).

    ``size``: how many extra bytes the length takes (0, 2, 8), if not the fewest.
    """
    first = (0x80 if fin else 0) | reserved | opcode
    length = len(payload)
    flag = 0x80 if mask is not None else 0
    if size == 8 or length > 0xFFFF:
        head = struct.pack("!BBQ", first, flag | 127, length)
    elif size == 2 or length > 125:
        head = struct.pack("!BBH", first, flag | 126, length)
    else:
        head = struct.pack("!BB", first, flag | length)
    return head + payload if mask is None else head + mask + xor(payload, mask)


def close(code: int | None = None, reason: bytes = b"", *, mask: bytes | None = MASK) -> bytes:
    payload = b"" if code is None else struct.pack("!H", code) + reason
    return frame(CLOSE, payload, mask=mask)


def ways(data: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """``data`` whole, byte by byte, and cut in two at every place."""
    yield "whole", [data]
    yield "byte by byte", [data[i : i + 1] for i in range(len(data))]
    step = max(1, len(data) // 300)
    for cut in range(1, len(data), step):
        yield f"cut at {cut}", [data[:cut], data[cut:]]


def feed(core: WebSocketCore, chunks: list[bytes]) -> list[Event]:
    """What comes of ``chunks`` if the events are fetched after each."""
    events: list[Event] = []
    for chunk in chunks:
        core.receive_data(chunk)
        while (event := core.next_event()) is not None:
            events.append(event)
    return events


def server(**options: int) -> WebSocketCore:
    return WebSocketCore(Role.SERVER, **options)
