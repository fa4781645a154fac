"""The connection on which a Redis server tells what was published.

There is one for each event loop, for all its subscriptions, while there are some. The library's own class for this
connects again by itself without a word, so that nobody would know that something was missed; here its connection is
used, and what happens to it is known:

.. code-block:: text

   _run        connects, and again when the connection was lost, with pauses that become longer
   _converse   one connection from its beginning to its end
   _tell       asks for the channels that somebody listens to, and for a sign of life when it is quiet
   _read       gives on what comes

A reply to SUBSCRIBE says which channel it is about, but not which of several requests; they come in order.
"""

import asyncio
import random
from collections import deque
from typing import Any, Final

from ..log import gen_log
from ..redis_connections import RedisConnections
from .base import PubSubError
from .subscription import Subscription

PING_SECONDS: Final = 10.0
"""After how many quiet seconds the server is asked for a sign of life, by default."""
FIRST_PAUSE: Final = 0.1
"""Seconds between the loss of a connection and the first try to have another; it doubles with each."""
LONGEST_PAUSE: Final = 5.0
NAMES_AT_ONCE: Final = 1000
"""How many channels the server is asked for in one request at the most."""
READ_AT_ONCE: Final = 64
"""After how many messages, if there are that many, others have their turn."""


_Beginning = asyncio.Future[PubSubError | None]
"""What somebody waits for who begins to listen: the result is why that cannot be."""


class _Channel:
    """A channel that somebody listens to, or did a moment ago."""

    __slots__ = ("asked", "live", "name", "subscriptions")

    def __init__(self, name: bytes) -> None:
        self.name = name
        self.subscriptions: dict[Subscription, _Beginning | None] = {}
        """Who listens; with what wakes those that wait for the beginning."""
        self.asked = False
        """Whether the server was asked for it, on this connection."""
        self.live = False
        """Whether it has said yes."""

    def begins(self) -> None:
        """Its messages come from now on."""
        self.live = True
        for subscription, waiting in list(self.subscriptions.items()):
            self.subscriptions[subscription] = None
            if waiting is None:
                subscription.gap()  # it has begun before: on another connection, or without waiting for this
            elif not waiting.done():
                waiting.set_result(None)

    def fails(self, why: str) -> None:
        """It cannot be had now. Those who wait for it are told; others wait for better times."""
        self.asked = self.live = False
        for waiting in self.subscriptions.values():
            if waiting is not None and not waiting.done():
                waiting.set_result(PubSubError(why))


class Listener:
    """Listens for one event loop.

    :arg ping_seconds: :data:`PING_SECONDS`.
    """

    def __init__(self, connections: RedisConnections, ping_seconds: float) -> None:
        self._connections = connections
        self._ping_seconds = ping_seconds
        self._channels: dict[bytes, _Channel] = {}
        self._changed: dict[bytes, _Channel] = {}
        """Those of which the server may have to be told something."""
        self._asked: deque[deque[_Channel]] = deque()
        """The requests that have no answer yet, with their channels."""
        self._task: asyncio.Task[None] | None = None
        self._something_to_tell = asyncio.Event()
        self._somebody_waits = asyncio.Event()
        self._count = 0
        self._pause = FIRST_PAUSE
        self._away = False
        """Whether it was logged that there is no connection."""

    def __len__(self) -> int:
        """How many subscriptions there are."""
        return self._count

    async def begin(self, subscription: Subscription, name: bytes, wait: bool) -> None:
        channel = self._channels.get(name)
        if channel is None:
            channel = self._channels[name] = _Channel(name)
        self._count += 1
        running = self._task is not None and not self._task.done()
        if running and channel.live:
            channel.subscriptions[subscription] = None
            return
        loop = asyncio.get_running_loop()
        beginning: _Beginning | None = loop.create_future() if wait else None
        channel.subscriptions[subscription] = beginning
        self._note(channel)
        if not running:
            self._task = loop.create_task(self._run())
        if beginning is not None:
            self._somebody_waits.set()
            if (error := await self._connections.within(beginning)) is not None:
                raise error

    def end(self, subscription: Subscription, name: bytes) -> None:
        channel = self._channels.get(name)
        if channel is None or subscription not in channel.subscriptions:
            return
        beginning = channel.subscriptions.pop(subscription)
        if beginning is not None and not beginning.done():
            beginning.set_result(PubSubError("the subscription was closed before it began"))
        self._count -= 1
        if not channel.subscriptions:
            self._note(channel)

    async def close(self) -> None:
        """Close all subscriptions, and the connection."""
        closing = [it for channel in self._channels.values() for it in channel.subscriptions]
        for subscription in closing:
            subscription.stop()
        self._channels.clear()
        self._changed.clear()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        for subscription in closing:
            await subscription.close()

    def _note(self, channel: _Channel) -> None:
        self._changed[channel.name] = channel
        self._something_to_tell.set()

    async def _run(self) -> None:
        while self._channels:
            self._somebody_waits.clear()
            try:
                await self._converse()
            except (
                Exception
            ) as error:  # whatever the library stumbles over, this connection is none any more
                await self._wait_for_better_times(error)

    async def _wait_for_better_times(self, error: Exception) -> None:
        if not isinstance(error, PubSubError):
            error = self._connections.failed(error)
        if not self._away:
            self._away = True
            gen_log.warning("What is published is missed until there is a connection: %s", error)
        for channel in list(self._channels.values()):
            channel.fails(str(error))
        pause = random.uniform(self._pause / 2, self._pause)  # noqa: S311 - no secret
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        try:
            async with asyncio.timeout(pause):
                await self._somebody_waits.wait()  # who has just come is told how it is now
        except TimeoutError:
            pass

    def _all_is_well(self) -> None:
        self._pause = FIRST_PAUSE
        if self._away:
            self._away = False
            gen_log.warning("%s is back: what is published is heard", self._connections.name)

    async def _converse(self) -> None:
        """Connect, and listen until nobody does any more. Raises what ends the connection."""
        connection = self._connections.client().connection_pool.make_connection()
        try:
            await self._connections.within(connection.connect())
            _heed_cancelling()
            self._begin_anew()
            tasks = {
                asyncio.ensure_future(self._tell(connection)),
                asyncio.ensure_future(self._read(connection)),
            }
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            for task in done:
                task.result()
        finally:
            await connection.disconnect(nowait=True)

    def _begin_anew(self) -> None:
        """This connection was asked for nothing yet."""
        self._asked.clear()
        self._changed.clear()
        for channel in list(self._channels.values()):
            channel.asked = channel.live = False
            self._note(channel)

    async def _tell(self, connection: Any) -> None:
        while True:
            try:
                async with asyncio.timeout(self._ping_seconds):
                    await self._something_to_tell.wait()
            except TimeoutError:
                if not self._channels:
                    return
                await connection.send_command("PING", check_health=False)
            else:
                self._something_to_tell.clear()
                await self._tell_changes(connection)
            _heed_cancelling()

    async def _tell_changes(self, connection: Any) -> None:
        wanted: list[_Channel] = []
        unwanted: list[_Channel] = []
        for channel in self._changed.values():
            if not channel.subscriptions:
                del self._channels[channel.name]  # who wants it now makes another
                if channel.asked:
                    unwanted.append(channel)
            elif not channel.asked:
                channel.asked = True
                wanted.append(channel)
        self._changed.clear()
        for verb, channels in (("UNSUBSCRIBE", unwanted), ("SUBSCRIBE", wanted)):
            for start in range(0, len(channels), NAMES_AT_ONCE):
                part = channels[start : start + NAMES_AT_ONCE]
                if verb == "SUBSCRIBE":
                    self._asked.append(deque(part))
                names = [channel.name for channel in part]
                await connection.send_command(verb, *names, check_health=False)

    async def _read(self, connection: Any) -> None:
        from redis import ResponseError

        patience = self._ping_seconds + self._connections.timeout
        count = 0
        while True:
            try:
                response = await connection.read_response(
                    timeout=patience, disconnect_on_error=False, push_request=True
                )
            except ResponseError as error:
                if not self._asked:
                    raise
                self._refused(error)
                continue
            if response is None:
                raise TimeoutError(f"it has said nothing for {patience:g} s, not even when asked")
            if isinstance(response, list) and len(response) == 3:  # or it is a sign of life
                self._take(*response)
            count += 1
            if count % READ_AT_ONCE == 0:
                await asyncio.sleep(0)

    def _take(self, kind: bytes, name: bytes, content: Any) -> None:
        if kind == b"message":
            channel = self._channels.get(name)
            if channel is not None and channel.live:
                for subscription in tuple(channel.subscriptions):
                    subscription.deliver(content)
        elif kind == b"subscribe":
            self._all_is_well()
            request = self._asked[0]
            request.popleft().begins()
            if not request:
                self._asked.popleft()

    def _refused(self, error: Exception) -> None:
        """The server does not let us listen to the channels of the request whose turn it is: all of them or none."""
        why = str(self._connections.failed(error))
        gen_log.warning("A subscription is refused: %s", why)
        for channel in self._asked.popleft():
            channel.fails(why)


def _heed_cancelling() -> None:
    """Before Python 3.12 ``asyncio.wait_for``, by which the library sends, may swallow that the task was cancelled."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
