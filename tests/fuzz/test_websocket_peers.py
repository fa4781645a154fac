"""Our protocol and that of websockets accept and refuse the same, and read the same messages."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.websocket_inputs import (
    LIMIT,
    SECONDS,
    Deflating,
    cut,
    generator,
    random_cuts,
    random_frame,
    random_payload,
    spoilt,
)
from tests.fuzz.websocket_oracle import by_us, by_websockets, differ, reads_otherwise
from tornadolike.websocket.protocol import Role

pytestmark = pytest.mark.once


def both(role, data, cuts, alone=None):
    """What we see, and what websockets sees."""
    pieces = cut(data, cuts)
    return by_us(role, pieces, alone), by_websockets(role, pieces, alone)


def compare(role, data, cuts):
    ours, theirs = both(role, data, cuts)
    assert not differ(ours, theirs), (data, ours, theirs)


@pytest.mark.parametrize("role", list(Role))
def test_frames(role):
    rng = generator()
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        masked = role is Role.SERVER
        data = b"".join(random_frame(rng, masked) for _ in range(rng.randrange(8)))
        if rng.random() < 0.2:
            data = spoilt(rng, data)
        compare(role, data, random_cuts(rng, len(data)))


@pytest.mark.parametrize("role", list(Role))
def test_compressed_messages(role):
    """What is right is read alike. Of spoilt ones, of which we refuse more, none is read as something else."""
    rng = generator()
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        alone, wrong = rng.random() < 0.5, rng.random() < 0.2
        peer = Deflating(rng, alone)
        data = b"".join(
            peer.message(
                random_payload(rng)[: LIMIT - 200],  # they count compressed bytes, too
                text=rng.random() < 0.3,
                masked=role is Role.SERVER,
                wrong=wrong and rng.random() < 0.3,
            )
            for _ in range(rng.randrange(6))
        )
        ours, theirs = both(role, data, random_cuts(rng, len(data)), alone)
        if wrong:
            assert not reads_otherwise(ours, theirs), (data, ours, theirs)
        else:
            assert not differ(ours, theirs), (data, ours, theirs)
            assert ours.end in ("", "failed 1007")


@given(st.sampled_from(Role), st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=3))
@settings(max_examples=100)
def test_bytes(role, data, cuts):
    compare(role, data, [min(place, len(data)) for place in cuts])
