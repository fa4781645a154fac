"""Living objects are counted in a build for debugging; ``maint/native/leaks`` makes one, and runs this there."""

import pytest

from tornadolike import _native

counters = pytest.importorskip("tornadolike._native.counters", exc_type=ImportError)


def test_they_count_if_they_were_built_to() -> None:
    assert _native.counts_objects() == (_native.RUNNING and counters.counting)
    living = counters.living()
    assert all(number >= 0 for number in living.values())
    if not counters.counting:
        assert set(living.values()) <= {0}
