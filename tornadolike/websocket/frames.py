"""The bytes of one frame (RFC 6455, section 5): functions that need no connection.

These are the leaves that run for each message, so each takes and returns plain bytes and integers:
a native twin stands in for each of them (``_native/frames.pyx``), where there is one.

.. code-block:: text

    first byte    FIN RSV1 RSV2 RSV3  opcode(4)
    second byte   MASK length(7)            126: 2 more bytes of length, 127: 8 more
    mask          4 bytes, if MASK is set (always from the client, never from the server)
    payload
"""

import codecs
from functools import cache

from .._native import install, twin
from .errors import ProtocolFailure

CONTINUATION = 0x0
TEXT = 0x1
BINARY = 0x2
CLOSE = 0x8
PING = 0x9
PONG = 0xA

FIN = 0x80
RESERVED = 0x70
"""RSV1 to RSV3: zero unless an extension was agreed on."""
OPCODE = 0x0F
MASKED = 0x80
LENGTH = 0x7F

FINAL_TEXT = FIN | TEXT
FINAL_BINARY = FIN | BINARY

SHORT = 125
"""The longest payload whose length fits into the second byte; control frames may not be longer."""

PROTOCOL_ERROR = 1002
INVALID_PAYLOAD = 1007

install("frames", ProtocolFailure)

# A product with one of these repeats a mask over so many 32-bit words.
_REPEAT = tuple(
    int.from_bytes(b"\1\0\0\0" * words, "little") for words in range((SHORT + 7) // 4 + 1)
)
_SHORT_TEXT = tuple(bytes((FINAL_TEXT, length)) for length in range(SHORT + 1))
_SHORT_BINARY = tuple(bytes((FINAL_BINARY, length)) for length in range(SHORT + 1))

# From this size on bytes are masked by a table, four times each fourth byte: about 0.8 ns a byte, whatever the size.
# Integers take 1 ns for masks and payloads together (their conversion goes byte by byte), and above some
# KiB more and more; but they begin sooner. The two are equal between 1,500 and 2,500 bytes.
_BY_TABLE = 2048

_ALL_BYTES = int.from_bytes(bytes(range(256)), "little")
_ONES = int.from_bytes(b"\1" * 256, "little")


@twin("frames")
def apply_mask(mask: bytes, data: bytes) -> bytes:
    """``data`` XORed with the four bytes of ``mask`` over and over; undoes itself."""
    size = len(data)
    if len(mask) != 4:
        raise ValueError(f"a mask has 4 bytes, not {len(mask)}")
    if size > _BY_TABLE:
        return _apply_mask_by_table(mask, data)
    words = (size + 3) >> 2
    key = int.from_bytes(mask * words, "little")
    masked = int.from_bytes(data, "little") ^ key
    return masked.to_bytes(words << 2, "little")[:size]


def _apply_mask_by_table(mask: bytes, data: bytes) -> bytes:
    masked = bytearray(data)  # (its translate() is quicker than that of bytes)
    for turn, key in enumerate(mask):
        masked[turn::4] = masked[turn::4].translate(_xor_table(key))
    return bytes(masked)


@cache
def _xor_table(key: int) -> bytes:
    """Each byte XORed with ``key``."""
    return (_ALL_BYTES ^ _ONES * key).to_bytes(256, "little")


@twin("frames")
def check_utf8(tail: bytes, data: bytes) -> bytes:
    """Check the next piece of a text; return the beginning of a character that is cut off at its end.

    ``tail`` is what the call before returned. Raises :exc:`.ProtocolFailure` at the first byte that no
    continuation can make good.
    """
    data = tail + data
    try:
        _, consumed = codecs.utf_8_decode(data, "strict", False)
    except UnicodeDecodeError:
        raise ProtocolFailure(INVALID_PAYLOAD, "text is not UTF-8") from None
    tail = data[consumed:]
    # CPython waits for the third byte of a surrogate (ED A0 to ED BF) before it complains.
    if tail[:1] == b"\xed" and tail[1:] >= b"\xa0":
        raise ProtocolFailure(INVALID_PAYLOAD, "text is not UTF-8")
    return tail


@twin("frames")
def read_whole_message(
    data: bytes, at: int, masked: bool, reserved: int, limit: int
) -> tuple[int, bytes, int] | None:
    """The first byte, the unmasked payload and the end of a message in one frame that begins at ``at``.

    None unless it is there whole, text or binary, in a frame of less than 64 KiB and at most ``limit``
    bytes, with no other reserved bits than ``reserved``, masked as it must be. This is what most messages are;
    all others, and those that are wrong, are for :func:`read_head`.
    """
    start = at + 6 if masked else at + 2
    if len(data) < start:
        return None
    first = data[at]
    opcode = first & ~reserved
    if opcode != FINAL_TEXT and opcode != FINAL_BINARY:
        return None
    length = data[at + 1]
    if masked:
        length -= MASKED  # below zero: it is not
    if length == 126:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        start += 2
        end = start + length
        if length <= SHORT or length > limit or len(data) < end:
            return None
        payload = data[start:end]
        return first, apply_mask(data[start - 4 : start], payload) if masked else payload, end
    end = start + length
    if length < 0 or length > SHORT or length > limit or len(data) < end:
        return None
    if not masked:
        return first, data[start:end], end
    # Mask and payload in one integer: its lowest 32 bits are the mask.
    words = (length + 7) >> 2
    both = int.from_bytes(data[at + 2 : end], "little")
    both ^= (both & 0xFFFFFFFF) * _REPEAT[words]
    return first, both.to_bytes(words << 2, "little")[4 : length + 4], end


@twin("frames")
def read_head(data: bytes, at: int) -> tuple[int, int] | None:
    """The length of the payload of the frame at ``at``, and where its length field ends.

    None if more bytes are needed. Raises :exc:`.ProtocolFailure` for a length that is not written in
    the shortest way (section 5.2), which the other party of a proxy might read differently.
    """
    if len(data) < at + 2:
        return None
    length = data[at + 1] & LENGTH
    if length <= SHORT:
        return length, at + 2
    end = at + (4 if length == 126 else 10)
    if len(data) < end:
        return None
    length = int.from_bytes(data[at + 2 : end], "big")
    if length <= (SHORT if end == at + 4 else 0xFFFF) or length >> 63:
        raise ProtocolFailure(PROTOCOL_ERROR, "length is not written in the shortest way")
    return length, end


@twin("frames")
def encode_frame(first: int, payload: bytes, mask: bytes = b"") -> bytes:
    """A frame whose first byte is ``first`` (FIN, reserved bits, opcode), masked if ``mask`` is given."""
    length = len(payload)
    flag = MASKED if mask else 0
    if length <= SHORT:
        head = bytes((first, flag | length))
    elif length <= 0xFFFF:
        head = bytes((first, flag | 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((first, flag | 127)) + length.to_bytes(8, "big")
    if mask:
        return head + mask + apply_mask(mask, payload)
    return head + payload


@twin("frames")
def encode_message(payload: bytes, binary: bool) -> bytes:
    """An unmasked message in one frame: what a server sends."""
    length = len(payload)
    if length <= SHORT:
        return (_SHORT_BINARY if binary else _SHORT_TEXT)[length] + payload
    return encode_frame(FINAL_BINARY if binary else FINAL_TEXT, payload)
