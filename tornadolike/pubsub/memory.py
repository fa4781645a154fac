""":class:`MemoryPubSub`: messages within this process."""

import asyncio
from collections import deque

from ..util import check_whole_numbers
from .base import MAX_SUBSCRIPTIONS, PubSub, check_room, checked_channel, checked_message
from .subscription import Subscription


class MemoryPubSub(PubSub):
    """Gives messages to those that listen in this process. It belongs to the thread of its event loop.

    It is for one process: of two behind one port each would hear its own.

    :arg max_subscriptions: the most that listen at a time; one more raises :exc:`.PubSubError`.
    """

    def __init__(self, *, max_subscriptions: int = MAX_SUBSCRIPTIONS) -> None:
        check_whole_numbers(max_subscriptions=max_subscriptions)
        if max_subscriptions < 1:
            raise ValueError("max_subscriptions is at least 1")
        self.max_subscriptions = max_subscriptions
        self._channels: dict[str, dict[Subscription, None]] = {}
        self._count = 0
        self._published: deque[tuple[str, bytes]] = deque()
        """What was published by those who were just being given a message: it comes behind that."""
        self._delivering = False

    def __len__(self) -> int:
        """How many listen."""
        return self._count

    async def publish(self, channel: str, message: bytes) -> None:
        """Give a message to all that listen to the channel.

        Those who are slow are given a moment, so that a quick publisher does not overrun them at once; it does not
        wait for them.
        """
        self._published.append((checked_channel(channel), checked_message(message)))
        if self._delivering:
            return
        crowded = False
        self._delivering = True
        try:
            while self._published:
                channel, message = self._published.popleft()
                for subscription in tuple(self._channels.get(channel, ())):
                    subscription.deliver(message)
                    crowded = crowded or subscription.crowded
        finally:
            self._delivering = False
        if crowded:
            await asyncio.sleep(0)

    async def begin(self, subscription: Subscription, wait: bool) -> None:
        check_room(self._count, self.max_subscriptions)
        self._channels.setdefault(subscription.channel, {})[subscription] = None
        self._count += 1

    def end(self, subscription: Subscription) -> None:
        listening = self._channels.get(subscription.channel, {})
        if subscription in listening:
            del listening[subscription]
            self._count -= 1
            if not listening:
                del self._channels[subscription.channel]

    async def close(self) -> None:
        """Close all subscriptions."""
        closing = [it for listening in self._channels.values() for it in listening]
        for subscription in closing:
            subscription.stop()
        for subscription in closing:
            await subscription.close()
