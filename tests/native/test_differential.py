"""The native server and the Python one answer, see and log the same (:mod:`tests.native.differential`)."""

import random

import pytest

from tests.native import differential
from tornadolike import _native

SECONDS = 12.0


@pytest.mark.slow
@pytest.mark.skipif(not _native.RUNNING, reason="there is nothing native to compare")
def test_the_native_server_does_what_the_python_one_does():
    seed = random.randrange(1_000_000)
    assert differential.run(seed, SECONDS) > 20
