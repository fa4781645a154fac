"""The chat as an application, and what goes on around it while it is served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tornadolike.ioloop import PeriodicCallback
from tornadolike.web import Application

from . import languages
from .handlers import PollReceiveHandler, PollSendHandler, SocketHandler
from .page import FileHandler, PageHandler
from .rooms import Hub

HERE = Path(__file__).parent

MAX_EVENT_BYTES = 32 * 1024
"""Room for the longest message in the most wasteful spelling of JSON, and no more."""

TICK_MILLISECONDS = 500


def make_app(hub: Hub) -> Application:
    """The chat's routes around one hub."""
    return Application(
        [
            (r"/socket", SocketHandler, {"hub": hub}),
            (r"/poll/send", PollSendHandler, {"hub": hub}),
            (r"/poll/receive", PollReceiveHandler, {"hub": hub}),
            (r"/(?:index\.html)?", PageHandler),
            (r"/(.*)", FileHandler, {"path": str(HERE / "static")}),
        ],
        template_path=str(HERE / "templates"),
        autoescape="contextual",
        websocket_max_message_size=MAX_EVENT_BYTES,
        websocket_ping_interval=20,
    )


@asynccontextmanager
async def chat() -> AsyncIterator[Application]:
    """The application with a hub whose clock ticks; at the end everybody is told goodbye."""
    languages.load()
    hub = Hub()
    ticker = PeriodicCallback(hub.tick, TICK_MILLISECONDS)
    ticker.start()
    try:
        yield make_app(hub)
    finally:
        ticker.stop()
        hub.close()
