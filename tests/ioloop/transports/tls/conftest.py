"""A scene to try TLS on."""

import pytest

from tests.ioloop.transports.bench import Bench
from tests.ioloop.transports.tls.scene import Scene
from tests.tls_certs import Certificates


@pytest.fixture
def scene(bench: Bench, certs: Certificates) -> Scene:
    return Scene(bench, certs)
