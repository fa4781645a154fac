"""Bytes that nobody meant: the core answers them with events and close codes, and with nothing else."""

import itertools
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.websocket.helpers import close, feed, frame
from tornadolike.websocket.closing import State
from tornadolike.websocket.events import Closed, Failed, Ping, Pong
from tornadolike.websocket.protocol import Role, WebSocketCore

LIMIT = 3000
SECONDS = 1.5  # for each test here

OPCODES = [0, 0, 1, 1, 2, 2, 8, 9, 9, 10, 3, 11]


def check(role: Role, data: bytes, cuts: list[int]) -> None:
    """Feed ``data`` whole and cut: both must say the same, and only what is documented."""
    edges = [0, *sorted(cuts), len(data)]
    whole, cut = (
        WebSocketCore(role, max_message_size=LIMIT, new_mask=lambda: bytes(4)) for _ in "12"
    )
    events = feed(whole, [data])
    assert events == feed(cut, [data[a:b] for a, b in itertools.pairwise(edges)])
    assert whole.state is cut.state
    output = whole.data_to_send()
    assert output == cut.data_to_send()
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


def random_frame(rng: random.Random, masked: bool) -> bytes:
    size = rng.choice([0, 1, 2, 5, 20, 125, 126, 127, 500, LIMIT, LIMIT + 1])
    payload = rng.choice([b"x" * size, rng.randbytes(size), "\N{SNOWMAN}".encode() * (size // 3)])
    if rng.random() < 0.1:
        return close(rng.choice([1000, 1005, 3000, rng.randrange(6000)]), payload[:123])
    return frame(
        rng.choice(OPCODES),
        payload,
        fin=rng.random() < 0.6,
        reserved=rng.choice([0] * 30 + [0x10, 0x40]),
        mask=rng.randbytes(4) if masked == (rng.random() < 0.99) else None,
        size=rng.choice([0] * 30 + [2, 8]),
    )


@pytest.mark.parametrize("role", list(Role))
def test_frames_at_random(role):
    seed = random.randrange(2**32)
    print("seed", seed)
    rng = random.Random(seed)
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        data = b"".join(random_frame(rng, role is Role.SERVER) for _ in range(rng.randrange(8)))
        if rng.random() < 0.3 and data:  # some bytes wrong
            mutable = bytearray(data)
            for _ in range(rng.randrange(1, 4)):
                mutable[rng.randrange(len(mutable))] = rng.randrange(256)
            data = bytes(mutable)
        check(role, data, [rng.randrange(len(data) + 1) for _ in range(rng.randrange(6))])


@given(st.sampled_from(Role), st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
@settings(max_examples=300)
def test_bytes_at_random(role, data, cuts):
    check(role, data, [min(cut, len(data)) for cut in cuts])
