"""The leaves: masks, UTF-8 in pieces, heads of frames."""

import itertools
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.websocket.helpers import BINARY, MASK, PING, TEXT, frame, xor
from tornadolike.websocket.errors import ProtocolFailure
from tornadolike.websocket.frames import (
    FINAL_BINARY,
    FINAL_TEXT,
    apply_mask,
    check_utf8,
    encode_frame,
    encode_message,
    read_head,
    read_whole_message,
)

SIZES = [0, 1, 2, 3, 4, 5, 7, 125, 126, 2047, 2048, 2049, 2050, 2051, 2052, 65536 + 3]


class TestMask:
    @pytest.mark.parametrize("size", SIZES)
    def test_is_the_xor_of_the_specification(self, size):
        data = os.urandom(size)
        assert apply_mask(MASK, data) == xor(data, MASK)

    @given(st.binary(min_size=4, max_size=4), st.binary(max_size=300))
    def test_undoes_itself(self, mask, data):
        masked = apply_mask(mask, data)
        assert masked == xor(data, mask)
        assert apply_mask(mask, masked) == data

    @pytest.mark.parametrize("mask", [b"", b"abc", b"abcde"])
    def test_wants_four_bytes(self, mask):
        with pytest.raises(ValueError, match="4 bytes"):
            apply_mask(mask, b"data")


class TestUtf8:
    @given(st.text(max_size=40), st.data())
    def test_takes_good_text_in_any_pieces(self, text, data):
        encoded = text.encode()
        cuts = sorted(data.draw(st.lists(st.integers(0, len(encoded)), max_size=6)))
        tail = b""
        for start, end in itertools.pairwise([0, *cuts, len(encoded)]):
            tail = check_utf8(tail, encoded[start:end])
        assert tail == b""

    def test_complains_at_the_very_byte_that_is_wrong(self):
        """For all pairs of bytes that begin like a character: as soon as no character can come of it."""
        for first, second in itertools.product(range(0x80, 0x100), range(0x100)):
            data = bytes((first, second))
            endings = (b"", b"\x80", b"\x80\x80")
            hopeful = any(decodes(data + ending) for ending in endings)
            accepted = takes(data[:1], data[1:])
            assert accepted == hopeful, data

    @pytest.mark.parametrize(
        "data",
        [b"\xc0\x80", b"\xe0\x9f", b"\xed\xa0\x80", b"\xed\xa0", b"\xf0\x8f", b"\xf4\x90", b"\xff"],
    )
    def test_refuses(self, data):
        with pytest.raises(ProtocolFailure) as caught:
            check_utf8(b"", b"good " + data)
        assert caught.value.code == 1007


def takes(*pieces: bytes) -> bool:
    tail = b""
    try:
        for piece in pieces:
            tail = check_utf8(tail, piece)
    except ProtocolFailure:
        return False
    return True


def decodes(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def whole(data, at, mask, reserved=0, limit=1 << 20):
    return read_whole_message(data, at, mask is not None, reserved, limit)


@pytest.mark.parametrize("mask", [MASK, None])
class TestWholeMessage:
    @pytest.mark.parametrize("opcode", [TEXT, BINARY])
    def test_is_cut_out(self, opcode, mask):
        for length in (*range(130), 2048, 2049, 65534, 65535):
            payload = (bytes(range(256)) * 256)[:length]
            data = b"before" + frame(opcode, payload, mask=mask)
            assert whole(data + b"after", 6, mask) == (0x80 | opcode, payload, len(data))

    @pytest.mark.parametrize(
        "options",
        [
            {"fin": False},
            {"reserved": 0x40},
            {"reserved": 0x10},
            {"opcode": PING},
            {"opcode": 0},
            {"size": 2},
            {"size": 8},
            {"payload": bytes(65536)},
        ],
    )
    def test_everything_else_is_left_alone(self, options, mask):
        options = {"opcode": TEXT, "payload": b"hello", **options}
        assert whole(frame(mask=mask, **options), 0, mask) is None

    @pytest.mark.parametrize("size", [5, 500])
    def test_reserved_bits_that_were_agreed_on(self, size, mask):
        data = frame(TEXT, bytes(size), reserved=0x40, mask=mask)
        assert whole(data, 0, mask, 0x40) == (0xC1, bytes(size), len(data))
        assert whole(frame(TEXT, bytes(size), reserved=0x60, mask=mask), 0, mask, 0x40) is None

    @pytest.mark.parametrize("size", [5, 500])
    def test_too_big_is_left_alone(self, size, mask):
        data = frame(TEXT, bytes(size), mask=mask)
        assert whole(data, 0, mask, limit=size) is not None
        assert whole(data, 0, mask, limit=size - 1) is None

    @pytest.mark.parametrize("size", [11, 500])
    def test_the_wrong_masking_is_left_alone(self, size, mask):
        assert whole(frame(TEXT, bytes(size), mask=mask), 0, MASK if mask is None else None) is None

    @pytest.mark.parametrize("size", [5, 500])
    def test_unfinished(self, size, mask):
        data = frame(TEXT, bytes(size), mask=mask)
        for end in range(len(data)):
            assert whole(data[:end], 0, mask) is None


class TestHead:
    @pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 0xFFFF, 0x10000, 0x7FFFFFFFFFFFFFFF])
    def test_length(self, length):
        size = 0 if length < 126 else 2 if length < 0x10000 else 8
        flag = {0: length, 2: 126, 8: 127}[size]
        data = bytes((0x81, flag)) + (length.to_bytes(size, "big") if size else b"")
        assert read_head(b"ab" + data, 2) == (length, 2 + len(data))
        for end in range(len(data)):
            assert read_head(data[:end], 0) is None

    @pytest.mark.parametrize(
        "tail",
        [
            "7e0000",
            "7e007d",
            "7f0000000000000000",
            "7f000000000000ffff",
            "7f8000000000000000",
            "7f" + "f" * 16,
        ],
    )
    def test_length_that_is_not_the_shortest(self, tail):
        with pytest.raises(ProtocolFailure) as caught:
            read_head(b"\x82" + bytes.fromhex(tail), 0)
        assert caught.value.code == 1002


class TestEncode:
    @pytest.mark.parametrize("length", [0, 1, 125, 126, 0xFFFF, 0x10000])
    def test_frame(self, length):
        payload = os.urandom(length)
        assert encode_frame(0x09, payload) == frame(PING, payload, fin=False, mask=None)
        assert encode_frame(0xC2, payload, MASK) == frame(BINARY, payload, reserved=0x40)
        assert encode_message(payload, True) == frame(BINARY, payload, mask=None)
        assert encode_message(payload, False) == frame(TEXT, payload, mask=None)

    def test_example_of_the_specification(self):
        """RFC 6455, section 5.7."""
        assert encode_message(b"Hello", False).hex() == "810548656c6c6f"
        assert encode_frame(FINAL_TEXT, b"Hello", MASK).hex() == "818537fa213d7f9f4d5158"
        assert encode_frame(FINAL_BINARY, bytes(256))[:4].hex() == "827e0100"
        assert encode_frame(FINAL_BINARY, bytes(65536))[:10].hex() == "827f0000000000010000"
