"""The native steps of a WebSocket's protocol beside the reference's: the same events, state and bytes to send."""

import gc
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.http1_inputs import SECONDS, examples
from tests.native.references import needs_native
from tests.websocket.helpers import BINARY, CONTINUATION, PING, PONG, TEXT, close, frame
from tornadolike._native import references
from tornadolike.websocket.protocol import Role, WebSocketCore

pytestmark = [needs_native, pytest.mark.timeout(60 + 3 * SECONDS)]


class PythonCore(WebSocketCore):
    """The same with each step taken by the reference."""

    __slots__ = ()

    receive_data = references.get("messages.receive_data")
    next_event = references.get("messages.next_event")
    data_to_send = references.get("messages.data_to_send")


STATE = (
    "state",
    "unsent",
    "behind",
    "pending",
    "close_held",
    "_data",
    "_at",
    "_chunks",
    "_mask",
    "_tail",
    "_message",
)
STATE += ("_left", "_opcode", "_reserved", "_between", "_final", "_ended", "_out")

PAYLOAD = st.one_of(
    st.text(max_size=20).map(str.encode),
    st.binary(max_size=20),
    st.sampled_from(
        (b"", b"a", b"\xc3", "ä€😀".encode(), b"\xff", b"x" * 125, b"x" * 126, b"\xe2\x82" * 70)
    ),
)


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """What a client may say: good frames most often, and some that are wrong."""
    said = b""
    for _ in range(draw(st.integers(1, 6))):
        payload = draw(PAYLOAD)
        kind = draw(st.integers(0, 9))
        if kind < 4:
            said += frame(draw(st.sampled_from((TEXT, BINARY))), payload)
        elif kind < 6:
            cut = draw(st.integers(0, len(payload)))
            said += frame(draw(st.sampled_from((TEXT, BINARY))), payload[:cut], fin=False)
            if draw(st.booleans()):
                said += frame(PING, b"hello")
            said += frame(CONTINUATION, payload[cut:])
        elif kind < 8:
            said += frame(draw(st.sampled_from((PING, PONG))), payload[:125])
        elif kind == 8:
            said += draw(st.sampled_from((close(), close(1000, b"bye"), close(1005))))
        else:
            opcode, fin = draw(st.integers(0, 15)), draw(st.booleans())
            reserved = draw(st.sampled_from((0, 0, 0x40)))
            mask = draw(st.sampled_from((b"abcd", None)))
            size = draw(st.sampled_from((0, 2, 8)))
            said += frame(opcode, payload, fin=fin, reserved=reserved, mask=mask, size=size)
    return said


def state_of(core: WebSocketCore) -> list[object]:
    return [getattr(core, name) for name in STATE]


@examples(1200)
@given(
    streams(),
    st.data(),
    st.sampled_from((-1, 0, 1, 20, 200, 1 << 31, 1 << 70, 19.5, True)),
    st.sampled_from((Role.SERVER, Role.SERVER, Role.CLIENT)),
)
def test_they_do_the_same(said: bytes, draw: st.DataObject, limit: Any, role: Role) -> None:
    """Cut at random, with answers between, and the end in any place."""
    both = [
        kind(role, max_message_size=limit, new_mask=lambda: b"mask")
        for kind in (WebSocketCore, PythonCore)
    ]
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(said)), max_size=8)))
    fetched = draw.draw(st.lists(st.booleans(), min_size=9, max_size=9))
    ends = draw.draw(st.booleans())
    for start, end, fetch in zip([0, *cuts], [*cuts, len(said)], fetched, strict=False):
        for core in both:
            core.receive_data(said[start:end])
            if ends and end == len(said):
                core.receive_eof()
        if fetch or end == len(said):
            _fetch(both)
        assert state_of(both[0]) == state_of(both[1])
        assert both[0].data_to_send() == both[1].data_to_send()


def _fetch(both: list[WebSocketCore]) -> None:
    while True:
        events = [core.next_event() for core in both]
        assert events[0] == events[1]
        assert type(events[0]) is type(events[1])
        assert state_of(both[0]) == state_of(both[1])
        if events[0] is None:
            return
        if isinstance(events[0], str | bytes) and both[0].state.name == "OPEN":
            for core in both:
                core.send_message(b"answer", True)


@examples(300)
@given(st.binary(max_size=40))
def test_any_bytes(said: bytes) -> None:
    both = [WebSocketCore(Role.SERVER), PythonCore(Role.SERVER)]
    for place in range(len(said)):
        for core in both:
            core.receive_data(said[place : place + 1])
        _fetch(both)


def test_what_was_never_initialised_is_no_danger() -> None:
    core = WebSocketCore.__new__(WebSocketCore)
    for call in (core.next_event, core.data_to_send, lambda: core.receive_data(b"ab")):
        try:
            call()
        except (AttributeError, TypeError):
            pass


def test_nothing_is_kept() -> None:
    text, data = frame(TEXT, b"some words"), frame(BINARY, b"data" * 50)
    core = WebSocketCore(Role.SERVER)
    before = None
    for turn in range(3):
        for _ in range(5_000):
            core.receive_data(text)
            core.receive_data(data)
            assert core.next_event() == "some words"
            assert len(core.next_event() or b"") == 200
            assert core.next_event() is None
            core.send_message(b"answer", True)
            core.data_to_send()
        gc.collect()
        now = (
            sys.getrefcount(text),
            sys.getrefcount(data),
            sys.getrefcount(core),
            len(gc.get_objects()),
        )
        if turn:
            assert before is not None
            assert now[:3] == before[:3]
            assert abs(now[3] - before[3]) < 100
        before = now


def test_circles_are_found() -> None:
    core = WebSocketCore(Role.SERVER)
    core.extension = [core]  # type: ignore[assignment]
    gc.collect()
    del core
    assert gc.collect() > 0
