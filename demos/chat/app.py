"""The chat as an application, and what goes on around it while it is served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tornadolike.ioloop import PeriodicCallback
from tornadolike.pubsub import RedisPubSub
from tornadolike.redis_connections import RedisConnections
from tornadolike.web import Application

from . import languages
from .handlers import PollReceiveHandler, PollSendHandler, SocketHandler
from .hub import Hub
from .ledger import Unavailable
from .limits import Limits
from .page import FileHandler, PageHandler
from .redis_ledger import RedisLedger
from .switchboard import Switchboard

HERE = Path(__file__).parent

MAX_EVENT_BYTES = 32 * 1024
"""Room for the longest message in the most wasteful spelling of JSON, and no more."""

TICK_MILLISECONDS = 500

PREFIX = "tornadolike-chat:"
"""What the names of the chat's channels begin with on a Redis server."""


def make_app(hub: Hub, switchboard: Switchboard | None = None) -> Application:
    """The chat's routes around one hub.

    :arg switchboard: the way to the other processes, if there are any.
    """
    polling = {"hub": hub, "switchboard": switchboard}
    return Application(
        [
            (r"/socket", SocketHandler, {"hub": hub}),
            (r"/poll/send", PollSendHandler, polling),
            (r"/poll/receive", PollReceiveHandler, polling),
            (r"/(?:index\.html)?", PageHandler),
            (r"/(.*)", FileHandler, {"path": str(HERE / "static")}),
        ],
        template_path=str(HERE / "templates"),
        autoescape="contextual",
        websocket_max_message_size=MAX_EVENT_BYTES,
        websocket_ping_interval=20,
        websocket_compression_options={},
    )


@asynccontextmanager
async def chat(
    redis: str | None = None, limits: Limits | None = None, tick: float = TICK_MILLISECONDS
) -> AsyncIterator[Application]:
    """The application with a hub whose clock ticks; at the end everybody is told goodbye.

    :arg redis: the address of the server that the rooms are on; without one they are in memory.
    """
    languages.load()
    limits = limits or Limits()
    async with AsyncExitStack() as stack:
        if redis:
            hub, switchboard = await stack.enter_async_context(shared(redis, limits))
        else:
            hub, switchboard = Hub(limits), None
        ticker = PeriodicCallback(hub.tick, tick)

        def goodbye(application: Application) -> None:
            ticker.stop()
            hub.close()
            if switchboard is not None:
                switchboard.close()

        ticker.start()
        app = make_app(hub, switchboard)
        app.on("application.stopping", goodbye)
        yield app


@asynccontextmanager
async def shared(server: str, limits: Limits) -> AsyncIterator[tuple[Hub, Switchboard]]:
    """A hub whose rooms are on a Redis server, and the way to the other processes that have them there."""
    connections = RedisConnections(server, user="RedisLedger", error=Unavailable)
    pubsub = RedisPubSub(server, prefix=PREFIX)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(connections.close)
        stack.push_async_callback(pubsub.close)
        ledger = RedisLedger(limits, connections, pubsub)
        hub = Hub(limits, ledger)
        switchboard = Switchboard(hub, ledger, pubsub)
        await stack.enter_async_context(switchboard.listening())
        stack.push_async_callback(hub.release)
        yield hub, switchboard
