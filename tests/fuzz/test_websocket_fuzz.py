"""Bytes that nobody meant: the core answers them with events and close codes, and with nothing else."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.websocket_inputs import (
    LIMIT,
    SECONDS,
    Deflating,
    cut,
    extension,
    generator,
    random_cuts,
    random_frame,
    random_payload,
    spoilt,
)
from tests.websocket.helpers import feed
from tornadolike.websocket.closing import State
from tornadolike.websocket.events import Closed, Event, Failed, Ping, Pong
from tornadolike.websocket.protocol import Role, WebSocketCore

pytestmark = pytest.mark.once


def is_bad_content(events: list[Event]) -> bool:
    """Whether the last message is to blame, not its frames."""
    return bool(events) and isinstance(events[-1], Failed) and events[-1].code in (1007, 1009)


def check(role: Role, data: bytes, cuts: list[int], *, alone: bool | None = None) -> None:
    """Feed ``data`` whole and cut: both must say the same, and only what is documented.

    ``alone``: whether messages are compressed each by itself; None for no compression.
    """
    whole, in_pieces = (
        WebSocketCore(
            role,
            max_message_size=LIMIT,
            extension=None if alone is None else extension(role, alone),
            new_mask=lambda: bytes(4),
        )
        for _ in "12"
    )
    events = feed(whole, [data])
    events_in_pieces = feed(in_pieces, cut(data, cuts))
    assert whole.state is in_pieces.state
    output, output_in_pieces = whole.data_to_send(), in_pieces.data_to_send()
    if alone is not None and is_bad_content(events) and is_bad_content(events_in_pieces):
        # What is wrong twice (say, is no UTF-8, and too long) may be found out in another order.
        assert events[:-1] == events_in_pieces[:-1]
    else:
        assert events == events_in_pieces
        assert output == output_in_pieces
    assert len(output) <= len(data) + 200, "the answer is no amplifier"
    for event in events:
        if isinstance(event, str | bytes):
            assert len(event) <= LIMIT
        elif isinstance(event, Failed):
            assert event.code in (1002, 1007, 1009)
        else:
            assert isinstance(event, Ping | Pong | Closed)
    last = [event for event in events if isinstance(event, Failed | Closed)]
    assert last == events[len(events) - len(last) :]
    assert len(last) == (whole.state is State.CLOSED)
    # Nothing is kept but the unfinished message and less than a frame's head and a control frame.
    assert len(whole._data) <= 14 + 125
    whole.receive_eof()
    end = whole.next_event()
    assert (end is None) if last else (isinstance(end, Failed) and end.code == 1006)


@pytest.mark.parametrize("role", list(Role))
def test_frames_at_random(role):
    rng = generator()
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        data = b"".join(random_frame(rng, role is Role.SERVER) for _ in range(rng.randrange(8)))
        if rng.random() < 0.3:
            data = spoilt(rng, data)
        check(role, data, random_cuts(rng, len(data)))


@pytest.mark.parametrize("role", list(Role))
def test_compressed_messages_at_random(role):
    rng = generator()
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        alone = rng.random() < 0.5
        peer = Deflating(rng, alone)
        data = b"".join(
            peer.message(
                random_payload(rng) * rng.choice([1, 1, 1, 400]),
                text=rng.random() < 0.5,
                masked=role is Role.SERVER,
                wrong=rng.random() < 0.1,
            )
            for _ in range(rng.randrange(6))
        )
        if rng.random() < 0.1:
            data = spoilt(rng, data)
        check(role, data, random_cuts(rng, len(data)), alone=alone)


@given(st.sampled_from(Role), st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
@settings(max_examples=100)
def test_bytes_at_random(role, data, cuts):
    check(role, data, [min(cut, len(data)) for cut in cuts])
