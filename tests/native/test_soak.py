"""A short soak: see :mod:`tests.native.soak`."""

import random

import pytest

from tests.native import soak

SECONDS = 6.0


@pytest.mark.slow
@pytest.mark.once
def test_nothing_is_left_behind_by_mixed_traffic():
    seed = random.randrange(1_000_000)
    done, growth, left = soak.run(SECONDS, seed)
    assert sum(done.values()) > 20, seed
    assert growth < soak.ROOM_FOR_GROWTH, seed
    assert left == 0, seed
