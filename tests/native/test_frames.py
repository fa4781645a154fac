"""The leaves of the WebSocket protocol beside their references: the same bytes, the same refusals."""

import os
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.http1_inputs import SECONDS, examples
from tests.native.references import needs_native
from tornadolike._native import references
from tornadolike.websocket import frames
from tornadolike.websocket.errors import ProtocolFailure

pytestmark = [needs_native, pytest.mark.timeout(60 + 3 * SECONDS)]

NAMES = (
    "apply_mask",
    "check_utf8",
    "encode_frame",
    "encode_message",
    "read_head",
    "read_whole_message",
)
SIZES = (
    0,
    1,
    2,
    7,
    8,
    15,
    16,
    17,
    63,
    64,
    65,
    125,
    126,
    127,
    128,
    200,
    2048,
    2049,
    0xFFFF,
    0x10000,
)
MASK = st.binary(min_size=4, max_size=4)
# What a head can say, whether it is right or not, and some bytes behind it.
HEADS = st.builds(
    lambda first, second, more, payload: bytes((first, second)) + more + payload,
    st.one_of(st.sampled_from((0x81, 0x82, 0xC1, 0xC2, 0x01, 0x88, 0x80)), st.integers(0, 255)),
    st.one_of(st.sampled_from((0, 125, 126, 127, 128, 253, 254, 255)), st.integers(0, 255)),
    st.one_of(
        st.just(b""),
        st.sampled_from(SIZES).map(lambda size: size.to_bytes(2, "big") if size < 0x10000 else b""),
        st.sampled_from(SIZES).map(lambda size: size.to_bytes(8, "big")),
        st.binary(max_size=12),
    ),
    st.one_of(st.binary(max_size=300), st.sampled_from(SIZES).map(bytes)),
)
# Bytes near the borders of the table of well-formed UTF-8.
EDGES = bytes(
    (
        0x00,
        0x41,
        0x7F,
        0x80,
        0x8F,
        0x90,
        0x9F,
        0xA0,
        0xBF,
        0xC0,
        0xC1,
        0xC2,
        0xDF,
        0xE0,
        0xE1,
        0xEC,
        0xED,
    )
)
EDGES += bytes((0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF))
TEXTS = st.one_of(
    st.text(max_size=40).map(str.encode),
    st.lists(st.sampled_from(EDGES), max_size=8).map(bytes),
    st.tuples(
        st.integers(0, 40), st.lists(st.sampled_from(EDGES), max_size=5), st.integers(0, 20)
    ).map(lambda parts: b"a" * parts[0] + bytes(parts[1]) + b"b" * parts[2]),
)


def outcome(function: Callable[..., Any], *arguments: Any) -> object:
    try:
        return function(*arguments)
    except ProtocolFailure as failure:
        return failure.code, failure.reason
    except ValueError as error:
        return type(error), str(error)


def same(name: str, *arguments: Any) -> object:
    found = outcome(getattr(frames, name), *arguments)
    assert found == outcome(references[f"frames.{name}"], *arguments), (name, arguments)
    return found


def test_each_has_a_twin() -> None:
    for name in NAMES:
        assert getattr(frames, name) is not references[f"frames.{name}"]


@examples(300)
@given(
    MASK,
    st.one_of(st.binary(max_size=300), st.sampled_from(SIZES).map(os.urandom)),
    st.integers(0, 17),
)
def test_masks(mask: bytes, data: bytes, before: int) -> None:
    masked = same("apply_mask", mask, data[before:])  # (from any place in memory)
    assert frames.apply_mask(mask, masked) == data[before:]


def test_masks_that_are_none() -> None:
    for mask in (b"", b"abc", b"abcde"):
        same("apply_mask", mask, b"data")
    same("apply_mask", bytearray(b"abcd"), memoryview(b"data!"))


@examples(800)
@given(TEXTS, st.data())
def test_utf8_in_pieces(data: bytes, draw: st.DataObject) -> None:
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=4)))
    tail: Any = b""
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        tail = same("check_utf8", tail, data[start:end])
        if not isinstance(tail, bytes):
            return
    assert (tail == b"") == _is_utf8(data)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_all_that_two_and_three_edges_can_be() -> None:
    for first in EDGES:
        for second in EDGES:
            same("check_utf8", b"", bytes((first, second)))
            for third in EDGES:
                same("check_utf8", b"", b"sixteen bytes..." + bytes((first, second, third)))


@examples(1500)
@given(
    HEADS,
    st.integers(0, 3),
    st.booleans(),
    st.sampled_from((0, 0x40, 0x70)),
    st.one_of(
        st.sampled_from((-1, 0, 1, 125, 126, 200, 0xFFFF, 0x10000, 1 << 40, 1 << 70)),
        st.integers(0, 400),
    ),
)
def test_heads(data: bytes, at: int, masked: bool, reserved: int, limit: int) -> None:
    data = b"..."[:at] + data
    same("read_head", data, at)
    same("read_whole_message", data, at, masked, reserved, limit)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mask", [b"", b"\x37\xfa\x21\x3d"])
def test_frames_there_and_back(size: int, mask: bytes) -> None:
    payload = os.urandom(size)
    frame = same("encode_frame", 0x82, payload, mask)
    assert isinstance(frame, bytes)
    same("encode_frame", 0x00, payload, mask)
    same("encode_message", payload, True)
    same("encode_message", payload, False)
    for cut in {*range(min(20, len(frame))), len(frame) - 1, len(frame)}:
        same("read_whole_message", frame[:cut], 0, bool(mask), 0, 1 << 20)
        same("read_head", frame[:cut], 0)


def test_nothing_is_kept() -> None:
    payload, mask = b"some words " * 20, b"abcd"
    frame = frames.encode_frame(0x82, payload, mask)
    before = [sys.getrefcount(one) for one in (payload, mask, frame)]
    for _ in range(10_000):
        frames.apply_mask(mask, payload)
        frames.check_utf8(b"", payload)
        frames.encode_frame(0x82, payload, mask)
        frames.encode_message(payload, True)
        frames.read_whole_message(frame, 0, True, 0, 1000)
        frames.read_head(frame, 0)
        outcome(frames.check_utf8, payload, b"\xff")
    assert [sys.getrefcount(one) for one in (payload, mask, frame)] == before
