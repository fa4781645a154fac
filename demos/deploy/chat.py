"""The chat of `demos/chat` as a site of several processes, on one machine or on many.

CHAT_REDIS is the address of the Redis server that the rooms are on: redis://:PASSWORD@10.0.0.20
"""

from __future__ import annotations

import os
from contextlib import AsyncExitStack

from demos.chat.app import chat
from tornadolike.health import Health
from tornadolike.redis_connections import RedisConnections
from tornadolike.routing import AnyMatches, Rule
from tornadolike.web import Application


class NoRooms(Exception):
    """The Redis server does not answer."""


async def make_app() -> Application:
    """Each worker has connections of its own, which are closed when it stops."""
    address = os.environ["CHAT_REDIS"]
    stack = AsyncExitStack()
    rooms = await stack.enter_async_context(chat(address))
    connections = RedisConnections(address, user="the health check", error=NoRooms)
    stack.push_async_callback(connections.close)

    health = Health()

    # A machine that is cut off from the rooms gets no more visitors: another one may still reach them.
    @health.check("rooms", timeout=1)
    async def rooms_are_there() -> None:
        await connections.within(connections.client().ping())

    app = Application([*health.rules(), Rule(AnyMatches(), rooms)])
    app.on_shutdown(stack.aclose)
    return app
