""":class:`RedisPubSub`: messages over a Redis or Valkey server."""

from typing import TYPE_CHECKING, Final

from ..redis_connections import DEFAULT_TIMEOUT, PerLoop, RedisConnections
from ..util import check_numbers, check_whole_numbers, checked_text
from .base import (
    MAX_SUBSCRIPTIONS,
    PubSub,
    PubSubError,
    check_room,
    checked_channel,
    checked_message,
)
from .listening import PING_SECONDS, Listener
from .publishing import Publisher
from .subscription import Subscription

if TYPE_CHECKING:
    from redis.asyncio import Redis

MAX_PUBLISHING: Final = 10_000
"""How many messages may wait to be sent, by default."""


class RedisPubSub(PubSub):
    """Gives messages to those that listen in all processes, on several machines, that share a Redis or Valkey server.

    It needs the library ``redis`` (``pip install tornadolike[redis]``). Each event loop has one connection for all its
    subscriptions, and one on which it publishes; so what a process publishes arrives in this order. When the server is
    away :meth:`publish` raises :exc:`.PubSubError`, and subscriptions wait: when it is back each goes on with a gap.
    A message arrives once at the most, and may be lost with the connection, as Redis has it. When the answer to
    :meth:`publish` is lost nobody knows whether the message was: it is not sent twice.

    :arg server: the address (``redis://user:password@host:6379/0``, ``rediss://...`` over TLS,
        ``unix:///run/redis.sock``); or a ``redis.asyncio.Redis`` of one's own, which is not closed, has its own limits,
        and must not be made with ``decode_responses=True``.
    :arg prefix: what the names of all channels begin with, so that several sites can share a server. Redis does not
        part channels by database; so of a database other than 0 they begin with its number, too (``3/tornadolike:``).
    :arg timeout: seconds that it may take at the most to publish, and to begin to listen.
    :arg ping_seconds: after how many quiet seconds the server is asked for a sign of life; without one within
        ``timeout`` the connection is lost.
    :arg max_subscriptions: the most that listen at a time, for each event loop; one more raises :exc:`.PubSubError`.
    :arg max_publishing: the most messages that wait to be sent, for each event loop; one more raises
        :exc:`.PubSubError`.

    Raises :exc:`ImportError` without the library, and :exc:`ValueError` for an address that is none.
    """

    def __init__(
        self,
        server: "str | Redis",
        *,
        prefix: str = "tornadolike:",
        timeout: float = DEFAULT_TIMEOUT,
        ping_seconds: float = PING_SECONDS,
        max_subscriptions: int = MAX_SUBSCRIPTIONS,
        max_publishing: int = MAX_PUBLISHING,
    ) -> None:
        check_numbers(ping_seconds=ping_seconds)
        check_whole_numbers(max_subscriptions=max_subscriptions, max_publishing=max_publishing)
        if not ping_seconds > 0 or max_subscriptions < 1 or max_publishing < 1:
            raise ValueError("ping_seconds, max_subscriptions and max_publishing are more than 0")
        self._connections = connections = RedisConnections(
            server,
            user="RedisPubSub",
            error=PubSubError,
            timeout=timeout,
            retries=0,  # what was lost with its connection may have been published
        )
        database = connections.database
        prefix = checked_text("a prefix", prefix)
        self.prefix = f"{database}/{prefix}" if database else prefix
        self.max_subscriptions = max_subscriptions
        self._publishers = PerLoop(lambda: Publisher(connections, max_publishing))
        self._listeners = PerLoop(lambda: Listener(connections, ping_seconds))

    async def publish(self, channel: str, message: bytes) -> None:
        await self._publishers.get().publish(self._named(channel), checked_message(message))

    async def begin(self, subscription: Subscription, wait: bool) -> None:
        listener = self._listeners.get()
        check_room(len(listener), self.max_subscriptions)
        await listener.begin(subscription, self._named(subscription.channel), wait)

    def end(self, subscription: Subscription) -> None:
        self._listeners.get().end(subscription, self._named(subscription.channel))

    async def close(self) -> None:
        """Close all subscriptions of the running loop and its connections, behind what is being published."""
        await self._listeners.get().close()
        await self._publishers.get().close()
        await self._connections.close()

    def _named(self, channel: str) -> bytes:
        return f"{self.prefix}{checked_channel(channel)}".encode()
