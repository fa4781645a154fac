""":class:`PubSub`: messages by channel, to all that listen at the moment."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from ..util import check_whole_numbers, checked_text
from .subscription import MAX_WAITING, MAX_WAITING_BYTES, Subscription

MAX_SUBSCRIPTIONS: Final = 100_000
"""How many may listen at a time, by default."""


class PubSubError(Exception):
    """What is behind publish/subscribe has failed, does not answer, or is full. The text says what to do."""


class PubSub(ABC):
    """Gives messages to all that listen to their channel at the moment, and keeps none.

    A channel is text without lone surrogates, a message is bytes: :exc:`TypeError` and :exc:`ValueError` are raised for
    others. What one publishes on a channel arrives in this order, once at the most. Who listens is told when something
    was missing (:attr:`.Subscription.gaps`).

    The interface; one of one's own overrides what is abstract. It opens what it needs when it is first used, and again
    when it is used after :meth:`close`.
    """

    _lives = 0
    """How many applications, or parts of one, are using it (:meth:`lifetime`)."""

    @abstractmethod
    async def publish(self, channel: str, message: bytes) -> None:
        """Give a message to all that listen to the channel. Raises :exc:`PubSubError` when that could not be done."""

    def subscribe(
        self,
        channel: str,
        *,
        on_gap: Callable[[], object] | None = None,
        max_waiting: int = MAX_WAITING,
        max_waiting_bytes: int = MAX_WAITING_BYTES,
        wait: bool = True,
    ) -> Subscription:
        """Listen to a channel: ``async with`` what this returns, and iterate over it.

        What is published when ``async with`` has begun comes; it raises :exc:`PubSubError` when that cannot be had.

        :arg on_gap: a function, or a coroutine function, called without arguments where something may be missing.
        :arg max_waiting: how many messages may wait until they are asked for. Of more the oldest are left out, which is
            a gap.
        :arg max_waiting_bytes: how many bytes of them; one message may always wait.
        :arg wait: False to begin at once even if the server is away: then messages come when it is back, and begin
            with a gap.
        """
        return self._subscription(
            channel,
            None,
            on_gap,
            max_waiting=max_waiting,
            max_waiting_bytes=max_waiting_bytes,
            wait=wait,
        )

    async def listen(
        self,
        channel: str,
        callback: Callable[[bytes], object],
        *,
        on_gap: Callable[[], object] | None = None,
        max_waiting: int = MAX_WAITING,
        max_waiting_bytes: int = MAX_WAITING_BYTES,
        wait: bool = True,
    ) -> Subscription:
        """Have a function called with each message of a channel, until what this returns is closed.

        A function is called at once, and should be quick. Of a coroutine function one call ends before the next
        begins, and what comes meanwhile waits as :meth:`subscribe` says. What it raises is logged.
        """
        if not callable(callback):
            raise TypeError(f"a function is called with each message, not {callback!r}")
        subscription = self._subscription(
            channel,
            callback,
            on_gap,
            max_waiting=max_waiting,
            max_waiting_bytes=max_waiting_bytes,
            wait=wait,
        )
        await subscription.begin()
        return subscription

    @abstractmethod
    async def begin(self, subscription: Subscription, wait: bool) -> None:
        """Call :meth:`.Subscription.deliver` with each message of its channel from now on, and
        :meth:`.Subscription.gap` where some may be missing. With ``wait`` return when that is so, or raise
        :exc:`PubSubError`; without it, call ``gap`` when it is so."""

    @abstractmethod
    def end(self, subscription: Subscription) -> None:
        """Call its ``deliver`` no more. It may not have begun."""

    @abstractmethod
    async def close(self) -> None:
        """Close all subscriptions of the running loop, and let go of connections."""

    @asynccontextmanager
    async def lifetime(self, application: Any = None) -> AsyncIterator[None]:
        """Closes it at the end of the ``async with``; of the last one, if there are several at a time."""
        self._lives += 1
        try:
            yield
        finally:
            self._lives -= 1
            if not self._lives:
                await self.close()

    def _subscription(
        self,
        channel: str,
        callback: Callable[[bytes], object] | None,
        on_gap: Callable[[], object] | None,
        *,
        max_waiting: int,
        max_waiting_bytes: int,
        wait: bool,
    ) -> Subscription:
        check_whole_numbers(max_waiting=max_waiting, max_waiting_bytes=max_waiting_bytes)
        if max_waiting < 1 or max_waiting_bytes < 1:
            raise ValueError("max_waiting and max_waiting_bytes are at least 1")
        if on_gap is not None and not callable(on_gap):
            raise TypeError(f"on_gap is a function, or None, not {on_gap!r}")
        return Subscription(
            self,
            checked_channel(channel),
            callback=callback,
            on_gap=on_gap,
            max_waiting=max_waiting,
            max_waiting_bytes=max_waiting_bytes,
            wait=wait,
        )


def checked_channel(channel: str) -> str:
    """The same channel. Raises :exc:`TypeError` and :exc:`ValueError` for what is none."""
    return checked_text("a channel", channel)


def checked_message(message: bytes) -> bytes:
    """The same message. Raises :exc:`TypeError` for what is no bytes."""
    if not isinstance(message, bytes):
        raise TypeError(f"a message is bytes, not {type(message).__name__}: encode it first")
    return message


def check_room(subscriptions: int, most: int) -> None:
    """Raise :exc:`PubSubError` when there is no room for another subscription."""
    if subscriptions >= most:
        raise PubSubError(
            f"{subscriptions} are listening, as many as may: close subscriptions that nobody needs, or allow more "
            "by max_subscriptions=..."
        )
