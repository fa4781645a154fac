"""Fixtures for handlers on real sockets."""

from typing import Any

import pytest

from tests.websocket.peer import Journal
from tornadolike.web import Application
from tornadolike.websocket import WebSocketHandler


@pytest.fixture
def journal() -> list[Any]:
    return []


@pytest.fixture
def serve_handler(serve, journal):
    """Serve one handler class at /, with the journal if it takes one."""

    def start(handler: type[WebSocketHandler], **settings: Any) -> Any:
        arguments = {"journal": journal} if issubclass(handler, Journal) else {}
        return serve(Application([(r"/([a-z]*)", handler, arguments)], **settings))

    return start
