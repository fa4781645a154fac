"""The chat as an application, and the life of its server from the first port to the last word."""

from __future__ import annotations

import asyncio
import errno
import signal
from pathlib import Path

from tornadolike.httpserver import HTTPServer
from tornadolike.ioloop import PeriodicCallback
from tornadolike.web import Application

from .handlers import PageHandler, PollReceiveHandler, PollSendHandler, SocketHandler
from .rooms import Hub

STATIC = Path(__file__).parent / "static"

MAX_EVENT_BYTES = 32 * 1024
"""Room for the longest message in the most wasteful spelling of JSON, and no more."""

PORTS_TO_TRY = 100
DRAIN_SECONDS = 3
TICK_MILLISECONDS = 500


def make_app(hub: Hub) -> Application:
    """The chat's routes around one hub."""
    return Application(
        [
            (r"/socket", SocketHandler, {"hub": hub}),
            (r"/poll/send", PollSendHandler, {"hub": hub}),
            (r"/poll/receive", PollReceiveHandler, {"hub": hub}),
            (r"/(.*)", PageHandler, {"path": str(STATIC), "default_filename": "index.html"}),
        ],
        websocket_max_message_size=MAX_EVENT_BYTES,
        websocket_ping_interval=20,
    )


def listen(app: Application, address: str, port: int) -> tuple[HTTPServer, int]:
    """Listen on `port`, or on the first free one after it."""
    for candidate in range(port, min(port + PORTS_TO_TRY, 65_536)):
        try:
            return app.listen(candidate, address, max_body_size=MAX_EVENT_BYTES), candidate
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise OSError(errno.EADDRINUSE, f"none of {PORTS_TO_TRY} ports from {port} on is free")


async def serve(address: str, port: int) -> None:
    """Serve the chat until Ctrl-C or SIGTERM; then let everybody finish, and return."""
    hub = Hub()
    server, actual = listen(make_app(hub), address, port)
    if actual != port:
        print(f"Port {port} is taken; using {actual}.")
    print(f"Chat on {url(address, actual)}  (Ctrl-C stops)", flush=True)

    ticker = PeriodicCallback(hub.tick, TICK_MILLISECONDS)
    ticker.start()
    await stop_signal()
    ticker.stop()

    hub.close()
    await server.drain(DRAIN_SECONDS)


async def stop_signal() -> None:
    """Wait for the first Ctrl-C or SIGTERM. A second one does what it always does."""
    loop = asyncio.get_running_loop()
    arrived = asyncio.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, arrived.set)
    try:
        await arrived.wait()
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def url(address: str, port: int) -> str:
    """Where to point a browser."""
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(address)  # noqa: S104
    if host is None:
        host = f"[{address}]" if ":" in address else address
    return f"http://{host}:{port}"
