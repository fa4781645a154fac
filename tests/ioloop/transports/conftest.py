"""A bench to try transports on."""

from collections.abc import Iterator

import pytest

from tests.ioloop.transports.bench import Bench
from tornadolike.ioloop import IOLoop


@pytest.fixture
def bench(io_loop: IOLoop) -> Iterator[Bench]:
    made = Bench(io_loop)
    yield made
    for sock in made.sockets:
        sock.close()
