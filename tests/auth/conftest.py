"""``lying_provider``: an OpenID provider on loopback; ``browser``; ``site`` as in tests/web."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.auth.browser import Browser
from tests.auth.lying_provider import LyingProvider
from tests.web.conftest import site  # noqa: F401 (a fixture)


@pytest.fixture
def lying_provider(serve: Callable[..., Any]) -> LyingProvider:
    return LyingProvider(serve)


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def free_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
    return port
